"""Typed, tolerant views of what stands in a board: hostile but well-formed content reads as nothing or a default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.fields import Own, identifier, is_near, length, number, one_of, sides, text
from whiteboard_crdt.formula import parse_formula
from whiteboard_crdt.ids import MAIN_PAGE, PageId, SessionId, ShapeId, session_of
from whiteboard_crdt.ink import decode_ink, ink_box
from whiteboard_crdt.spec import COLOURS, INK, THINGS

__all__ = [
    "ARROWS", "BACKGROUNDS", "BOXES", "DEFAULT_COLOUR", "STROKES", "Ends", "Page", "PlotRange", "Shape", "ShapeType",
    "read_page", "read_shape",
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
    MATH = "math"
    PLOT = "plot"
    FRAME = "frame"


STROKES: Final = frozenset({ShapeType.DRAW, ShapeType.HIGHLIGHT})
ARROWS: Final = frozenset({ShapeType.LINE, ShapeType.ARROW})
BOXES: Final = frozenset({ShapeType.GEO, ShapeType.NOTE, ShapeType.IMAGE, ShapeType.MATH})
"""What an arrow can be bound to. In plots and frames arrows point at what stands inside."""

_SIZES: Final[Mapping[ShapeType, tuple[float, ...]]] = {
    ShapeType.DRAW: INK.pen.sizes,
    ShapeType.HIGHLIGHT: INK.highlighter.sizes,
    ShapeType.TEXT: INK.text_sizes,
    ShapeType.GEO: THINGS.sizes,
    ShapeType.LINE: THINGS.sizes,
    ShapeType.ARROW: THINGS.sizes,
    ShapeType.NOTE: THINGS.note.sizes,
    ShapeType.IMAGE: THINGS.sizes,
    ShapeType.MATH: THINGS.formula.sizes,
    ShapeType.PLOT: THINGS.plot.sizes,
    ShapeType.FRAME: THINGS.frame.sizes,
}
_HASH: Final = re.compile(r"[0-9a-f]{64}")


class Ends(NamedTuple):
    """Where a line begins and ends, board px: bound ends stand at their shapes."""

    x1: float
    y1: float
    x2: float
    y2: float


class PlotRange(NamedTuple):
    """What a plot shows; a number line has no y."""

    x_from: float
    x_to: float
    y_from: float
    y_to: float


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
    formula: str = ""
    range: PlotRange | None = None
    x_step: str = ""
    y_step: str = ""
    grid: bool = False
    reduced: bool = False
    entries: str = ""

    @property
    def latex(self) -> str:
        """What a formula says; '' for anything else."""
        return self.formula.partition("\n")[0]


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
    kind = _SHAPE_TYPES.get(text(fields, "type"))
    page, x, y = text(fields, "page"), number(fields, "x"), number(fields, "y")
    if author is None or kind is None or not page or x is None or y is None:
        return None
    own = _OWN[kind](fields)
    if own is None:
        return None
    size = number(fields, "size")
    colour = text(fields, "colour")
    rotation = number(fields, "rotation")
    opacity = number(fields, "opacity")
    common: dict[str, Any] = {
        "id": ShapeId(shape_id),
        "author": author,
        "type": kind,
        "page": PageId(page),
        "index": text(fields, "index"),
        "x": x,
        "y": y,
        "colour": colour if colour in COLOURS else DEFAULT_COLOUR,
        "size": size if size is not None and 0 < size <= _LARGEST_SIZE else _SIZES[kind][1],
        "created_ms": int(number(fields, "created_ms") or 0),
        "erased": fields.get("erased") is True,
        "rotation": rotation if rotation is not None and abs(rotation) <= THINGS.most_rotation else 0.0,
        "opacity": opacity if opacity is not None and THINGS.least_opacity <= opacity <= 1 else 1.0,
        "locked": fields.get("locked") is True,
        "group": identifier(fields, "group"),
    }
    if kind in ARROWS:
        own["ends"] = Ends(x, y, x + own.pop("dx"), y + own.pop("dy"))
    return Shape(**common, **own)


# Below, what each kind has beside the fields of all; None: it cannot be drawn.


def _read_stroke(fields: Mapping[str, object]) -> Own | None:
    ink = fields.get("ink")
    if not isinstance(ink, bytes | bytearray):
        return None
    try:
        box = ink_box(bytes(ink))
    except ProtocolError:
        return None  # of a later version, or none at all: there is nothing to show
    w, h = length(fields, "w"), length(fields, "h")
    return {"ink": bytes(ink), "w": box.width if w is None else w, "h": box.height if h is None else h}


def _read_text(fields: Mapping[str, object]) -> Own | None:
    letters = fields.get("text")
    return {"text": letters, "bold": fields.get("bold") is True} if isinstance(letters, str) else None


def _read_geo(fields: Mapping[str, object]) -> Own | None:
    own, form, ink = sides(fields), fields.get("form"), fields.get("ink")
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
    look = {"form": form, "fill": one_of(fields, "fill", THINGS.fills), "dash": one_of(fields, "dash", THINGS.dashes)}
    return own | look | {"text": text(fields, "text"), "bold": fields.get("bold") is True}


def _read_note(fields: Mapping[str, object]) -> Own | None:
    own = sides(fields)
    return None if own is None else own | {"text": text(fields, "text"), "bold": fields.get("bold") is True}


def _read_line(fields: Mapping[str, object]) -> Own | None:
    dx, dy = number(fields, "dx"), number(fields, "dy")
    if dx is None or dy is None or max(abs(dx), abs(dy)) > THINGS.largest or not is_near(fields):
        return None
    own: Own = {"dx": dx, "dy": dy, "dash": one_of(fields, "dash", THINGS.dashes)}
    if fields.get("type") == ShapeType.ARROW.value:
        head = fields.get("head")
        own["head"] = head if isinstance(head, str) and head in THINGS.heads else "end"
    return own | {"start": identifier(fields, "start"), "end": identifier(fields, "end")}


def _read_image(fields: Mapping[str, object]) -> Own | None:
    own, asset = sides(fields), text(fields, "asset")
    if own is None or not _HASH.fullmatch(asset):
        return None
    return own | {"asset": asset, "caption": text(fields, "caption")[: THINGS.caption_chars]}


def _read_math(fields: Mapping[str, object]) -> Own | None:
    own, formula = sides(fields), text(fields, "formula")
    return None if own is None or parse_formula(formula) is None else own | {"formula": formula}


def _read_plot(fields: Mapping[str, object]) -> Own | None:
    own, form = sides(fields), one_of(fields, "form", THINGS.plot.forms)
    shown = _read_range(fields, with_y=form == "axes")
    if own is None or shown is None:
        return None
    entries = text(fields, "entries")
    return own | {
        "form": form,
        "range": shown,
        "x_step": _step(fields, "x_step"),
        "y_step": _step(fields, "y_step"),
        "grid": fields.get("grid") is True,
        "reduced": fields.get("reduced") is True,
        "entries": entries if len(entries) <= THINGS.plot.entries_chars else "",
    }


def _step(fields: Mapping[str, object], name: str) -> str:
    value = text(fields, name)
    return value if len(value) <= THINGS.plot.step_chars else ""


def _read_range(fields: Mapping[str, object], *, with_y: bool) -> PlotRange | None:
    names = ("x_from", "x_to", "y_from", "y_to") if with_y else ("x_from", "x_to")
    ends = [end for name in names if (end := number(fields, name)) is not None and abs(end) <= THINGS.plot.farthest]
    least = THINGS.plot.least_span
    if len(ends) < len(names) or any(high - low < least for low, high in zip(ends[::2], ends[1::2], strict=True)):
        return None
    return PlotRange(*ends) if with_y else PlotRange(ends[0], ends[1], 0.0, 0.0)


_OWN: Final = {
    ShapeType.DRAW: _read_stroke,
    ShapeType.HIGHLIGHT: _read_stroke,
    ShapeType.TEXT: _read_text,
    ShapeType.GEO: _read_geo,
    ShapeType.LINE: _read_line,
    ShapeType.ARROW: _read_line,
    ShapeType.NOTE: _read_note,
    ShapeType.IMAGE: _read_image,
    ShapeType.MATH: _read_math,
    ShapeType.PLOT: _read_plot,
    ShapeType.FRAME: _read_note,
}


def read_page(page_id: str, fields: Mapping[str, object]) -> Page:
    """A page from its fields."""
    background = text(fields, "background")
    return Page(
        id=PageId(page_id),
        index=text(fields, "index") or (MAIN_INDEX if page_id == MAIN_PAGE else ""),
        title=text(fields, "title"),
        background=background if background in BACKGROUNDS else BACKGROUNDS[0],
        erased=fields.get("erased") is True and page_id != MAIN_PAGE,
    )


_SHAPE_TYPES: Final[Mapping[str, ShapeType]] = {kind.value: kind for kind in ShapeType}
