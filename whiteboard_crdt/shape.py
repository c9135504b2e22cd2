"""Typed, tolerant views of what stands in a board: hostile but well-formed content reads as nothing or a default."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from whiteboard_crdt.ids import MAIN_PAGE, PageId, SessionId, ShapeId, session_of
from whiteboard_crdt.spec import COLOURS, INK

__all__ = ["BACKGROUNDS", "DEFAULT_COLOUR", "Page", "Shape", "ShapeType", "read_page", "read_shape"]

DEFAULT_COLOUR: Final = "black"
BACKGROUNDS: Final = ("plain", "grid", "lined", "dots", "axes")
MAIN_INDEX: Final = "a0"
_LARGEST_SIZE: Final = 1000.0


class ShapeType(StrEnum):
    """Types of shapes that this version paints."""

    DRAW = "draw"
    HIGHLIGHT = "highlight"
    TEXT = "text"


_SIZES: Final[Mapping[ShapeType, tuple[float, ...]]] = {
    ShapeType.DRAW: INK.pen.sizes,
    ShapeType.HIGHLIGHT: INK.highlighter.sizes,
    ShapeType.TEXT: INK.text_sizes,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One shape. Lengths in board px; `ink` for strokes, `text` for text; `author` is the session in its id (P6)."""

    id: ShapeId
    author: SessionId
    type: ShapeType
    page: PageId
    index: str
    x: float
    y: float
    colour: str
    size: float
    created_ms: int
    erased: bool
    ink: bytes = b""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page; `index` is its order key."""

    id: PageId
    index: str
    title: str = ""
    background: str = "plain"
    erased: bool = False


def read_shape(shape_id: str, fields: Mapping[str, object]) -> Shape | None:
    """A shape from its fields (`text` already as str); None if it cannot be drawn."""
    author = session_of(shape_id)
    kind = _SHAPE_TYPES.get(_text(fields, "type"))
    page, x, y = _text(fields, "page"), _number(fields, "x"), _number(fields, "y")
    if author is None or kind is None or not page or x is None or y is None:
        return None
    ink, text = fields.get("ink"), fields.get("text")
    if not (isinstance(text, str) if kind is ShapeType.TEXT else isinstance(ink, bytes | bytearray)):
        return None
    size = _number(fields, "size")
    colour = _text(fields, "colour")
    return Shape(
        id=ShapeId(shape_id),
        author=author,
        type=kind,
        page=PageId(page),
        index=_text(fields, "index"),
        x=x,
        y=y,
        colour=colour if colour in COLOURS else DEFAULT_COLOUR,
        size=size if size is not None and 0 < size <= _LARGEST_SIZE else _SIZES[kind][1],
        created_ms=int(_number(fields, "created_ms") or 0),
        erased=fields.get("erased") is True,
        ink=bytes(ink) if isinstance(ink, bytes | bytearray) else b"",
        text=text if isinstance(text, str) else "",
    )


def read_page(page_id: str, fields: Mapping[str, object]) -> Page:
    """A page from its fields."""
    background = _text(fields, "background")
    return Page(
        id=PageId(page_id),
        index=_text(fields, "index") or (MAIN_INDEX if page_id == MAIN_PAGE else ""),
        title=_text(fields, "title"),
        background=background if background in BACKGROUNDS else BACKGROUNDS[0],
        erased=fields.get("erased") is True and page_id != MAIN_PAGE,
    )


_SHAPE_TYPES: Final[Mapping[str, ShapeType]] = {kind.value: kind for kind in ShapeType}


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _number(fields: Mapping[str, object], name: str) -> float | None:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
