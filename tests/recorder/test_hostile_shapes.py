"""Whatever stands in a shape's fields, it is painted or left out: no painter fails, and none takes long."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.painter import Canvas, fit, measure_text
from recorder.raster import PageRaster
from recorder.scene import HOME_BOX, scene_item
from whiteboard_crdt.arrows import with_ends
from whiteboard_crdt.ids import PageId
from whiteboard_crdt.ink import InkPoint, encode_ink
from whiteboard_crdt.shape import Shape, ShapeType, read_shape
from whiteboard_crdt.spec import THINGS

_INK = encode_ink([InkPoint(0, 0), InkPoint(40, 10), InkPoint(20, 30)]).blob
_NUMBERS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.0, -0.0, 1.0, 1e-9, 5e-324, 1e5, 1e6, -1e6, 1e15, 1.7e308, -1.7e308, math.pi]),
    st.booleans(),
)
_WORDS = st.sampled_from(
    ["", "none", "soft", "solid", "dashed", "dotted", "end", "both", "__proto__", "0123456789abcdef-1", "x" * 70]
)
_TEXTS = st.one_of(
    st.text(max_size=60),
    st.text("\u05d0\u0627\u202e\u2067 1a\n", max_size=60),
    st.sampled_from(["a" * 5000, "\n" * 5000, " " * 5000, "word " * 900, "\U0001f600" * 50, "\u05d0\u0627 a" * 1000]),
)
_FIELDS = st.fixed_dictionaries(
    {
        "type": st.sampled_from([kind.value for kind in ShapeType]),
        "page": st.just("main"),
        "form": st.sampled_from([*THINGS.forms, "lava"]),
        "x": st.one_of(st.just(10.0), _NUMBERS),
        "y": st.one_of(st.just(10.0), _NUMBERS),
        "w": st.one_of(st.just(50.0), _NUMBERS),
        "h": st.one_of(st.just(50.0), _NUMBERS),
        "dx": st.one_of(st.just(50.0), _NUMBERS),
        "dy": st.one_of(st.just(50.0), _NUMBERS),
        "ink": st.one_of(st.just(_INK), st.binary(max_size=20), st.none()),
        "text": st.one_of(_TEXTS, st.none(), st.just(4.0)),
        "asset": st.one_of(st.just("ab" * 32), _WORDS),
    },
    optional={
        **dict.fromkeys(("size", "rotation", "opacity", "locked", "bold"), _NUMBERS),
        **dict.fromkeys(("fill", "dash", "head", "start", "end", "group", "colour", "caption"), _WORDS),
    },
)


@settings(max_examples=300, deadline=2_000)
@given(_FIELDS, _FIELDS)
def test_any_fields_are_painted_or_left_out(one: dict[str, Any], other: dict[str, Any]) -> None:
    shapes = {
        key: shape
        for number, fields in enumerate((one, other), 1)
        if (shape := read_shape(key := f"0123456789abcdef-{number}", fields)) is not None
    }
    canvas = Canvas(160, 90)
    frame = fit(HOME_BOX, 160, 90)
    raster = PageRaster(160, 90)
    placed = {key: with_ends(shape, shapes.get) for key, shape in shapes.items()}
    for shape in placed.values():
        item = scene_item(shape, measure_text)
        if item is not None:
            assert all(math.isfinite(edge) for edge in item.box)
            canvas.item(item, frame)
    raster.update(dict(placed))
    raster.update(dict.fromkeys(placed))


@pytest.mark.timeout(20)
def test_a_hundred_notes_too_full_and_dotted_rings_are_painted_in_seconds() -> None:
    def shape(number: int, **fields: Any) -> Shape:
        common = {"page": PageId("main"), "index": "a0", "x": 0.0, "y": 0.0, "colour": "red", "size": 2.0}
        made = read_shape(f"0123456789abcdef-{number + 1}", {**common, **fields})
        assert made is not None
        return made

    notes = [shape(n, type="note", w=900.0, h=900.0, text="many words " * 400) for n in range(100)]
    rings = [shape(500 + n, type="geo", form="ellipse", w=1e5, h=1e5, dash="dotted", size=0.001) for n in range(20)]
    raster = PageRaster(320, 180)
    raster.show([*notes, *rings], "dots")
