"""What a replica reports about the envelopes it was given."""

from __future__ import annotations

from dataclasses import dataclass

from whiteboard_crdt.envelope import Envelope
from whiteboard_crdt.errors import CloseCode
from whiteboard_crdt.ids import DocRef, SessionId
from whiteboard_crdt.streams import ParkReason

__all__ = ["Applied", "Dropped", "Duplicate", "Equivocation", "Event", "Mismatch", "Parked", "Refused"]


@dataclass(frozen=True, slots=True)
class Applied:
    """The envelope stands in the document; `hash` is its hash (E3)."""

    envelope: Envelope
    hash: bytes


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Held already; dropped (E5)."""

    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Parked:
    """It waits (E6 to E8)."""

    envelope: Envelope
    reason: ParkReason


@dataclass(frozen=True, slots=True)
class Dropped:
    """It waited too long, or there was no room for it; HAVE finds it again (E6)."""

    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Refused:
    """It breaks a rule, such as "P3", "E2" (signature) or "T2" (revoked); `code` and `reason` may go to the sender."""

    envelope: Envelope
    code: CloseCode
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Equivocation:
    """Two histories of one session (E5), which is frozen now: `second` contradicts `first`, or the head if None."""

    session: SessionId
    first: Envelope | None
    second: Envelope


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Another has a different envelope under a number that is held (B3)."""

    doc: DocRef
    session: SessionId
    seq: int


Event = Applied | Duplicate | Parked | Dropped | Refused | Equivocation | Mismatch
