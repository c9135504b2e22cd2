"""Vectors of shapes that are no ink: how fields are read, where bound lines end, and the paths that are painted."""

from __future__ import annotations

import math
from typing import Any, Final

from recorder.items import FigureItem, TextItem
from recorder.scene import scene_item
from whiteboard_crdt.arrows import with_ends
from whiteboard_crdt.ink import InkPoint, encode_ink
from whiteboard_crdt.shape import Shape, read_shape
from whiteboard_crdt.spec import THINGS

_AUTHOR: Final = "0123456789abcdef"
_BASE: Final[dict[str, Any]] = {"page": "main", "index": "a0", "x": 100.0, "y": 50.0, "colour": "blue", "size": 4.0}
_GEO: Final = {**_BASE, "type": "geo", "form": "rectangle", "w": 200.0, "h": 100.0}
_LINE: Final = {**_BASE, "type": "line", "dx": 120.0, "dy": -80.0}
_NOTE: Final = {**_BASE, "type": "note", "w": 200.0, "h": 200.0, "size": 26.0, "colour": "yellow"}
_IMAGE: Final = {**_BASE, "type": "image", "w": 64.0, "h": 48.0, "asset": "ab" * 32}
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
    "text without letters": {**_BASE, "type": "text", "text": ""},
}  # fmt: skip

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
