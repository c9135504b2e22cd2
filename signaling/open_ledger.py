"""What an open room's document holds, as far as its checks must know it: an update is judged before pycrdt sees it.

The rules of a lesson's documents (P2–P7) do not apply here: roots, keys and kinds are the applications' business. What
makes the CRDT library panic, spin or overflow is refused all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pycrdt import get_update

from signaling.open_protocol import OPEN_LIMITS, encode_state_vector
from signaling.ranges import RangeSet
from whiteboard_crdt.errors import UpdateRefused
from whiteboard_crdt.places import ItemId, Places
from whiteboard_crdt.policy import Ledger, check_positions
from whiteboard_crdt.spec import UpdateLimits
from whiteboard_crdt.yappend import Continuation
from whiteboard_crdt.yupdate import Scan, scan_update

__all__ = ["OpenLedger", "OpenUpdate"]

_DEEPEST: Final = 64  # shared types in each other; deleting 100,000 of them overflows the stack of yrs


class OpenUpdate:
    """An update cut down to what is new. ``fresh``: client → clocks held after it; ``deletes``: whether any is new."""

    def __init__(self, update: bytes, scan: Scan, fresh: Mapping[int, int], deletes: Mapping[int, bool]) -> None:
        self.update = update
        self.scan = scan
        self.fresh = fresh
        self.deletes = deletes

    @property
    def empty(self) -> bool:
        """Whether it brings nothing."""
        return not self.fresh and not any(self.deletes.values())


class OpenLedger:
    """Grows with every update that was applied."""

    def __init__(self, limits: UpdateLimits = OPEN_LIMITS) -> None:
        self._limits = limits
        self._ledger = Ledger()
        self._deleted: dict[int, RangeSet] = {}
        # Place → the shared type that it lies in; root places are not listed.
        self._inside: dict[int, ItemId] = {}

    @property
    def held(self) -> Mapping[int, int]:
        """Client → number of its clocks that are held."""
        return self._ledger.held

    def state_vector(self) -> bytes:
        """What is held, in our own words."""
        return encode_state_vector(self._ledger.held)

    def continuation(self, update: OpenUpdate) -> Continuation | None:
        """How its client may go on after an update that was noted; None when that one was nothing ordinary."""
        if not update.scan.plain:
            return None
        ((client, clock),) = update.fresh.items()
        return Continuation(client, clock, self._limits)

    def goes_on(self, expected: Continuation, update: bytes) -> int:
        """Clocks that an update adds if it is the expected one, which no rule here objects to; 0 if it is not."""
        if self._ledger.halves or self._ledger.held.get(expected.client) != expected.clock:
            return 0
        return expected.length(update)

    def went_on(self, expected: Continuation, clocks: int) -> None:
        """Take in the expected update, which was applied."""
        clock = expected.clock + clocks
        self._ledger.go_on(expected.client, clock)
        expected.advance(clock)

    def read(self, update: bytes) -> OpenUpdate | None:
        """Check an update and cut it down to what is new; None when its base is missing. Raises UpdateRefused."""
        scan = scan_update(update, self._limits)
        if scan.skip:
            raise UpdateRefused("P2", "skip in an update")
        held = self._ledger.held
        if scan.plain:
            item = scan.items[0]
            if item.clock == held.get(item.client, 0) and not scan.refs and not self._ledger.halves:
                if item.parent is not None:
                    check_positions(scan, self._ledger)
                return OpenUpdate(update, scan, {item.client: item.clock + item.length}, {})
        fresh = self._fresh(scan)
        if fresh is None or self._lacks_base(scan, fresh):
            return None
        if any(ranges[0][0] < held.get(client, 0) for client, ranges in scan.structs.items()):
            # A step 2 repeats what we hold, perhaps with other content: only what follows is taken.
            update = get_update(update, self.state_vector())
            scan = scan_update(update, self._limits)
            if any(ranges[0][0] != held.get(client, 0) for client, ranges in scan.structs.items()):
                raise UpdateRefused("P3", "clocks do not follow on")
        check_positions(scan, self._ledger)
        self._check_depth(scan)
        deletes = {
            client: (gone := self._deleted.get(client)) is None or not all(gone.covers(*one) for one in ranges)
            for client, ranges in scan.deletes.items()
        }
        return OpenUpdate(update, scan, fresh, deletes)

    def note(self, update: OpenUpdate) -> None:
        """Take in an update that was applied."""
        self._ledger.note(update.scan)
        if update.scan.plain and update.scan.items[0].parent is None:
            return
        self._inside.update(self._insides(update.scan, self._ledger.places))
        for client, ranges in update.scan.deletes.items():
            gone = self._deleted.setdefault(client, RangeSet())
            for clock, length in ranges:
                gone.add(clock, length)

    def _fresh(self, scan: Scan) -> dict[int, int] | None:
        """Client → clocks held after the update, of those that it extends; None when clocks are missing (P3)."""
        fresh: dict[int, int] = {}
        for client, ranges in scan.structs.items():
            before = held = self._ledger.held.get(client, 0)
            for clock, length in ranges:
                if clock > held:
                    return None
                held = max(held, clock + length)
            if held > before:
                fresh[client] = held
        return fresh

    def _lacks_base(self, scan: Scan, fresh: Mapping[int, int]) -> bool:
        def top(client: int) -> int:
            return fresh.get(client, self._ledger.held.get(client, 0))

        return any(needed > top(client) for client, needed in scan.refs.items()) or any(
            clock + length > top(client) for client, ranges in scan.deletes.items() for clock, length in ranges
        )

    def _check_depth(self, scan: Scan) -> None:
        if not scan.types:
            return
        places = Places(self._ledger.places)
        places.add(scan.items)
        inside = self._insides(scan, places)
        for made in scan.types:
            place = places.of((made.client, made.clock))
            for _ in range(_DEEPEST):
                outer = inside.get(place) or self._inside.get(place)
                if outer is None:
                    break
                place = places.of(outer)
            else:
                raise UpdateRefused("P1", "shared types too deep")

    @staticmethod
    def _insides(scan: Scan, places: Places) -> dict[int, ItemId]:
        return {places.of((item.client, item.clock)): item.parent for item in scan.items if item.parent is not None}
