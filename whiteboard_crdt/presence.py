"""What is shared but not kept: live ink and cursors (protocol section L), and presence states."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from whiteboard_crdt.errors import CloseCode, ProtocolError
from whiteboard_crdt.ids import SessionId
from whiteboard_crdt.spec import LIMITS
from whiteboard_crdt.varint import Reader, Writer

__all__ = [
    "HIGHLIGHTER", "PEN", "LiveInk", "LiveMessage", "PresenceMessage", "format_presence", "parse_presence",
    "read_live", "write_live",
]  # fmt: skip

PEN: Final = 0
HIGHLIGHTER: Final = 1
_CURSOR, _INK, _LASER = 1, 2, 4
_PAGE_BYTES: Final = 64
_COLOUR_BYTES: Final = 16
_POINT_BYTES: Final = 3  # two zigzags and a pressure, at least


@dataclass(frozen=True, slots=True)
class LiveInk:
    """Points of the stroke under the pen (L3): (x10, y10, pressure 0–255); positions and `size10` in tenths of a px."""

    stroke: int
    kind: int
    colour: str
    size10: int
    first: int
    points: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class LiveMessage:
    """One LIVE packet (L1). `cursor` is (x10, y10) in tenths of a board px; `laser`: it is a laser pointer."""

    session: SessionId
    tick: int
    page: str
    cursor: tuple[int, int] | None = None
    ink: LiveInk | None = None
    laser: bool = False


@dataclass(frozen=True, slots=True)
class PresenceMessage:
    """A participant's presence; `state` is the JSON text of an object, `version` grows with every change."""

    session: SessionId
    version: int
    state: bytes


def format_presence(state: dict[str, Any]) -> bytes:
    """Compact JSON of a presence state. `Any`: its fields belong to the applications."""
    data = json.dumps(state, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    if len(data) > LIMITS.presence_bytes:
        raise ProtocolError("presence too long", CloseCode.OVERSIZED)
    return data


def parse_presence(state: bytes) -> dict[str, Any]:
    """The inverse of `format_presence`. Raises ProtocolError."""
    try:
        parsed = json.loads(state.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise ProtocolError("presence is not JSON") from None
    if not isinstance(parsed, dict):
        raise ProtocolError("presence is not an object")
    return parsed


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def read_live(reader: Reader) -> LiveMessage:
    """The body of LIVE (L1–L3)."""
    session = SessionId(reader.take(8).hex())
    tick = reader.varuint()
    flags = reader.u8()
    if flags > _CURSOR | _INK | _LASER:
        raise ProtocolError("flags of live ink")
    page = reader.varstring(_PAGE_BYTES)
    cursor = (reader.zigzag(), reader.zigzag()) if flags & _CURSOR else None
    ink = _read_ink(reader) if flags & _INK else None
    return LiveMessage(session, tick, page, cursor, ink, bool(flags & _LASER))


def _read_ink(reader: Reader) -> LiveInk:
    stroke = reader.varuint()
    kind = reader.u8()
    colour = reader.varstring(_COLOUR_BYTES)
    size10 = reader.varuint()
    first = reader.varuint()
    count = reader.count(LIMITS.live_points, _POINT_BYTES)
    if not count or not stroke or kind > HIGHLIGHTER:
        raise ProtocolError("live ink without points, number or kind")
    points = []
    x10 = y10 = 0
    for _ in range(count):
        x10 += reader.zigzag()
        y10 += reader.zigzag()
        points.append((x10, y10, reader.u8()))
    return LiveInk(stroke, kind, colour, size10, first, tuple(points))


def write_live(writer: Writer, message: LiveMessage) -> None:
    """The body of LIVE (L1–L3)."""
    flags = (message.cursor is not None) * _CURSOR | (message.ink is not None) * _INK | message.laser * _LASER
    writer.raw(bytes.fromhex(message.session))
    writer.varuint(message.tick)
    writer.u8(flags)
    writer.varstring(message.page)
    if message.cursor is not None:
        writer.zigzag(message.cursor[0])
        writer.zigzag(message.cursor[1])
    if message.ink is not None:
        _write_ink(writer, message.ink)


def _write_ink(writer: Writer, ink: LiveInk) -> None:
    if not 1 <= len(ink.points) <= LIMITS.live_points or ink.stroke < 1 or not PEN <= ink.kind <= HIGHLIGHTER:
        raise AssertionError("fields of live ink")
    writer.varuint(ink.stroke)
    writer.u8(ink.kind)
    writer.varstring(ink.colour)
    writer.varuint(ink.size10)
    writer.varuint(ink.first)
    writer.varuint(len(ink.points))
    last_x = last_y = 0
    for x10, y10, pressure in ink.points:
        writer.zigzag(x10 - last_x)
        writer.zigzag(y10 - last_y)
        writer.u8(pressure)
        last_x, last_y = x10, y10
