"""From a shape to what is painted: the outline of a stroke, the lines of a text, and their boxes.

Pure, and the twin of `portal/web/src/board/scene.ts`: both painters get the same numbers from the same shape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from perfect_freehand import get_stroke

from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ink import InkPoint, decode_ink
from whiteboard_crdt.shape import Shape, ShapeType
from whiteboard_crdt.spec import INK

# The ascent of Atkinson Hyperlegible in em: where the first baseline stands under a text's origin.
FONT_ASCENT_EM = 0.95

MeasureText = Callable[[str, float], float]
"""Width of one line, board px, at a font size."""


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


# What an empty page shows.
HOME_BOX = Box(0, 0, 1600, 900)


@dataclass(frozen=True, slots=True)
class StrokeItem:
    """A stroke: its outline relative to x, y; the path's curves end in the middles between its corners."""

    x: float
    y: float
    outline: Sequence[tuple[float, float]]
    spine: Sequence[tuple[float, float]]
    colour: str
    opacity: float
    size: float
    box: Box


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text; x, baseline: left end of its baseline, board px."""

    text: str
    x: float
    baseline: float


@dataclass(frozen=True, slots=True)
class TextItem:
    """A text laid out in lines; size in board px."""

    lines: Sequence[TextLine]
    colour: str
    size: float
    box: Box


SceneItem = StrokeItem | TextItem


def outline_of(points: Sequence[InkPoint], kind: ShapeType, size: float) -> list[tuple[float, float]]:
    """The outline of a stroke in the points' own coordinates; empty for no points."""
    if not points:
        return []
    pen = INK.highlighter if kind is ShapeType.HIGHLIGHT else INK.pen
    has_pressure = points[0].pressure is not None
    given = [(p.x, p.y, 0.5 if p.pressure is None else p.pressure / 255) for p in points]
    return get_stroke(
        given,
        size=size,
        thinning=pen.thinning,
        smoothing=pen.smoothing,
        streamline=pen.streamline,
        simulate_pressure=not has_pressure,
        last=True,
    )


def stroke_margin(size: float) -> float:
    """How far ink reaches past the box of its points: the widest possible half, and one px for antialiasing."""
    return size + 1


def text_lines(text: str, x: float, y: float, size: float) -> list[TextLine]:
    """Lays lines out under a text's origin."""
    height = size * INK.line_height
    return [
        TextLine(line, x, y + FONT_ASCENT_EM * size + index * height) for index, line in enumerate(text.split("\n"))
    ]


def scene_item(shape: Shape, measure: MeasureText) -> SceneItem | None:
    """What a shape paints; None for an erased one and for ink that cannot be read."""
    if shape.erased:
        return None
    if shape.type is ShapeType.TEXT:
        lines = text_lines(shape.text, shape.x, shape.y, shape.size)
        width = max(measure(line.text, shape.size) for line in lines)
        bottom = shape.y + len(lines) * shape.size * INK.line_height
        return TextItem(lines, shape.colour, shape.size, Box(shape.x, shape.y, shape.x + width, bottom))
    try:
        ink = decode_ink(shape.ink)
    except ProtocolError:
        return None
    box = Box(shape.x, shape.y, shape.x + ink.width, shape.y + ink.height).grown(stroke_margin(shape.size))
    return StrokeItem(
        shape.x,
        shape.y,
        outline_of(ink.points, shape.type, shape.size),
        [(p.x, p.y) for p in ink.points],
        shape.colour,
        INK.highlighter.opacity if shape.type is ShapeType.HIGHLIGHT else 1.0,
        shape.size,
        box,
    )
