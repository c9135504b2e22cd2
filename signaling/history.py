"""Everything that was said in a room, in the order in which the relay took it: in memory while the room is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from whiteboard_crdt.catch_up import StreamRange
from whiteboard_crdt.envelope import Envelope
from whiteboard_crdt.ids import DocRef, SessionId
from whiteboard_crdt.messages import Head

__all__ = ["History", "Logged"]


@dataclass(frozen=True, slots=True)
class Logged:
    """One envelope, when it was taken (room time), and its place in the room's order."""

    envelope: Envelope
    room_ms: int
    position: int


class History:
    """The room's envelopes by order, by document and by stream; also the replica's `EnvelopeStore`.

    The order is causal: nothing stands before what it builds on.
    """

    def __init__(self) -> None:
        self.all: list[Logged] = []
        self.sessions: set[SessionId] = set()
        self._by_doc: dict[DocRef, list[Logged]] = {}
        self._by_stream: dict[tuple[DocRef, SessionId], list[Logged]] = {}

    def add(self, envelope: Envelope, room_ms: int) -> Logged:
        """Take the next envelope of its stream."""
        logged = Logged(envelope, room_ms, len(self.all))
        self.all.append(logged)
        self.sessions.add(envelope.session)
        self._by_doc.setdefault(envelope.doc, []).append(logged)
        self._by_stream.setdefault((envelope.doc, envelope.session), []).append(logged)
        return logged

    def of_doc(self, doc: DocRef) -> Sequence[Logged]:
        """A document's envelopes in order."""
        return self._by_doc.get(doc, ())

    def in_ranges(self, ranges: Iterable[StreamRange]) -> list[Logged]:
        """The envelopes of some stretches of streams, in the room's order."""
        found = [
            logged
            for stretch in ranges
            for logged in self.of_stream(stretch.doc, stretch.session, stretch.first, stretch.last)
        ]
        found.sort(key=lambda logged: logged.position)
        return found

    def of_stream(self, doc: DocRef, session: SessionId, first: int, last: int) -> Sequence[Logged]:
        """A stretch of a stream, both ends included."""
        return self._by_stream.get((doc, session), [])[max(first, 1) - 1 : last]

    def lacking(self, heads: Iterable[Head]) -> Iterable[Logged]:
        """All that somebody with these heads lacks, in order."""
        theirs = {(head.doc, head.session): head.seq for head in heads}
        for logged in self.all:
            envelope = logged.envelope
            if envelope.seq > theirs.get((envelope.doc, envelope.session), 0):
                yield logged

    # EnvelopeStore, for the replica

    def put(self, envelope: Envelope) -> None:
        """Nothing: `add` follows, with the time."""

    def get(self, doc: DocRef, session: SessionId, seq: int) -> Envelope | None:
        """One envelope."""
        stream = self._by_stream.get((doc, session), ())
        return stream[seq - 1].envelope if 0 < seq <= len(stream) else None

    def range(self, doc: DocRef, session: SessionId, first: int, last: int) -> Sequence[Envelope]:
        """Those from `first` to `last`, both included."""
        return [logged.envelope for logged in self.of_stream(doc, session, first, last)]

    def forget(self, doc: DocRef) -> None:
        """Never for a relay: others rebuild from it."""
        raise AssertionError("the relay does not rebuild")
