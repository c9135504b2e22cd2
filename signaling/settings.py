"""The relay's settings: one frozen dataclass, each field with its default, unit and meaning."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

__all__ = ["DeletePolicy", "RelaySettings", "SchoolKeys"]

DeletePolicy: TypeAlias = Literal["own", "any"]


class SchoolKeys:
    """Where relay and recorder find what the portal writes into the data folder that they share."""

    __slots__ = ()
    data: Path

    @property
    def key_set(self) -> Path:
        """The school's public ticket keys (a JWKS file that the portal writes)."""
        return self.data / "keys" / "ticket.pub.json"

    @property
    def internal_secret(self) -> Path:
        """The bearer secret of all /internal/ endpoints."""
        return self.data / "keys" / "internal.secret"

    @property
    def metrics_secret(self) -> Path:
        """The bearer token of /metrics."""
        return self.data / "keys" / "metrics.secret"


@dataclass(frozen=True, slots=True)
class RelaySettings(SchoolKeys):
    """What one relay process is told at its start. Times carry their unit in the name."""

    host: str = field(default="127.0.0.1", metadata={"help": "address to listen on", "unit": ""})
    port: int = field(default=8081, metadata={"help": "port to listen on; 0 takes a free one", "unit": ""})
    data: Path = field(default=Path("data"), metadata={"help": "folder with keys/ and relay/", "unit": ""})
    open_rooms: bool = field(
        default=False, metadata={"help": "serve /relay/{room} to any y-websocket client", "unit": ""}
    )
    deletes: DeletePolicy = field(
        default="own", metadata={"help": "open rooms: whose items a client may delete, own or any", "unit": ""}
    )
    portal_url: str | None = field(
        default=None, metadata={"help": "where attendance events are posted; none: not posted", "unit": ""}
    )
    send_buffer_bytes: int = field(
        default=1_048_576, metadata={"help": "unsent bytes after which a client is too slow", "unit": "bytes"}
    )
    room_idle_s: float = field(
        default=60.0, metadata={"help": "an empty room is dropped from memory after this", "unit": "s"}
    )
    socket_ping_ms: int = field(default=2_500, metadata={"help": "how often a socket is pinged (S9)", "unit": "ms"})
    socket_silence_ms: int = field(default=8_000, metadata={"help": "a silent socket is dropped (S9)", "unit": "ms"})
    hello_timeout_ms: int = field(
        default=5_000, metadata={"help": "how long a client has for its hello (S2)", "unit": "ms"}
    )
    digest_every_ms: int = field(
        default=15_000, metadata={"help": "how often a room's heads are told (B4)", "unit": "ms"}
    )
    open_room_clients: int = field(default=256, metadata={"help": "clients in one open room", "unit": "clients"})
    messages_s: float = field(
        default=1_000.0,
        metadata={"help": "binary messages a second of one client; bursts are let through", "unit": "1/s"},
    )
    room_clients: int = field(default=64, metadata={"help": "participants in one lesson's room", "unit": "clients"})

    @property
    def database(self) -> Path:
        """The room log of all rooms."""
        return self.data / "relay" / "rooms.sqlite"

    @property
    def assets(self) -> Path:
        """The pictures of all rooms (`signaling.asset_store`)."""
        return self.data / "assets"
