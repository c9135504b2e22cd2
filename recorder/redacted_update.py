"""Takes somebody's content out of Yjs updates and leaves the rest as it was (`docs/recording.md`, Redaction).

An item that goes becomes a deleted one of the same length at the same place, which is what Yjs itself leaves of deleted
content: whatever builds on it still finds its place, and boards that go on from the lesson still fit. So an update
without anything of that person comes out byte for byte, its author's signature with it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from recorder.naming import BLOT, NameMask, utf16_units
from recorder.redacted_values import change_strings
from recorder.redacted_words import TextWatch
from whiteboard_crdt.errors import ProtocolError, UpdateRefused
from whiteboard_crdt.ids import SessionId, session_of
from whiteboard_crdt.places import Item
from whiteboard_crdt.shape import STROKES
from whiteboard_crdt.spec import UPDATE_LIMITS
from whiteboard_crdt.stroke import STROKE_FIELD, unpack_stroke
from whiteboard_crdt.varint import Reader, Writer
from whiteboard_crdt.yupdate import UpdateReader

__all__ = ["DocumentRedactor"]

_KIND: Final = 31
_DELETED, _STRING, _TYPE, _ANY = 1, 4, 7, 8
_ORIGIN, _RIGHT, _KEY = 0x80, 0x40, 0x20
_BYTES_VALUE, _STRING_VALUE, _TRUE_VALUE = 116, 119, 120
# Values that are no words: undefined, null, booleans, integers, floats, big integers.
_BARE_VALUES: Final = frozenset(range(120, 128))
# Fields whose strings are names of the specification, order keys and ids: no words of anybody's.
_LOOKS: Final = frozenset(
    {
        "page", "index", "colour", "group", "form", "fill", "dash", "head", "start", "end", "type", "background",
        "kind", "size",
    }
)  # fmt: skip
_TITLE: Final = "title"
_FORMULA: Final = "formula"
_BLANK: Final = b"\x01\x77\x00"
"""The content of an item that holds one empty string."""
_STROKES: Final = frozenset(kind.value for kind in STROKES)


class _Place(NamedTuple):
    """Where an item stands: the root type, the key in it, and the field below that key ('' for the entry itself)."""

    root: str
    top: str
    field: str


_NOWHERE: Final = _Place("", "", "")


class _Struct(NamedTuple):
    """An item of an update: the bytes from its info to its end, and where it stands."""

    start: int
    end: int
    item: Item
    place: _Place


class _StructReader(UpdateReader):
    """Notes where each struct begins and ends."""

    __slots__ = ("spans",)

    def __init__(self, update: bytes) -> None:
        super().__init__(update, UPDATE_LIMITS)
        self.spans: list[tuple[int, int]] = []

    def struct(self, client: int, clock: int) -> tuple[int, bool]:
        """One struct."""
        start = self.pos
        found = super().struct(client, clock)
        self.spans.append((start, self.pos))
        return found


class DocumentRedactor:
    """One document of a lesson. First every update goes through `survey`, in order, then each through `redact`.

    What is left of a stroke that somebody rubbed at counts as the work of whoever drew the stroke.
    """

    def __init__(self, hidden: Collection[SessionId], mask: NameMask | None = None) -> None:
        """`hidden`: the sessions whose content goes; `mask`: the names that go from what all others wrote."""
        self._hidden = frozenset(hidden)
        self._mask = mask or NameMask()
        self._texts = TextWatch(self._mask)
        self._places: list[_Place] = [_NOWHERE]
        self._numbers: dict[_Place, int] = {_NOWHERE: 0}
        self._starts: dict[int, array[int]] = {}
        self._at: dict[int, array[int]] = {}
        self._owners: dict[str, SessionId] = {}
        self._index: dict[str, str] = {}
        self.assets: set[str] = set()
        """Pictures that something shows which stays; complete after the survey."""

    def survey(self, session: SessionId, update: bytes) -> None:
        """Learn from a session's update what stands where, and whose it is.

        Raises UpdateRefused for one that cannot be read.
        """
        structs, deletes = self._read(update)
        if self._mask:
            letters = [(struct.item, _letters(update, struct)) for struct in structs if _is_text(update, struct)]
            self._texts.take(letters, deletes, goes=session in self._hidden)
        rubbed: dict[str, SessionId] = {}
        strokes: list[str] = []
        for struct in structs:
            place, values = struct.place, _values(update, struct)
            if place.root != "shapes" or not place.field or values is None:
                continue
            if place.field == STROKE_FIELD and (record := _record(values)):
                self._index[place.top] = str(record["index"])
                strokes.append(place.top)
            elif place.field == "index" and (index := _string(values)) is not None:
                self._index[place.top] = index
            elif place.field == "type" and _string(values) in _STROKES:
                strokes.append(place.top)
            elif place.field == "erased" and values[:2] == bytes((1, _TRUE_VALUE)) and place.top in self._index:
                rubbed[self._index[place.top]] = self._owner(place.top)
        for top in strokes:
            # A rubber takes the stroke away and puts pieces in its place in the painting order, all in one update.
            owner = rubbed.get(self._index.get(top, ""))
            if owner is not None:
                self._owners[top] = owner
        for struct in structs:
            if struct.place.root in ("shapes", "pages") and struct.place.field == "asset":
                asset = _string(_values(update, struct) or b"")
                if asset is not None and self._owner(struct.place.top) not in self._hidden:
                    self.assets.add(asset)

    def redact(self, session: SessionId, update: bytes) -> bytes:
        """An update of a session without what goes. Raises UpdateRefused for what cannot be read."""
        pieces: list[bytes] = []
        done = 0
        for struct in self._read(update)[0]:
            changed = self._fate(struct, update, session in self._hidden) or self._nameless(struct, update)
            if changed is not None:
                pieces += (update[done : struct.start], changed)
                done = struct.end
        return b"".join((*pieces, update[done:])) if pieces else update

    def _fate(self, struct: _Struct, update: bytes, is_hidden: bool) -> bytes | None:
        """What comes in the place of an item; None for the item itself."""
        place, kind = struct.place, update[struct.start] & _KIND
        if struct.item.length == 0 or kind == _DELETED:
            return None
        if place.root in ("shapes", "bindings", "messages"):
            if self._owner(place.top) in self._hidden:
                return _gone(struct, update)
            if session_of(place.top) in self._hidden:
                # A piece of somebody else's stroke.
                return None
        elif place.root == "assets":
            return None if place.top in self.assets else _gone(struct, update)
        elif place.root in ("stage", "meta"):
            return None
        if not is_hidden or kind == _TYPE:
            return None
        if place.root == "pages" and place.field == _TITLE and struct.item.length == 1:
            # Gone, it would bring back no older title: the page would be without the field.
            return _head(struct.item, update[struct.start], _ANY) + _BLANK
        values = _values(update, struct)
        return None if values is not None and _is_look(values, place.field) else _gone(struct, update)

    def _nameless(self, struct: _Struct, update: bytes) -> bytes | None:
        """An item that stays, without the names in it; None where there are none."""
        if not self._mask or struct.item.length == 0 or struct.place.root == "stage":
            return None
        info = update[struct.start]
        if info & _KIND == _STRING:
            named = self._texts.named(struct.item)
            return _blotted(struct, update, named) if named else None
        values = _values(update, struct)
        if values is None or struct.place.field in _LOOKS:
            return None
        # A formula is its outlines too: without its words it cannot be, and is not drawn.
        stands = self._mask.text if struct.place.field != _FORMULA else self._without_formula
        changed = change_strings(values, stands)
        return None if changed == values else _head(struct.item, info, _ANY) + changed

    def _without_formula(self, formula: str) -> str:
        latex = formula.partition("\n")[0]
        return formula if self._mask.text(latex) == latex else ""

    def _owner(self, top: str) -> SessionId:
        return self._owners.get(top) or session_of(top) or SessionId("")

    def _read(self, update: bytes) -> tuple[list[_Struct], dict[int, list[tuple[int, int]]]]:
        """Its items, and the ranges that it deletes."""
        reader = _StructReader(update)
        try:
            scan = reader.read()
        except UpdateRefused:
            raise
        except ProtocolError as error:
            raise UpdateRefused("P1", error.reason) from None
        if scan.gc or scan.skip:
            raise UpdateRefused("P2", "kind of a struct")
        structs = [
            _Struct(start, end, item, self._note(item))
            for (start, end), item in zip(reader.spans, scan.items, strict=True)
        ]
        return structs, scan.deletes

    def _note(self, item: Item) -> _Place:
        if item.root is not None:
            place = _Place(item.root, item.key or "", "")
        elif item.parent is not None:
            above = self._of(item.parent)
            place = above._replace(field=item.key or "") if not above.field and above.root else above
        else:
            beside = item.origin if item.origin is not None else item.right
            place = self._of(beside) if beside is not None else _NOWHERE
        starts = self._starts.setdefault(item.client, array("q"))
        if not starts or starts[-1] < item.clock:
            number = self._numbers.get(place)
            if number is None:
                number = self._numbers[place] = len(self._places)
                self._places.append(place)
            starts.append(item.clock)
            self._at.setdefault(item.client, array("q")).append(number)
        return place

    def _of(self, item: tuple[int, int]) -> _Place:
        starts = self._starts.get(item[0])
        index = bisect_right(starts, item[1]) - 1 if starts is not None else -1
        return self._places[self._at[item[0]][index]] if index >= 0 else _NOWHERE


def _head(item: Item, info: int, kind: int) -> bytes:
    """An item up to its content, as one of another kind."""
    out = Writer()
    out.u8(info & ~_KIND | kind)
    for flag, neighbour in ((_ORIGIN, item.origin), (_RIGHT, item.right)):
        if info & flag and neighbour is not None:
            out.varuint(neighbour[0])
            out.varuint(neighbour[1])
    if item.root is not None:
        out.varuint(1)
        out.varstring(item.root)
    elif item.parent is not None:
        out.varuint(0)
        out.varuint(item.parent[0])
        out.varuint(item.parent[1])
    if item.key is not None:
        out.varstring(item.key)
    return out.finish()


def _gone(struct: _Struct, update: bytes) -> bytes:
    out = Writer()
    out.raw(_head(struct.item, update[struct.start], _DELETED))
    out.varuint(struct.item.length)
    return out.finish()


def _is_text(update: bytes, struct: _Struct) -> bool:
    """Whether an item is letters of a shared text, or what is left of some."""
    kind = update[struct.start] & _KIND
    # What stands under a key is a field, not a place in a text.
    return kind == _STRING or (kind == _DELETED and struct.item.key is None)


def _letters(update: bytes, struct: _Struct) -> str | None:
    info = update[struct.start]
    if info & _KIND != _STRING:
        return None
    return Reader(update, struct.start + len(_head(struct.item, info, _STRING))).varstring(UPDATE_LIMITS.string)


def _blotted(struct: _Struct, update: bytes, named: Sequence[int]) -> bytes:
    """Letters with a dot for each of those; as long as before."""
    units = list(utf16_units(_letters(update, struct) or ""))
    for at in named:
        units[at] = BLOT
    out = Writer()
    out.raw(_head(struct.item, update[struct.start], _STRING))
    # Two halves of a character are one again; a half alone, of which the other is a dot, becomes a dot too.
    text = "".join(units).encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")
    out.varstring(text.replace("\ufffd", BLOT))
    return out.finish()


def _values(update: bytes, struct: _Struct) -> bytes | None:
    """The content of an item of plain values: their number and themselves; None for any other kind."""
    info = update[struct.start]
    if info & _KIND != _ANY:
        return None
    return update[struct.start + len(_head(struct.item, info, _ANY)) : struct.end]


def _string(values: bytes) -> str | None:
    """The one string that the content is; None for anything else."""
    if values[:2] != bytes((1, _STRING_VALUE)):
        return None
    return Reader(values, 2).varstring(UPDATE_LIMITS.string)


def _record(values: bytes) -> dict[str, object]:
    """The fields in the record of a stroke; none for anything else."""
    if values[:2] != bytes((1, _BYTES_VALUE)):
        return {}
    try:
        return unpack_stroke(Reader(values, 2).varbytes(UPDATE_LIMITS.bytes))
    except ProtocolError:
        return {}


def _is_look(values: bytes, field: str) -> bool:
    """Whether values say how something looks and stands, and nothing in words."""
    if field in _LOOKS and _string(values) is not None:
        return True
    return values[0] == 1 and values[1] in _BARE_VALUES
