"""Turning points and boxes about a point; radians, clockwise in the picture. Twin of `portal/web/src/board/turn.ts`."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from whiteboard_crdt.arrows import Point


class Box(NamedTuple):
    """A rectangle in board px."""

    left: float
    top: float
    right: float
    bottom: float

    def grown(self, by: float) -> Box:
        """The box with a margin on every side."""
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def union(self, other: Box) -> Box:
        """The smallest box around both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def meets(self, other: Box) -> bool:
        """Whether the two share a point."""
        return (
            self.left <= other.right
            and other.left <= self.right
            and self.top <= other.bottom
            and other.top <= self.bottom
        )


def turned(point: tuple[float, float], about: Point, angle: float) -> Point:
    """A point turned about another."""
    x, y = point
    if angle == 0:
        return Point(x, y)
    cos, sin = math.cos(angle), math.sin(angle)
    dx, dy = x - about.x, y - about.y
    return Point(about.x + dx * cos - dy * sin, about.y + dx * sin + dy * cos)


def box_around(points: Iterable[tuple[float, float]]) -> Box:
    """The smallest box around points; there must be one."""
    xs, ys = zip(*points, strict=True)
    return Box(min(xs), min(ys), max(xs), max(ys))


def turned_box(box: Box, about: Point, angle: float) -> Box:
    """The upright box around a box that was turned."""
    if angle == 0:
        return box
    corners = ((box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom))
    return box_around(turned(corner, about, angle) for corner in corners)
