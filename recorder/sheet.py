"""What a plot is put together from: lines, dots, and labels with or without a fraction bar.

In px from the plot's top left corner, turned with it at the end. Twin of `portal/web/src/board/sheet.ts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from recorder.items import FONT_ASCENT_EM, FigureItem, FigurePath, MeasureText, TextItem, TextLine
from recorder.turn import Box, box_around, turned, turned_box
from whiteboard_crdt.arrows import middle_of
from whiteboard_crdt.shape import Shape

# Shares of the size of the letters, from the top of a label: where its numbers stand, and the bar between them.
_BASELINE, _BAR, _BELOW = 0.7, 0.87, 1.64
_HIGH, _HIGH_FRACTION = 0.72, 1.68
_BAR_OVER, _BAR_PEN, _SIGN_GAP, _SIGN_DROP = 0.1, 1 / 14, 0.12, 0.33
_DESCENT_EM = 0.35
# How far the control points of a quarter of a circle stand out, of its radius.
_ROUND = 0.5522847498

Way = Sequence[tuple[float, float]]


class Sheet:
    """Collects what a plot paints; `finish` puts it where the plot stands."""

    def __init__(self, shape: Shape, measure: MeasureText) -> None:
        self._shape = shape
        self._size = shape.size
        self._measure = measure
        self._paths: list[FigurePath] = []
        self._letters: list[TextLine] = []

    def lines(self, ways: Sequence[Way], colour: str, width: float) -> None:
        """Open ways drawn with one pen."""
        points = [point for way in ways for point in way]
        if points:
            verbs = "".join("M" + "L" * (len(way) - 1) for way in ways)
            self._add(verbs, points, colour, width=width)

    def fill_rects(self, rects: Iterable[tuple[float, float, float, float]], colour: str, opacity: float) -> None:
        """Rectangles (left, top, right, bottom) filled as one."""
        corners = [point for a, b, c, d in rects for point in ((a, b), (c, b), (c, d), (a, d))]
        if corners:
            verbs = "MLLLZ" * (len(corners) // 4)
            self._add(verbs, corners, colour, fill=opacity)

    def dot(self, x: float, y: float, radius: float, colour: str) -> None:
        """A filled circle."""
        k, r = radius * _ROUND, radius
        points = [
            (x + r, y), (x + r, y + k), (x + k, y + r), (x, y + r), (x - k, y + r), (x - r, y + k), (x - r, y),
            (x - r, y - k), (x - k, y - r), (x, y - r), (x + k, y - r), (x + r, y - k), (x + r, y),
        ]  # fmt: skip
        self._add("MCCCCZ", points, colour, fill=1.0)

    def width_of(self, top: str, bottom: str, sign: str) -> float:
        """Width of a label with its sign."""
        sign_width = self._long(sign) + (self._size * _SIGN_GAP if sign else 0.0)
        return max(self._long(top), self._long(bottom)) + sign_width

    def height_of(self, bottom: str) -> float:
        """Height of a label, which is a fraction where something stands below the bar."""
        return self._size * (_HIGH_FRACTION if bottom else _HIGH)

    def centred(self, top: str, bottom: str, sign: str, x: float, y: float) -> None:
        """A label whose numbers stand in the middle of x, its upper edge at y."""
        size, wide = self._size, max(self._long(top), self._long(bottom))
        self._letters.append(TextLine(top, x - self._long(top) / 2, y + _BASELINE * size))
        baseline = y + _BASELINE * size
        if bottom:
            self._letters.append(TextLine(bottom, x - self._long(bottom) / 2, y + _BELOW * size))
            half = wide / 2 + _BAR_OVER * size
            bar = y + _BAR * size
            self.lines([[(x - half, bar), (x + half, bar)]], self._shape.colour, size * _BAR_PEN)
            baseline = bar + _SIGN_DROP * size
        if sign:
            over = _BAR_OVER * size if bottom else 0.0
            left = x - wide / 2 - over - (_SIGN_GAP * size if bottom else 0.0) - self._long(sign)
            self._letters.append(TextLine(sign, left, baseline))

    def right_of(self, top: str, bottom: str, sign: str, x: float, y: float) -> None:
        """A label that ends at x."""
        self.centred(top, bottom, sign, x - max(self._long(top), self._long(bottom)) / 2, y)

    def finish(self) -> FigureItem:
        """All of it, where the plot stands."""
        shape = self._shape
        middle = middle_of(shape)
        corners = [(0.0, 0.0), (shape.w, 0.0), (shape.w, shape.h), (0.0, shape.h)]
        box = box_around(self._placed(corners)).grown(self._size)
        for path in self._paths:
            box = box.union(box_around(path.points).grown(path.width / 2 + 1))
        if not self._letters:
            return FigureItem(self._paths, None, shape.opacity, box)
        lines = [TextLine(line.text, shape.x + line.x, shape.y + line.baseline) for line in self._letters]
        upright = Box(
            min(line.x for line in lines),
            min(line.baseline for line in lines) - FONT_ASCENT_EM * self._size,
            max(line.x + self._long(line.text) for line in lines),
            max(line.baseline for line in lines) + _DESCENT_EM * self._size,
        )
        label = TextItem(
            x=middle.x,
            y=middle.y,
            rotation=shape.rotation,
            lines=lines,
            colour=shape.colour,
            opacity=shape.opacity,
            bold=False,
            size=self._size,
            box=turned_box(upright, middle, shape.rotation),
        )
        return FigureItem(self._paths, label, shape.opacity, box.union(label.box))

    def _long(self, text: str) -> float:
        return self._measure(text, self._size, False) if text else 0.0

    def _placed(self, points: Way) -> list[tuple[float, float]]:
        shape, middle = self._shape, middle_of(self._shape)
        return [turned((shape.x + x, shape.y + y), middle, shape.rotation) for x, y in points]

    def _add(self, verbs: str, points: Way, colour: str, *, fill: float = 0.0, width: float = 0.0) -> None:
        placed = self._placed(points)
        self._paths.append(FigurePath(verbs=verbs, points=placed, colour=colour, fill=fill, width=width))
