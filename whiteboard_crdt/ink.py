"""The ink blob (docs/board.md): one stroke's points, packed; 3.4 bytes a point where a Y.Array of numbers takes 27."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.spec import INK
from whiteboard_crdt.varint import Reader, Writer

__all__ = ["EncodedInk", "Ink", "InkBox", "InkPoint", "decode_ink", "encode_ink", "ink_box", "split_stroke"]

_PRESSURE, _TIME = 1, 2
_UNITS: Final = INK.units_per_px
_FARTHEST10: Final = 2**40  # tenths of a px; far outside any board, well inside a float64


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


def _tenths(px: float) -> int:
    # Not round(): halves must go the same way as in JavaScript.
    tenths = math.floor(px * _UNITS + 0.5) if math.isfinite(px) else _FARTHEST10
    if abs(tenths) >= _FARTHEST10:
        raise ValueError("a point lies outside every board")
    return tenths


def encode_ink(points: Sequence[InkPoint]) -> EncodedInk:
    """Packs 1 to 256 points. Pressure and time are kept if every point has them. Raises ValueError."""
    if not 1 <= len(points) <= INK.max_points:
        raise ValueError("a stroke has 1 to 256 points")
    xs, ys = [_tenths(point.x) for point in points], [_tenths(point.y) for point in points]
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
    for column, corner in ((xs, left), (ys, top)):
        writer.varuint(column[0] - corner)
        for before, after in pairwise(column):
            writer.zigzag(after - before)
    if flags & _PRESSURE:
        for pressure in pressures:
            writer.u8(max(0, min(255, pressure)))
    if flags & _TIME:
        latest = times[0]
        for t_ms in times:
            writer.varuint(max(0, t_ms - latest))
            latest = max(latest, t_ms)
    return EncodedInk(left / _UNITS, top / _UNITS, writer.finish())


def decode_ink(blob: bytes) -> Ink:
    """Reads a blob. Raises ProtocolError, also where a point lies outside the box."""
    reader = Reader(bytes(blob))
    flags, count, width10, height10 = _read_header(reader)
    xs = _read_column(reader, count, width10)
    ys = _read_column(reader, count, height10)
    pressures: Sequence[int | None] = reader.take(count) if flags & _PRESSURE else [None] * count
    times: list[int | None] = [None] * count
    if flags & _TIME:
        t_ms = 0
        for index in range(count):
            t_ms += reader.varuint()
            times[index] = t_ms
    reader.end()
    points = (InkPoint(x / _UNITS, y / _UNITS, p, t) for x, y, p, t in zip(xs, ys, pressures, times, strict=True))
    return Ink(tuple(points), width10 / _UNITS, height10 / _UNITS)


def ink_box(blob: bytes) -> InkBox:
    """Reads the header only, so that opening a board need not decode its points. Raises ProtocolError."""
    _, count, width10, height10 = _read_header(Reader(bytes(blob[:32])))
    return InkBox(count, width10 / _UNITS, height10 / _UNITS)


def split_stroke(points: Sequence[InkPoint]) -> list[Sequence[InkPoint]]:
    """Parts of at most 256 points; each later part repeats the last point of the one before."""
    step = INK.max_points - 1
    return [points[start : start + INK.max_points] for start in range(0, max(1, len(points) - 1), step)]


def _read_header(reader: Reader) -> tuple[int, int, int, int]:
    version, flags, count = reader.u8(), reader.u8(), reader.varuint()
    if version != INK.version or flags > _PRESSURE | _TIME or not 1 <= count <= INK.max_points:
        raise ProtocolError("header of an ink blob")
    width10, height10 = reader.varuint(), reader.varuint()
    if max(width10, height10) > 2 * _FARTHEST10:
        raise ProtocolError("box of an ink blob")
    return flags, count, width10, height10


def _read_column(reader: Reader, count: int, extent10: int) -> list[int]:
    value = reader.varuint()
    column = [value]
    for _ in range(count - 1):
        value += reader.zigzag()
        column.append(value)
    if min(column) < 0 or max(column) > extent10:
        raise ProtocolError("a point outside its box")
    return column
