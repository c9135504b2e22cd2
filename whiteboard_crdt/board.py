"""The board (docs/board.md): every edit of pages and shapes goes through here, each as one CRDT transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pycrdt import Doc, Map, Text

from whiteboard_crdt.arrows import with_ends
from whiteboard_crdt.ids import MAIN_PAGE, PageId, SessionId, ShapeId, own_id, parse_number
from whiteboard_crdt.ink import InkPoint, encode_ink, split_stroke
from whiteboard_crdt.order import key_after, later_key
from whiteboard_crdt.shape import Page, Shape, ShapeType, read_page, read_shape
from whiteboard_crdt.stroke import STROKE_FIELD, pack_stroke, with_stroke
from whiteboard_crdt.undo import Change, UndoStack, Value

__all__ = ["TEXT_BYTES", "Board"]

TEXT_BYTES: Final = 32_768
"""Longest text of a shape in UTF-8: one edit of it always fits into one envelope."""
_PLAIN_FIELDS: Final = frozenset(
    {
        "page", "index", "x", "y", "colour", "size", "erased", "rotation", "opacity", "locked", "group", "w", "h",
        "bold", "form", "fill", "dash", "head", "start", "end", "dx", "dy", "asset", "caption", "formula", "x_from",
        "x_to", "y_from", "y_to", "x_step", "y_step", "grid", "reduced", "entries",
    }
)  # fmt: skip
_SHAPE_FIELDS: Final = _PLAIN_FIELDS | {"type", "created_ms", "ink", "text", STROKE_FIELD}
_LABELLED: Final = frozenset({ShapeType.TEXT, ShapeType.GEO, ShapeType.NOTE, ShapeType.FRAME})
_PAGE_FIELDS: Final = frozenset({"index", "title", "background", "erased"})

# `Any`: the values of a shared map have no static type.
SharedMap = Map[Any]


class Board:
    """A view of, and the only writer to, one replica's board (or desk) document.

    `session` is the author of what is made here; its shape numbers go on from the highest one in the document.
    """

    def __init__(self, doc: Doc[Any], session: SessionId) -> None:
        self._doc = doc
        self._session = session
        self._shapes: SharedMap = doc.get("shapes", type=Map)
        self._pages: SharedMap = doc.get("pages", type=Map)
        self._number = 0
        self._tops: dict[str, str] = {}
        self._unseen: list[str] = list(self._shapes.keys())
        self._shapes.observe(self._note_keys)
        self._undo = UndoStack(self._read_plain, self._write_plain)

    # Reading

    def pages(self) -> list[Page]:
        """Pages in order, erased ones left out. `main` is always there."""
        found = {MAIN_PAGE: read_page(MAIN_PAGE, {})}
        for page_id in self._pages.keys():  # noqa: SIM118 - a pycrdt map is no dict
            fields = self._pages[page_id]
            if isinstance(fields, Map):
                found[PageId(page_id)] = read_page(page_id, _plain_fields(fields, _PAGE_FIELDS))
        return sorted((page for page in found.values() if not page.erased), key=lambda page: (page.index, page.id))

    def shape(self, shape_id: str) -> Shape | None:
        """One shape, erased or not, with its bound ends where they are now; None if there is none that can be drawn."""
        shape = self._read(shape_id)
        return None if shape is None else with_ends(shape, self._read)

    def _read(self, shape_id: str) -> Shape | None:
        fields = self._fields(shape_id)
        return None if fields is None else read_shape(shape_id, with_stroke(_plain_fields(fields, _SHAPE_FIELDS)))

    def shapes(self, page: str | None = None, *, erased: bool = False) -> list[Shape]:
        """Shapes of a page (or of all) in painting order; erased ones only if asked for."""
        shapes = [shape for key in self._shapes.keys() if (shape := self.shape(key)) is not None]  # noqa: SIM118
        chosen = [s for s in shapes if (erased or not s.erased) and (page is None or s.page == page)]
        return sorted(chosen, key=lambda shape: (shape.page, shape.index, shape.id))

    # Editing

    def next_shape_number(self) -> int:
        """Takes the next number of this session; live ink names its stroke by it before the shape is there."""
        self._note_unseen()
        self._number += 1
        return self._number

    def add_stroke(
        self,
        page: str,
        points: Sequence[InkPoint],
        kind: ShapeType,
        colour: str,
        size: float,
        now_ms: int,
        at_n: int | None = None,
    ) -> list[ShapeId]:
        """Adds a stroke of any length, split at 256 points. `at_n`: a number taken with `next_shape_number`.

        `now_ms` is the room's clock. Raises ValueError for no points, or points that are no finite board px.
        """
        made: list[tuple[ShapeId, dict[str, object]]] = []
        for part in split_stroke(points):
            ink = encode_ink(part)
            number = at_n if at_n is not None and not made else self.next_shape_number()
            fields = {**self._new_fields(kind, page, ink.x, ink.y, colour, size, now_ms), "ink": ink.blob}
            made.append((ShapeId(own_id(self._session, number)), fields))
        return self._add(made)

    def add_text(self, page: str, x: float, y: float, text: str, colour: str, size: float, now_ms: int) -> ShapeId:
        """Adds a text shape; lines are parted by a newline. Raises ValueError if it is too long."""
        _check_text(text)
        shape_id = ShapeId(own_id(self._session, self.next_shape_number()))
        fields = self._new_fields(ShapeType.TEXT, page, x, y, colour, size, now_ms)
        return self._add([(shape_id, {**fields, "text": Text(text)})])[0]

    def add_thing(
        self, page: str, kind: ShapeType, fields: Mapping[str, Value | bytes], look: tuple[str, float], now_ms: int
    ) -> ShapeId:
        """Adds a shape that is no ink (docs/board.md): `fields` of its kind, and its colour and size as `look`.

        Raises ValueError for fields that nobody could draw.
        """
        x, y, own = fields.get("x"), fields.get("y"), {k: v for k, v in fields.items() if k not in ("x", "y", "text")}
        if not isinstance(x, int | float) or not isinstance(y, int | float):
            raise ValueError("a shape stands somewhere")
        text = fields.get("text", "")
        if not isinstance(text, str):
            raise ValueError("a text is text")
        _check_text(text)
        shape_id = ShapeId(own_id(self._session, self.next_shape_number()))
        made = {**self._new_fields(kind, page, x, y, look[0], look[1], now_ms), **_floats(own)}
        if read_shape(shape_id, {**made, "text": text}) is None:
            raise ValueError("a shape that nobody could draw")
        if kind in _LABELLED:
            made["text"] = Text(text) if text else Text()
        return self._add([(shape_id, made)])[0]

    def edit_text(self, shape_id: str, text: str) -> bool:
        """Turns the text of a shape into `text`, touching only what differs. Returns whether it changed."""
        _check_text(text)
        before = self._read_plain(shape_id, "text")
        if not isinstance(before, str) or before == text:
            return False
        self._write_plain([(shape_id, "text", text)])
        self._undo.push([Change(shape_id, "text", before, text)])
        return True

    def erase(self, shape_ids: Iterable[str]) -> None:
        """Marks shapes as erased; their authors can bring them back."""
        self.set_fields(shape_ids, {"erased": True})

    def move(self, shape_ids: Iterable[str], dx: float, dy: float) -> None:
        """Moves shapes by board px."""
        shapes = [shape for shape_id in shape_ids if (shape := self.shape(shape_id)) is not None]
        self._change([(s.id, "x", s.x + dx) for s in shapes] + [(s.id, "y", s.y + dy) for s in shapes])

    def set_fields(self, shape_ids: Iterable[str], fields: Mapping[str, Value]) -> None:
        """Sets plain fields (all but type, ink, text, created_ms) of shapes, in one transaction and one undo step."""
        if not _PLAIN_FIELDS.issuperset(fields):
            raise ValueError("not a plain field of a shape")
        self._change([(shape_id, name, value) for shape_id in shape_ids for name, value in fields.items()])

    def add_page(self, title: str = "", background: str = "plain") -> PageId:
        """Adds a page after the last one. Not a step of undo."""
        own = f"{self._session}-"
        numbers = [parse_number(key[len(own) :]) or 0 for key in self._pages.keys() if key.startswith(own)]  # noqa: SIM118
        page_id = PageId(own_id(self._session, max(numbers, default=0) + 1))
        last = max((page.index for page in self.pages()), default="")
        with self._doc.transaction():
            self._pages[page_id] = Map(
                {"index": key_after(later_key("", last)), "title": title, "background": background, "erased": False}
            )
        return page_id

    def set_page(self, page_id: str, fields: Mapping[str, str | bool]) -> None:
        """Sets `index`, `title`, `background` or `erased` of a page. No step of undo; the first page always stays."""
        if not _PAGE_FIELDS.issuperset(fields):
            raise ValueError("not a field of a page")
        with self._doc.transaction():
            known = self._pages.get(page_id)
            if isinstance(known, Map):
                for name, value in fields.items():
                    known[name] = value
            elif page_id == MAIN_PAGE:
                self._pages[page_id] = Map({"index": "a0", **fields})

    # Undo

    @property
    def can_undo(self) -> bool:
        """Whether this replica has a step to take back."""
        return self._undo.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether this replica has a step to do again."""
        return self._undo.can_redo

    def undo(self) -> bool:
        """Takes back this replica's latest step. Returns whether the board changed."""
        return self._undo.undo()

    def redo(self) -> bool:
        """Does the step again that was taken back last. Returns whether the board changed."""
        return self._undo.redo()

    # Inside

    def _new_fields(
        self, kind: ShapeType, page: str, x: float, y: float, colour: str, size: float, now_ms: int
    ) -> dict[str, object]:
        # Numbers are written as floats: pycrdt and yjs read every number back as one.
        return {
            "type": kind.value,
            "page": page,
            "index": self._top(page),
            "x": float(x),
            "y": float(y),
            "colour": colour,
            "size": float(size),
            "created_ms": float(now_ms),
        }

    def _add(self, made: Sequence[tuple[ShapeId, dict[str, object]]]) -> list[ShapeId]:
        with self._doc.transaction():
            for shape_id, fields in made:
                self._shapes[shape_id] = Map(pack_stroke(fields))
        self._undo.push([Change(shape_id, "erased", True, False) for shape_id, _ in made])
        return [shape_id for shape_id, _ in made]

    def _change(self, wanted: Sequence[tuple[str, str, Value]]) -> None:
        step = []
        for shape_id, name, value in wanted:
            if self._fields(shape_id) is not None:
                after = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
                step.append(Change(shape_id, name, self._read_plain(shape_id, name), after))
        changed = [change for change in step if change.before != change.after]
        if changed:
            self._write_plain([(change.shape, change.field, change.after) for change in changed])
            self._undo.push(changed)

    def _read_plain(self, shape_id: str, name: str) -> Value:
        fields = self._fields(shape_id)
        value = None if fields is None else fields.get(name)
        if fields is not None and value is None and STROKE_FIELD in fields:
            value = with_stroke({STROKE_FIELD: fields[STROKE_FIELD]}).get(name)
        if isinstance(value, Text):
            return str(value)
        if value is None:
            return False if name == "erased" else None
        return value if isinstance(value, str | float | bool) else None

    def _write_plain(self, writes: Sequence[tuple[str, str, Value]]) -> None:
        with self._doc.transaction():
            for shape_id, name, value in writes:
                fields = self._fields(shape_id)
                if fields is None:
                    continue
                if name == "text":
                    text = fields.get("text")
                    if isinstance(text, Text) and isinstance(value, str):
                        _rewrite(text, value)
                elif value is None:
                    if name in fields:
                        del fields[name]
                else:
                    fields[name] = value

    def _fields(self, shape_id: str) -> SharedMap | None:
        fields = self._shapes.get(shape_id)
        return fields if isinstance(fields, Map) else None

    def _note_keys(self, event: Any) -> None:
        # `Any`: a pycrdt MapEvent, whose stub lacks its members. Called inside a transaction; the shapes are looked
        # at when a number or an order key is needed.
        self._unseen.extend(event.keys)

    def _note_unseen(self) -> None:
        unseen, self._unseen = self._unseen, []
        own = f"{self._session}-"
        for shape_id in unseen:
            if shape_id.startswith(own):
                self._number = max(self._number, parse_number(shape_id[len(own) :]) or 0)
            page, index = self._read_plain(shape_id, "page"), self._read_plain(shape_id, "index")
            if isinstance(page, str) and isinstance(index, str):
                self._tops[page] = later_key(self._tops.get(page, ""), index)

    def _top(self, page: str) -> str:
        """An order key above all shapes of a page."""
        self._note_unseen()
        self._tops[page] = key_after(self._tops.get(page, ""))
        return self._tops[page]


def _plain_fields(fields: SharedMap, names: frozenset[str]) -> dict[str, object]:
    plain: dict[str, object] = {}
    for name in fields.keys():  # noqa: SIM118
        if name in names:
            value = fields[name]
            plain[name] = str(value) if isinstance(value, Text) else value
    return plain


def _floats(fields: Mapping[str, Value | bytes]) -> dict[str, object]:
    # Numbers are written as floats: pycrdt and yjs read every number back as one.
    return {
        name: float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
        for name, value in fields.items()
        if value is not None
    }


def _check_text(text: str) -> None:
    if len(text.encode()) > TEXT_BYTES:
        raise ValueError(f"a text has at most {TEXT_BYTES} bytes")


def _rewrite(text: Text, wanted: str) -> None:
    """Replaces what lies between the common start and the common end. pycrdt counts in bytes of UTF-8, so the ends
    are found on whole characters: an insert inside one makes an item that peers never integrate."""
    current = str(text)
    shorter = min(len(current), len(wanted))
    start = 0
    while start < shorter and current[start] == wanted[start]:
        start += 1
    end = 0
    while end < shorter - start and current[-1 - end] == wanted[-1 - end]:
        end += 1
    at = len(current[:start].encode())
    removed = len(current[start : len(current) - end].encode())
    added = wanted[start : len(wanted) - end]
    if removed:
        del text[at : at + removed]
    if added:
        text.insert(at, added)
