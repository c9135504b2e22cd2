"""Receiving envelopes (E5 to E9): what is applied, what waits and for what, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from whiteboard_crdt.documents import Document, Documents
from whiteboard_crdt.envelope import FIRST_PREV, Envelope, envelope_hash, verify
from whiteboard_crdt.errors import CloseCode, UpdateRefused
from whiteboard_crdt.events import Applied, Dropped, Duplicate, Equivocation, Event, Parked, Refused
from whiteboard_crdt.holds import Holds
from whiteboard_crdt.ids import BOARD, STAGE, DocRef, RoomId, SessionId
from whiteboard_crdt.messages import WantMessage
from whiteboard_crdt.policy import check_update, may_write, missing_base, needed_clocks
from whiteboard_crdt.sessions import KnownSession, Sessions
from whiteboard_crdt.spec import LIMITS
from whiteboard_crdt.store import EnvelopeStore
from whiteboard_crdt.streams import ParkedEnvelope, Parking, ParkReason, Stream
from whiteboard_crdt.yupdate import scan_update

__all__ = ["Intake"]

_STRANGERS_BYTES: Final = LIMITS.park_stream_bytes  # of envelopes of all unknown sessions together (E8)
Hold = Callable[[Stream, ParkedEnvelope], None]


class Intake:
    """The receiving half of a replica. `hold` is called with each envelope that was applied."""

    def __init__(
        self, room: RoomId, sessions: Sessions, documents: Documents, store: EnvelopeStore, hold: Hold
    ) -> None:
        self._room = room
        self._sessions = sessions
        self._documents = documents
        self._store = store
        self._hold = hold
        self.holds = Holds()
        self._freed = False
        self._parking = Parking()
        self._strangers: dict[SessionId, list[ParkedEnvelope]] = {}
        self._stranger_bytes = 0

    def receive(
        self,
        envelope: Envelope,
        *,
        now_ms: int,
        trusted_author: SessionId | None = None,
        from_relay: bool = False,
    ) -> list[Event]:
        """Takes an envelope from anyone. Returns what came of it, and of parked ones that it set free.

        `trusted_author`: its session, where it comes out of our own store, verified before. `from_relay`: it came
        from the relay, which alone hands on envelopes of sessions that were revoked after they wrote. Raises nothing.
        """
        session = envelope.session
        known = self._sessions.get(session)
        if known is None:
            return self._park_stranger(envelope, now_ms)
        digest = envelope_hash(self._room, envelope.body)
        stream = self._documents.stream(envelope.doc, session)
        held = None if stream is None else self.held_hash(stream, envelope.seq)
        is_free = from_relay or session == trusted_author
        if is_free and stream is not None and digest == held and self._let_go(stream, envelope.seq):
            return self.release(self._documents.make(envelope.doc)) or [Duplicate(envelope)]
        if stream is not None and (digest == held or (held is None and envelope.seq <= stream.seq)):
            return [Duplicate(envelope)]
        if session in self._sessions.frozen and not from_relay:
            return [Refused(envelope, CloseCode.EQUIVOCATION, "E5", "the session is frozen")]
        if session in self._sessions.revoked and not from_relay:
            return [Refused(envelope, CloseCode.REVOKED, "T2", "the session was revoked")]
        if not may_write(envelope.doc, known.ticket):
            return [Refused(envelope, CloseCode.NOT_ALLOWED, "P7", "may not write this document")]
        if session != trusted_author and not verify(self._room, envelope, known.key):
            return [Refused(envelope, CloseCode.UPDATE_REFUSED, "E2", "the signature does not hold")]
        document = self._documents.make(envelope.doc)
        stream = document.stream(session)
        if held is not None:
            return self._freeze(stream, envelope)
        parked = ParkedEnvelope(envelope, digest, now_ms)
        if not is_free and self.holds.keeps_out(known.ticket, envelope.doc, now_ms):
            parked.held = True
            return self._park(document, stream, parked, ParkReason.HELD)
        if envelope.seq > stream.seq + 1:
            return self._park(document, stream, parked, ParkReason.HOLE)
        events = self._take_next(document, stream, parked, known)
        if document.waiting:
            events += self.release(document)
        if envelope.doc == STAGE:
            self.stage_changed(now_ms)
            events += self._release_freed()
        return events

    def stage_changed(self, now_ms: int) -> None:
        """Reads the stage again (P10, D4). What waits for whoever was let go follows with `expire` at the latest."""
        self._freed = self.holds.read(self._documents.make(STAGE).doc, now_ms) or self._freed

    def _let_go(self, stream: Stream, seq: int) -> bool:
        """The relay took what waits here for the end of a hold (P10): it counts for all. True if there was such."""
        parked = stream.parked.get(seq)
        was_held = parked is not None and parked.held
        if parked is not None:
            parked.held = False
        return was_held

    def _release_freed(self) -> list[Event]:
        board = self._documents.get(BOARD)
        freed, self._freed = self._freed, False
        return self.release(board) if freed and board is not None else []

    def greet(self, session: SessionId) -> list[Event]:
        """Receives what was parked for a session whose ticket has come (E8)."""
        events: list[Event] = []
        for parked in self._take_strangers(session):
            events += self.receive(parked.envelope, now_ms=parked.since_ms)
        return events

    def release(self, document: Document) -> list[Event]:
        """Applies what is parked and has become applicable, until nothing more has."""
        events: list[Event] = []
        progress = True
        while progress:
            progress = False
            for session in sorted(document.waiting):
                applied = self._release_stream(document, document.streams[session])
                progress = progress or bool(applied)
                events += applied
        return events

    def drop_parked(self, session: SessionId) -> None:
        """Forgets what waits of a session."""
        for document in self._documents:
            stream = document.streams.get(session)
            if stream is not None:
                self._parking.clear(stream)
            document.waiting.discard(session)
        self._take_strangers(session)

    def drop_below_head(self, stream: Stream) -> None:
        """Forgets what waits in a stream although its head has passed it."""
        self._parking.clear(stream, stream.seq)

    def drop_document(self, document: Document) -> None:
        """Forgets what waits in a document."""
        for stream in document.streams.values():
            self._parking.clear(stream)

    def expire(self, now_ms: int) -> list[Event]:
        """Drops what has waited for 30 s (E6)."""
        events = self._release_freed()
        gone: list[ParkedEnvelope] = []
        for document in self._documents:
            gone += self._parking.expire(document.streams.values(), now_ms)
            document.waiting = {session for session in document.waiting if document.streams[session].parked}
        for session in list(self._strangers):
            waiting = self._take_strangers(session)
            gone += [parked for parked in waiting if now_ms - parked.since_ms >= LIMITS.park_ms]
            for parked in waiting:
                if now_ms - parked.since_ms < LIMITS.park_ms:
                    self._put_stranger(parked)
        return events + [Dropped(parked.envelope) for parked in gone]

    def wants(self, now_ms: int) -> list[WantMessage]:
        """What to ask for now (E6, E7): holes, and streams of clients whose items are missing."""
        needed: dict[tuple[DocRef, SessionId], tuple[Stream, int, int]] = {}
        for document in self._documents:
            for session in sorted(document.waiting):
                stream = document.streams[session]
                if not stream.parked:
                    continue
                first = min(stream.parked)
                parked = stream.parked[first]
                if first > stream.seq + 1:
                    needed[document.ref, session] = (stream, first - 1, parked.since_ms)
                    continue
                for client in parked.missing:
                    author = self._sessions.of_client(client)
                    if author is not None and author != session:
                        base = document.stream(author)
                        unknown_end = (base, base.seq + 1 + LIMITS.want_span, parked.since_ms)
                        needed.setdefault((document.ref, author), unknown_end)
        wants = []
        for (ref, session), (stream, last, since_ms) in needed.items():
            if stream.may_ask(since_ms, now_ms):
                stream.note_asked(now_ms)
                first = stream.seq + 1
                wants.append(WantMessage(ref, session, first, min(last, first + LIMITS.want_span)))
        return wants

    def held_hash(self, stream: Stream, seq: int) -> bytes | None:
        """The hash of what is held, applied or parked, under a number; None if nothing is, or it is not known."""
        if seq == stream.seq:
            return stream.hash if seq else None
        if seq > stream.seq:
            parked = stream.parked.get(seq)
            return None if parked is None else parked.hash
        stored = self._store.get(stream.doc, stream.session, seq)
        return None if stored is None else envelope_hash(self._room, stored.body)

    def _take_next(
        self, document: Document, stream: Stream, parked: ParkedEnvelope, known: KnownSession
    ) -> list[Event]:
        """The envelope after the head: applies, parks, refuses it, or freezes its session."""
        envelope = parked.envelope
        if envelope.prev != stream.hash:
            return self._freeze(stream, envelope)
        try:
            scan = scan_update(envelope.update)
            if missing_base(scan, document.ledger):
                parked.missing = needed_clocks(scan)
                return self._park(document, stream, parked, ParkReason.BASE)
            check_update(scan, envelope.doc, known.ticket, document.ledger)
            document.apply(envelope.update, scan)
        except UpdateRefused as refusal:
            # Nothing after it can ever be applied.
            self._parking.clear(stream)
            return [Refused(envelope, refusal.code, refusal.rule, refusal.reason)]
        self._hold(stream, parked)
        return [Applied(envelope, parked.hash)]

    def _park(self, document: Document, stream: Stream, parked: ParkedEnvelope, reason: ParkReason) -> list[Event]:
        document.waiting.add(stream.session)
        gone = self._parking.put(stream, parked)
        events: list[Event] = [] if parked in gone else [Parked(parked.envelope, reason)]
        return events + [Dropped(late.envelope) for late in gone]

    def _release_stream(self, document: Document, stream: Stream) -> list[Event]:
        known = self._sessions.get(stream.session)
        events: list[Event] = []
        while known is not None and (parked := stream.parked.get(stream.seq + 1)) is not None:
            held = document.ledger.held
            if any(held.get(client, 0) < clocks for client, clocks in parked.missing.items()):
                break
            if parked.held and known.ticket.user in self.holds.users:
                break
            self._parking.take(stream, parked.envelope.seq)
            fresh = self._take_next(document, stream, parked, known)
            if isinstance(fresh[-1], Parked):
                break
            events += fresh
        if not stream.parked:
            document.waiting.discard(stream.session)
        return events

    def _freeze(self, stream: Stream, second: Envelope) -> list[Event]:
        """E5: nothing more of the session is applied."""
        session = second.session
        seq = second.seq if second.seq in stream.parked or second.seq <= stream.seq else second.seq - 1
        parked = stream.parked.get(seq)
        first = self._store.get(stream.doc, session, seq) if parked is None else parked.envelope
        self._sessions.frozen.add(session)
        self.drop_parked(session)
        return [Equivocation(session, first, second)]

    def _park_stranger(self, envelope: Envelope, now_ms: int) -> list[Event]:
        waiting = self._strangers.get(envelope.session, ())
        if any(parked.envelope.raw == envelope.raw for parked in waiting):
            return [Duplicate(envelope)]
        full = len(waiting) >= LIMITS.park_envelopes
        if full or self._stranger_bytes + len(envelope.raw) > _STRANGERS_BYTES:
            return [Dropped(envelope)]
        self._put_stranger(ParkedEnvelope(envelope, FIRST_PREV, now_ms))
        return [Parked(envelope, ParkReason.TICKET)]

    def _put_stranger(self, parked: ParkedEnvelope) -> None:
        self._strangers.setdefault(parked.envelope.session, []).append(parked)
        self._stranger_bytes += len(parked.envelope.raw)

    def _take_strangers(self, session: SessionId) -> list[ParkedEnvelope]:
        waiting = self._strangers.pop(session, [])
        self._stranger_bytes -= sum(len(parked.envelope.raw) for parked in waiting)
        return waiting
