"""Paths of geometric shapes, notes, frames, lines and arrows. Twin of `portal/web/src/board/figures.ts`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from recorder.formulas import formula_item
from recorder.items import FONT_ASCENT_EM, FigureItem, FigurePath, MeasureText, TextItem, TextLine
from recorder.labels import LabelLook, label_item
from recorder.plots import plot_item
from recorder.turn import Box, box_around, turned, turned_box
from whiteboard_crdt.arrows import Point, corners_of, middle_of
from whiteboard_crdt.shape import Ends, Shape, ShapeType
from whiteboard_crdt.spec import INK, THINGS

# How far the control points of a quarter of an ellipse stand out, of its half axis.
_ROUND = 0.5522847498


class _Track(NamedTuple):
    verbs: str
    points: Sequence[Point]


def figure_item(shape: Shape, measure: MeasureText) -> FigureItem:
    """What anything paints that is neither ink nor a text nor a picture."""
    match shape.type:
        case ShapeType.GEO:
            return _geo_item(shape, measure)
        case ShapeType.NOTE:
            return _note_item(shape, measure)
        case ShapeType.MATH:
            return formula_item(shape)
        case ShapeType.PLOT:
            return plot_item(shape, measure)
        case ShapeType.FRAME:
            return _frame_item(shape, measure)
        case _:
            return _line_item(shape)


def _geo_item(shape: Shape, measure: MeasureText) -> FigureItem:
    track = _turn_track(_geo_track(shape), shape)
    paths = []
    if shape.fill != "none":
        fill = THINGS.soft_opacity if shape.fill == "soft" else 1.0
        paths.append(FigurePath(verbs=track.verbs, points=track.points, colour=shape.colour, fill=fill))
    dash = _dash_of(shape.dash, shape.size)
    paths.append(FigurePath(verbs=track.verbs, points=track.points, colour=shape.colour, width=shape.size, dash=dash))
    left, top, right, bottom = THINGS.inner[shape.form]
    inner = Box(
        shape.x + left * shape.w, shape.y + top * shape.h, shape.x + right * shape.w, shape.y + bottom * shape.h
    )
    colour = "paper" if shape.fill == "solid" else shape.colour
    return _finish(shape, track, paths, inner, THINGS.label.size, colour, measure)


def _note_item(shape: Shape, measure: MeasureText) -> FigureItem:
    corner = min(THINGS.note.corner, shape.w / 2, shape.h / 2)
    track = _turn_track(_round_track(shape.w, shape.h, corner, corner), shape)
    paths = [FigurePath(verbs=track.verbs, points=track.points, colour=f"note:{shape.colour}", fill=1.0)]
    inner = Box(shape.x, shape.y, shape.x + shape.w, shape.y + shape.h)
    return _finish(shape, track, paths, inner, shape.size, "black", measure)


# The pen that a frame is drawn with, px.
_FRAME_PEN = 2.0


def _frame_item(shape: Shape, measure: MeasureText) -> FigureItem:
    corners = [Point(0.0, 0.0), Point(shape.w, 0.0), Point(shape.w, shape.h), Point(0.0, shape.h)]
    track = _turn_track(_Track("MLLLZ", corners), shape)
    paths = [FigurePath(verbs=track.verbs, points=track.points, colour=shape.colour, width=_FRAME_PEN)]
    box = box_around(track.points).grown(_FRAME_PEN / 2 + 1)
    title = _title_item(shape, measure)
    return FigureItem(paths, title, shape.opacity, box if title is None else box.union(title.box))


def _title_item(shape: Shape, measure: MeasureText) -> TextItem | None:
    """A frame's title stands above its left corner, in one line."""
    title = shape.text[: THINGS.label.chars].replace("\n", " ")
    if not title:
        return None
    bottom = shape.y - THINGS.frame.gap
    top = bottom - shape.size * INK.line_height
    pivot = middle_of(shape)
    upright = Box(shape.x, top, shape.x + measure(title, shape.size, shape.bold), bottom)
    return TextItem(
        x=pivot.x,
        y=pivot.y,
        rotation=shape.rotation,
        lines=[TextLine(title, shape.x, top + FONT_ASCENT_EM * shape.size)],
        colour=shape.colour,
        opacity=shape.opacity,
        bold=shape.bold,
        size=shape.size,
        box=turned_box(upright, pivot, shape.rotation),
    )


def _finish(
    shape: Shape,
    track: _Track,
    paths: Sequence[FigurePath],
    inner: Box,
    size: float,
    colour: str,
    measure: MeasureText,
) -> FigureItem:
    look = LabelLook(size, colour, shape.bold, shape.opacity, shape.rotation, middle_of(shape))
    label = label_item(shape.text, inner, look, measure)
    width = max(path.width for path in paths)
    # A sharp corner is joined round, so nothing stands out farther than half the pen.
    box = box_around(track.points).grown(width / 2 + 1)
    return FigureItem(paths, label, shape.opacity, box if label is None else box.union(label.box))


def _geo_track(shape: Shape) -> _Track:
    if shape.form == "ellipse":
        return _round_track(shape.w, shape.h, shape.w / 2, shape.h / 2)
    points = corners_of(shape)
    return _Track("M" + "L" * max(0, len(points) - 1) + "Z", points)


def _round_track(w: float, h: float, rx: float, ry: float) -> _Track:
    kx, ky = rx * (1 - _ROUND), ry * (1 - _ROUND)
    points = [
        (w - rx, 0.0), (w - kx, 0.0), (w, ky), (w, ry), (w, h - ry), (w, h - ky), (w - kx, h), (w - rx, h),
        (rx, h), (kx, h), (0.0, h - ky), (0.0, h - ry), (0.0, ry), (0.0, ky), (kx, 0.0), (rx, 0.0),
    ]  # fmt: skip
    return _Track("MCLCLCLCZ", [Point(x, y) for x, y in points])


def _turn_track(track: _Track, shape: Shape) -> _Track:
    """From the shape's own place to where it stands on the board."""
    middle = middle_of(shape)
    return _Track(track.verbs, [turned((shape.x + x, shape.y + y), middle, shape.rotation) for x, y in track.points])


def _line_item(shape: Shape) -> FigureItem:
    ends = shape.ends or Ends(shape.x, shape.y, shape.x, shape.y)
    start, tip = Point(ends.x1, ends.y1), Point(ends.x2, ends.y2)
    dash = _dash_of(shape.dash, shape.size)
    paths = [FigurePath(verbs="ML", points=[start, tip], colour=shape.colour, width=shape.size, dash=dash)]
    points = [start, tip]
    heads = {"end": [(tip, start)], "both": [(tip, start), (start, tip)]}.get(shape.head, [])
    for at, back in heads:
        head = _head_of(at, back, shape.size)
        paths.append(FigurePath(verbs="MLL", points=head, colour=shape.colour, width=shape.size))
        points += head
    return FigureItem(paths, None, shape.opacity, box_around(points).grown(shape.size / 2 + 1))


def _head_of(tip: Point, back: Point, size: float) -> list[Point]:
    far = math.hypot(tip.x - back.x, tip.y - back.y)
    long = min(THINGS.head_length + THINGS.head_per_size * size, 0.6 * far)
    share = long / far if far > 0 else 0.0
    straight = (tip.x + (back.x - tip.x) * share, tip.y + (back.y - tip.y) * share)
    return [turned(straight, tip, THINGS.head_angle), tip, turned(straight, tip, -THINGS.head_angle)]


def _dash_of(dash: str, size: float) -> tuple[float, ...]:
    if dash == "dashed":
        return (2 * size + 4, 2 * size + 6)
    return (0.01, 2 * size + 3) if dash == "dotted" else ()
