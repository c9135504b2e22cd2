"""Typed, tolerant views of what stands in a board: hostile but well-formed content reads as nothing or a default."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ids import MAIN_PAGE, PageId, SessionId, ShapeId, session_of
from whiteboard_crdt.ink import decode_ink, ink_box
from whiteboard_crdt.spec import COLOURS, INK, THINGS

__all__ = [
    "ARROWS", "BACKGROUNDS", "BOXES", "DEFAULT_COLOUR", "STROKES", "Ends", "Page", "Shape", "ShapeType", "read_page",
    "read_shape",
]  # fmt: skip

DEFAULT_COLOUR: Final = "black"
BACKGROUNDS: Final = ("plain", "grid", "lined", "dots", "axes")
MAIN_INDEX: Final = "a0"
_LARGEST_SIZE: Final = 1000.0


class ShapeType(StrEnum):
    """Types of shapes that this version paints."""

    DRAW = "draw"
    HIGHLIGHT = "highlight"
    TEXT = "text"
    GEO = "geo"
    LINE = "line"
    ARROW = "arrow"
    NOTE = "note"
    IMAGE = "image"


STROKES: Final = frozenset({ShapeType.DRAW, ShapeType.HIGHLIGHT})
ARROWS: Final = frozenset({ShapeType.LINE, ShapeType.ARROW})
BOXES: Final = frozenset({ShapeType.GEO, ShapeType.NOTE, ShapeType.IMAGE})
"""What has a width and a height of its own, and what an arrow can be bound to."""

_SIZES: Final[Mapping[ShapeType, tuple[float, ...]]] = {
    ShapeType.DRAW: INK.pen.sizes,
    ShapeType.HIGHLIGHT: INK.highlighter.sizes,
    ShapeType.TEXT: INK.text_sizes,
    ShapeType.GEO: THINGS.sizes,
    ShapeType.LINE: THINGS.sizes,
    ShapeType.ARROW: THINGS.sizes,
    ShapeType.NOTE: THINGS.note.sizes,
    ShapeType.IMAGE: THINGS.sizes,
}
_HASH: Final = re.compile(r"[0-9a-f]{64}")


class Ends(NamedTuple):
    """Where a line begins and ends, board px: bound ends stand at their shapes."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One shape (docs/board.md). Lengths in board px; `author` is the session in its id (P6).

    `rotation`: radians, clockwise, about the middle of the box (a text: about its origin). `w`, `h`: of the box before
    rotation; 0 for lines and texts. `ends`: of lines and arrows only, see `whiteboard_crdt.arrows`.
    """

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
    rotation: float = 0.0
    opacity: float = 1.0
    locked: bool = False
    group: str = ""
    w: float = 0.0
    h: float = 0.0
    bold: bool = False
    form: str = ""
    fill: str = "none"
    dash: str = "solid"
    head: str = "none"
    start: str = ""
    end: str = ""
    ends: Ends | None = None
    asset: str = ""
    caption: str = ""


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
    own = _OWN[kind](fields)
    if own is None:
        return None
    size = _number(fields, "size")
    colour = _text(fields, "colour")
    rotation = _number(fields, "rotation")
    opacity = _number(fields, "opacity")
    common: dict[str, Any] = {
        "id": ShapeId(shape_id),
        "author": author,
        "type": kind,
        "page": PageId(page),
        "index": _text(fields, "index"),
        "x": x,
        "y": y,
        "colour": colour if colour in COLOURS else DEFAULT_COLOUR,
        "size": size if size is not None and 0 < size <= _LARGEST_SIZE else _SIZES[kind][1],
        "created_ms": int(_number(fields, "created_ms") or 0),
        "erased": fields.get("erased") is True,
        "rotation": rotation if rotation is not None and abs(rotation) <= THINGS.most_rotation else 0.0,
        "opacity": opacity if opacity is not None and THINGS.least_opacity <= opacity <= 1 else 1.0,
        "locked": fields.get("locked") is True,
        "group": _identifier(fields, "group"),
    }
    if kind in ARROWS:
        own["ends"] = Ends(x, y, x + own.pop("dx"), y + own.pop("dy"))
    return Shape(**common, **own)


# What each kind has beside the fields of all; None: it cannot be drawn. `Any`: values of one dataclass by name.
Own = dict[str, Any]


def _read_stroke(fields: Mapping[str, object]) -> Own | None:
    ink = fields.get("ink")
    if not isinstance(ink, bytes | bytearray):
        return None
    try:
        box = ink_box(bytes(ink))
    except ProtocolError:
        return None  # of a later version, or none at all: there is nothing to show
    w, h = _length(fields, "w"), _length(fields, "h")
    return {"ink": bytes(ink), "w": box.width if w is None else w, "h": box.height if h is None else h}


def _read_text(fields: Mapping[str, object]) -> Own | None:
    text = fields.get("text")
    return {"text": text, "bold": fields.get("bold") is True} if isinstance(text, str) else None


def _read_box(fields: Mapping[str, object]) -> Own | None:
    w, h = _length(fields, "w"), _length(fields, "h")
    return None if w is None or h is None or not _is_near(fields) else {"w": w, "h": h}


def _read_geo(fields: Mapping[str, object]) -> Own | None:
    own, form, ink = _read_box(fields), fields.get("form"), fields.get("ink")
    if own is None or not isinstance(form, str) or form not in THINGS.forms:
        return None
    if form == "polygon":
        if not isinstance(ink, bytes | bytearray):
            return None
        try:
            count = len(decode_ink(bytes(ink)).points)
        except ProtocolError:
            return None
        if not 3 <= count <= THINGS.polygon_corners:
            return None
        own["ink"] = bytes(ink)
    look = {"form": form, "fill": _one_of(fields, "fill", THINGS.fills), "dash": _one_of(fields, "dash", THINGS.dashes)}
    return own | look | {"text": _text(fields, "text"), "bold": fields.get("bold") is True}


def _read_note(fields: Mapping[str, object]) -> Own | None:
    own = _read_box(fields)
    return None if own is None else own | {"text": _text(fields, "text"), "bold": fields.get("bold") is True}


def _read_line(fields: Mapping[str, object]) -> Own | None:
    dx, dy = _number(fields, "dx"), _number(fields, "dy")
    if dx is None or dy is None or max(abs(dx), abs(dy)) > THINGS.largest or not _is_near(fields):
        return None
    own: Own = {"dx": dx, "dy": dy, "dash": _one_of(fields, "dash", THINGS.dashes)}
    if fields.get("type") == ShapeType.ARROW.value:
        head = fields.get("head")
        own["head"] = head if isinstance(head, str) and head in THINGS.heads else "end"
    return own | {"start": _identifier(fields, "start"), "end": _identifier(fields, "end")}


def _read_image(fields: Mapping[str, object]) -> Own | None:
    own, asset = _read_box(fields), _text(fields, "asset")
    if own is None or not _HASH.fullmatch(asset):
        return None
    return own | {"asset": asset, "caption": _text(fields, "caption")[: THINGS.caption_chars]}


_OWN: Final = {
    ShapeType.DRAW: _read_stroke,
    ShapeType.HIGHLIGHT: _read_stroke,
    ShapeType.TEXT: _read_text,
    ShapeType.GEO: _read_geo,
    ShapeType.LINE: _read_line,
    ShapeType.ARROW: _read_line,
    ShapeType.NOTE: _read_note,
    ShapeType.IMAGE: _read_image,
}


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


def _identifier(fields: Mapping[str, object], name: str) -> str:
    value = _text(fields, name)
    return value if len(value) <= THINGS.id_chars else ""


def _is_near(fields: Mapping[str, object]) -> bool:
    return all(abs(_number(fields, name) or 0) <= THINGS.farthest for name in ("x", "y"))


def _one_of(fields: Mapping[str, object], name: str, known: Sequence[str]) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) and value in known else known[0]


def _length(fields: Mapping[str, object], name: str) -> float | None:
    value = _number(fields, name)
    return value if value is not None and 0 < value <= THINGS.largest else None


def _number(fields: Mapping[str, object], name: str) -> float | None:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
