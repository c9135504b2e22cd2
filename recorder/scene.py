"""From a shape to what is painted: the outline of a stroke, the lines of a text, and their boxes.

Pure, and the twin of `portal/web/src/board/scene.ts`: both painters get the same numbers from the same shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from perfect_freehand import get_stroke

from recorder.direction import is_right_to_left
from recorder.figures import figure_item
from recorder.items import FONT_ASCENT_EM, ImageItem, MeasureText, SceneItem, StrokeItem, TextItem, TextLine
from recorder.turn import Box, box_around, turned, turned_box
from whiteboard_crdt.arrows import Point, middle_of
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ink import InkPoint, decode_ink
from whiteboard_crdt.shape import STROKES, Shape, ShapeType
from whiteboard_crdt.spec import INK

__all__ = [
    "FONT_ASCENT_EM", "HOME_BOX", "Box", "MeasureText", "SceneItem", "StrokeItem", "TextItem", "TextLine", "ink_points",
    "outline_of", "scene_item", "stroke_margin", "text_lines",
]  # fmt: skip

# What an empty page shows.
HOME_BOX = Box(0, 0, 1600, 900)


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


def ink_points(shape: Shape) -> list[InkPoint]:
    """The points of a stroke relative to its x, y, stretched and turned as it stands. Raises ProtocolError."""
    ink = decode_ink(shape.ink)
    sx = shape.w / ink.width if shape.w > 0 and ink.width > 0 else 1.0
    sy = shape.h / ink.height if shape.h > 0 and ink.height > 0 else 1.0
    if sx == 1 and sy == 1 and shape.rotation == 0:
        return list(ink.points)
    middle = Point(shape.w / 2, shape.h / 2)
    return [InkPoint(*turned((p.x * sx, p.y * sy), middle, shape.rotation), p.pressure, p.t_ms) for p in ink.points]


def scene_item(shape: Shape, measure: MeasureText) -> SceneItem | None:
    """What a shape paints; None for an erased one and for ink that cannot be read."""
    if shape.erased:
        return None
    if shape.type is ShapeType.TEXT:
        return _text_item(shape, measure)
    if shape.type is ShapeType.IMAGE:
        return _image_item(shape)
    return _ink_item(shape) if shape.type in STROKES else figure_item(shape, measure)


def _text_item(shape: Shape, measure: MeasureText) -> TextItem:
    lines = text_lines(shape.text, shape.x, shape.y, shape.size)
    widths = [measure(line.text, shape.size, shape.bold) for line in lines]
    width = max(widths)
    # What runs from right to left begins at the right edge of the widest line.
    lines = [
        replace(line, x=line.x + width - own) if is_right_to_left(line.text) else line
        for line, own in zip(lines, widths, strict=True)
    ]
    upright = Box(shape.x, shape.y, shape.x + width, shape.y + len(lines) * shape.size * INK.line_height)
    return TextItem(
        x=shape.x,
        y=shape.y,
        rotation=shape.rotation,
        lines=lines,
        colour=shape.colour,
        opacity=shape.opacity,
        bold=shape.bold,
        size=shape.size,
        box=turned_box(upright, Point(shape.x, shape.y), shape.rotation),
    )


def _image_item(shape: Shape) -> ImageItem:
    upright = Box(shape.x, shape.y, shape.x + shape.w, shape.y + shape.h)
    return ImageItem(
        asset=shape.asset,
        x=shape.x,
        y=shape.y,
        w=shape.w,
        h=shape.h,
        rotation=shape.rotation,
        opacity=shape.opacity,
        box=turned_box(upright, middle_of(shape), shape.rotation),
    )


def _ink_item(shape: Shape) -> StrokeItem | None:
    try:
        points = ink_points(shape)
    except ProtocolError:
        return None
    box = box_around((shape.x + p.x, shape.y + p.y) for p in points).grown(stroke_margin(shape.size))
    opacity = INK.highlighter.opacity if shape.type is ShapeType.HIGHLIGHT else 1.0
    return StrokeItem(
        shape.x,
        shape.y,
        outline_of(points, shape.type, shape.size),
        [(p.x, p.y) for p in points],
        shape.colour,
        opacity * shape.opacity,
        shape.size,
        box,
    )
