"""Streams (D3) and what is parked in them: the whole per-stream state of a replica, and its bounds, live here.

A stream is one session's envelopes in one document. It has a head (`seq`, `hash`): all up to there is applied. What
came too early (E6, E7) waits in `parked`, under its number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from whiteboard_crdt.envelope import FIRST_PREV, Envelope
from whiteboard_crdt.ids import DocRef, SessionId
from whiteboard_crdt.spec import LIMITS

__all__ = ["ParkReason", "ParkedEnvelope", "Parking", "Stream"]

_ASK_DOUBLINGS: Final = 4


class ParkReason(StrEnum):
    """Why an envelope waits."""

    HOLE = "hole"
    """E6: envelopes before it are missing."""
    BASE = "base"
    """E7: items that it builds on are missing."""
    TICKET = "ticket"
    """E8: its session is unknown."""
    HELD = "held"
    """P10: its author is kept from the board for now."""


@dataclass(slots=True)
class ParkedEnvelope:
    """One that waits; its signature was checked, unless its session is unknown."""

    envelope: Envelope
    hash: bytes
    since_ms: int
    missing: dict[int, int] = field(default_factory=dict)
    """Client → number of its clocks that are needed, where the base is missing (E7)."""
    held: bool = False
    """It waits until its author is let go (P10), whatever else it waits for."""


@dataclass(slots=True)
class Stream:
    """State of one stream. `acked`: the relay holds it durably up to there (B1)."""

    doc: DocRef
    session: SessionId
    seq: int = 0
    hash: bytes = FIRST_PREV
    acked: int = 0
    parked: dict[int, ParkedEnvelope] = field(default_factory=dict)
    parked_bytes: int = 0
    asked_ms: int = 0
    asks: int = 0

    def advance(self, seq: int, digest: bytes) -> None:
        """Moves the head; questions about what is missing begin anew."""
        self.seq, self.hash = seq, digest
        self.asks = 0

    def may_ask(self, since_ms: int, now_ms: int) -> bool:
        """Whether to ask for what is missing since `since_ms`: after 200 ms, then ever more rarely."""
        if not self.asks:
            return now_ms - since_ms >= LIMITS.want_after_ms
        return now_ms - self.asked_ms >= LIMITS.want_after_ms << min(self.asks, _ASK_DOUBLINGS)

    def note_asked(self, now_ms: int) -> None:
        """Remembers that it was asked for."""
        self.asked_ms = now_ms
        self.asks += 1


class Parking:
    """Parks envelopes within the bounds of E6: per stream in number and bytes, in all in bytes."""

    __slots__ = ("bytes",)

    def __init__(self) -> None:
        self.bytes = 0

    def put(self, stream: Stream, parked: ParkedEnvelope) -> list[ParkedEnvelope]:
        """Parks one. Returns what had to go for it: later ones of the same stream, or itself."""
        seq, size = parked.envelope.seq, len(parked.envelope.raw)
        self.take(stream, seq)
        stream.parked[seq] = parked
        stream.parked_bytes += size
        self.bytes += size
        gone = []
        while (
            len(stream.parked) > LIMITS.park_envelopes
            or stream.parked_bytes > LIMITS.park_stream_bytes
            or self.bytes > LIMITS.park_total_bytes
        ):
            # The one furthest ahead helps least.
            last = self.take(stream, max(stream.parked))
            if last is None:
                raise AssertionError("parked bytes do not add up")
            gone.append(last)
            if not stream.parked:
                break
        return gone

    def take(self, stream: Stream, seq: int) -> ParkedEnvelope | None:
        """Removes and returns the parked envelope of a number."""
        parked = stream.parked.pop(seq, None)
        if parked is not None:
            size = len(parked.envelope.raw)
            stream.parked_bytes -= size
            self.bytes -= size
        return parked

    def clear(self, stream: Stream, below: int | None = None) -> list[ParkedEnvelope]:
        """Removes what is parked in a stream: all, or the numbers up to and including `below`."""
        numbers = [seq for seq in stream.parked if below is None or seq <= below]
        return [parked for seq in numbers if (parked := self.take(stream, seq)) is not None]

    def expire(self, streams: Iterable[Stream], now_ms: int) -> list[ParkedEnvelope]:
        """Removes what has waited for 30 s (E6)."""
        gone = []
        for stream in streams:
            old = [s for s, parked in stream.parked.items() if now_ms - parked.since_ms >= LIMITS.park_ms]
            gone += [parked for seq in old if (parked := self.take(stream, seq)) is not None]
        return gone
