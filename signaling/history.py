"""Everything that was said in a room, in the relay's order: the newest in memory, the rest in the log.

A lesson's whole history would be some 40 MB of objects for an hour of drawing. What the log holds durably leaves memory
once the newest take more than `TAIL_BYTES`; older stretches are read back from the log when somebody asks for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, Protocol

from signaling.roomlog import Record
from whiteboard_crdt.catch_up import StreamRange
from whiteboard_crdt.envelope import Envelope, decode_envelope
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ids import DocRef, SessionId
from whiteboard_crdt.messages import Head

__all__ = ["TAIL_BYTES", "History", "Logged", "RecordReader"]

TAIL_BYTES: Final = 4 * 1024 * 1024
"""Payload bytes of a room that stay in memory; the objects around them take some five times as much."""
MOST_HOLES: Final = 1_024
Stream = tuple[DocRef, SessionId]


class RecordReader(Protocol):
    """The part of a RoomLog that answers for what is no longer in memory."""

    def stretch(self, room: str, doc: str, session: str, first: int, last: int) -> Sequence[Record]:
        """Durable records of a stream, in order; damaged ones are left out."""
        ...

    def walk(self, room: str) -> Iterator[Record]:
        """All durable records of a room, in the order of the log."""
        ...


class Logged(NamedTuple):
    """One envelope, when it was taken (room time), and its place in the room's order."""

    envelope: Envelope
    room_ms: int
    position: int


class History:
    """The room's envelopes by order, by document and by stream; also the replica's `EnvelopeStore`.

    The order is causal: nothing stands before what it builds on.
    """

    def __init__(self, room: str, log: RecordReader, tail_bytes: int = TAIL_BYTES) -> None:
        self.sessions: set[SessionId] = set()
        self._room = room
        self._log = log
        self._tail_bytes = tail_bytes
        # In memory, oldest first. `_gone_*`: how many before them are in the log alone.
        self._tail: list[Logged] = []
        self._by_doc: dict[DocRef, list[Logged]] = {}
        self._by_stream: dict[Stream, list[Logged]] = {}
        self._gone = 0
        self._gone_of_doc: dict[DocRef, int] = {}
        self._gone_of_stream: dict[Stream, int] = {}
        self._bytes = 0
        self._durable = 0
        self.holes: dict[tuple[DocRef, SessionId, int], None] = {}
        """What the log turned out to have lost (`signaling.mending`); no more than `MOST_HOLES`."""
        self.added_bytes = 0
        """Payload bytes of all that was added, ever."""

    def begin(self, heads: Iterable[Head]) -> None:
        """The room's snapshots stand for all up to these heads: it is in the log, and not in memory."""
        for head in heads:
            self.sessions.add(head.session)
            self._gone += head.seq
            self._gone_of_doc[head.doc] = self._gone_of_doc.get(head.doc, 0) + head.seq
            self._gone_of_stream[head.doc, head.session] = head.seq
        self._durable = self._gone

    @property
    def count(self) -> int:
        """How many envelopes the room has."""
        return self._gone + len(self._tail)

    @property
    def replayed(self) -> int:
        """How many are in memory: right after the room was loaded, those since its last snapshot."""
        return len(self._tail)

    @property
    def in_memory_bytes(self) -> int:
        """Payload bytes of those in memory."""
        return self._bytes

    def add(self, envelope: Envelope, room_ms: int) -> Logged:
        """Take the next envelope of its stream."""
        logged = Logged(envelope, room_ms, self.count)
        self._tail.append(logged)
        self.sessions.add(envelope.session)
        self._by_doc.setdefault(envelope.doc, []).append(logged)
        self._by_stream.setdefault((envelope.doc, envelope.session), []).append(logged)
        self._bytes += len(envelope.raw)
        self.added_bytes += len(envelope.raw)
        return logged

    def durable(self, position: int) -> None:
        """The log holds everything up to this place (it stores in order): what is too much may leave memory."""
        self._durable = max(self._durable, position + 1)
        if self._bytes > self._tail_bytes:
            self._let_go()

    def _let_go(self) -> None:
        """Drop the oldest durable ones, a quarter more than needed so that it is rarely done."""
        going = 0
        for logged in self._tail:
            if logged.position >= self._durable or self._bytes <= self._tail_bytes * 3 // 4:
                break
            going += 1
            self._bytes -= len(logged.envelope.raw)
        of_doc: dict[DocRef, int] = {}
        of_stream: dict[Stream, int] = {}
        for logged in self._tail[:going]:
            doc, session = logged.envelope.doc, logged.envelope.session
            of_doc[doc] = of_doc.get(doc, 0) + 1
            of_stream[doc, session] = of_stream.get((doc, session), 0) + 1
        del self._tail[:going]
        self._gone += going
        for doc, many in of_doc.items():
            del self._by_doc[doc][:many]
            self._gone_of_doc[doc] = self._gone_of_doc.get(doc, 0) + many
        for stream, many in of_stream.items():
            del self._by_stream[stream][:many]
            self._gone_of_stream[stream] = self._gone_of_stream.get(stream, 0) + many

    def count_of_doc(self, doc: DocRef) -> int:
        """How many envelopes a document has."""
        return self._gone_of_doc.get(doc, 0) + len(self._by_doc.get(doc, ()))

    def of_doc_since(self, doc: DocRef, count: int) -> Sequence[Logged] | None:
        """A document's envelopes after its first `count`, in order; None where some are no longer in memory."""
        start = count - self._gone_of_doc.get(doc, 0)
        return self._by_doc.get(doc, [])[start:] if start >= 0 else None

    def in_ranges(self, ranges: Iterable[StreamRange]) -> list[Logged]:
        """The envelopes of some stretches of streams, in the room's order."""
        found = [
            logged
            for stretch in ranges
            for logged in self.of_stream(stretch.doc, stretch.session, stretch.first, stretch.last)
        ]
        # Those out of the log stand at their time of arrival, before all that are in memory.
        found.sort(key=lambda logged: (logged.position, logged.room_ms))
        return found

    def of_stream(self, doc: DocRef, session: SessionId, first: int, last: int) -> Sequence[Logged]:
        """A stretch of a stream, both ends included; without what the log found damaged."""
        first = max(first, 1)
        gone = self._gone_of_stream.get((doc, session), 0)
        held = self._by_stream.get((doc, session), [])[max(first - 1 - gone, 0) : max(last - gone, 0)]
        if first > gone or first > last:
            return held
        last = min(last, gone)
        records = self._log.stretch(self._room, doc.text, str(session), first, last)
        old = [logged for record in records if (logged := _logged(record)) is not None]
        if len(old) <= last - first:
            there = {logged.envelope.seq for logged in old}
            for seq in range(first, last + 1):
                if seq not in there:
                    self._note_hole(doc, session, seq)
        return [*old, *held]

    def _note_hole(self, doc: DocRef, session: SessionId, seq: int) -> None:
        if len(self.holes) < MOST_HOLES:
            self.holes[doc, session, seq] = None

    def lacking(self, heads: Iterable[Head]) -> Iterable[Logged]:
        """All that somebody with these heads lacks, in order."""
        theirs = {(head.doc, head.session): head.seq for head in heads}
        if any(gone > theirs.get(stream, 0) for stream, gone in self._gone_of_stream.items()):
            reached: dict[Stream, int] = {}
            for record in self._log.walk(self._room):
                logged = _logged(record)
                if logged is not None:
                    stream = (logged.envelope.doc, logged.envelope.session)
                    for seq in range(reached.get(stream, 0) + 1, logged.envelope.seq):
                        self._note_hole(*stream, seq)
                    reached[stream] = max(logged.envelope.seq, reached.get(stream, 0))
                    if theirs.get(stream, 0) < logged.envelope.seq <= self._gone_of_stream.get(stream, 0):
                        yield logged
        for logged in self._tail:
            envelope = logged.envelope
            if envelope.seq > theirs.get((envelope.doc, envelope.session), 0):
                yield logged

    # EnvelopeStore, for the replica

    def put(self, envelope: Envelope) -> None:
        """Nothing: `add` follows, with the time."""

    def get(self, doc: DocRef, session: SessionId, seq: int) -> Envelope | None:
        """One envelope."""
        if seq < 1:
            return None
        found = self.of_stream(doc, session, seq, seq)
        return found[0].envelope if found else None

    def range(self, doc: DocRef, session: SessionId, first: int, last: int) -> Sequence[Envelope]:
        """Those from `first` to `last`, both included."""
        return [logged.envelope for logged in self.of_stream(doc, session, first, last)]

    def forget(self, doc: DocRef) -> None:
        """Never for a relay: others rebuild from it."""
        raise AssertionError("the relay does not rebuild")


def _logged(record: Record) -> Logged | None:
    try:
        return Logged(decode_envelope(record.payload), record.room_ms, -1)
    except ProtocolError:
        return None
