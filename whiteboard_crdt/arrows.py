"""Where lines begin and end that are bound to shapes: on the way to the middle of a shape, just outside its outline.

Pure, and the twin of `portal/web/src/core/arrows.ts`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ink import decode_ink
from whiteboard_crdt.shape import ARROWS, BOXES, Ends, Shape, ShapeType
from whiteboard_crdt.spec import THINGS

__all__ = ["Point", "corners_of", "middle_of", "with_ends"]

_LEAST_PX: Final = 1e-6


class Point(NamedTuple):
    """A place, board px."""

    x: float
    y: float


def corners_of(shape: Shape) -> list[Point]:
    """Corners of a box's outline relative to its x, y, before rotation; none for an ellipse."""
    if shape.type is not ShapeType.GEO:
        return [Point(x * shape.w, y * shape.h) for x, y in THINGS.forms["rectangle"]]
    if shape.form != "polygon":
        return [Point(x * shape.w, y * shape.h) for x, y in THINGS.forms[shape.form]]
    try:
        ink = decode_ink(shape.ink)
    except ProtocolError:
        return []
    sx = shape.w / ink.width if ink.width > 0 else 1.0
    sy = shape.h / ink.height if ink.height > 0 else 1.0
    return [Point(point.x * sx, point.y * sy) for point in ink.points]


def middle_of(shape: Shape) -> Point:
    """The middle of a box, about which it is rotated."""
    return Point(shape.x + shape.w / 2, shape.y + shape.h / 2)


def with_ends(shape: Shape, lookup: Callable[[str], Shape | None]) -> Shape:
    """A line with its bound ends at their shapes; anything else as it is. `lookup` finds a shape by its id."""
    if shape.type not in ARROWS or shape.ends is None or not (shape.start or shape.end):
        return shape
    start, end = _target(shape, shape.start, lookup), _target(shape, shape.end, lookup)
    if start is None and end is None:
        return shape
    raw = shape.ends
    a = middle_of(start) if start is not None else Point(raw.x1, raw.y1)
    b = middle_of(end) if end is not None else Point(raw.x2, raw.y2)
    length = math.hypot(b.x - a.x, b.y - a.y)
    if length < _LEAST_PX or not math.isfinite(length):
        return shape
    leave = _way_out(start, a, b, length) if start is not None else 0.0
    arrive = _way_out(end, b, a, length) if end is not None else 0.0
    # Shapes that overlap leave no room between them: then the line goes from middle to middle.
    if leave + arrive >= 1:
        leave = arrive = 0.0
    dx, dy = b.x - a.x, b.y - a.y
    return replace(shape, ends=Ends(a.x + dx * leave, a.y + dy * leave, b.x - dx * arrive, b.y - dy * arrive))


def _target(line: Shape, shape_id: str, lookup: Callable[[str], Shape | None]) -> Shape | None:
    shape = lookup(shape_id) if shape_id else None
    if shape is None or shape.erased or shape.page != line.page or shape.type not in BOXES:
        return None
    return shape


def _way_out(shape: Shape, middle: Point, to: Point, length: float) -> float:
    """Which share of the way from a shape's middle lies inside it, its border and the gap included."""
    cos, sin = math.cos(-shape.rotation), math.sin(-shape.rotation)
    dx, dy = to.x - middle.x, to.y - middle.y
    way = Point(dx * cos - dy * sin, dx * sin + dy * cos)
    share = _leave(shape, way)
    border = shape.size / 2 if shape.type is ShapeType.GEO else 0.0
    return share + (THINGS.arrow_gap + border) / length


def _leave(shape: Shape, way: Point) -> float:
    if shape.type is ShapeType.GEO and shape.form == "ellipse":
        return 1 / math.hypot(way.x / (shape.w / 2), way.y / (shape.h / 2))
    corners = [Point(x - shape.w / 2, y - shape.h / 2) for x, y in corners_of(shape)]
    return max((_cross(way, a, b) for a, b in zip(corners, _turned(corners), strict=True)), default=0.0)


def _turned(corners: Sequence[Point]) -> Sequence[Point]:
    return [*corners[1:], *corners[:1]]


def _cross(way: Point, a: Point, b: Point) -> float:
    """Where the ray from the origin meets a side, as a multiple of `way`; 0 where it does not."""
    side = Point(b.x - a.x, b.y - a.y)
    across = way.x * side.y - way.y * side.x
    if across == 0:
        return 0.0
    along = (a.x * side.y - a.y * side.x) / across
    on_side = (a.x * way.y - a.y * way.x) / across
    return along if along > 0 and 0 <= on_side <= 1 else 0.0
