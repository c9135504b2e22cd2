from __future__ import annotations

import math
from typing import Any

import pytest

from whiteboard_crdt.ink import InkPoint, encode_ink
from whiteboard_crdt.shape import ShapeType, read_page, read_shape

INK = encode_ink([InkPoint(0.0, 0.0), InkPoint(9.0, 4.0)]).blob
ID = "0123456789abcdef-1"
DRAW: dict[str, Any] = {
    "type": "draw", "page": "main", "index": "a0", "x": 1.5, "y": -2.0, "colour": "red", "size": 4.0,
    "created_ms": 5.0, "ink": bytearray(INK),
}  # fmt: skip
TEXT: dict[str, Any] = {**{k: v for k, v in DRAW.items() if k != "ink"}, "type": "text", "text": "a\nb"}


def test_good_shapes_are_read() -> None:
    draw, text = read_shape(ID, DRAW), read_shape(ID, TEXT)
    assert draw is not None and text is not None
    assert (draw.type, draw.author, draw.ink, draw.created_ms, draw.erased) == (
        ShapeType.DRAW,
        ID[:16],
        INK,
        5,
        False,
    )
    assert (text.type, text.text, text.ink) == (ShapeType.TEXT, "a\nb", b"")


@pytest.mark.parametrize(
    "change",
    [
        {"type": "lava"}, {"type": "geo"}, {"type": 1.0},
        {"page": ""}, {"page": None}, {"x": math.nan}, {"y": math.inf}, {"x": "1"},
        {"x": True}, {"x": None}, {"ink": "text"}, {"ink": None}, {"ink": b"\x01"}, {"type": "text"},
    ],
)  # fmt: skip
def test_shape_that_cannot_be_drawn_is_none(change: dict[str, Any]) -> None:
    assert read_shape(ID, {**DRAW, **change}) is None


@pytest.mark.parametrize("shape_id", ["", "main", "0123456789ABCDEF-1", "0123456789abcdef"])
def test_shape_without_an_author_is_none_P6(shape_id: str) -> None:
    assert read_shape(shape_id, DRAW) is None


def test_wrong_values_read_as_defaults() -> None:
    shape = read_shape(
        ID,
        {**DRAW, "colour": "pink", "size": -1.0, "index": 3.0, "erased": "yes", "created_ms": "x", "extra": object()},
    )
    assert shape is not None
    assert (shape.colour, shape.size, shape.index, shape.erased, shape.created_ms) == ("black", 4, "", False, 0)
    for size in (0.0, math.nan, 1e9, "4", None):
        highlight = read_shape(ID, {**DRAW, "type": "highlight", "size": size})
        assert highlight is not None and highlight.size == 20


def test_page_main_is_there_without_being_written() -> None:
    page = read_page("main", {})
    assert (page.index, page.title, page.background, page.erased) == ("a0", "", "plain", False)
    assert not read_page("main", {"erased": True}).erased


def test_page_reads_wrong_values_as_defaults() -> None:
    page = read_page("p", {"index": 1.0, "title": 2.0, "background": "lava", "erased": True})
    assert (page.index, page.title, page.background, page.erased) == ("", "", "plain", True)
