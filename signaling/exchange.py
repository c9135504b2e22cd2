"""Envelopes in a room: checked, told to the others at once, stored, and acknowledged once they are durable (B1).

Between the room's replica (what is right), its history and log (what is kept) and its members (who is told).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from signaling.answers import Answers
from signaling.fanout import Fanout
from signaling.frames import binary_frame
from signaling.history import History, Logged
from signaling.member import Member, ShownDesk
from signaling.mending import Mending
from signaling.relay_metrics import COMMITS, EDITS, REFUSALS
from signaling.room_clock import RoomClock
from signaling.roomlog import LogOverflow, Record, RoomLog
from signaling.snapshots import Snapshots
from whiteboard_crdt.catch_up import first_of, oldest_first
from whiteboard_crdt.envelope import Envelope, envelope_hash
from whiteboard_crdt.errors import CloseCode, ProtocolError
from whiteboard_crdt.events import Applied, Dropped, Duplicate, Equivocation, Event, Mismatch, Parked, Refused
from whiteboard_crdt.ids import BOARD, CHAT, STAGE, DocRef, RoomId, SessionId, UserId
from whiteboard_crdt.messages import (
    AckEntry,
    AckMessage,
    EnvelopeMessage,
    HaveMessage,
    Head,
    LoggedMessage,
    RefusedMessage,
    SyncedMessage,
    TicketMessage,
    WantMessage,
    encode_message,
)
from whiteboard_crdt.replica import Replica
from whiteboard_crdt.spec import LIMITS

__all__ = ["Exchange"]

log = logging.getLogger("chalkmesh.relay.room")

Stream = tuple[DocRef, SessionId]
_REPLY_BYTES: Final = 512 * 1024  # of an answer to HAVE (B2)
_SHARED: Final = (BOARD, STAGE, CHAT)


class Exchange:
    """One room's envelopes. Lives on the event loop; nothing here waits."""

    def __init__(
        self,
        room: RoomId,
        replica: Replica,
        history: History,
        store: RoomLog,
        members: Mapping[SessionId, Member],
        fanout: Fanout[Member],
        wall_ms: Callable[[], int],
        on_equivocation: Callable[[SessionId], None],
    ) -> None:
        self.clock: RoomClock | None = None
        self.shown = ShownDesk()
        self._held: frozenset[UserId] = frozenset()
        self._room = room
        self._replica = replica
        self._history = history
        self._store = store
        self._members = members
        self._fanout = fanout
        self._wall_ms = wall_ms
        self._on_equivocation = on_equivocation
        self._snapshots = Snapshots(replica, history)
        self._answers = Answers()
        self._mending = Mending(room, replica, history, store)
        self._durable: dict[Stream, int] = {}
        # Who sent envelopes of a stream and waits for their ACK.
        self._awaiting: dict[Stream, set[Member]] = {}
        self._ack_streams: set[Stream] = set()
        self._loggers: set[Member] = set()
        # Who brought an envelope that waits for others: it is acknowledged to, or closed, later.
        self._brought: dict[tuple[DocRef, SessionId, int], Member] = {}
        # Taken and told, and not with the log yet; the log has had no room for the `_unstored`.
        self._taken: list[Logged] = []
        self._unstored: deque[Logged] = deque()
        self._storing = 0
        self._group: tuple[asyncio.Future[None], list[Logged]] | None = None

    @property
    def settled(self) -> bool:
        """Whether everything taken is durable."""
        return not self._storing and self.all_queued

    def restored(self, doc: DocRef, session: SessionId, seq: int) -> None:
        """A stream out of the log: it is durable already."""
        self._durable[doc, session] = seq

    @property
    def all_queued(self) -> bool:
        """Whether all that was taken is with the log, if not durable yet."""
        return not self._unstored and not self._taken

    # Receiving

    def envelope(self, member: Member, envelope: Envelope) -> None:
        """ENVELOPE from a member, its own or another's (S4). Raises ProtocolError when it has to be closed."""
        if self._unstored:
            raise ProtocolError("the room log does not keep up", CloseCode.TRY_LATER)
        self.take(member, self._replica.receive(envelope, now_ms=self._wall_ms()))

    def take(self, member: Member | None, events: Iterable[Event]) -> None:
        """Act on what came of a member's message. Raises ProtocolError when that member has to be closed."""
        refusal: ProtocolError | None = None
        for event in events:
            if isinstance(event, Applied):
                self._applied(member, event.envelope)
            elif isinstance(event, Duplicate):
                if member is not None:
                    self._again(member, event.envelope)
            elif isinstance(event, Parked):
                if member is not None:
                    self._brought.setdefault(_key(event.envelope), member)
            elif isinstance(event, Dropped):
                self._brought.pop(_key(event.envelope), None)
            elif isinstance(event, Refused):
                refusal = self._refused(member, event) or refusal
            elif isinstance(event, Equivocation):
                refusal = self._equivocation(member, event) or refusal
        if refusal is not None:
            raise refusal

    def _applied(self, member: Member | None, envelope: Envelope) -> None:
        if self.clock is None:
            raise AssertionError("the room is not restored")
        brought = self._brought.pop(_key(envelope), None)
        first = envelope.session not in self._history.sessions
        logged = self._history.add(envelope, self.clock.now_ms())
        senders = {one for one in (brought or member, self._members.get(envelope.session)) if one is not None}
        if first and envelope.session not in self._members:
            self._announce(envelope.session)
        self._tell(logged, senders)
        self._awaiting.setdefault((envelope.doc, envelope.session), set()).update(senders)
        self._taken.append(logged)
        if envelope.doc == STAGE:
            self.stage_changed()

    def stage_changed(self) -> None:
        """Who may read more than before, or write again, compares with us now instead of at the next digest."""
        freed, self._held = self._held - self._replica.held, self._replica.held
        before, self.shown.user = self.shown.user, self._replica.shown_desk
        for member in tuple(self._members.values()):
            is_shown_more = self.shown.user is not None and self.shown.user != before
            if member.mode == "live" and (is_shown_more or member.ticket.user in freed):
                member.socket.send(self.have_frame(member, reply=True))

    def store_taken(self) -> None:
        """Give the log what was told; what it has no room for is tried again with the next tick."""
        if self._taken:
            self._unstored.extend(self._taken)
            self._taken.clear()
            while self._unstored and self._try_store(self._unstored[0]):
                self._unstored.popleft()

    def _tell(self, logged: Logged, senders: Collection[Member]) -> None:
        """Tell all who may read it; who keeps the log learns the time too."""
        envelope = logged.envelope
        frame = binary_frame(encode_message(EnvelopeMessage(envelope)))
        loggers = [one for one in self._loggers if one.reads(envelope.doc)] if self._loggers else ()
        if envelope.doc in _SHARED:
            self._fanout.put(frame, but=[*senders, *loggers] if loggers else senders)
        else:
            readers = [one for one in self._members.values() if one.mode == "live" and one.reads(envelope.doc)]
            self._fanout.put(frame, only=[one for one in readers if one not in senders])
        told = [one for one in loggers if one not in senders]
        if told:
            self._fanout.put(binary_frame(encode_message(LoggedMessage(logged.room_ms, envelope))), only=told)

    def _announce(self, session: SessionId) -> None:
        """Members that came before this absent session's work know no ticket of it yet (E8)."""
        known = self._replica.sessions.get(session)
        if known is not None:
            self._fanout.put(binary_frame(encode_message(TicketMessage(known.token))))

    def _again(self, member: Member, envelope: Envelope) -> None:
        self._mending.mend(envelope, self._wall_ms())
        stream = (envelope.doc, envelope.session)
        if _key(envelope) in self._brought:
            return  # held, but still waiting for others: no acknowledgement of what is not stored
        self._awaiting.setdefault(stream, set()).add(member)
        if envelope.seq <= self._durable.get(stream, 0):
            self._ack_soon(stream)

    def _refused(self, member: Member | None, event: Refused) -> ProtocolError | None:
        envelope = event.envelope
        bringer = self._brought.pop(_key(envelope), None) or member
        REFUSALS.labels(event.rule).inc()
        log.warning(
            "envelope refused room=%s session=%s doc=%s seq=%d from=%s code=%d rule=%s",
            self._room, envelope.session, envelope.doc.kind.name.lower(), envelope.seq,
            bringer.session if bringer is not None else "", event.code, event.rule,
        )  # fmt: skip
        if bringer is None:
            return None
        told = RefusedMessage(envelope.doc, envelope.session, envelope.seq, event.code, event.reason)
        bringer.socket.send(binary_frame(encode_message(told)))
        if bringer.session != envelope.session and event.rule != "E2":
            # Whoever hands on another's work may have judged it by rights or a history that we do not know. A wrong
            # signature, though, nobody hands on in good faith.
            return None
        error = ProtocolError(event.reason, event.code)
        if bringer is member:
            return error
        bringer.socket.close(error.code, error.reason)
        return None

    def _equivocation(self, member: Member | None, event: Equivocation) -> ProtocolError | None:
        log.warning("equivocation room=%s session=%s seq=%d", self._room, event.session, event.second.seq)
        self._on_equivocation(event.session)
        if member is not None and member.session == event.session:
            return ProtocolError("two histories under one number", CloseCode.EQUIVOCATION)
        author = self._members.get(event.session)
        if author is not None:
            author.socket.close(CloseCode.EQUIVOCATION, "two histories under one number")
        return None

    # Storing and acknowledging

    def _try_store(self, logged: Logged) -> bool:
        envelope = logged.envelope
        known = self._replica.sessions.get(envelope.session)
        record = Record(
            envelope.doc.text, envelope.session, envelope.seq, logged.room_ms, self._wall_ms(), envelope.raw
        )
        # The ticket goes with the first envelope of each stream: often enough, and never too late.
        ticket = (str(envelope.session), known.token) if known is not None and envelope.seq == 1 else None
        try:
            future = self._store.append(self._room, record, ticket)
        except LogOverflow:
            return False
        self._storing += 1
        if self._group is None or self._group[0] is not future:
            self._group = future, []
            future.add_done_callback(partial(self._stored, self._group[1]))
        self._group[1].append(logged)
        return True

    def _stored(self, group: list[Logged], future: asyncio.Future[None]) -> None:
        self._storing -= len(group)
        if not future.cancelled() and future.exception() is None:
            self._measure(group)
            for logged in group:
                envelope = logged.envelope
                stream = (envelope.doc, envelope.session)
                self._durable[stream] = max(envelope.seq, self._durable.get(stream, 0))
                self._ack_soon(stream)
            self._history.durable(group[-1].position)

    def _measure(self, group: list[Logged]) -> None:
        EDITS.inc(len(group))
        if self.clock is not None:
            COMMITS.observe(max(0, self.clock.now_ms() - group[0].room_ms) / 1000)

    def _ack_soon(self, stream: Stream) -> None:
        if not self._ack_streams:
            # After the callbacks of the whole group: one ACK a member for each commit.
            asyncio.get_running_loop().call_soon(self._acknowledge)
        self._ack_streams.add(stream)

    def _acknowledge(self) -> None:
        entries: dict[Member, list[AckEntry]] = {}
        for stream in self._ack_streams:
            durable = self._durable.get(stream, 0)
            for member in self._awaiting.get(stream, ()):
                entries.setdefault(member, []).append(AckEntry(*stream, durable))
            if self._history.get(*stream, durable + 1) is None:
                self._awaiting.pop(stream, None)
        self._ack_streams.clear()
        for member, acked in entries.items():
            member.socket.send(binary_frame(encode_message(AckMessage(tuple(acked)))))

    def forget(self, member: Member) -> None:
        """A member left: nothing more is to be acknowledged to it."""
        self._answers.forget(member)
        self._loggers.discard(member)
        for waiting in self._awaiting.values():
            waiting.discard(member)
        for key in [key for key, bringer in self._brought.items() if bringer is member]:
            del self._brought[key]

    # Comparing

    def have(self, member: Member, message: HaveMessage) -> None:
        """HAVE from a member (B2): our own first when wanted, then what it lacks."""
        if message.reply:
            member.socket.send(self.have_frame(member, reply=False))
        self._acknowledge_held(member, message)
        if member.socket.lagging:
            return  # its next HAVE asks again
        self._answers.begin(member, self._missing(member, message))

    def _missing(self, member: Member, message: HaveMessage) -> Iterator[bytes]:
        """B2: tickets of the sessions that it does not name, then the oldest envelopes that it lacks."""
        ranges = self._replica.missing_ranges(message.heads, member.reads)
        named = {head.session for head in message.heads}
        for session in dict.fromkeys(one.session for one in ranges if one.session not in named):
            known = self._replica.sessions.get(session)
            if known is not None:
                yield encode_message(TicketMessage(known.token))
        for envelope in oldest_first(self._history, ranges, _REPLY_BYTES):
            yield self._handed(member, envelope)

    def _acknowledge_held(self, member: Member, message: HaveMessage) -> None:
        """Others may have brought what a member wrote: whoever names a stream is told how far it is durable (B1)."""
        differing = {(mismatch.doc, mismatch.session) for mismatch in self._replica.mismatches(message.heads)}
        entries = []
        for head in message.heads:
            stream = (head.doc, head.session)
            if stream in differing or not member.reads(head.doc):
                continue
            durable = self._durable.get(stream, 0)
            if durable:
                entries.append(AckEntry(head.doc, head.session, durable))
            if durable < head.seq and self._history.get(*stream, durable + 1) is not None:
                # Taken from somebody else, and not durable yet.
                self._awaiting.setdefault(stream, set()).add(member)
        if entries:
            member.socket.send(binary_frame(encode_message(AckMessage(tuple(entries)))))

    def want(self, member: Member, message: WantMessage) -> None:
        """WANT from a member (B5)."""
        if member.reads(message.doc) and not member.socket.lagging:
            stream = self._history.range(message.doc, message.session, message.first, message.last)
            envelopes = first_of(stream, LIMITS.catch_up_bytes)
            self._answers.begin(member, (self._handed(member, envelope) for envelope in envelopes))

    def _handed(self, member: Member, envelope: Envelope) -> bytes:
        if member.mode == "log":
            (logged,) = self._history.of_stream(envelope.doc, envelope.session, envelope.seq, envelope.seq)
            return encode_message(LoggedMessage(logged.room_ms, envelope))
        return encode_message(EnvelopeMessage(envelope))

    def have_frame(self, member: Member, *, reply: bool) -> bytes:
        """Our heads of what a member may read, as a frame."""
        return binary_frame(self._have(member, reply=reply))

    def catch_up(self, member: Member, have: HaveMessage) -> None:
        """S3 after the welcome: what the newcomer lacks, then our HAVE, then SYNCED."""
        self._acknowledge_held(member, have)
        docs = [doc for doc in self._replica.documents if doc not in _SHARED and member.reads(doc)]
        docs = [*_SHARED, *docs]
        if member.mode == "log":
            # At once: told of new work before the old, a recorder would have to park more than E6 lets it.
            self._loggers.add(member)
            for logged in self._history.lacking(have.heads):
                member.socket.send_catch_up(encode_message(LoggedMessage(logged.room_ms, logged.envelope)))
        self._answers.begin(member, self._all_that_is_lacked(member, have, docs), all_of_it=True)

    def _all_that_is_lacked(self, member: Member, have: HaveMessage, docs: Sequence[DocRef]) -> Iterator[bytes]:
        if member.mode == "live":
            differing = [one for one in self._replica.mismatches(have.heads) if member.reads(one.doc)]
            if differing:
                # B3. Named where the newcomer stands, so that it sees the difference and takes the snapshot instead.
                yield encode_message(HaveMessage(self._heads_at(differing)))
            rebuilt = {mismatch.doc for mismatch in differing}
            for doc in docs:
                yield from self._snapshots.catch_up(doc, have.heads, rebuild=doc in rebuilt)
        yield self._have(member, reply=True)
        yield encode_message(SyncedMessage(tuple(docs)))

    def _have(self, member: Member, *, reply: bool) -> bytes:
        heads = self._replica.heads(readable=member.reads)
        return encode_message(HaveMessage(tuple(heads[: LIMITS.have_entries]), reply))

    def _heads_at(self, mismatches: Iterable[Mismatch]) -> tuple[Head, ...]:
        heads = []
        for one in mismatches:
            held = self._history.get(one.doc, one.session, one.seq)
            if held is not None:
                heads.append(Head(one.doc, one.session, one.seq, envelope_hash(self._room, held.body)))
        return tuple(heads)

    # Time

    def tick(self, now_ms: int) -> None:
        """Ask for what is missing (E6, E7), and store what the log had no room for."""
        while self._unstored and self._try_store(self._unstored[0]):
            self._unstored.popleft()
        self.store_taken()
        for want in (*self._replica.wants(now_ms), *self._mending.wants(now_ms)):
            frame = binary_frame(encode_message(want))
            author = self._members.get(want.session)
            for member in (author,) if author is not None else tuple(self._members.values()):
                if member.reads(want.doc):
                    member.socket.send(frame)

    def expire(self, now_ms: int) -> None:
        """Drop what was parked for too long (E6). About once a second."""
        self.take(None, self._replica.expire(now_ms))


def _key(envelope: Envelope) -> tuple[DocRef, SessionId, int]:
    return envelope.doc, envelope.session, envelope.seq
