"""Figures that a tutor draws: circles, pie slices, arrows, a number line, underlines; paths in order of drawing."""

import math

from portal.showcase.curves import Path, Vec, arc, curve_through, line


def circle(centre: Vec, radius: float) -> Path:
    """A circle as a right hand draws it: from the top against the clock, and a little over its beginning."""
    return arc(centre, radius, -80, -80 - 374, squash=0.985)


def spokes(centre: Vec, radius: float, parts: int) -> list[Path]:
    """Cuts a circle into equal slices; an even number is cut right across."""
    if parts % 2 == 0:
        turns = [-90 + 360 * i / parts for i in range(parts // 2)]
        return [line(_on(centre, radius, turn), _on(centre, -radius, turn), 0.004) for turn in turns]
    return [line(centre, _on(centre, radius, -90 + 360 * i / parts), 0.006) for i in range(parts)]


def hatching(centre: Vec, radius: float, from_deg: float, to_deg: float, step_px: float = 17.0) -> list[Path]:
    """Shades a slice with slanting lines, each as long as the slice allows. Angles as in `arc`; at most 180° in one."""
    inside = radius - 7.0
    paths: list[Path] = []
    along, across = _on((0.0, 0.0), 1.0, -45), _on((0.0, 0.0), 1.0, 45)
    for number in range(math.floor(-inside / step_px), math.ceil(inside / step_px) + 1):
        shift = number * step_px
        hits = []
        for tenth in range(int(-inside), int(inside) + 1):
            x, y = across[0] * shift + along[0] * tenth, across[1] * shift + along[1] * tenth
            turn = math.degrees(math.atan2(y, x))
            margin = 5.0
            bounded = math.hypot(x, y) < inside and _within(turn, from_deg, to_deg)
            if bounded and _edge_distance((x, y), from_deg) > margin and _edge_distance((x, y), to_deg) > margin:
                hits.append((centre[0] + x, centre[1] + y))
        if len(hits) > 12:
            first, last = (hits[0], hits[-1]) if number % 2 else (hits[-1], hits[0])
            paths.append(line(first, last, 0.01))
    return paths


def scribble(centre: Vec, radius: float, from_deg: float, to_deg: float, step_px: float = 17.0) -> Path:
    """The same shading in one go, without lifting the pen."""
    corners = [end for hatch in hatching(centre, radius, from_deg, to_deg, step_px) for end in (hatch[0], hatch[-1])]
    return curve_through(corners, range(len(corners)))


def arrow(start: Vec, end: Vec, bow: float = 0.08, head_px: float = 20.0) -> list[Path]:
    """A bowed arrow: shaft, then head."""
    shaft = line(start, end, bow)
    return [shaft, _head(shaft, head_px)]


def number_line(start: Vec, length_px: float, steps: int, tick_px: float = 14.0) -> list[Path]:
    """A line with an arrow head and `steps` + 1 ticks; tick i lies at `tick_at(start, length_px, steps, i)`."""
    end = (start[0] + length_px + 46.0, start[1] - 1.0)
    head = curve_through([(end[0] - 15, end[1] - 11), end, (end[0] - 15, end[1] + 12)], [1])
    ticks = []
    for i in range(steps + 1):
        x = tick_at(start, length_px, steps, i)
        ticks.append(line((x, start[1] - tick_px), (x - 1, start[1] + tick_px)))
    return [line((start[0] - 18, start[1]), end, 0.002), head, *ticks]


def tick_at(start: Vec, length_px: float, steps: int, index: int) -> float:
    """x of a tick of the number line."""
    return start[0] + length_px * index / steps


def hop(start_x: float, end_x: float, y: float, height_px: float) -> list[Path]:
    """A jump along the number line, with an arrow head."""
    half = (end_x - start_x) / 2
    turns = [math.radians(180 + 15 * i) for i in range(13)]
    jump = curve_through([(start_x + half + half * math.cos(a), y + height_px * math.sin(a)) for a in turns])
    return [jump, _head(jump, 18.0)]


def underline(start: Vec, length_px: float) -> Path:
    """A lively underline."""
    x, y = start
    return curve_through(
        [(x, y + 2), (x + length_px * 0.35, y - 3), (x + length_px * 0.7, y + 2), (x + length_px, y - 5)]
    )


def ring(box_left: float, box_top: float, box_right: float, box_bottom: float) -> Path:
    """An oval round something, not quite closed, begun at the top right."""
    centre = ((box_left + box_right) / 2, (box_top + box_bottom) / 2)
    width, height = (box_right - box_left) / 2, (box_bottom - box_top) / 2
    turns = [math.radians(-50 - 386 * i / 24) for i in range(25)]
    grow = [1.0 + 0.07 * i / 24 for i in range(25)]
    return curve_through(
        [
            (centre[0] + width * g * math.cos(a), centre[1] + height * g * math.sin(a))
            for a, g in zip(turns, grow, strict=True)
        ]
    )


def _on(centre: Vec, radius: float, deg: float) -> Vec:
    return centre[0] + radius * math.cos(math.radians(deg)), centre[1] + radius * math.sin(math.radians(deg))


def _head(shaft: Path, size_px: float) -> Path:
    end, before = shaft[-1], shaft[max(0, len(shaft) - 13)]
    back = math.degrees(math.atan2(before[1] - end[1], before[0] - end[0]))
    return curve_through([_on(end, size_px, back - 30), end, _on(end, size_px, back + 30)], [1])


def _within(deg: float, from_deg: float, to_deg: float) -> bool:
    return (deg - from_deg) % 360 <= (to_deg - from_deg) % 360


def _edge_distance(point: Vec, deg: float) -> float:
    """Distance from the line through the centre that bounds a slice."""
    return abs(point[0] * math.sin(math.radians(deg)) - point[1] * math.cos(math.radians(deg)))
