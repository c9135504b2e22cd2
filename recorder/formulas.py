"""A formula's glyphs where they stand on the board. Pure, and the twin of `portal/web/src/board/formulas.ts`."""

from __future__ import annotations

from recorder.items import FigureItem, FigurePath
from recorder.turn import box_around, turned
from whiteboard_crdt.arrows import Point, middle_of
from whiteboard_crdt.formula import parse_formula
from whiteboard_crdt.shape import Shape


def formula_item(shape: Shape) -> FigureItem:
    """The glyphs, stretched into the shape's box and turned with it: what overlaps is painted one above the other."""
    middle = middle_of(shape)
    corners = [(0.0, 0.0), (shape.w, 0.0), (shape.w, shape.h), (0.0, shape.h)]
    extent = [turned((shape.x + x, shape.y + y), middle, shape.rotation) for x, y in corners]
    paths = []
    formula = parse_formula(shape.formula)
    if formula is not None:
        sx, sy = shape.w / formula.width, shape.h / formula.height
        for place in formula.places:
            glyph = formula.glyphs[place.glyph]
            points = [
                _placed(shape, (place.x + x * place.scale) * sx, (place.y - y * place.scale) * sy, middle)
                for x, y in glyph.points
            ]
            paths.append(FigurePath(verbs=glyph.verbs, points=points, colour=shape.colour, fill=1.0))
            extent += points
    return FigureItem(paths, None, shape.opacity, box_around(extent).grown(1))


def _placed(shape: Shape, x: float, y: float, middle: Point) -> Point:
    return turned((shape.x + x, shape.y + y), middle, shape.rotation)
