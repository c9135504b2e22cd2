"""What the relay keeps of its rooms: the narrow interface of a room log and the values that it speaks of.

An append is *durable* when its future resolves; nothing is acknowledged to a client before (rule B1). The tests in
``tests/signaling/test_roomlog_contract.py`` hold for every implementation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol, TypeAlias

from whiteboard_crdt.errors import ChalkmeshError

__all__ = [
    "AttendanceEvent",
    "AttendanceKind",
    "LogHealth",
    "LogOverflow",
    "Record",
    "Revocation",
    "RoomHistory",
    "RoomLog",
    "RoomRow",
]

AttendanceKind: TypeAlias = Literal["join", "leave"]


class LogOverflow(ChalkmeshError):
    """The log's queue is full: the disk does not keep up. Nothing was queued; the client comes back later (4500)."""


class Record(NamedTuple):
    """One stored update of a room.

    ``payload`` is a whole envelope in a lesson's room and a Yjs update in an open room. ``room_ms`` counts from the
    room's start, ``arrival_ms`` is unix time; both in milliseconds. A room holds one record for each (``doc``,
    ``session``, ``seq``).
    """

    doc: str
    session: str
    seq: int
    room_ms: int
    arrival_ms: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Revocation:
    """A session that was put out of the room, or (``session`` empty) all tickets of a user made until ``at_ms``.

    ``token`` is what the school signed (T5), empty for the relay's own decision (E5).
    """

    session: str
    user: str
    at_ms: int
    token: str = ""


@dataclass(frozen=True, slots=True)
class RoomHistory:
    """Everything that a room is rebuilt from. ``damaged`` records failed their checksum and were set aside.

    ``snapshots`` is what was given to `RoomLog.save_snapshots` last, and ``records`` are those that came after it; all
    of them when there is none. ``heads`` says how far each stream (doc, session) goes, and ``last_room_ms`` is the
    newest stamp, both over the whole log.
    """

    started_ms: int
    closed: bool
    records: Sequence[Record]
    tickets: Sequence[str]
    revoked: Sequence[Revocation]
    damaged: int = 0
    snapshots: Sequence[bytes] = ()
    heads: Mapping[tuple[str, str], int] = field(default_factory=dict)
    last_room_ms: int = 0


@dataclass(frozen=True, slots=True)
class RoomRow:
    """A room as /internal/rooms lists it."""

    room: str
    started_ms: int
    closed: bool
    records: int


@dataclass(frozen=True, slots=True)
class AttendanceEvent:
    """Somebody came or went; ``id`` makes the delivery to the portal idempotent. ``at_ms`` is unix time."""

    id: str
    room: str
    user: str
    session: str
    kind: AttendanceKind
    at_ms: int


@dataclass(frozen=True, slots=True)
class LogHealth:
    """Whether the log can store now, and if not, why (a sentence without content of any room)."""

    ok: bool
    detail: str = ""


class RoomLog(Protocol):
    """Durable storage of rooms. Methods that return a future are called on the event loop and never block it.

    The writes of one caller become durable in the order in which they were asked for. A future that is refused for want
    of room raises LogOverflow at the call; a storage fault (a full disk) is retried inside until it heals, and shows
    in ``health``.
    """

    @property
    def health(self) -> LogHealth:
        """Whether the last commit succeeded."""
        ...

    async def open_room(self, room: str, now_ms: int, *, whole: bool = False) -> RoomHistory:
        """Read a room, creating it with ``started_ms = now_ms`` when it is new; durable on return.

        ``whole``: all records, whatever snapshots there are.
        """
        ...

    def stretch(self, room: str, doc: str, session: str, first: int, last: int) -> Sequence[Record]:
        """The durable records ``first`` to ``last`` of a stream, in order, at once; damaged ones are left out."""
        ...

    def walk(self, room: str) -> Iterator[Record]:
        """All durable records of a room in the order of the log, read a few at a time; damaged ones are left out."""
        ...

    def save_snapshots(self, room: str, snapshots: Mapping[str, bytes], at_ms: int) -> asyncio.Future[None]:
        """Replace a room's snapshots, one a document: they stand for everything appended before this call.

        They are stored in one transaction with the number of the last record that they cover. No record goes.
        """
        ...

    def append(self, room: str, record: Record, ticket: tuple[str, str] | None = None) -> asyncio.Future[None]:
        """Store one record and, with it, the (session, ticket) of its author. A record already held is no error."""
        ...

    def revoke(self, room: str, revocation: Revocation) -> asyncio.Future[None]:
        """Remember a revocation."""
        ...

    def close_room(self, room: str, at_ms: int) -> asyncio.Future[None]:
        """Close a room for good, creating it when it is new."""
        ...

    async def forget_room(self, room: str, at_ms: int) -> bool:
        """Erase what a closed room holds, durably, and so that it cannot be read out of the files of the log.

        The room stays closed; one that is not known is closed. False, and nothing is erased, while it is open. Raises
        LogOverflow when the log is too busy to do all of it: then it is to be called again. Attendance that the portal
        has not confirmed is kept for it.
        """
        ...

    def attend(self, event: AttendanceEvent) -> asyncio.Future[None]:
        """Queue an attendance event for the portal; a join also marks the session as present until its leave."""
        ...

    def still_present(self, sessions: Sequence[tuple[str, str]], at_ms: int) -> asyncio.Future[None]:
        """Remember that these (room, session) pairs were present at ``at_ms``, for a relay that dies unasked."""
        ...

    async def recover_attendance(self) -> int:
        """After a start: queue a leave, at the time last seen, for everyone whom a dead relay left present."""
        ...

    async def pending_events(self, limit: int) -> Sequence[AttendanceEvent]:
        """The oldest events that the portal has not confirmed."""
        ...

    def confirm_events(self, ids: Sequence[str]) -> asyncio.Future[None]:
        """Forget events that the portal has."""
        ...

    async def rooms(self) -> Sequence[RoomRow]:
        """All rooms."""
        ...

    async def close(self) -> None:
        """Store what is queued, then let go. A fault at this point leaves futures cancelled, never resolved."""
        ...
