"""Small pictures for the sketch club. Each is a list of coloured paths in a box of about 200 × 200 px."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from portal.showcase.curves import Path, Vec, arc, curve_through, line, polyline


@dataclass(frozen=True, slots=True)
class Line:
    """One path and the colour (a name of the palette) that it is drawn in."""

    path: Path
    colour: str = "black"


Picture = list[Line]


def house() -> Picture:
    """A house with a door, a window and smoke."""
    smoke = curve_through([(52, 14), (44, 2), (56, -8), (46, -20), (58, -32), (52, -42)])
    return [
        Line(polyline([(22, 92), (24, 196), (176, 194), (178, 90)])),
        Line(polyline([(2, 96), (98, 12), (198, 92), (8, 95)]), "red"),
        Line(polyline([(40, 62), (40, 20), (64, 19), (65, 40)]), "red"),
        Line(polyline([(52, 194), (52, 134), (86, 133), (87, 194)]), "orange"),
        Line(arc((78, 166), 3, 0, 330), "orange"),
        Line(polyline([(112, 124), (152, 123), (153, 162), (113, 163), (112, 124)]), "blue"),
        Line(line((132, 124), (133, 162)), "blue"),
        Line(line((113, 143), (152, 142)), "blue"),
        Line(smoke, "grey"),
    ]


def tree() -> Picture:
    """A round tree with apples and grass."""
    crown = [(100 + r * math.cos(a), 72 + 0.86 * r * math.sin(a)) for a, r in _bumps(9, 66.0, 8.0)]
    return [
        Line(curve_through([(88, 194), (92, 160), (86, 132)]), "orange"),
        Line(curve_through([(116, 194), (110, 160), (118, 130)]), "orange"),
        Line(curve_through([(101, 150), (104, 128), (126, 108)]), "orange"),
        Line(curve_through(crown), "green"),
        *(Line(arc(at, 7, -90, 280), "red") for at in ((74, 62), (112, 40), (132, 78), (92, 94))),
        Line(polyline([(52, 196), (60, 182), (66, 196), (74, 184), (80, 197)]), "green"),
        Line(polyline([(124, 197), (130, 184), (137, 197), (146, 182), (152, 196)]), "green"),
    ]


def sun() -> Picture:
    """A smiling sun."""
    rays = [
        Line(line(_at((100, 100), 62, turn), _at((100, 100), 92 if turn % 45 else 80, turn)), "orange")
        for turn in range(0, 360, 30)
    ]
    return [
        Line(arc((100, 100), 46, -80, 286), "orange"),
        *rays,
        Line(arc((84, 90), 3, 0, 300)),
        Line(arc((116, 90), 3, 0, 300)),
        Line(arc((100, 100), 24, 25, 155), "red"),
    ]


def cat() -> Picture:
    """A sitting cat, from the front."""
    ears: list[Vec] = [(58, 34), (64, 4), (86, 22), (114, 22), (136, 4), (142, 34)]
    head = [*ears, (148, 62), (130, 88), (100, 96), (70, 88), (52, 62), (58, 34)]
    return [
        Line(curve_through(head, [1, 2, 3, 4])),
        Line(arc((82, 52), 5, -90, 250), "green"),
        Line(arc((118, 52), 5, -90, 250), "green"),
        Line(polyline([(94, 66), (106, 66), (100, 73), (94, 66)]), "red"),
        Line(curve_through([(86, 80), (94, 82), (100, 73), (106, 82), (114, 79)], [2])),
        *(Line(line((70, 68 + dy), (30, 62 + 2.2 * dy), 0.03), "grey") for dy in (0, 7)),
        *(Line(line((130, 68 + dy), (170, 62 + 2.2 * dy), -0.03), "grey") for dy in (0, 7)),
        Line(curve_through([(72, 92), (54, 130), (52, 176), (66, 192), (136, 192), (148, 174), (146, 130), (128, 92)])),
        Line(curve_through([(88, 190), (86, 156), (90, 140)])),
        Line(curve_through([(112, 190), (114, 156), (110, 140)])),
        Line(curve_through([(146, 186), (176, 186), (190, 160), (178, 136), (188, 122)])),
    ]


def spiral() -> Picture:
    """A snail: a spiral with a body and two feelers."""
    coil = [_at((92, 96), 4 + 0.068 * turn, turn) for turn in range(0, 901, 30)]
    back: list[Vec] = [(30, 168), (80, 164), (140, 166), (168, 148), (172, 116), (184, 108), (196, 122)]
    foot: list[Vec] = [(192, 156), (168, 184), (100, 186), (24, 184), (8, 178), (30, 168)]
    return [
        Line(curve_through(coil), "violet"),
        Line(curve_through([*back, *foot]), "green"),
        Line(curve_through([(180, 108), (174, 90), (166, 78)]), "green"),
        Line(curve_through([(188, 110), (192, 90), (200, 80)]), "green"),
        Line(arc((184, 122), 2.5, 0, 300)),
    ]


def star() -> Picture:
    """A star in one stroke, with three sparks."""
    tips = [_at((100, 104), 92, -90 + 144 * i) for i in range(6)]
    sparks = [line(_at((100, 104), 66, turn), _at((100, 104), 92, turn)) for turn in (-54, 18, 162, 234)]
    return [Line(polyline(tips), "blue"), *(Line(spark, "yellow") for spark in sparks)]


def flower() -> Picture:
    """A flower with two leaves."""
    petals = [_at((100, 62), 22 + 34 * abs(math.sin(math.radians(turn * 3))), turn) for turn in range(0, 366, 6)]
    return [
        Line(arc((100, 62), 15, -90, 276), "orange"),
        Line(curve_through(petals), "violet"),
        Line(curve_through([(100, 118), (104, 150), (98, 196)]), "green"),
        Line(curve_through([(102, 160), (124, 136), (150, 138), (134, 160), (102, 162)]), "green"),
        Line(curve_through([(101, 176), (80, 154), (54, 158), (70, 178), (100, 178)]), "green"),
    ]


def boat() -> Picture:
    """A sailing boat on waves."""
    waves = [(x, 176 + (7 if i % 2 else -5)) for i, x in enumerate(range(0, 208, 18))]
    return [
        Line(polyline([(22, 134), (176, 132), (150, 168), (50, 170), (22, 134)]), "orange"),
        Line(line((98, 132), (99, 10))),
        Line(curve_through([(102, 14), (150, 70), (168, 118), (102, 119)], [2, 3]), "red"),
        Line(polyline([(94, 30), (44, 118), (94, 119)]), "blue"),
        Line(curve_through(waves), "blue"),
    ]


PICTURES: Final[tuple[Callable[[], Picture], ...]] = (house, tree, sun, cat, spiral, star, flower, boat)


def placed(picture: Picture, x: float, y: float, scale: float, tilt_deg: float) -> Picture:
    """The picture with its middle at (x, y), scaled and turned."""
    c, s = math.cos(math.radians(tilt_deg)) * scale, math.sin(math.radians(tilt_deg)) * scale
    return [
        Line(
            [(x + c * (px - 100) - s * (py - 100), y + s * (px - 100) + c * (py - 100)) for px, py in each.path],
            each.colour,
        )
        for each in picture
    ]


def _at(centre: Vec, radius: float, deg: float) -> Vec:
    return centre[0] + radius * math.cos(math.radians(deg)), centre[1] + radius * math.sin(math.radians(deg))


def _bumps(count: int, radius: float, depth: float) -> list[tuple[float, float]]:
    steps = count * 6
    turns = [math.radians(-90 + 372 * i / steps) for i in range(steps + 1)]
    return [(turn, radius + depth * abs(math.sin(turn * count / 2)) * 2 - depth) for turn in turns]
