"""A hand that writes and draws: turns paths into pen points with the timing, wobble and pressure of a person.

Pure, and the same for the same seed.
"""

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from portal.showcase.curves import Path, Vec, curve_through, evenly
from portal.showcase.glyphs import CAP_HEIGHT, glyph

SAMPLE_MS: Final = 12
_DOT_MS: Final = 70
# Pen up and down again, besides the way to the next stroke.
_LIFT_MS: Final = 90
_TRAVEL_PX_S: Final = 1400.0


@dataclass(frozen=True, slots=True)
class PenPoint:
    """The pen on the board, px; pressure 0…255; `t_ms` since the drawing began."""

    x: float
    y: float
    pressure: int
    t_ms: int


Stroke = tuple[PenPoint, ...]


@dataclass(frozen=True, slots=True)
class Style:
    """How a hand moves. `speed_px_s` on the straight, `wobble_px` off the path, `slant` x per y."""

    speed_px_s: float = 620.0
    wobble_px: float = 0.5
    slant: float = 0.06
    pressure: int = 138


class Hand:
    """One person's hand; every drawing goes on with the random numbers of the one before."""

    def __init__(self, seed: int, style: Style | None = None) -> None:
        self._random = random.Random(seed)
        self.style = style or Style()

    def write(self, text: str, x: float, y: float, height_px: float) -> list[Stroke]:
        """Writes a line of text: left end, baseline, height of capitals, px. Raises ValueError for unknown letters."""
        paths: list[Path] = []
        unit = height_px / CAP_HEIGHT
        pen_x = x
        tilt = self._random.uniform(-0.012, 0.004)
        for letter in text:
            shape = glyph(letter)
            if shape is None:
                raise ValueError(f"no glyph for U+{ord(letter):04X}")
            size = unit * self._random.gauss(1.0, 0.025)
            lean = self.style.slant + self._random.gauss(0.0, 0.018)
            rise = self._random.gauss(0.0, 1.3) * unit
            for stroke in shape.strokes:
                points = [
                    (
                        pen_x + (px + self._off() + lean * py) * size,
                        y + (pen_x - x) * tilt - rise - (py + self._off()) * size,
                    )
                    for px, py in stroke.points
                ]
                paths.append(curve_through(points, stroke.corners))
            pen_x += shape.advance * size + self._random.gauss(0.0, 1.2) * unit
        return self.draw(paths, detail_px=height_px)

    def draw(self, paths: Iterable[Sequence[Vec]], detail_px: float = 120.0) -> list[Stroke]:
        """Draws the paths one after another. `detail_px` is the size of a figure: small ones are drawn more slowly."""
        strokes: list[Stroke] = []
        now_ms = 0
        at: Vec | None = None
        for path in paths:
            if at is not None:
                now_ms += _LIFT_MS + round(math.dist(at, path[0]) / _TRAVEL_PX_S * 1000) + self._random.randrange(40)
            stroke = self._trace(path, detail_px, now_ms)
            strokes.append(stroke)
            now_ms, at = stroke[-1].t_ms, (stroke[-1].x, stroke[-1].y)
        return strokes

    def _off(self) -> float:
        return self._random.gauss(0.0, 0.9)

    def _trace(self, path: Sequence[Vec], detail_px: float, start_ms: int) -> Stroke:
        even = evenly(path)
        if len(even) < 5:
            return self._dot(even, start_ms)
        detail_px = min(detail_px, 1.2 * _extent(even))
        times = _times_ms(even, self.style.speed_px_s * min(1.6, max(0.35, detail_px / 110.0) ** 0.6))
        # A long stroke is drawn from the arm: it sways more slowly.
        wave = max(34.0, len(even) / 5)
        wobble_x, wobble_y = self._noise(len(even), wave), self._noise(len(even), wave)
        drift = self._noise(len(even), 70.0)
        reach = self.style.wobble_px * min(1.0, detail_px / 60.0)
        total_ms = times[-1]
        fastest = max(_speeds(times))
        points: list[PenPoint] = []
        index, t_ms = 0, 0.0
        while True:
            while index < len(times) - 1 and times[index] < t_ms:
                index += 1
            px, py = even[index]
            speed = 1.0 / max(1e-6, times[index] - times[max(0, index - 1)]) if index else 0.0
            press = self._pressure(t_ms, total_ms, speed / fastest, drift[index])
            points.append(
                PenPoint(px + wobble_x[index] * reach, py + wobble_y[index] * reach, press, start_ms + round(t_ms))
            )
            if t_ms >= total_ms:
                return tuple(points)
            t_ms = min(total_ms, t_ms + SAMPLE_MS)

    def _dot(self, path: Sequence[Vec], start_ms: int) -> Stroke:
        first, last = path[0], path[-1]
        press = min(255, self.style.pressure + 30)
        return (
            PenPoint(first[0], first[1], press - 25, start_ms),
            PenPoint((first[0] + last[0]) / 2 + 0.3, (first[1] + last[1]) / 2, press, start_ms + _DOT_MS // 2),
            PenPoint(last[0], last[1] + 0.3, press - 15, start_ms + _DOT_MS),
        )

    def _pressure(self, t_ms: float, total_ms: float, speed_share: float, drift: float) -> int:
        landing = min(1.0, 0.62 + t_ms / 90.0)
        lifting = min(1.0, 0.45 + (total_ms - t_ms) / 110.0)
        value = (self.style.pressure + 16.0 * (0.6 - speed_share) + 12.0 * drift) * landing * lifting
        return max(20, min(255, round(value)))

    def _noise(self, count: int, wave: float) -> list[float]:
        """Smooth noise of about unit size: random values every `wave` steps with cosines between them."""
        knots = [self._random.gauss(0.0, 1.0) for _ in range(int(count / wave) + 2)]
        values = []
        for i in range(count):
            knot, share = divmod(i / wave, 1.0)
            blend = (1 - math.cos(math.pi * share)) / 2
            values.append(knots[int(knot)] * (1 - blend) + knots[int(knot) + 1] * blend)
        return values


def moved(strokes: Iterable[Stroke], by_ms: int) -> list[Stroke]:
    """The same strokes, later."""
    return [tuple(PenPoint(p.x, p.y, p.pressure, p.t_ms + by_ms) for p in stroke) for stroke in strokes]


def duration_ms(strokes: Sequence[Stroke]) -> int:
    """When the pen is up for the last time."""
    return strokes[-1][-1].t_ms if strokes else 0


def _times_ms(path: Path, speed_px_s: float) -> list[float]:
    """When the pen passes each point of an even path: slow in bends (the two-thirds power law), never with a jerk."""
    step_px = math.dist(path[0], path[1])
    limits = []
    for i in range(len(path)):
        a, b, c = path[max(0, i - 4)], path[i], path[min(len(path) - 1, i + 4)]
        bend = _turn(a, b, c) / (8 * step_px) if a != b != c else 0.0
        limits.append(speed_px_s / max(1.0, (bend * 60.0) ** 0.5))
    acceleration = 11.0 * speed_px_s
    start = 0.3 * speed_px_s
    limits[0], limits[-1] = min(limits[0], start), min(limits[-1], start)
    for i in range(1, len(limits)):
        limits[i] = min(limits[i], (limits[i - 1] ** 2 + 2 * acceleration * step_px) ** 0.5)
    for i in range(len(limits) - 2, -1, -1):
        limits[i] = min(limits[i], (limits[i + 1] ** 2 + 2 * acceleration * step_px) ** 0.5)
    times = [0.0]
    for i in range(1, len(path)):
        times.append(times[-1] + 2000.0 * step_px / (limits[i - 1] + limits[i]))
    return times


def _extent(path: Path) -> float:
    xs, ys = [x for x, _ in path], [y for _, y in path]
    return math.hypot(max(xs) - min(xs), max(ys) - min(ys))


def _speeds(times: Sequence[float]) -> list[float]:
    return [1.0 / max(1e-6, b - a) for a, b in pairwise(times)]


def _turn(a: Vec, b: Vec, c: Vec) -> float:
    before = math.atan2(b[1] - a[1], b[0] - a[0])
    after = math.atan2(c[1] - b[1], c[0] - b[0])
    return abs((after - before + math.pi) % (2 * math.pi) - math.pi)
