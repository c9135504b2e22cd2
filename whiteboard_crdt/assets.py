"""Pictures by their hash (protocol section A): what two participants say on `bulk`, and what counts as a picture."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NewType

from whiteboard_crdt.errors import CloseCode, ProtocolError
from whiteboard_crdt.spec import load_spec
from whiteboard_crdt.varint import Reader, Writer

__all__ = [
    "ASSET_LIMITS", "MIMES", "AskMessage", "AssetId", "AssetLimits", "AssetSender", "BulkMessage", "BulkType",
    "ChunkMessage", "NoneMessage", "decode_bulk", "encode_bulk", "parse_asset", "sniff_mime",
]  # fmt: skip

AssetId = NewType("AssetId", str)
"""SHA-256 of the bytes, 64 lower-case hex digits."""

_HASH_BYTES: Final = 32
_ASSET_ID: Final = re.compile(r"[0-9a-f]{64}")


class BulkType(IntEnum):
    """The first byte of a message on `bulk` (A2)."""

    ASK = 32
    CHUNK = 33
    NONE = 34


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetLimits:
    """`spec/assets.json`: sizes in bytes, times in milliseconds, the rest are counts."""

    asset_bytes: int
    room_bytes: int
    chunk_bytes: int
    window_bytes: int
    asks_waiting: int
    parallel: int
    wanted: int
    stall_ms: int
    slow_ms: int
    slow_bytes: int
    pause_first_ms: int
    pause_longest_ms: int
    rounds: int


def _load() -> tuple[AssetLimits, tuple[str, ...]]:
    raw = load_spec("assets")
    del raw["types"]
    return AssetLimits(**{key: value for key, value in raw.items() if key != "mimes"}), tuple(raw["mimes"])


_LOADED: Final = _load()
ASSET_LIMITS: Final = _LOADED[0]
MIMES: Final = _LOADED[1]
_BULK_BYTES: Final = ASSET_LIMITS.chunk_bytes + 64


@dataclass(frozen=True, slots=True)
class AskMessage:
    """Asks for `count` bytes (at most a window) of an asset from byte `first` on (A3)."""

    asset: AssetId
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class ChunkMessage:
    """Some bytes of an asset that has `total` (A4)."""

    asset: AssetId
    offset: int
    total: int
    data: bytes


@dataclass(frozen=True, slots=True)
class NoneMessage:
    """The sender does not have that asset (A5)."""

    asset: AssetId


BulkMessage = AskMessage | ChunkMessage | NoneMessage


def parse_asset(text: str) -> AssetId:
    """The id of an asset from its text. Raises ProtocolError."""
    if _ASSET_ID.fullmatch(text) is None:
        raise ProtocolError("asset id")
    return AssetId(text)


def sniff_mime(data: bytes) -> str | None:
    """What kind of picture these bytes begin like, None for anything else. It says nothing of the rest (A8)."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None


def decode_bulk(data: bytes) -> BulkMessage:
    """Read one message of `bulk`. Raises ProtocolError (W6)."""
    if len(data) > _BULK_BYTES:
        raise ProtocolError("message too long", CloseCode.OVERSIZED)
    reader = Reader(data)
    kind = reader.u8()
    asset = AssetId(reader.take(_HASH_BYTES).hex())
    message: BulkMessage
    if kind == BulkType.ASK:
        message = AskMessage(asset, reader.varuint(), reader.varuint())
        if not 1 <= message.count <= ASSET_LIMITS.window_bytes:
            raise ProtocolError("window of an ask")
        if message.first + message.count > ASSET_LIMITS.asset_bytes:
            raise ProtocolError("range of an ask")
    elif kind == BulkType.CHUNK:
        offset, total = reader.varuint(), reader.varuint()
        chunk = reader.varbytes(ASSET_LIMITS.chunk_bytes)
        if not chunk or total > ASSET_LIMITS.asset_bytes or offset + len(chunk) > total:
            raise ProtocolError("range of a chunk")
        message = ChunkMessage(asset, offset, total, chunk)
    elif kind == BulkType.NONE:
        message = NoneMessage(asset)
    else:
        raise ProtocolError("unknown message type")
    reader.end()
    return message


def encode_bulk(message: BulkMessage) -> bytes:
    """The bytes of a message of `bulk`."""
    writer = Writer()
    if isinstance(message, AskMessage):
        writer.u8(BulkType.ASK)
        writer.raw(bytes.fromhex(message.asset))
        writer.varuint(message.first)
        writer.varuint(message.count)
    elif isinstance(message, ChunkMessage):
        writer.u8(BulkType.CHUNK)
        writer.raw(bytes.fromhex(message.asset))
        writer.varuint(message.offset)
        writer.varuint(message.total)
        writer.varbytes(message.data)
    else:
        writer.u8(BulkType.NONE)
        writer.raw(bytes.fromhex(message.asset))
    return writer.finish()


class AssetSender:
    """The asking side of one link is served from here, one chunk at a time, whenever the channel has room (A4).

    ``held(asset)`` gives the bytes of an asset or None. Nothing is copied before its turn comes.
    """

    def __init__(self, held: Callable[[AssetId], bytes | None]) -> None:
        self._held = held
        self._asks: deque[AskMessage] = deque()

    def receive(self, ask: AskMessage) -> None:
        """Queue an ask. Raises ProtocolError over the bound (A6)."""
        if len(self._asks) >= ASSET_LIMITS.asks_waiting:
            raise ProtocolError("too many asks", CloseCode.RATE_LIMITED)
        self._asks.append(ask)

    def next_message(self) -> ChunkMessage | NoneMessage | None:
        """What to send next; None when nothing is asked for."""
        while self._asks:
            ask = self._asks[0]
            data = self._held(ask.asset)
            if data is None:
                self._asks.popleft()
                return NoneMessage(ask.asset)
            last = min(ask.first + ask.count, len(data))
            if ask.first >= last:
                self._asks.popleft()
                continue
            chunk = data[ask.first : min(ask.first + ASSET_LIMITS.chunk_bytes, last)]
            rest = AskMessage(ask.asset, ask.first + len(chunk), ask.count - len(chunk))
            if rest.count == 0 or rest.first >= last:
                self._asks.popleft()
            else:
                self._asks[0] = rest
            return ChunkMessage(ask.asset, ask.first, len(data), chunk)
        return None
