"""What an update may do (protocol section P): decided from its scan, its author's ticket and what is held."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from whiteboard_crdt.errors import CloseCode, UpdateRefused
from whiteboard_crdt.ids import Capability, DocKind, DocRef, Role
from whiteboard_crdt.places import Item, Places
from whiteboard_crdt.spec import LIMITS, UPDATE_LIMITS
from whiteboard_crdt.ticket import Ticket
from whiteboard_crdt.yupdate import Scan

__all__ = [
    "Ledger", "check_positions", "check_snapshot", "check_update", "check_writer", "may_show", "may_write",
    "missing_base", "needed_clocks",
]  # fmt: skip

_BOARD_ROOTS: Final = frozenset({"meta", "pages", "shapes", "bindings", "assets"})
_ROOTS: Final = {
    DocKind.BOARD: _BOARD_ROOTS,
    DocKind.STAGE: frozenset({"stage"}),
    DocKind.CHAT: frozenset({"messages"}),
    DocKind.DESK: _BOARD_ROOTS,
}
_AUTHORED_ROOTS: Final = frozenset({"shapes", "messages"})
_BOARD_TYPES: Final = (1, 2)  # map and text: reading an array that holds text makes yrs spin for ever
_READERS: Final = frozenset({Role.RECORDER, Role.REVIEWER})
_NO_CLOCKS: Final[frozenset[int]] = frozenset()


@dataclass(slots=True)
class Ledger:
    """What a document holds, as far as the rules must know it. Grows with every update that is applied.

    `held`: client → number of its clocks. `authored`: items under keys of `shapes` and `messages` (P6).
    `types`: client → clock → how deep that shared type lies; in a root type it is 1. `gone`: ranges of clocks that
    came as deleted, so that what they were is not known. `places`: where items stand. `halves`: second
    halves of characters that take two clocks.
    """

    held: dict[int, int] = field(default_factory=dict)
    authored: dict[int, set[int]] = field(default_factory=dict)
    types: dict[int, dict[int, int]] = field(default_factory=dict)
    gone: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    places: Places = field(default_factory=Places)
    halves: set[tuple[int, int]] = field(default_factory=set)

    def note(self, scan: Scan) -> None:
        """Takes in an update that was checked and applied."""
        if scan.plain:
            only = scan.items[0]
            end = only.clock + only.length
            if end > self.held.get(only.client, 0):
                self.held[only.client] = end
            self.places.add(scan.items)
            return
        for client, ranges in scan.structs.items():
            clock, length = ranges[-1]
            if clock + length > self.held.get(client, 0):
                self.held[client] = clock + length
        for item in scan.root_keys:
            if item.root in _AUTHORED_ROOTS:
                self.authored.setdefault(item.client, set()).add(item.clock)
        for made in scan.types:
            self.types.setdefault(made.client, {})[made.clock] = self.depth(made.parent) + 1
        self.places.add(scan.items)
        self.halves.update(scan.halves)
        for client, clock, length in scan.gone:
            self.gone.setdefault(client, []).append((clock, length))

    def go_on(self, client: int, end: int) -> None:
        """Takes in an item that was appended to the last one of its client (`yappend.Continuation`)."""
        self.held[client] = end
        self.places.go_on(client, end)

    def depth(self, item: tuple[int, int] | None) -> int:
        """How deep a shared type lies; 0 for a root type, or what is none."""
        return 0 if item is None else self.types.get(item[0], {}).get(item[1], 0)

    def is_gone(self, item: tuple[int, int]) -> bool:
        """Whether an item came as deleted."""
        return any(clock <= item[1] < clock + length for clock, length in self.gone.get(item[0], ()))


def needed_clocks(scan: Scan) -> dict[int, int]:
    """Client → number of its clocks without which the update cannot be applied (E7)."""
    needed = dict(scan.refs)
    for client, ranges in scan.deletes.items():
        if client not in scan.structs:
            # A client without ranges is odd but no harm; it adds nothing.
            needed[client] = max([needed.get(client, 0), *(clock + length for clock, length in ranges)])
    return needed


def missing_base(scan: Scan, ledger: Ledger) -> bool:
    """Whether the update builds on, or deletes, items of others that are not held yet (E7): it has to wait for them."""
    if scan.plain and not scan.refs:
        return False
    held = ledger.held
    for client, needed in scan.refs.items():
        if needed > held.get(client, 0) and not _brings(scan, client, needed):
            return True
    for client, ranges in scan.deletes.items():
        if client not in scan.structs:
            top = held.get(client, 0)
            if any(clock + length > top for clock, length in ranges):
                return True
    return False


def _brings(scan: Scan, client: int, needed: int) -> bool:
    ranges = scan.structs.get(client)
    return ranges is not None and sum(ranges[-1]) >= needed


def check_update(scan: Scan, doc: DocRef, ticket: Ticket, ledger: Ledger) -> None:
    """The rules P2 to P7 for a live update whose base is not missing. Raises UpdateRefused with the rule."""
    check_writer(doc, ticket)
    if scan.plain and _is_plain_append(scan.items[0], ticket.client, ledger):
        return
    _check_structs(scan, ticket, ledger)
    _check_deletes(scan, doc, ticket, ledger)
    if not scan.roots <= _ROOTS[doc.kind]:
        raise UpdateRefused("P5", "unknown root type")
    if scan.keyless_root:
        raise UpdateRefused("P5", "item of a root type without a key")
    _check_authors(scan, ticket, ledger)
    check_positions(scan, ledger)
    if any(made.kind not in _BOARD_TYPES for made in scan.types):
        raise UpdateRefused("P5", "neither map nor text")
    if scan.types:
        _check_depth(scan, ledger)


def _is_plain_append(item: Item, client: int, ledger: Ledger) -> bool:
    """Whether none of P2 to P6, nor P1's positions, can object to an item of `yappend`; if not, they are asked."""
    if item.client != client or item.clock != ledger.held.get(client, 0) or ledger.halves:
        return False
    if item.origin is not None:
        return item.origin[1] not in ledger.authored.get(item.origin[0], _NO_CLOCKS)
    return ledger.depth(item.parent) > 0


def may_write(doc: DocRef, ticket: Ticket) -> bool:
    """Who may write (P7)."""
    if ticket.role in _READERS:
        return False
    if doc.kind is DocKind.BOARD:
        return Capability.BOARD in ticket.caps
    if doc.kind is DocKind.STAGE:
        return Capability.STAGE in ticket.caps and ticket.staff
    if doc.kind is DocKind.CHAT:
        return Capability.CHAT in ticket.caps
    return Capability.DESK in ticket.caps and (doc.user == ticket.user or ticket.staff)


def may_show(ticket: Ticket, place: DocRef, *, drawing: bool = False) -> bool:
    """Whether presence, a cursor or live ink of a session is shown to others (M9).

    Ink, and all that happens at a desk, needs the right to write there.
    """
    if Capability.PRESENCE not in ticket.caps:
        return False
    return (not drawing and place.kind is not DocKind.DESK) or may_write(place, ticket)


def check_writer(doc: DocRef, ticket: Ticket) -> None:
    """`may_write` as a check. Raises UpdateRefused "P7" with close code 4406."""
    if not may_write(doc, ticket):
        raise UpdateRefused("P7", "may not write this document", CloseCode.NOT_ALLOWED)


def check_snapshot(scan: Scan, ledger: Ledger) -> None:
    """A snapshot of the relay (P8): many clients, but no holes, and nothing that refers to what it does not bring."""
    if scan.skip:
        raise UpdateRefused("P8", "skip in a snapshot")
    for client, ranges in scan.structs.items():
        if len(ranges) != 1 or ranges[0][0] > ledger.held.get(client, 0):
            raise UpdateRefused("P8", "hole in a snapshot")
    for client, needed in scan.refs.items():
        if needed > ledger.held.get(client, 0) and not _brings(scan, client, needed):
            raise UpdateRefused("P8", "snapshot without its base")
    for client, deleted in scan.deletes.items():
        if any(
            clock + length > ledger.held.get(client, 0) and not _brings(scan, client, clock + length)
            for clock, length in deleted
        ):
            raise UpdateRefused("P8", "snapshot deletes what is not there")


def _check_structs(scan: Scan, ticket: Ticket, ledger: Ledger) -> None:
    if scan.gc or scan.skip or scan.json or scan.empty:
        raise UpdateRefused("P2", "kind of a struct")
    for client, ranges in scan.structs.items():
        if client != ticket.client:
            raise UpdateRefused("P2", "writes as another client")
        if ranges[0][0] != ledger.held.get(client, 0):
            raise UpdateRefused("P3", "clocks do not follow on")


def _check_deletes(scan: Scan, doc: DocRef, ticket: Ticket, ledger: Ledger) -> None:
    if not scan.deletes:
        return
    if doc.kind is DocKind.CHAT:
        raise UpdateRefused("P4", "deletes in a chat")
    foreign = 0
    for client, ranges in scan.deletes.items():
        top = ledger.held.get(client, 0)
        if client in scan.structs:
            clock, length = scan.structs[client][-1]
            top = clock + length
        for clock, length in ranges:
            if clock + length > top:
                raise UpdateRefused("P4", "deletes the future")
            if client != ticket.client:
                foreign += length
    if foreign > LIMITS.max_foreign_deletes:
        raise UpdateRefused("P4", "deletes too much of others")


def _check_authors(scan: Scan, ticket: Ticket, ledger: Ledger) -> None:
    """P6. An item with an origin inherits its key, so nothing may stand beside an item keyed on an authored root."""
    prefix = f"{ticket.session}-"
    for item in scan.root_keys:
        if item.root in _AUTHORED_ROOTS:
            if not item.key.startswith(prefix):
                raise UpdateRefused("P6", "key of another author")
            if item.length != 1:
                raise UpdateRefused("P6", "more than one value under a key")
            if (item.client, item.clock) in scan.origins:
                raise UpdateRefused("P6", "replaces a keyed item")
    for client, clock in scan.origins:
        if clock in ledger.authored.get(client, _NO_CLOCKS):
            raise UpdateRefused("P6", "replaces a keyed item")


def check_positions(scan: Scan, ledger: Ledger) -> None:
    """P1. What yrs takes, but then panics over, or writes as a state that nobody can load. Holds for open rooms too.

    An item is put only into a shared type, and only between neighbours that stand in one place. No character is cut
    in two by an item beside it or by a delete.
    """
    fresh = {(made.client, made.clock) for made in scan.types}
    for parent in scan.parents:
        if parent not in fresh and not ledger.depth(parent) and not ledger.is_gone(parent):
            raise UpdateRefused("P1", "put into what is no shared type")
    if any(item.right is not None and item.origin is not None for item in scan.items):
        places = Places(ledger.places)
        places.add(scan.items)
        if places.apart(scan.items):
            raise UpdateRefused("P1", "put between neighbours that stand apart")
    if ledger.halves or scan.halves:
        _check_characters(scan, ledger)


def _check_characters(scan: Scan, ledger: Ledger) -> None:
    cuts = [(item.origin[0], item.origin[1] + 1) for item in scan.items if item.origin is not None]
    cuts += [item.right for item in scan.items if item.right is not None]
    for client, ranges in scan.deletes.items():
        for clock, length in ranges:
            cuts += [(client, clock), (client, clock + length)]
    if not (ledger.halves.isdisjoint(cuts) and set(scan.halves).isdisjoint(cuts)):
        raise UpdateRefused("P1", "cuts a character in two")


def _check_depth(scan: Scan, ledger: Ledger) -> None:
    """P1. Deleting 100,000 shared types nested in each other overflows the stack of yrs: their depth is bounded too."""
    fresh: dict[tuple[int, int], int] = {}
    for made in scan.types:
        if made.in_root:
            depth = 1
        elif made.parent is None:
            raise UpdateRefused("P1", "shared type beside another item")
        else:
            depth = fresh.get(made.parent, ledger.depth(made.parent)) + 1
        if depth > UPDATE_LIMITS.depth:
            raise UpdateRefused("P1", "shared types too deep")
        fresh[made.client, made.clock] = depth
