"""Strict, bounded reader of Yjs updates (format v1): what an update holds, known before a CRDT library sees it (P1).

Hostile updates crash, freeze or corrupt both CRDT libraries, so anything unknown, not canonical or over a limit is
refused. The format, as yjs and yrs write it: number of clients; for each: number of structs, client, first clock,
structs; then the delete set. A struct is an info byte (content kind, 0x80 origin, 0x40 right origin, 0x20 key), its
origins or else its parent, and its content.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple, cast

from whiteboard_crdt.errors import CloseCode, ProtocolError, UpdateRefused
from whiteboard_crdt.places import Item
from whiteboard_crdt.spec import UPDATE_LIMITS, UpdateLimits
from whiteboard_crdt.yappend import NONE, NOTHING, append_fields
from whiteboard_crdt.yvalue import ValueReader

__all__ = ["KeyedItem", "Scan", "TypeItem", "UpdateReader", "scan_update"]

_ORIGIN, _RIGHT, _KEY = 0x80, 0x40, 0x20
_GC, _DELETED, _JSON, _BINARY, _STRING, _EMBED, _FORMAT, _TYPE, _ANY, _SKIP = 0, 1, 2, 3, 4, 5, 6, 7, 8, 10
_NAMED_TYPES: Final = (3, 5)  # XML element and hook carry a name
_LAST_TYPE: Final = 6
_NO_ROOTS: Final = cast("set[str]", frozenset())


class KeyedItem(NamedTuple):
    """An item written under a key of a root type."""

    root: str
    key: str
    client: int
    clock: int
    length: int


class TypeItem(NamedTuple):
    """A shared type made inside another: in a root type, in the item `parent`, or beside its origin.

    `kind`: 0 array, 1 map, 2 text, 3 to 6 XML.
    """

    client: int
    clock: int
    in_root: bool
    parent: tuple[int, int] | None
    kind: int


@dataclass(slots=True)
class Scan:
    """What an update holds, not to be changed once it is read. Ranges are (clock, length).

    `parents`: every (client, clock) that an item is put into. `gone`: (client, clock, length) of what came as deleted.
    `halves`: (client, clock) of the second half of each character that takes two clocks.
    `refs`: client → number of its clocks that must be held for structs of *other* clients to be integrated.
    `origins`: every (client, clock) named as origin or right origin. `roots`: names of the root types written to;
    `keyless_root`: something was put on a root type without a key. `gc`, `skip`: number of such structs; `json`: of
    items that hold JSON text (formats, embeds, the old JSON content); `empty`: of text items without text.
    `items`: all items in order, with what they say of where they stand. `plain`: nothing but one item of `yappend`.
    """

    structs: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    deletes: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    refs: dict[int, int] = field(default_factory=dict)
    origins: list[tuple[int, int]] = field(default_factory=list)
    root_keys: list[KeyedItem] = field(default_factory=list)
    types: list[TypeItem] = field(default_factory=list)
    parents: set[tuple[int, int]] = field(default_factory=set)
    gone: list[tuple[int, int, int]] = field(default_factory=list)
    halves: list[tuple[int, int]] = field(default_factory=list)
    roots: set[str] = field(default_factory=set)
    keyless_root: bool = False
    gc: int = 0
    skip: int = 0
    json: int = 0
    empty: int = 0
    struct_count: int = 0
    items: list[Item] = field(default_factory=list)
    plain: bool = False


def scan_update(update: bytes, limits: UpdateLimits = UPDATE_LIMITS) -> Scan:
    """Reads a whole update under `limits`. Raises UpdateRefused "P1" and nothing else."""
    if len(update) > limits.bytes:
        raise UpdateRefused("P1", "update too long", CloseCode.OVERSIZED)
    fields = append_fields(update, limits)
    if fields is not None:
        structs, refs, origins, parents, item = fields
        return Scan(
            structs, NOTHING, refs, origins, NONE, NONE, parents, NONE, NONE, _NO_ROOTS, False, 0, 0, 0, 0, 1, [item],
            plain=True,
        )  # fmt: skip
    try:
        return UpdateReader(update, limits).read()
    except UpdateRefused:
        raise
    except ProtocolError as error:
        raise UpdateRefused("P1", error.reason) from None


class UpdateReader(ValueReader):
    """Reads an update struct by struct into `scan`."""

    __slots__ = ("limits", "scan")

    def __init__(self, update: bytes, limits: UpdateLimits) -> None:
        super().__init__(update, limits)
        self.limits = limits
        self.scan = Scan()

    def read(self) -> Scan:
        """The whole update."""
        clients = self.varuint()
        if clients > self.limits.clients:
            raise ProtocolError("too many clients")
        for _ in range(clients):
            count, client, clock = self.block_header()
            ranges = self.scan.structs[client] = []
            for _ in range(count):
                length, skipped = self.struct(client, clock)
                if not skipped:
                    if ranges and ranges[-1][0] + ranges[-1][1] == clock:
                        ranges[-1] = (ranges[-1][0], ranges[-1][1] + length)
                    else:
                        ranges.append((clock, length))
                clock += length
            if not sum(length for _, length in ranges):
                raise ProtocolError("block without clocks")  # yrs panics
        self.delete_set()
        self.end()
        return self.scan

    def block_header(self) -> tuple[int, int, int]:
        """Number of structs, client and first clock of the next client."""
        count, client, clock = self.varuint(), self._client(), self._clock()
        self.scan.struct_count += count
        if not count or self.scan.struct_count > self.limits.structs:
            raise ProtocolError("number of structs")
        if client in self.scan.structs:
            raise ProtocolError("a client twice")
        return count, client, clock

    def struct(self, client: int, clock: int) -> tuple[int, bool]:
        """One struct: its length in clocks, and whether it is a Skip."""
        info = self.u8()
        kind = info & 31
        if kind in (_GC, _SKIP):
            if info & ~31:
                raise ProtocolError("flags of a struct")
            self.scan.gc += kind == _GC
            self.scan.skip += kind == _SKIP
            length = self.varuint()
            if not length:
                raise ProtocolError("empty struct")
            if kind == _GC:
                self.scan.gone.append((client, clock, length))
                self.scan.items.append(Item(client, clock, length))
        else:
            length = self._item(info, kind, client, clock)
        if clock + length > self.limits.clock:
            raise ProtocolError("clock too high")
        return length, kind == _SKIP

    def _item(self, info: int, kind: int, client: int, clock: int) -> int:
        parent: tuple[int, int] | None = None
        origin = right = root = key = None
        if info & _ORIGIN:
            origin = self._reference(client, clock)
            self.scan.origins.append(origin)
        if info & _RIGHT:
            right = self._reference(client, clock)
            self.scan.origins.append(right)
        if not info & (_ORIGIN | _RIGHT):
            where = self.varuint()
            if where == 1:
                root = self.string()
                self.scan.roots.add(root)
            elif where == 0:
                parent = self._reference(client, clock)
                self.scan.parents.add(parent)
            else:
                raise ProtocolError("parent of a struct")
            if info & _KEY:
                key = self.string()
        if kind == _STRING:
            length = self._text(client, clock)
        elif kind == _TYPE:
            length = 1
            self.scan.types.append(TypeItem(client, clock, root is not None, parent, self._type_kind()))
        else:
            length = self._content(kind)
        if not length:
            # yrs may write an empty text item of its own where a text is split at its end.
            if kind != _STRING:
                raise ProtocolError("empty struct")
            self.scan.empty += 1
        self.scan.items.append(Item(client, clock, length, origin, right, parent, root, key))
        if kind == _DELETED:
            self.scan.gone.append((client, clock, length))
        if root is not None:
            if key is None:
                self.scan.keyless_root = True
            else:
                self.scan.root_keys.append(KeyedItem(root, key, client, clock, length))
        return length

    def _content(self, kind: int) -> int:
        """The content of an item; returns its length in clocks."""
        if kind == _ANY:
            count = self.elements()
            for _ in range(count):
                self.value(0)
            return count
        if kind == _BINARY:
            self.take(self.varuint())
            return 1
        if kind == _DELETED:
            return self.varuint()
        self.scan.json += 1
        if kind == _JSON:
            count = self.elements()
            for _ in range(count):
                self.json(undefined=True)
            return count
        if kind == _EMBED:
            self.json()
        elif kind == _FORMAT:
            self.string()
            self.json()
        else:
            raise ProtocolError("kind of a struct")  # among them 9 (subdocument) and 11 (move)
        return 1

    def _text(self, client: int, clock: int) -> int:
        """Clocks count UTF-16 units, as in JavaScript: characters beyond 16 bits take two."""
        text = self.string()
        if text.isascii():
            return len(text)
        length = 0
        for char in text:
            length += 1
            if char > "\uffff":
                self.scan.halves.append((client, clock + length))
                length += 1
        return length

    def _type_kind(self) -> int:
        kind = self.varuint()
        if kind > _LAST_TYPE:
            raise ProtocolError("kind of a shared type")
        if kind in _NAMED_TYPES:
            self.string()
        return kind

    def delete_set(self) -> None:
        """The ranges of clocks that the update deletes."""
        total = 0
        for _ in range(self.elements()):
            client = self._client()
            count = self.elements()
            total += count
            if total > self.limits.ranges or client in self.scan.deletes:
                raise ProtocolError("ranges of a delete set")
            ranges = self.scan.deletes[client] = []
            for _ in range(count):
                clock, length = self._clock(), self.varuint()
                if not length or clock + length > self.limits.clock:
                    raise ProtocolError("range of a delete set")
                ranges.append((clock, length))

    def _client(self) -> int:
        client = self.varuint()
        if client > self.limits.client:
            raise ProtocolError("client id too high")
        return client

    def _clock(self) -> int:
        clock = self.varuint()
        if clock > self.limits.clock:
            raise ProtocolError("clock too high")
        return clock

    def _reference(self, client: int, clock: int) -> tuple[int, int]:
        """The id of another item. One of the same client must come before: nobody can refer to what is not made yet."""
        owner, at = self._client(), self._clock()
        if owner != client:
            if at >= self.scan.refs.get(owner, 0):
                self.scan.refs[owner] = at + 1
        elif at >= clock:
            raise ProtocolError("refers to a later item")
        return owner, at
