"""Where the items of a document stand: in which list or under which key of which shared type.

An item that names an origin and a right origin must find both in one place. Where they stand apart, yrs goes along,
and then writes a state that neither it nor anyone else can load.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from typing import Final, NamedTuple

__all__ = ["UNKNOWN", "Item", "ItemId", "Places"]

ItemId = tuple[int, int]
UNKNOWN: Final = 0
_UNRESOLVED: Final = -1
_MASK: Final = 2**63 - 1


class Item(NamedTuple):
    """How an item says where it stands: beside others, or in a shared type or root type; garbage says nothing."""

    client: int
    clock: int
    length: int
    origin: ItemId | None = None
    right: ItemId | None = None
    parent: ItemId | None = None
    root: str | None = None
    key: str | None = None


class Places:
    """The place of every item, as a number (a hash): 16 bytes an item. `base` is asked for what is not here."""

    def __init__(self, base: Places | None = None) -> None:
        self._base = base
        self._starts: dict[int, array[int]] = {}
        self._numbers: dict[int, array[int]] = {}
        self._ends: dict[int, int] = {}

    def of(self, item: ItemId) -> int:
        """The place of an item that is held; UNKNOWN if it came as garbage."""
        starts = self._starts.get(item[0])
        index = bisect_right(starts, item[1]) - 1 if starts is not None else -1
        if index >= 0:
            return self._numbers[item[0]][index]
        return UNKNOWN if self._base is None else self._base.of(item)

    def add(self, items: Iterable[Item]) -> None:
        """Takes in items, those of each client in order of their clocks. What is there already is passed over."""
        open_items: dict[tuple[int, int], ItemId] | None = None
        for item in items:
            end = self._ends.get(item.client, 0)
            if item.clock + item.length <= end:
                continue
            self._ends[item.client] = item.clock + item.length
            starts, numbers = self._starts.get(item.client), self._numbers.get(item.client)
            if starts is None or numbers is None:
                starts = self._starts[item.client] = array("q")
                numbers = self._numbers[item.client] = array("q")
            starts.append(max(item.clock, end))
            neighbour = item.origin if item.origin is not None else item.right
            number = _place(item) if neighbour is None else self._known(neighbour)
            if number == _UNRESOLVED and neighbour is not None:
                open_items = open_items or {}
                open_items[item.client, len(starts) - 1] = neighbour
            numbers.append(number)
        if open_items:
            self._resolve(open_items)

    def go_on(self, client: int, end: int) -> None:
        """An item was appended to the last one of its client, up to clock `end`: it stands in the same place."""
        self._ends[client] = end

    def apart(self, items: Iterable[Item]) -> bool:
        """Whether an item among those just added has its two neighbours in different places."""
        for item in items:
            if item.origin is not None and item.right is not None:
                left, right = self.of(item.origin), self.of(item.right)
                if left != right and UNKNOWN not in (left, right):
                    return True
        return False

    def _known(self, item: ItemId) -> int:
        if item[1] >= self._ends.get(item[0], 0):
            return _UNRESOLVED if self._base is None else self._base.of(item)
        return self.of(item)

    def _resolve(self, open_items: dict[tuple[int, int], ItemId]) -> None:
        """In a state of many clients an item may come before its neighbour: follows each chain to where it is known."""
        for first in open_items:
            chain = [first]
            number = _UNRESOLVED
            while number == _UNRESOLVED:
                client, clock = open_items[chain[-1]]
                starts = self._starts.get(client)
                index = bisect_right(starts, clock) - 1 if starts is not None else -1
                number = self._numbers[client][index] if index >= 0 else UNKNOWN
                if number == _UNRESOLVED:
                    # A ring of items that name each other would have no end.
                    if (client, index) not in open_items or len(chain) > len(open_items):
                        number = UNKNOWN
                    else:
                        chain.append((client, index))
            for client, index in chain:
                self._numbers[client][index] = number


def _place(item: Item) -> int:
    if item.root is not None:
        return hash((item.root, item.key)) & _MASK or 1
    if item.parent is not None:
        return hash((item.parent, item.key)) & _MASK or 1
    return UNKNOWN
