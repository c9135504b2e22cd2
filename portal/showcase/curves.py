"""Curves through points, as dense lines of points about one pixel apart. Pure geometry; y goes down."""

import math
from collections.abc import Collection, Sequence
from itertools import pairwise

Vec = tuple[float, float]
Path = list[Vec]

_STEP_PX = 1.0


def curve_through(points: Sequence[Vec], corners: Collection[int] = ()) -> Path:
    """A smooth curve (centripetal Catmull-Rom) through the points, broken at the indices in `corners`."""
    if len(points) < 2:
        return list(points)
    path: Path = []
    ends = [0, *sorted(c for c in corners if 0 < c < len(points) - 1), len(points) - 1]
    for first, last in pairwise(ends):
        path += _smooth(points[first : last + 1])[1 if path else 0 :]
    return path


def polyline(points: Sequence[Vec]) -> Path:
    """Straight lines through the points."""
    return curve_through(points, range(len(points)))


def line(start: Vec, end: Vec, bow: float = 0.0) -> Path:
    """A line that a hand draws: it bows to its left by `bow` of its length."""
    (x0, y0), (x1, y1) = start, end
    middle = ((x0 + x1) / 2 + (y1 - y0) * bow, (y0 + y1) / 2 - (x1 - x0) * bow)
    return curve_through([start, middle, end])


def arc(centre: Vec, radius: float, from_deg: float, to_deg: float, squash: float = 1.0) -> Path:
    """Part of a circle; 0° points right, angles grow clockwise. `squash` is its height over its width."""
    count = max(3, math.ceil(abs(to_deg - from_deg) / 12) + 1)
    turns = [math.radians(from_deg + (to_deg - from_deg) * i / (count - 1)) for i in range(count)]
    return curve_through([(centre[0] + radius * math.cos(a), centre[1] + radius * squash * math.sin(a)) for a in turns])


def length_of(path: Sequence[Vec]) -> float:
    """Length of a path, px."""
    return sum(math.dist(a, b) for a, b in pairwise(path))


def evenly(path: Sequence[Vec], step_px: float = _STEP_PX) -> Path:
    """The path with points `step_px` apart; both ends are kept."""
    total = length_of(path)
    if total == 0:
        return list(path[:1])
    count = max(1, round(total / step_px))
    result: Path = [path[0]]
    wanted, walked = total / count, 0.0
    for (x0, y0), (x1, y1) in pairwise(path):
        here = math.hypot(x1 - x0, y1 - y0)
        while len(result) < count and here > 0 and walked + here >= wanted * len(result):
            share = (wanted * len(result) - walked) / here
            result.append((x0 + (x1 - x0) * share, y0 + (y1 - y0) * share))
        walked += here
    result.append(path[-1])
    return result


def _smooth(points: Sequence[Vec]) -> Path:
    if len(points) == 2:
        return _straight(points[0], points[1])
    before = _mirrored(points[1], points[0])
    after = _mirrored(points[-2], points[-1])
    if math.dist(points[0], points[-1]) < 1e-6:  # a closed ring goes on round
        before, after = points[-2], points[1]
    padded = [before, *points, after]
    path: Path = [points[0]]
    for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        path += _segment(p0, p1, p2, p3)
    return path


def _straight(start: Vec, end: Vec) -> Path:
    count = max(1, math.ceil(math.dist(start, end) / _STEP_PX))
    return [
        (start[0] + (end[0] - start[0]) * i / count, start[1] + (end[1] - start[1]) * i / count)
        for i in range(count + 1)
    ]


def _mirrored(point: Vec, centre: Vec) -> Vec:
    return 2 * centre[0] - point[0], 2 * centre[1] - point[1]


def _segment(p0: Vec, p1: Vec, p2: Vec, p3: Vec) -> Path:
    """Barry and Goldman's form of the centripetal Catmull-Rom segment p1 → p2, without p1."""
    t0 = 0.0
    t1 = t0 + max(1e-3, math.dist(p0, p1) ** 0.5)
    t2 = t1 + max(1e-3, math.dist(p1, p2) ** 0.5)
    t3 = t2 + max(1e-3, math.dist(p2, p3) ** 0.5)
    count = max(2, math.ceil(math.dist(p1, p2) / _STEP_PX))
    result: Path = []
    for i in range(1, count + 1):
        t = t1 + (t2 - t1) * i / count
        a1, a2, a3 = _mix(p0, p1, t0, t1, t), _mix(p1, p2, t1, t2, t), _mix(p2, p3, t2, t3, t)
        b1, b2 = _mix(a1, a2, t0, t2, t), _mix(a2, a3, t1, t3, t)
        result.append(_mix(b1, b2, t1, t2, t))
    return result


def _mix(a: Vec, b: Vec, at_a: float, at_b: float, t: float) -> Vec:
    share = (t - at_a) / (at_b - at_a)
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
