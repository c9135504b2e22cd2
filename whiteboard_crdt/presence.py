"""What is shared but not kept: live ink and cursors (protocol section L), and presence states."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from whiteboard_crdt.errors import CloseCode, ProtocolError
from whiteboard_crdt.ids import BOARD, DocRef, SessionId, UserId
from whiteboard_crdt.spec import LIMITS
from whiteboard_crdt.varint import Reader, Writer

__all__ = [
    "HIGHLIGHTER", "PEN", "LiveInk", "LiveMessage", "PresenceMessage", "format_presence", "parse_presence",
    "read_live", "write_live",
]  # fmt: skip

PEN: Final = 0
HIGHLIGHTER: Final = 1
_CURSOR, _INK, _LASER, _AT_PEN, _DESK = 1, 2, 4, 8, 16
_FLAGS: Final = 31
_NO_PRESSURE: Final = 2
_MIDDLE: Final = 128  # the pressure of a device that knows none
_PAGE_BYTES: Final = 64
_COLOUR_BYTES: Final = 16
_USER_BYTES: Final = 64
_POINT_BYTES: Final = 2  # two zigzags, at least


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
    """One LIVE packet (L1). `cursor` is (x10, y10) in tenths of a board px; `laser`: it is a laser pointer.

    `desk`: at whose desk; None on the board of all.
    """

    session: SessionId
    tick: int
    page: str
    cursor: tuple[int, int] | None = None
    ink: LiveInk | None = None
    laser: bool = False
    desk: UserId | None = None

    @property
    def doc(self) -> DocRef:
        """The document on which this is shown: who reads it may see this (D4)."""
        return BOARD if self.desk is None else DocRef.desk(self.desk)


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
    if flags > _FLAGS or (flags & _AT_PEN and flags & (_CURSOR | _INK) != _INK):
        raise ProtocolError("flags of live ink")
    page = reader.varstring(_PAGE_BYTES)
    desk = UserId(reader.varstring(_USER_BYTES)) if flags & _DESK else None
    if desk == "":
        raise ProtocolError("desk of nobody")
    cursor = (reader.zigzag(), reader.zigzag()) if flags & _CURSOR else None
    ink = _read_ink(reader) if flags & _INK else None
    if ink is not None and flags & _AT_PEN:
        cursor = ink.points[-1][:2]
    return LiveMessage(session, tick, page, cursor, ink, bool(flags & _LASER), desk)


def _read_ink(reader: Reader) -> LiveInk:
    stroke = reader.varuint()
    kind = reader.u8()
    colour = reader.varstring(_COLOUR_BYTES)
    size10 = reader.varuint()
    first = reader.varuint()
    count = reader.count(LIMITS.live_points, _POINT_BYTES)
    if not count or not stroke or kind > HIGHLIGHTER | _NO_PRESSURE:
        raise ProtocolError("live ink without points, number or kind")
    points = []
    x10 = y10 = 0
    for _ in range(count):
        x10 += reader.zigzag()
        y10 += reader.zigzag()
        points.append((x10, y10, _MIDDLE if kind & _NO_PRESSURE else reader.u8()))
    return LiveInk(stroke, kind & HIGHLIGHTER, colour, size10, first, tuple(points))


def write_live(writer: Writer, message: LiveMessage) -> None:
    """The body of LIVE (L1–L3)."""
    cursor, ink = message.cursor, message.ink
    at_pen = cursor is not None and ink is not None and cursor == ink.points[-1][:2]
    flags = (ink is not None) * _INK | message.laser * _LASER | (message.desk is not None) * _DESK
    if cursor is not None:
        flags |= _AT_PEN if at_pen else _CURSOR
    writer.raw(bytes.fromhex(message.session))
    writer.varuint(message.tick)
    writer.u8(flags)
    writer.varstring(message.page)
    if message.desk is not None:
        writer.varstring(message.desk)
    if cursor is not None and not at_pen:
        writer.zigzag(cursor[0])
        writer.zigzag(cursor[1])
    if ink is not None:
        _write_ink(writer, ink)


def _write_ink(writer: Writer, ink: LiveInk) -> None:
    if not 1 <= len(ink.points) <= LIMITS.live_points or ink.stroke < 1 or not PEN <= ink.kind <= HIGHLIGHTER:
        raise AssertionError("fields of live ink")
    writer.varuint(ink.stroke)
    has_pressure = any(pressure != _MIDDLE for _, _, pressure in ink.points)
    writer.u8(ink.kind if has_pressure else ink.kind | _NO_PRESSURE)
    writer.varstring(ink.colour)
    writer.varuint(ink.size10)
    writer.varuint(ink.first)
    writer.varuint(len(ink.points))
    last_x = last_y = 0
    for x10, y10, pressure in ink.points:
        writer.zigzag(x10 - last_x)
        writer.zigzag(y10 - last_y)
        if has_pressure:
            writer.u8(pressure)
        last_x, last_y = x10, y10
