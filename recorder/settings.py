"""The recorder's settings: one frozen dataclass, each field with its default, unit and meaning."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from signaling.settings import SchoolKeys

__all__ = ["RecorderSettings"]


@dataclass(frozen=True, slots=True)
class RecorderSettings(SchoolKeys):
    """What one recorder process is told at its start. Times carry their unit in the name."""

    data: Path = field(default=Path("data"), metadata={"help": "folder with keys/ and recordings/", "unit": ""})
    portal_url: str = field(
        default="http://127.0.0.1:8080", metadata={"help": "the portal, which says what to record", "unit": ""}
    )
    relay_url: str | None = field(
        default=None, metadata={"help": "the relay's session socket; none: as the portal says", "unit": ""}
    )
    ice_addresses: str | None = field(
        default=None,
        metadata={"help": "own addresses to offer for media, parted by commas; none: all of the host", "unit": ""},
    )
    flush_every_ms: int = field(
        default=250, metadata={"help": "how often media go to the disk; notes alone once a second", "unit": "ms"}
    )
    heartbeat_every_ms: int = field(
        default=2_000, metadata={"help": "how often the portal hears from each lesson", "unit": "ms"}
    )
    drain_quiet_ms: int = field(
        default=300, metadata={"help": "an ended room counts as drained after this long without news", "unit": "ms"}
    )
    drain_longest_ms: int = field(
        default=10_000,
        metadata={"help": "an ended room is not waited for longer, unless nothing was heard", "unit": "ms"},
    )
    late_longest_ms: int = field(
        default=20_000,
        metadata={
            "help": "a sealed lesson's room is listened to for late work until it closes, not longer",
            "unit": "ms",
        },
    )
    max_lessons: int = field(default=64, metadata={"help": "lessons recorded at once", "unit": "lessons"})
    render: bool = field(default=True, metadata={"help": "make a film of every lesson after its end", "unit": ""})
    encrypt: bool = field(
        default=True,
        metadata={
            "help": "encrypt every finished recording with a key of its own, kept in keys/",
            "unit": "",
        },
    )
    captions_model: str | None = field(
        default=None,
        metadata={
            "help": "folder of the Whisper model (CTranslate2) that writes captions after a lesson; none: the one that"
            " comes with chalkmesh[captions], where that is installed; off: no captions",
            "unit": "",
        },
    )
    render_queue: int = field(
        default=256, metadata={"help": "films waiting in memory; more are found again on the disk", "unit": "films"}
    )

    least_free_mb: int = field(
        default=500,
        metadata={"help": "with less than this free on the disk of the recordings, /readyz says so", "unit": "MB"},
    )
    metrics_port: int | None = field(
        default=None,
        metadata={"help": "loopback port of /healthz, /readyz and /metrics; none: not served", "unit": "TCP port"},
    )

    @property
    def recordings(self) -> Path:
        """One folder per lesson."""
        return self.data / "recordings"

    @property
    def relay_assets(self) -> Path:
        """The relay's pictures, where it runs on this machine."""
        return self.data / "assets"
