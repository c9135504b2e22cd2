"""Names in texts of a document that several people write letter by letter: which letters they are, in every state.

A name may come in one piece or in three, with a slip in it that is rubbed out. So the text is put together as everybody
saw it after each update, and a letter that was ever part of a name is one for good.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from recorder.naming import NameMask, utf16_units
from whiteboard_crdt.errors import UpdateRefused
from whiteboard_crdt.places import Item, ItemId
from whiteboard_crdt.spec import UPDATE_LIMITS

__all__ = ["TextWatch"]

# As many as a string may have bytes: what was deleted says its length and holds nothing.
_MOST_UNITS: Final = UPDATE_LIMITS.string


@dataclass(slots=True)
class _Text:
    """One shared text: the letters (UTF-16 units) in their order, those that were deleted too."""

    order: list[ItemId] = field(default_factory=list)
    units: dict[ItemId, str] = field(default_factory=dict)
    gone: set[ItemId] = field(default_factory=set)


class TextWatch:
    """Follows the texts of one document through its updates, in order."""

    def __init__(self, mask: NameMask) -> None:
        self._mask = mask
        self._texts: dict[ItemId | str, _Text] = {}
        self._of: dict[ItemId, ItemId | str] = {}
        self._named: set[ItemId] = set()
        self._going: set[ItemId] = set()

    def take(
        self, letters: Iterable[tuple[Item, str | None]], deletes: Mapping[int, list[tuple[int, int]]], *, goes: bool
    ) -> None:
        """An update: its items of text, None for ones whose letters are gone already, and what it deletes.

        `goes`: its letters will not be in the copy, where those beside them then stand together. Raises UpdateRefused
        for more letters at once than an update may hold.
        """
        touched: dict[ItemId | str, _Text] = {}
        for item, text in letters:
            key = self._key(item)
            if key is None:
                continue
            if item.length > _MOST_UNITS:
                raise UpdateRefused("P1", "length of a text")
            touched[key] = self._insert(key, item, utf16_units(text) if text is not None else "\0" * item.length)
            if text is None:
                touched[key].gone.update((item.client, item.clock + at) for at in range(item.length))
            if goes:
                self._going.update((item.client, item.clock + at) for at in range(item.length))
        for client, ranges in deletes.items():
            for clock, length in ranges:
                for each in self._known(client, clock, length):
                    key = self._of[each]
                    self._texts[key].gone.add(each)
                    touched[key] = self._texts[key]
        for text_ in touched.values():
            self._look(text_)

    def named(self, item: Item) -> list[int]:
        """Which letters of an item were ever part of a name, counted from its first; complete after the survey."""
        return [at for at in range(item.length) if (item.client, item.clock + at) in self._named]

    def _known(self, client: int, clock: int, length: int) -> list[ItemId]:
        """The letters in a range of clocks, which may be said to be longer than all that there is."""
        if length <= len(self._of):
            return [(client, each) for each in range(clock, clock + length) if (client, each) in self._of]
        return [each for each in self._of if each[0] == client and clock <= each[1] < clock + length]

    def _key(self, item: Item) -> ItemId | str | None:
        """Which text an item belongs to."""
        if item.parent is not None:
            return item.parent
        if item.root is not None:
            return item.root
        for neighbour in (item.origin, item.right):
            if neighbour is not None and neighbour in self._of:
                return self._of[neighbour]
        return None

    def _insert(self, key: ItemId | str, item: Item, units: str) -> _Text:
        text = self._texts.setdefault(key, _Text())
        ids = [(item.client, item.clock + at) for at in range(len(units))]
        if item.origin is not None and item.origin in text.units:
            at = text.order.index(item.origin) + 1
        elif item.origin is None and item.right is not None and item.right in text.units:
            at = text.order.index(item.right)
        else:
            at = 0
        text.order[at:at] = ids
        for each, unit in zip(ids, units, strict=True):
            text.units[each] = unit
            self._of[each] = key
        return text

    def _look(self, text: _Text) -> None:
        shown = [each for each in text.order if each not in text.gone]
        left = [each for each in shown if each not in self._going]
        for view in (shown,) if len(left) == len(shown) else (shown, left):
            for begin, end in self._mask.spans("".join(text.units[each] for each in view)):
                self._named.update(view[begin:end])
