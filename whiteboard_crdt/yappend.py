"""The ordinary update, read quickly: one item of one client that appends plain values or a blob, deleting nothing.

That is nearly all that pens and keyboards make. `append_fields` answers with what is in the `Scan` of the full reader,
or with None for whatever is not exactly of that form, hostile things included: those are for the full reader to judge.
So this decides nothing by itself. Head and numbers are read by regular expressions, which is where the time went.
"""

from __future__ import annotations

import re
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, cast

from whiteboard_crdt.places import Item

if TYPE_CHECKING:
    from whiteboard_crdt.spec import UpdateLimits


__all__ = ["NONE", "NOTHING", "AppendFields", "Continuation", "append_fields"]

_KIND: Final = 31  # of an info byte; 0x80 says origin, 0x20 key
_BINARY, _STRING, _ANY = 3, 4, 8
_BESIDE: Final = (0x88, 0x84, 0x83)  # infos of items with an origin
_BYTES_VALUE: Final = 116
_SIZED_VALUES: Final = (_BYTES_VALUE, 119)  # bytes, strings
# Integers as yjs writes them (the last of several bytes is not zero), the most frequent first; undefined, null,
# booleans; floats and a big int. Flat, and without turning back (each value can be read in one way): half the time.
_NUMBER: Final = (
    rb"(?:\x7d[\x80-\xff][\x01-\x7f]|\x7d[\x00-\x7f]|\x7d[\x80-\xff]{2,7}[\x01-\x7f]"
    rb"|[\x78\x79\x7e\x7f]|\x7c.{4}|[\x7a\x7b].{8})"
)
_LONGEST_RUN: Final = 64
_UINT: Final = rb"([\x00-\x7f]|[\x80-\xff]{1,7}[\x01-\x7f])"
_COUNT: Final = re.compile(_UINT)
# One client with one struct; client and clock; either beside an origin, or under a key of a shared type.
_HEAD: Final = re.compile(rb"\x01\x01%b%b(?:([\x83\x84\x88])%b%b|([\x23\x24\x28])\x00%b%b)" % ((_UINT,) * 6), re.DOTALL)
_SHORTEST_LIMIT: Final = 128

# Shared by all scans, so they cannot be written to.
NOTHING: Final = cast("dict[Any, Any]", MappingProxyType({}))
NONE: Final = cast("list[Any]", ())

AppendFields = tuple[
    dict[int, list[tuple[int, int]]], dict[int, int], list[tuple[int, int]], set[tuple[int, int]], Item
]
"""`structs`, `refs`, `origins`, `parents` and the one item of a Scan."""


@lru_cache(maxsize=_LONGEST_RUN + 1)
def _run(count: int) -> re.Pattern[bytes]:
    """So many numbers in a row."""
    return re.compile(_NUMBER + b"{%d}+" % count, re.DOTALL)


def append_fields(update: bytes, limits: UpdateLimits) -> AppendFields | None:
    """What an ordinary update holds; None for any other. Raises nothing."""
    head = _HEAD.match(update)
    # An empty delete set at the end.
    if head is None or update[-1] != 0 or head.end() == len(update):
        return None
    client, clock = _number(head[1]), _number(head[2])
    pos = head.end()
    key = None
    if head[3] is not None:
        owner, at, kind = _number(head[4]), _number(head[5]), head[3][0] & _KIND
    else:
        owner, at, kind = _number(head[7]), _number(head[8]), head[6][0] & _KIND
        end = pos + 1 + update[pos]
        raw = update[pos + 1 : end]
        if end - pos > 0x80 or not raw.isascii():
            return None
        key, pos = raw.decode(), end
    try:
        length, pos = _content(update, pos, kind, limits)
    except (IndexError, ValueError):
        return None
    if (
        pos != len(update) - 1
        or client > limits.client
        or owner > limits.client
        or clock + length > limits.clock
        or at > limits.clock
        or (owner == client and at >= clock)
        or limits.structs < 1
        or limits.string < _SHORTEST_LIMIT
    ):
        return None
    neighbour = (owner, at)
    structs = {client: [(clock, length)]}
    refs = NOTHING if owner == client else {owner: at + 1}
    if key is None:
        return structs, refs, [neighbour], cast("set[Any]", _NO_PARENTS), Item(client, clock, length, neighbour)
    return structs, refs, NONE, {neighbour}, Item(client, clock, length, None, None, neighbour, None, key)


class Continuation:
    """What a client's next update begins with, if it goes on appending where it stopped: `client` holds `clock` clocks.

    Pens and keyboards make runs of such updates. Their heads are compared and not read.
    """

    __slots__ = ("_client", "_head", "_limits", "_origin", "_start", "client", "clock")

    def __init__(self, client: int, clock: int, limits: UpdateLimits) -> None:
        self.client = client
        self._client = _encode(client)
        self._start = b"\x01\x01" + self._client
        self._limits = limits
        self.advance(clock)

    def advance(self, clock: int) -> None:
        """The client now holds so many clocks."""
        self.clock = clock
        self._head = self._start + _encode(clock)
        self._origin = self._client + _encode(clock - 1)

    def length(self, update: bytes) -> int:
        """Clocks that the update adds; 0 if it does not go on, or not plainly. Raises nothing."""
        if not update.startswith(self._head):
            return 0
        pos = len(self._head)
        try:
            info = update[pos]
            if info not in _BESIDE or not update.startswith(self._origin, pos + 1):
                return 0
            length, end = _content(update, pos + 1 + len(self._origin), info & _KIND, self._limits)
        except (IndexError, ValueError):
            return 0
        plain = end == len(update) - 1 and update[end] == 0
        return length if plain and self.clock + length <= self._limits.clock else 0


_NO_PARENTS: Final[frozenset[tuple[int, int]]] = frozenset()


def _number(raw: bytes) -> int:
    """A canonical number of up to eight bytes."""
    if len(raw) == 1:
        return raw[0]
    if len(raw) == 2:
        return raw[0] & 0x7F | raw[1] << 7
    value = 0
    for byte in reversed(raw):
        value = value << 7 | byte & 0x7F
    return value


def _encode(number: int) -> bytes:
    """The canonical form that `_number` reads."""
    if number < 0x80:
        return bytes((number,))
    if number < 0x4000:
        return bytes((number & 0x7F | 0x80, number >> 7))
    if number < 0x20_0000:
        return bytes((number & 0x7F | 0x80, number >> 7 & 0x7F | 0x80, number >> 14))
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _content(update: bytes, pos: int, kind: int, limits: UpdateLimits) -> tuple[int, int]:
    """Length in clocks, and where the content ends. Raises IndexError, and ValueError for what is not plain."""
    count = update[pos]
    if count < 0x80:
        pos += 1
    else:
        found = _COUNT.match(update, pos)
        if found is None:
            raise ValueError
        count, pos = _number(found[0]), found.end()
    if not count or count > len(update) - pos:
        raise ValueError
    if kind == _BINARY:
        return 1, pos + count
    if kind == _STRING:
        if count > limits.string or not update[pos : pos + count].isascii():
            raise ValueError
        return count, pos + count
    if kind != _ANY or count > limits.values:
        raise ValueError
    left = count
    while left and update[pos] in _SIZED_VALUES:
        if update[pos] == _BYTES_VALUE:
            size = _COUNT.match(update, pos + 1)
            if size is None:
                raise ValueError
            pos = size.end() + _number(size[0])
            left -= 1
            continue
        # Shorter than 128 bytes: nearly all are.
        end = pos + 2 + update[pos + 1]
        if update[pos + 1] >= 0x80 or not update[pos + 2 : end].isascii():
            raise ValueError
        pos = end
        left -= 1
    if left:
        numbers = _run(left).match(update, pos) if left <= _LONGEST_RUN else None
        if numbers is None:
            raise ValueError
        pos = numbers.end()
    return count, pos
