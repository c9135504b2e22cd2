"""The ink blob (docs/board.md): one stroke's points, packed; 2 bytes a point where a Y.Array of numbers takes 27."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import sub
from typing import Final, NamedTuple

from whiteboard_crdt import ink_v1
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.nibbles import NibbleReader, NibbleWriter
from whiteboard_crdt.spec import INK
from whiteboard_crdt.varint import Reader, Writer

__all__ = ["EncodedInk", "Ink", "InkBox", "InkPoint", "decode_ink", "encode_ink", "ink_box", "split_stroke"]

_PRESSURE, _TIME = 1, 2
_COLUMNS: Final = 4  # at most: x, y, pressure, time
_UNITS: Final = INK.units_per_px
_FARTHEST10: Final = 2**40  # tenths of a px; far outside any board, well inside a float64
_LONGEST_MS: Final = 2**40  # from one point to the next


class InkPoint(NamedTuple):
    """A point of a stroke: board px, pressure 0 to 255, ms since the stroke's first point; None where not measured."""

    x: float
    y: float
    pressure: int | None = None
    t_ms: int | None = None


class InkBox(NamedTuple):
    """Number of points and size of their bounding box in px."""

    points: int
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class EncodedInk:
    """A blob and the corner of its bounding box in board px, which becomes the shape's x, y."""

    x: float
    y: float
    blob: bytes


@dataclass(frozen=True, slots=True)
class Ink:
    """A decoded blob. Points lie relative to the corner of the box."""

    points: tuple[InkPoint, ...]
    width: float
    height: float


def _tenths(column: Iterable[float]) -> list[int]:
    # Not round(): halves must go the same way as in JavaScript.
    try:
        tenths = [math.floor(px * _UNITS + 0.5) for px in column]
    except (ValueError, OverflowError):
        raise ValueError("a point lies outside every board") from None
    if max(tenths) >= _FARTHEST10 or min(tenths) <= -_FARTHEST10:
        raise ValueError("a point lies outside every board")
    return tenths


def encode_ink(points: Sequence[InkPoint]) -> EncodedInk:
    """Packs 1 to 256 points. Pressure and time are kept if every point has them. Raises ValueError."""
    if not 1 <= len(points) <= INK.max_points:
        raise ValueError("a stroke has 1 to 256 points")
    xs, ys = _tenths(point.x for point in points), _tenths(point.y for point in points)
    left, top = min(xs), min(ys)
    pressures = [point.pressure for point in points if point.pressure is not None]
    times = [point.t_ms for point in points if point.t_ms is not None]
    flags = _PRESSURE * (len(pressures) == len(points)) | _TIME * (len(times) == len(points))
    writer = Writer()
    writer.u8(INK.version)
    writer.u8(flags)
    writer.varuint(len(points))
    writer.varuint(max(xs) - left)
    writer.varuint(max(ys) - top)
    columns = NibbleWriter()
    _write_column(columns, [x - left for x in xs])
    _write_column(columns, [y - top for y in ys])
    if flags & _PRESSURE:
        kept = [max(0, min(255, pressure)) for pressure in pressures]
        columns.zigzags(map(sub, kept, [0, *kept]))
    if flags & _TIME:
        _write_times(columns, times)
    writer.raw(columns.finish())
    return EncodedInk(left / _UNITS, top / _UNITS, writer.finish())


def decode_ink(blob: bytes) -> Ink:
    """Reads a blob. Raises ProtocolError, also where a point lies outside the box."""
    data = bytes(blob)
    reader = Reader(data)
    header = _read_header(reader)
    if header.version == ink_v1.VERSION:
        xs, ys, pressures, times = ink_v1.read_columns(
            reader,
            header.points,
            header.width10,
            header.height10,
            bool(header.flags & _PRESSURE),
            bool(header.flags & _TIME),
        )
    else:
        columns = NibbleReader(data, reader.pos, _COLUMNS * header.points)
        xs = _read_column(columns, header.points, header.width10)
        ys = _read_column(columns, header.points, header.height10)
        pressures = _read_pressures(columns, header.points) if header.flags & _PRESSURE else None
        times = _read_times(columns, header.points) if header.flags & _TIME else None
        columns.end()
    nothing = [None] * header.points
    points = (
        InkPoint(x / _UNITS, y / _UNITS, pressure, t_ms)
        for x, y, pressure, t_ms in zip(xs, ys, pressures or nothing, times or nothing, strict=True)
    )
    return Ink(tuple(points), header.width10 / _UNITS, header.height10 / _UNITS)


def ink_box(blob: bytes) -> InkBox:
    """Reads the header only, so that opening a board need not decode its points. Raises ProtocolError."""
    header = _read_header(Reader(bytes(blob[:32])))
    return InkBox(header.points, header.width10 / _UNITS, header.height10 / _UNITS)


def split_stroke(points: Sequence[InkPoint]) -> list[Sequence[InkPoint]]:
    """Parts of at most 256 points; each later part repeats the last point of the one before."""
    step = INK.max_points - 1
    return [points[start : start + INK.max_points] for start in range(0, max(1, len(points) - 1), step)]


class _Header(NamedTuple):
    version: int
    flags: int
    points: int
    width10: int
    height10: int


def _read_header(reader: Reader) -> _Header:
    header = _Header(reader.u8(), reader.u8(), reader.varuint(), reader.varuint(), reader.varuint())
    if header.version not in (INK.version, ink_v1.VERSION) or header.flags > _PRESSURE | _TIME:
        raise ProtocolError("version or flags of an ink blob")
    if not 1 <= header.points <= INK.max_points:
        raise ProtocolError("number of points of an ink blob")
    if max(header.width10, header.height10) > 2 * _FARTHEST10:
        raise ProtocolError("box of an ink blob")
    return header


def _write_column(writer: NibbleWriter, column: Sequence[int]) -> None:
    """A hand goes on as it went: of each point only what its way differs from the way before."""
    writer.uint(column[0])
    ways = list(map(sub, column[1:], column))
    writer.zigzags(map(sub, ways, [0, *ways]))


def _read_column(reader: NibbleReader, count: int, extent10: int) -> list[int]:
    first = reader.uint()
    column = list(accumulate(accumulate(reader.zigzags(count - 1)), initial=first))
    if min(column) < 0 or max(column) > extent10:
        raise ProtocolError("a point outside its box")
    return column


def _read_pressures(reader: NibbleReader, count: int) -> list[int]:
    column = list(accumulate(reader.zigzags(count)))
    if min(column) < 0 or max(column) > 255:
        raise ProtocolError("a pressure outside 0 to 255")
    return column


def _write_times(writer: NibbleWriter, times: Sequence[int]) -> None:
    # A clock that was set back stands still until it has caught up.
    ahead = list(accumulate(times, max))
    waits = [min(_LONGEST_MS, wait) for wait in map(sub, ahead[1:], ahead)]
    writer.zigzags(map(sub, waits, [0, *waits]))


def _read_times(reader: NibbleReader, count: int) -> list[int]:
    waits = list(accumulate(reader.zigzags(count - 1)))
    if waits and (min(waits) < 0 or max(waits) > _LONGEST_MS):
        raise ProtocolError("a time between two points")
    return list(accumulate(waits, initial=0))
