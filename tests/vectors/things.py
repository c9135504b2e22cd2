"""Vectors of shapes that are no ink: how fields are read, where bound lines end, and the paths that are painted."""

from __future__ import annotations

import math
from typing import Any, Final

from recorder.items import FigureItem, TextItem
from recorder.scene import scene_item
from whiteboard_crdt.arrows import with_ends
from whiteboard_crdt.expression import ExpressionError, parse_expression
from whiteboard_crdt.ink import InkPoint, encode_ink
from whiteboard_crdt.shape import Shape, read_shape
from whiteboard_crdt.spec import THINGS

_AUTHOR: Final = "0123456789abcdef"
_BASE: Final[dict[str, Any]] = {"page": "main", "index": "a0", "x": 100.0, "y": 50.0, "colour": "blue", "size": 4.0}
_GEO: Final = {**_BASE, "type": "geo", "form": "rectangle", "w": 200.0, "h": 100.0}
_LINE: Final = {**_BASE, "type": "line", "dx": 120.0, "dy": -80.0}
_NOTE: Final = {**_BASE, "type": "note", "w": 200.0, "h": 200.0, "size": 26.0, "colour": "yellow"}
_IMAGE: Final = {**_BASE, "type": "image", "w": 64.0, "h": 48.0, "asset": "ab" * 32}
_MATH: Final = {**_BASE, "type": "math", "w": 120.0, "h": 60.0}
_PLOT: Final = {
    **_BASE, "type": "plot", "form": "axes", "w": 200.0, "h": 150.0, "size": 14.0, "colour": "black", "x_from": -5.0,
    "x_to": 5.0, "y_from": -4.0, "y_to": 4.0,
}  # fmt: skip
_LINE_OF_NUMBERS: Final = {
    **_BASE, "type": "plot", "form": "line", "w": 600.0, "h": 120.0, "size": 24.0, "x_from": 0.0, "x_to": 2.0,
}  # fmt: skip
_FRAME: Final = {**_BASE, "type": "frame", "w": 300.0, "h": 200.0, "size": 20.0}
_GLYPH: Final = "M698-37L413 226H80V50.5Q0 1 2 3C1 2 3 4 5 6ZM1 1L2 2"
_FORMULA: Final = f"\\frac{{1}}{{2}}\n1200 800\n{_GLYPH}@0,0,1 500.25,-676,0.707\nM0 0L10 0L10 10Z@7,7,1"
_INK: Final = encode_ink([InkPoint(0, 0), InkPoint(40, 10), InkPoint(20, 30)]).blob
_TRIANGLE: Final = {**_GEO, "form": "polygon", "ink": _INK}
_STROKE: Final = {**_BASE, "type": "draw", "ink": _INK}

_READ: Final[dict[str, dict[str, Any]]] = {
    **{f"form {form}": {**_GEO, "form": form, "ink": _INK} for form in THINGS.forms},
    "every field of a geometric shape": {
        **_GEO, "form": "ellipse", "fill": "soft", "dash": "dotted", "rotation": 0.5, "opacity": 0.4, "locked": True,
        "group": "g", "text": "a half", "bold": True, "created_ms": 5.0,
    },
    "wrong values read as defaults": {
        **_GEO, "fill": "lava", "dash": 3.0, "rotation": 1e9, "opacity": 0.0, "locked": 1.0, "group": "g" * 65,
        "text": 4.0, "bold": "yes", "size": -1.0, "colour": "__proto__",
    },
    "form __proto__": {**_GEO, "form": "__proto__"},
    "form constructor": {**_GEO, "form": "constructor"},
    "form absent": {name: value for name, value in _GEO.items() if name != "form"},
    "far out": {**_GEO, "x": 1_000_001.0},
    "line far out": {**_LINE, "y": -1e300},
    "no width": {**_GEO, "w": 0.0},
    "negative height": {**_GEO, "h": -5.0},
    "too wide": {**_GEO, "w": 100_001.0},
    "width a string": {**_GEO, "w": "200"},
    "polygon without corners": {**_GEO, "form": "polygon"},
    "polygon of two corners": {**_TRIANGLE, "ink": encode_ink([InkPoint(0, 0), InkPoint(9, 9)]).blob},
    "polygon of too many corners": {
        **_TRIANGLE, "ink": encode_ink([InkPoint(float(n), float(n % 7)) for n in range(65)]).blob,
    },
    "polygon of broken ink": {**_TRIANGLE, "ink": b"\x01\x00\x03\x01"},
    "line": _LINE,
    "line with a head": {**_LINE, "head": "both"},
    "line too far": {**_LINE, "dx": -100_001.0},
    "line without an end": {name: value for name, value in _LINE.items() if name != "dy"},
    "arrow": {**_LINE, "type": "arrow", "dash": "dashed"},
    "arrow both ways": {**_LINE, "type": "arrow", "head": "both", "start": "x" * 65, "end": 5.0},
    "arrow of no length": {**_LINE, "type": "arrow", "dx": 0.0, "dy": 0.0},
    "note": {**_NOTE, "text": "Remember: one half is two quarters"},
    "note with a very long word": {**_NOTE, "text": "Donaudampfschifffahrtsgesellschaftskapitaen", "rotation": -0.3},
    "note of too many letters": {**_NOTE, "text": "many words " * 400, "bold": True},
    "tiny note": {**_NOTE, "w": 1.0, "h": 1.0, "text": "ab"},
    "image": {**_IMAGE, "caption": "a map"},
    "image by another name": {**_IMAGE, "asset": "AB" * 32},
    "image without a hash": {**_IMAGE, "asset": "../../etc/passwd"},
    "image with a long caption": {**_IMAGE, "caption": "c" * 300},
    "stroke stretched and turned": {**_STROKE, "w": 80.0, "h": 15.0, "rotation": 1.0, "opacity": 0.5},
    "stroke of wrong size": {**_STROKE, "w": -1.0, "h": math.pi * 1e9},
    "text turned": {**_BASE, "type": "text", "text": "x = 1\ny = 2", "size": 24.0, "rotation": 0.25, "bold": True},
    "formula": {**_MATH, "formula": _FORMULA, "rotation": 0.4},
    "formula without glyphs": {**_MATH, "formula": "x\n10 10"},
    "formula of nothing": {**_MATH, "formula": ""},
    "formula without a box": {**_MATH, "formula": "x\nM0 0L1 1Z@0,0,1"},
    "formula of no width": {**_MATH, "formula": "x\n0 10\nM0 0L1 1Z@0,0,1"},
    "formula with a handler": {**_MATH, "formula": 'x\n10 10\nM0 0L1 1Z" onload="alert(1)@0,0,1'},
    "formula with an element": {**_MATH, "formula": "x\n10 10\n<path d='M0 0'/>@0,0,1"},
    "formula with a script in its words": {
        **_MATH, "formula": "<script>alert(1)</script>\n10 10\nM0 0L1 1Z@0,0,1",
    },
    "formula with a curve of too few numbers": {**_MATH, "formula": "x\n10 10\nM0 0C1 1 2 2Z@0,0,1"},
    "formula that begins with a line": {**_MATH, "formula": "x\n10 10\nL0 0L1 1Z@0,0,1"},
    "formula that goes on after its end": {**_MATH, "formula": "x\n10 10\nM0 0L1 1ZL2 2@0,0,1"},
    "formula with an arc": {**_MATH, "formula": "x\n10 10\nM0 0A1 1 0 0 0 2 2Z@0,0,1"},
    "formula with small letters": {**_MATH, "formula": "x\n10 10\nm0 0l1 1z@0,0,1"},
    "formula with a large number": {**_MATH, "formula": "x\n10 10\nM0 0L1234567 1Z@0,0,1"},
    "formula with an exponent": {**_MATH, "formula": "x\n10 10\nM0 0L1e5 1Z@0,0,1"},
    "formula with other digits": {**_MATH, "formula": "x\n10 10\nM0 0L\u0661 1Z@0,0,1"},
    "formula with a line at the end": {**_MATH, "formula": "x\n10 10\nM0 0L1 1Z@0,0,1\n"},
    "formula with a glyph that stands nowhere": {**_MATH, "formula": "x\n10 10\nM0 0L1 1Z@"},
    "formula with a negative scale": {**_MATH, "formula": "x\n10 10\nM0 0L1 1Z@0,0,-1"},
    "formula of too many points": {
        **_MATH, "formula": "x\n10 10\nM0 0" + "L1 1" * 200 + "@" + " ".join(["0,0,1"] * 120),
    },
    "formula of too many characters": {**_MATH, "formula": "x\n10 10\nM0 0" + "L1 1" * 9000 + "@0,0,1"},
    "formula of much LaTeX": {**_MATH, "formula": "x" * 2001 + "\n10 10\nM0 0L1 1Z@0,0,1"},
    "formula of wide letters": {**_MATH, "formula": "\U0001d54f" * 2000 + "\n10 10\nM0 0L1 1Z@0,0,1"},
    "formula that is a number": {**_MATH, "formula": 5.0},
    "text from right to left": {
        **_BASE, "type": "text", "text": "שלום\n1 + 2 = 3\n(مرحبا) abc\nabc مرحبا\n", "size": 20.0, "colour": "blue",
    },
    "axes": _PLOT,
    "axes with functions": {
        **_PLOT, "grid": True, "entries": "x^2-2\n sin(x) \n\ntan(x)\n1/x\nsqrt(x)\nfloor(x)\nnonsense\nx^9\n7\n8",
    },
    "axes turned and in fractions": {
        **_PLOT, "rotation": 0.5, "x_step": "2/3", "y_step": "0,5", "reduced": True, "opacity": 0.5,
        "entries": "y = 2^x",
    },
    "axes far from nought": {**_PLOT, "x_from": 100.0, "x_to": 2000.0, "y_from": -0.004, "y_to": -0.001},
    "axes with steps of π": {
        **_PLOT, "x_from": -6.283185307179586, "x_to": 6.283185307179586, "x_step": "π/2", "y_step": "2 pi",
        "entries": "sin(x)",
    },
    "a number line of parts of π, with marks": {
        **_LINE_OF_NUMBERS, "x_from": -4.0, "x_to": 4.0, "x_step": "pi/3", "entries": "-π/4\n2pi/2\nπ\n0π\nπ/0\n3π/4+0",
    },
    "axes with steps of no parts of π": {**_PLOT, "x_step": "π/0", "y_step": "0pi"},
    "axes with wrong steps": {**_PLOT, "x_step": "1/0", "y_step": "0.0001"},
    "axes with steps of other kinds": {**_PLOT, "x_step": 5.0, "y_step": "-1", "grid": "yes", "entries": 7.0},
    "axes with many words": {**_PLOT, "entries": "x" * 2001},
    "axes of no width": {**_PLOT, "x_to": -5.0},
    "axes the wrong way round": {**_PLOT, "y_from": 5.0},
    "axes without an end": {**_PLOT, "x_from": None},
    "axes too far out": {**_PLOT, "x_to": 1e7},
    "axes of an unknown form": {**_PLOT, "form": "__proto__"},
    "number line": _LINE_OF_NUMBERS,
    "number line in eighths": {
        **_LINE_OF_NUMBERS, "x_step": "1/8", "entries": "3/8\n1.25\n5/3\n8/8\n5\nx\n1/0\n1/2+1/4",
    },
    "number line in thirds, in lowest terms": {
        **_LINE_OF_NUMBERS, "x_from": -1.0, "x_to": 1.0, "x_step": "2/6", "reduced": True,
        "entries": "-2/4\n-0.25\n4/4",
    },
    "number line without room": {**_LINE_OF_NUMBERS, "w": 20.0, "h": 1.0},
    "frame": {**_FRAME, "text": "Task\none", "bold": True, "rotation": 0.3},
    "frame without a title": _FRAME,
    "frame of no height": {**_FRAME, "h": 0.0, "text": "a"},
    "text without letters": {**_BASE, "type": "text", "text": ""},
}  # fmt: skip

_EXPRESSIONS: Final = (
    "2x^2-1", "-x^2", "1/2x", "2^-x", "2^3^2", "y = 3(x-1)(x+1)", "f(x)=x", "xsin(x)", "√(x)", "0,5x", ".5x", "x²+x³",
    "2πx", "e^x", "ln(x)", "log(x)", "abs(x-3)", "floor(x)", "ceil(x)", "asin(x)", "acos(x)", "atan(x)", "exp(x)",
    "tan(x)",
    "(-8)^(1/3)", "1/(x-2)", "[x+1]·2", "--x", "+x", "x÷2", "5−x", "2 3", "9^99", "1/0*0", "exp(800)-exp(800)", "0^0",
    "0^-1", "SIN(X)", "", " ", "1/", "foo", "((x)", "x)", "sin x", "|x|", "x y", "1e5x", "alert(1)", "__proto__", "x=1",
    "constructor", "𝔵", "x;x", "(" * 30 + "x" + ")" * 30, "x" * 201, "-" * 150 + "x", "2^" * 60 + "x", "1.2.3", "*x",
    "x^",
)  # fmt: skip
_PLACES: Final = (-2.5, -1.0, 0.0, 0.3, 2.0, 7.0)

_A: Final = {**_GEO, "x": 0.0, "y": 0.0}
_ARROW: Final = {**_LINE, "type": "arrow", "start": "A", "end": "B"}
_BOUND: Final[dict[str, dict[str, dict[str, Any]]]] = {
    "two rectangles": {"A": _A, "B": {**_A, "x": 500.0, "y": 300.0}},
    "ellipse to star": {"A": {**_A, "form": "ellipse"}, "B": {**_A, "form": "star", "x": 400.0, "y": -200.0}},
    "turned triangle to note": {"A": {**_A, "form": "triangle", "rotation": 2.0}, "B": {**_NOTE, "x": 700.0}},
    "polygon to image": {"A": {**_TRIANGLE, "x": 0.0}, "B": {**_IMAGE, "x": -300.0, "y": 200.0, "rotation": 0.7}},
    "start only": {"A": _A},
    "end only": {"B": {**_A, "x": 600.0}},
    "overlapping": {"A": _A, "B": {**_A, "x": 20.0}},
    "one on the other": {"A": _A, "B": _A},
    "erased": {"A": {**_A, "erased": True}, "B": {**_A, "x": 600.0, "erased": True}},
    "on another page": {"A": {**_A, "page": "p2"}, "B": {**_A, "x": 600.0}},
    "bound to a line": {"A": _LINE, "B": {**_A, "x": 600.0}},
    "bound to ink": {"A": _STROKE, "B": {**_A, "x": 600.0}},
    "very thin": {"A": {**_A, "w": 1e-3}, "B": {**_A, "x": 600.0, "h": 1e-3}},
}


def things() -> dict[str, Any]:
    """`things.json`."""
    return {
        "read": [_read_case(name, fields) for name, fields in _READ.items()],
        "bound": [_bound_case(name, shapes) for name, shapes in _BOUND.items()],
        "expressions": [_expression_case(text) for text in _EXPRESSIONS],
    }


def _expression_case(text: str) -> dict[str, Any]:
    """Values at `_PLACES` to 12 digits, null where there is none; or the sentence for whoever wrote it."""
    try:
        expression = parse_expression(text)
    except ExpressionError as error:
        return {"text": text, "error": str(error)}
    values = [expression.at(x) for x in _PLACES]
    return {
        "text": text,
        "at": _PLACES,
        "values": [float(f"{value:.12g}") if math.isfinite(value) else None for value in values],
    }


def _read_case(name: str, fields: dict[str, Any]) -> dict[str, Any]:
    shape = read_shape(f"{_AUTHOR}-1", fields)
    return {
        "name": name,
        "fields": {key: _hex(value) for key, value in fields.items()},
        "shape": None if shape is None else _shape_json(shape),
        "scene": None if shape is None else _scene_json(shape),
    }


def _bound_case(name: str, shapes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    read = {key: read_shape(f"{_AUTHOR}-{n}", fields) for n, (key, fields) in enumerate(shapes.items(), 1)}
    arrow = read_shape(f"{_AUTHOR}-9", _ARROW)
    assert arrow is not None
    return {
        "name": name,
        "shapes": {key: {field: _hex(value) for field, value in fields.items()} for key, fields in shapes.items()},
        "arrow": _ARROW,
        "ends": list(with_ends(arrow, read.get).ends or ()),
    }


def _hex(value: Any) -> Any:
    return {"hex": value.hex()} if isinstance(value, bytes) else value


def _shape_json(shape: Shape) -> dict[str, Any]:
    names = ("type", "x", "y", "colour", "size", "rotation", "opacity", "locked", "group")
    own: dict[str, tuple[str, ...]] = {
        "draw": ("w", "h"),
        "text": ("text", "bold"),
        "geo": ("form", "w", "h", "fill", "dash", "text", "bold"),
        "note": ("w", "h", "text", "bold"),
        "line": ("dash", "head", "start", "end"),
        "arrow": ("dash", "head", "start", "end"),
        "image": ("w", "h", "asset", "caption"),
        "math": ("w", "h", "formula", "latex"),
        "plot": ("w", "h", "form", "grid", "reduced", "entries"),
        "frame": ("w", "h", "text", "bold"),
    }
    return {name: getattr(shape, name) for name in (*names, *own[shape.type])}


def _scene_json(shape: Shape) -> dict[str, Any] | None:
    """What is painted, where letters are about half as wide as high."""
    item = scene_item(shape, lambda line, size, bold=False: len(line) * size * (0.6 if bold else 0.54))
    if item is None:
        return None
    found: dict[str, Any] = {"box": list(item.box)}
    if isinstance(item, FigureItem):
        found["paths"] = [
            [path.verbs, [list(point) for point in path.points], path.colour, path.fill, path.width, list(path.dash)]
            for path in item.paths
        ]
        found["label"] = None if item.label is None else _letters_json(item.label)
    elif isinstance(item, TextItem):
        found["label"] = _letters_json(item)
    return found


def _letters_json(item: TextItem) -> list[Any]:
    lines = [[line.text, line.x, line.baseline] for line in item.lines]
    return [item.x, item.y, item.rotation, item.size, item.colour, item.bold, lines]
