"""The replica: everything a participant holds of a room, the same in browser, relay, recorder and bot.

No clock and no I/O: what the network brings goes in through `receive`, and every method returns what came of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pycrdt import Doc

from whiteboard_crdt.catch_up import Readable, StreamRange, missing_ranges, take_oldest
from whiteboard_crdt.documents import Documents
from whiteboard_crdt.envelope import Envelope, envelope_hash, seal
from whiteboard_crdt.errors import CloseCode, UpdateRefused
from whiteboard_crdt.events import Event, Mismatch
from whiteboard_crdt.ids import STAGE, ClientId, DocRef, RoomId, SessionId, UserId
from whiteboard_crdt.intake import Intake
from whiteboard_crdt.keys import PublicKey, Sign
from whiteboard_crdt.messages import AckEntry, Head, SnapshotHead, SnapshotMessage, WantMessage
from whiteboard_crdt.policy import check_snapshot, check_update, missing_base
from whiteboard_crdt.sessions import Sessions
from whiteboard_crdt.spec import SNAPSHOT_LIMITS
from whiteboard_crdt.store import EnvelopeStore, MemoryStore
from whiteboard_crdt.streams import ParkedEnvelope, Stream
from whiteboard_crdt.ticket import Ticket
from whiteboard_crdt.yupdate import Scan, scan_update

__all__ = ["OwnSession", "Replica"]

_REPLY_BYTES: Final = 512 * 1024  # of envelopes in answer to one HAVE (B2)


@dataclass(frozen=True, slots=True)
class OwnSession:
    """The session that writes here: `sign` makes a raw 64-byte signature with its key (E2)."""

    session: SessionId
    client: ClientId
    sign: Sign


class Replica:
    """State of one room. `own` is None for who never writes (relay, recorder); `store` keeps envelopes for others.

    `on_local_edit` is called with the document whenever a local edit waits for `flush_local`.
    """

    def __init__(
        self,
        room: RoomId,
        own: OwnSession | None,
        jwks: Mapping[str, PublicKey],
        *,
        store: EnvelopeStore | None = None,
        on_local_edit: Callable[[DocRef], None] | None = None,
    ) -> None:
        self.room = room
        self.own = own
        self.sessions = Sessions(room, jwks)
        self.store: EnvelopeStore = MemoryStore() if store is None else store
        self._documents = Documents(None if own is None else own.client, on_local_edit)
        self._intake = Intake(room, self.sessions, self._documents, self.store, self._hold)
        self._unacked: dict[DocRef, deque[Envelope]] = {}

    # Documents and sessions

    def doc(self, ref: DocRef) -> Doc[Any]:
        """The CRDT document, made on demand. Local edits of it are captured for `flush_local`."""
        return self._documents.make(ref).doc

    @property
    def documents(self) -> tuple[DocRef, ...]:
        """The documents that are there."""
        return tuple(document.ref for document in self._documents)

    def admit_ticket(self, token: str) -> tuple[Ticket, list[Event]]:
        """Honours a ticket (T1, T3, T4) and receives what was parked for its session (E8). Raises TicketError.

        Admission at the relay (T2) is `ticket.check_admission` and `is_revoked`, before this.
        """
        ticket = self.sessions.admit(token)
        return ticket, self._intake.greet(ticket.session)

    def is_revoked(self, session: SessionId) -> bool:
        """Whether the session was revoked."""
        return session in self.sessions.revoked

    def is_out(self, session: SessionId) -> bool:
        """Whether nothing of a session is taken from peers any more: revoked (T5), or frozen for two histories (E5)."""
        return session in self.sessions.revoked or session in self.sessions.frozen

    def evidence(self, heads: Iterable[Head], readable: Readable | None = None) -> list[Envelope]:
        """What we hold where another holds something else under the same number (B3): with it, it can prove E5."""
        found = (
            self.store.get(one.doc, one.session, one.seq)
            for one in self.mismatches(heads)
            if not self.is_out(one.session) and (readable is None or readable(one.doc))
        )
        return [envelope for envelope in found if envelope is not None]

    def revoke(self, session: SessionId) -> None:
        """Takes nothing more of a session, other than what the relay hands on (S8): the relay's own decision (E5)."""
        self.sessions.revoked.add(session)
        self._intake.drop_parked(session)

    def revoke_by(self, token: str) -> frozenset[SessionId] | None:
        """Honours a revocation that the school signed, whoever brings it (T5): nothing more is taken of its sessions,
        other than what the relay hands on.

        Returns the sessions that it puts out, None for one that is known. Raises TicketError.
        """
        sessions = self.sessions.revoke_by(token)
        for session in sessions or ():
            self._intake.drop_parked(session)
        return sessions

    @property
    def held(self) -> frozenset[UserId]:
        """Who is kept from the board for now (P10)."""
        return self._intake.holds.users

    @property
    def shown_desk(self) -> UserId | None:
        """Whose desk everybody may read (D4)."""
        return self._intake.holds.shown_desk

    # Writing

    def author(self, ref: DocRef, update: bytes, now_ms: int) -> Envelope:
        """Seals an update that the document already holds. `now_ms` is the room's clock (E10).

        Raises UpdateRefused if others would refuse it, and AssertionError without an own session and its ticket.
        """
        own = self.own
        known = None if own is None else self.sessions.get(own.session)
        if own is None or known is None:
            raise AssertionError("only a session with a ticket writes")
        document = self._documents.make(ref)
        scan = scan_update(update)
        if missing_base(scan, document.ledger):
            raise AssertionError("a local edit builds on what is not there")
        check_update(scan, ref, known.ticket, document.ledger)
        stream = document.stream(own.session)
        envelope = seal(self.room, ref, own.session, stream.seq + 1, stream.hash, now_ms, update, own.sign)
        document.ledger.note(scan)
        self._hold(stream, ParkedEnvelope(envelope, envelope_hash(self.room, envelope.body), now_ms))
        if ref == STAGE:
            self._intake.stage_changed(now_ms)
        return envelope

    @property
    def has_local_edits(self) -> bool:
        """Whether `flush_local` has something to seal."""
        return any(document.captured for document in self._documents)

    def flush_local(self, now_ms: int) -> list[Envelope]:
        """Seals the local edits made since the last call, in as few envelopes as fit (E11). Raises as `author`."""
        return [
            self.author(document.ref, update, now_ms)
            for document in self._documents
            if document.captured
            for update in document.take_captured()
        ]

    def ack(self, entries: Iterable[AckEntry]) -> None:
        """Takes in an ACK of the relay (B1)."""
        for entry in entries:
            stream = self._documents.stream(entry.doc, entry.session)
            if stream is None:
                continue
            stream.acked = max(stream.acked, min(entry.seq, stream.seq))
            if self.own is not None and entry.session == self.own.session:
                unacked = self._unacked.get(entry.doc, deque())
                while unacked and unacked[0].seq <= stream.acked:
                    unacked.popleft()

    def acked(self, ref: DocRef, session: SessionId) -> int:
        """Up to which number the relay holds a stream durably; 0 for nothing."""
        stream = self._documents.stream(ref, session)
        return 0 if stream is None else stream.acked

    def unacked(self) -> list[Envelope]:
        """Own envelopes that the relay has not acknowledged, oldest first."""
        return sorted((e for queue in self._unacked.values() for e in queue), key=lambda e: (e.authored_ms, e.seq))

    # Receiving

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
        return self._intake.receive(envelope, now_ms=now_ms, trusted_author=trusted_author, from_relay=from_relay)

    def apply_snapshot(self, snapshot: SnapshotMessage, scan: Scan | None = None) -> list[Event]:
        """Merges a snapshot of the relay (P8, E9). Raises UpdateRefused.

        `scan` is of its update, by `SNAPSHOT_LIMITS`, where somebody has read that in another thread: it takes 40 µs a
        stroke.

        Where the relay holds another envelope than we under the same number, nothing is merged, and the Mismatches
        are returned: then `rebuild` with this snapshot.
        """
        differing = self.mismatches(Head(snapshot.doc, head.session, head.seq, head.hash) for head in snapshot.heads)
        if differing:
            return list(differing)
        document = self._documents.make(snapshot.doc)
        scan = scan or scan_update(snapshot.update, SNAPSHOT_LIMITS)
        check_snapshot(scan, document.ledger)
        document.apply(snapshot.update, scan)
        for head in snapshot.heads:
            stream = document.stream(head.session)
            if head.seq > stream.seq:
                stream.advance(head.seq, head.hash)
                self._intake.drop_below_head(stream)
        if snapshot.doc == STAGE:
            self._intake.stage_changed(0)
        return self._intake.release(document)

    def rebuild(self, snapshot: SnapshotMessage, now_ms: int) -> list[Event]:
        """Replaces a document by the relay's (B3), own unacknowledged envelopes on top. Views must be made anew.

        Local edits are to be flushed before. Raises UpdateRefused, also if own work cannot be set on top: then the
        participant goes on with a new session.
        """
        ref = snapshot.doc
        old = self._documents.take_out(ref)
        if old is not None:
            if old.captured:
                raise AssertionError("local edits are not flushed")
            self._intake.drop_document(old)
        self.store.forget(ref)
        events = self.apply_snapshot(snapshot)
        for envelope in tuple(self._unacked.pop(ref, ())):
            events += self.receive(envelope, now_ms=now_ms)
        if old is not None and self.own is not None:
            written = old.stream(self.own.session).seq
            if self._documents.make(ref).stream(self.own.session).seq < written:
                raise UpdateRefused("B3", "own work does not follow on the relay's", CloseCode.EQUIVOCATION)
        return events

    def expire(self, now_ms: int) -> list[Event]:
        """Drops what has been parked for 30 s (E6). To be called about once a second."""
        return self._intake.expire(now_ms)

    def wants(self, now_ms: int) -> list[WantMessage]:
        """What to ask for now (E6, E7): holes, and streams of clients whose items are missing."""
        return self._intake.wants(now_ms)

    # Comparing with others

    def heads(self, ref: DocRef | None = None, readable: Readable | None = None) -> list[Head]:
        """Heads of one document, or of all that `readable` lets through."""
        return [
            Head(stream.doc, stream.session, stream.seq, stream.hash)
            for document in self._documents
            if (ref is None or document.ref == ref) and (readable is None or readable(document.ref))
            for _, stream in sorted(document.streams.items())
            if stream.seq
        ]

    def mismatches(self, heads: Iterable[Head]) -> list[Mismatch]:
        """Entries of a HAVE whose number is held here with another hash (B3)."""
        found = []
        for head in heads:
            stream = self._documents.stream(head.doc, head.session)
            held = None if stream is None else self._intake.held_hash(stream, head.seq)
            if held is not None and held != head.hash:
                found.append(Mismatch(head.doc, head.session, head.seq))
        return found

    def missing_ranges(self, heads: Iterable[Head], readable: Readable | None = None) -> list[StreamRange]:
        """What the other lacks by its heads (B2): for who keeps envelopes elsewhere, such as in the relay's log."""
        return missing_ranges(self.heads(readable=readable), heads)

    def missing_for(
        self,
        heads: Iterable[Head],
        readable: Readable | None = None,
        max_bytes: int = _REPLY_BYTES,
        but: Collection[SessionId] = (),
    ) -> tuple[list[str], list[Envelope]]:
        """The answer to a HAVE (B2): tickets of sessions that it does not name, and the oldest missing envelopes.

        `but`: sessions of which nothing is wanted, such as revoked ones between peers.
        """
        theirs = list(heads)
        named = {head.session for head in theirs}
        ranges = [one for one in self.missing_ranges(theirs, readable) if one.session not in but]
        envelopes = take_oldest(self.store, ranges, max_bytes)
        sessions = dict.fromkeys(envelope.session for envelope in envelopes)
        found = (self.sessions.get(session) for session in sessions if session not in named)
        return [known.token for known in found if known is not None], envelopes

    def envelope(self, ref: DocRef, session: SessionId, seq: int) -> Envelope | None:
        """One envelope, if the store has it."""
        return self.store.get(ref, session, seq)

    def snapshot(self, ref: DocRef) -> SnapshotMessage:
        """The whole document as it is, for someone who comes late."""
        heads = tuple(SnapshotHead(head.session, head.seq, head.hash) for head in self.heads(ref))
        return SnapshotMessage(ref, heads, self.doc(ref).get_update())

    def _hold(self, stream: Stream, held: ParkedEnvelope) -> None:
        envelope = held.envelope
        stream.advance(envelope.seq, held.hash)
        self.store.put(envelope)
        if self.own is not None and envelope.session == self.own.session:
            self._unacked.setdefault(envelope.doc, deque()).append(envelope)
