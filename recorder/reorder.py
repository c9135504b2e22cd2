"""Puts RTP packets back into order, asks for the missing ones again, and gives up on them after a bounded wait.

Pure: no clock, no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Packet = TypeVar("Packet")

# A jump further than this (about ten seconds of video) is a new stream, not loss.
RESTART_DISTANCE = 3000


@dataclass(slots=True)
class _Missing:
    since_s: float
    asked_s: float
    tries: int


@dataclass(slots=True)
class Released(Generic[Packet]):
    """A packet in its place; `gap` when at least one packet right before it never came.

    Never changed; not frozen, because that doubles the price of making one, and there is one for each packet.
    """

    packet: Packet
    gap: bool
    lost: int


class ReorderBuffer(Generic[Packet]):
    """One RTP stream's packets in sequence order.

    wait_s: how long the stream may stand still for a missing packet. nack_every_s: pause between two requests for the
    same packet, 0 asks never. Sequence numbers are the 16-bit ones of the wire; all times are seconds of one clock.
    """

    def __init__(self, *, wait_s: float, nack_every_s: float, nack_tries: int = 8, capacity: int = 2048) -> None:
        self._wait_s = wait_s
        self._nack_every_s = nack_every_s
        self._nack_tries = nack_tries
        self._capacity = capacity
        self._next: int | None = None
        self._highest = 0
        self._held: dict[int, Packet] = {}
        self._missing: dict[int, _Missing] = {}
        self._pending_gap = False
        self._pending_lost = 0
        self.lost = 0
        self.recovered = 0
        self.duplicates = 0
        self.restarts = 0

    def extend(self, sequence: int) -> int:
        """The 16-bit sequence number as a number that does not wrap, nearest to the highest one seen."""
        if self._next is None:
            return sequence
        distance = (sequence - self._highest) & 0xFFFF
        return self._highest + (distance - 0x10000 if distance >= 0x8000 else distance)

    @property
    def waiting(self) -> bool:
        """Whether anything is missing."""
        return bool(self._missing)

    def is_missing(self, sequence: int) -> bool:
        """Whether the packet of this 16-bit number is being waited for (then a redundant copy of it is welcome)."""
        return self.extend(sequence) in self._missing

    def add(self, sequence: int, packet: Packet, now_s: float) -> list[Released[Packet]]:
        """Take in one packet; returns those that are now in order, oldest first."""
        if not self._missing and not self._held and self._next is not None and sequence == self._next & 0xFFFF:
            # Nothing is out of order, as nearly always.
            self._highest = self._next
            self._next += 1
            released = Released(packet, self._pending_gap, self._pending_lost)
            self._pending_gap = False
            self._pending_lost = 0
            return [released]
        extended = self.extend(sequence)
        if self._next is None:
            self._next = extended
            self._highest = extended - 1
        elif abs(extended - self._highest) > RESTART_DISTANCE:
            return self._restart(extended, packet)
        if extended < self._next or extended in self._held:
            self.duplicates += 1
            return []
        if extended > self._highest:
            for absent in range(self._highest + 1, extended):
                self._missing[absent] = _Missing(now_s, float("-inf"), 0)
            self._highest = extended
        elif self._missing.pop(extended, None) is not None:
            self.recovered += 1
        self._held[extended] = packet
        out = self._release()
        while len(self._held) > self._capacity:
            out += self._skip_head()
        return out

    def advance(self, now_s: float) -> list[Released[Packet]]:
        """Give up on packets that were waited for long enough; returns what stood behind them."""
        out: list[Released[Packet]] = []
        while self._held and self._missing:
            head = self._missing.get(self._next or 0)
            if head is None or now_s - head.since_s < self._wait_s:
                break
            out += self._skip_head()
        return out

    def due_nacks(self, now_s: float) -> list[int]:
        """Sequence numbers, not wrapped and ascending, that should be asked for now (RFC 4585 generic NACK)."""
        if self._nack_every_s <= 0:
            return []
        due: list[int] = []
        for extended, missing in self._missing.items():
            if missing.tries < self._nack_tries and now_s - missing.asked_s >= self._nack_every_s:
                missing.asked_s = now_s
                missing.tries += 1
                due.append(extended)
        return sorted(due)

    def next_timeout(self) -> float | None:
        """When `advance` or `due_nacks` has something to do, or None while nothing is missing."""
        if not self._missing:
            return None
        wait = min(missing.since_s for missing in self._missing.values()) + self._wait_s
        if self._nack_every_s <= 0:
            return wait
        asks = [m.asked_s + self._nack_every_s for m in self._missing.values() if m.tries < self._nack_tries]
        return min([wait, *asks])

    def _restart(self, extended: int, packet: Packet) -> list[Released[Packet]]:
        self.restarts += 1
        self._held.clear()
        self._missing.clear()
        self._next = extended + 1
        self._highest = extended
        self._pending_gap = False
        self._pending_lost = 0
        return [Released(packet, True, 1)]

    def _skip_head(self) -> list[Released[Packet]]:
        assert self._next is not None
        while self._held and self._next not in self._held:
            if self._missing.pop(self._next, None) is not None:
                self.lost += 1
                self._pending_lost += 1
            self._pending_gap = True
            self._next += 1
        return self._release()

    def _release(self) -> list[Released[Packet]]:
        assert self._next is not None
        out: list[Released[Packet]] = []
        while (packet := self._held.pop(self._next, None)) is not None:
            out.append(Released(packet, self._pending_gap, self._pending_lost))
            self._pending_gap = False
            self._pending_lost = 0
            self._next += 1
        return out
