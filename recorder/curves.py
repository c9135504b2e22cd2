"""The way of a function through a plot: cut at its edges, and where the function jumps.

Pure, and the twin of `portal/web/src/board/curves.ts`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from whiteboard_crdt.spec import THINGS

# Samples closer together than this (px of height) are joined without asking whether there is a jump between them.
_STEEP_PX = 6.0
# Times that a stretch is halved to tell a jump from a steep way, and to find where a function begins.
_JUMP_HALVES = 12
_EDGE_HALVES = 20
# Higher than this nothing is told apart any more.
_HIGHEST = 1e12


class Sample(NamedTuple):
    """A function's value, finite."""

    x: float
    y: float


class Window(NamedTuple):
    """The values that a plot shows, and its size in px."""

    x_from: float
    x_to: float
    y_from: float
    y_to: float
    w: float
    h: float


Function = Callable[[float], float]


def curve_pieces(run: Function, window: Window) -> list[list[tuple[float, float]]]:
    """Ways in px from the plot's top left corner, each of at least two points, none outside the plot."""
    return [cut for piece in _pieces(run, window) for cut in _cut(piece, window)]


def _pieces(run: Function, window: Window) -> list[list[Sample]]:
    """Stretches on which the function is there and does not jump."""
    count = min(THINGS.plot.samples, max(16, math.ceil(window.w / 2)))
    span = window.x_to - window.x_from
    found: list[list[Sample]] = [[]]
    before: Sample | None = None
    x_before = window.x_from
    for number in range(count + 1):
        x = window.x_from + span * number / count
        here = _sample(run, x)
        if number > 0:
            if before is None and here is not None:
                found.append([_edge(run, x_before, here)])
            elif before is not None and here is None:
                found[-1].append(_edge(run, x, before))
            elif before is not None and here is not None:
                jump = _jump(run, before, here, window)
                if jump is not None:
                    found[-1].append(jump[0])
                    found.append([jump[1]])
        if here is not None:
            found[-1].append(here)
        before, x_before = here, x
    return found


def _sample(run: Function, x: float) -> Sample | None:
    y = run(x)
    return Sample(x, min(_HIGHEST, max(-_HIGHEST, y))) if math.isfinite(y) else None


def _edge(run: Function, outside: float, inside: Sample) -> Sample:
    """The last place where the function is, on the way from where it is to where it is not."""
    last, x = inside, outside
    for _ in range(_EDGE_HALVES):
        middle = _sample(run, (x + last.x) / 2)
        if middle is None:
            x = (x + last.x) / 2
        else:
            last = middle
    return last


def _jump(run: Function, left: Sample, right: Sample, window: Window) -> tuple[Sample, Sample] | None:
    """Both sides of a jump between two samples; None where the way is only steep."""
    height = window.h / (window.y_to - window.y_from)
    rise = abs(right.y - left.y)
    if rise * height <= _STEEP_PX:
        return None
    for _ in range(_JUMP_HALVES):
        middle = _sample(run, (left.x + right.x) / 2)
        if middle is None:
            return left, right
        if abs(middle.y - left.y) > abs(right.y - middle.y):
            right = middle
        else:
            left = middle
    return (left, right) if abs(right.y - left.y) > rise / 2 else None


def _cut(piece: Sequence[Sample], window: Window) -> list[list[tuple[float, float]]]:
    """What of a stretch lies between the upper and the lower edge."""
    scale_x, scale_y = window.w / (window.x_to - window.x_from), window.h / (window.y_to - window.y_from)
    placed = [((x - window.x_from) * scale_x, (window.y_to - y) * scale_y) for x, y in piece]
    found: list[list[tuple[float, float]]] = []
    way: list[tuple[float, float]] = []
    for a, b in pairwise(placed):
        part = _inside(a, b, window.h)
        if part is None:
            way = []
            continue
        if not way or way[-1] != part[0]:
            way = [part[0]]
            found.append(way)
        way.append(part[1])
    return found


def _inside(
    a: tuple[float, float], b: tuple[float, float], height: float
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    if (a[1] < 0 and b[1] < 0) or (a[1] > height and b[1] > height):
        return None
    return _to_edge(a, b, height), _to_edge(b, a, height)


def _to_edge(point: tuple[float, float], other: tuple[float, float], height: float) -> tuple[float, float]:
    x, y = point
    if 0 <= y <= height:
        return point
    edge = 0.0 if y < 0 else height
    return x + (other[0] - x) * (edge - y) / (other[1] - y), edge
