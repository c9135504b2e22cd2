"""What comes to a peer: envelopes, snapshots, tickets, presence and live ink, on whatever way, into its replica."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Final

from signaling.direct import DirectLink
from signaling.events import (
    EnvelopeStamped,
    EquivocationSeen,
    Event,
    LiveReceived,
    PresenceChanged,
    SeenEnvelope,
    SnapshotApplied,
    Via,
)
from signaling.peer_roster import Roster
from whiteboard_crdt.envelope import Envelope
from whiteboard_crdt.errors import CloseCode, ProtocolError, TicketError
from whiteboard_crdt.events import Applied, Dropped, Duplicate, Equivocation, Mismatch, Parked, Refused
from whiteboard_crdt.events import Event as ReplicaEvent
from whiteboard_crdt.ids import DocRef, SessionId
from whiteboard_crdt.messages import (
    LiveMessage,
    LoggedMessage,
    Message,
    PresenceMessage,
    SnapshotMessage,
    TicketMessage,
)
from whiteboard_crdt.presence import parse_presence
from whiteboard_crdt.replica import Replica
from whiteboard_crdt.ticket import Ticket

__all__ = ["Inbox", "RoomTimes"]

log = logging.getLogger("chalkmesh.peer")

_STAMPS: Final = 100_000


class RoomTimes:
    """The room's clocks, as the last welcome told them. Before the first one the wall clock has to do."""

    def __init__(self, clock: Callable[[], float], wall: Callable[[], float]) -> None:
        self._clock = clock
        self._wall = wall
        self._told: tuple[float, int, int] | None = None

    def told(self, now_ms: int, room_ms: int) -> None:
        """What a welcome says."""
        self._told = (self._clock(), now_ms, room_ms)

    def now_ms(self) -> int:
        """Unix ms by the relay's clock."""
        if self._told is None:
            return int(self._wall() * 1000)
        began_s, now_ms, _ = self._told
        return now_ms + int((self._clock() - began_s) * 1000)

    def room_ms(self) -> int | None:
        """Session time in ms; None before the first welcome."""
        if self._told is None:
            return None
        began_s, _, room_ms = self._told
        return room_ms + int((self._clock() - began_s) * 1000)


class Inbox:
    """Lives on the event loop. ``link`` is the direct link on which something came, None for the relay."""

    def __init__(
        self,
        replica: Replica,
        own: SessionId,
        roster: Roster,
        times: RoomTimes,
        emit: Callable[[Event], None],
        on_rebuilt: Callable[[DocRef], None],
        on_proof: Callable[[Equivocation], None],
        on_out: Callable[[SessionId], None],
    ) -> None:
        self._replica = replica
        self._own = own
        self._roster = roster
        self._times = times
        self._emit = emit
        self._on_rebuilt = on_rebuilt
        self._on_proof = on_proof
        self._on_out = on_out
        # Room times of LOGGED envelopes that still wait for others. Bounded like what waits.
        self._stamps: dict[tuple[DocRef, SessionId, int], int] = {}
        self._live_ticks: dict[SessionId, int] = {}

    def envelope(self, envelope: Envelope, via: Via, link: DirectLink | None) -> None:
        """ENVELOPE. Raises ProtocolError when the link it came on has to be closed."""
        self._take(self._replica.receive(envelope, now_ms=self._times.now_ms(), from_relay=link is None), via, link)

    def logged(self, message: LoggedMessage) -> None:
        """LOGGED: an envelope with the relay's room time."""
        envelope = message.envelope
        if len(self._stamps) < _STAMPS:
            self._stamps[_key(envelope)] = message.room_ms
        events = self._replica.receive(envelope, now_ms=self._times.now_ms(), from_relay=True)
        self._take(events, "logged", None)
        if not any(isinstance(event, Parked) and event.envelope is envelope for event in events):
            self._stamps.pop(_key(envelope), None)
        if any(isinstance(event, Duplicate) for event in events):
            self._emit(EnvelopeStamped(envelope, message.room_ms))

    def snapshot(self, message: SnapshotMessage, *, rebuild: bool) -> None:
        """SNAPSHOT; where the relay holds something else than we, the document is replaced by the relay's (B3)."""
        events = [] if rebuild else self._replica.apply_snapshot(message)
        if rebuild or any(isinstance(event, Mismatch) for event in events):
            log.warning("document rebuilt from the relay doc=%d session=%s", message.doc.kind, self._own)
            events = self._replica.rebuild(message, self._times.now_ms())
            self._on_rebuilt(message.doc)
        self._emit(SnapshotApplied(message.doc))
        self._take(events, "relay", None)

    def ticket(self, token: str) -> Ticket | None:
        """A ticket from anywhere; one that is not honoured, or whose session was put out, is passed over."""
        try:
            ticket, events = self._replica.admit_ticket(token)
        except TicketError as error:
            log.warning("ticket not honoured code=%d reason=%s", error.code, error.reason)
            return None
        self._take(events, "relay", None)
        if self._replica.is_revoked(ticket.session):
            # Perhaps by this very ticket: of a user put out after it was issued (T5).
            self._on_out(ticket.session)
            return None
        return ticket

    def shared(self, message: Message) -> None:
        """What means the same on every way: tickets, live ink, presence."""
        if isinstance(message, TicketMessage):
            self.ticket(message.token)
        elif isinstance(message, LiveMessage):
            # It comes by two ways where a direct link is up (M8): the later copy is dropped.
            if message.session != self._own and message.tick > self._live_ticks.get(message.session, -1):
                self._live_ticks[message.session] = message.tick
                self._emit(LiveReceived(message))
        elif isinstance(message, PresenceMessage):
            state = parse_presence(message.state)
            if self._roster.note_presence(message.session, message.version, state):
                self._emit(PresenceChanged(message.session, state))

    def forget_session(self, session: SessionId) -> None:
        """A participant left."""
        self._live_ticks.pop(session, None)

    def expire(self) -> None:
        """Drop what waited for too long (E6). About once a second."""
        self._take(self._replica.expire(self._times.now_ms()), "relay", None)

    def _take(self, events: Iterable[ReplicaEvent], via: Via, link: DirectLink | None) -> None:
        fault: ProtocolError | None = None
        for event in events:
            if isinstance(event, Applied):
                stamp = self._stamps.pop(_key(event.envelope), None)
                if stamp is not None:
                    self._emit(SeenEnvelope(event.envelope, stamp, "logged"))
                else:
                    self._emit(SeenEnvelope(event.envelope, self._times.room_ms(), via))
            elif isinstance(event, Dropped):
                self._stamps.pop(_key(event.envelope), None)
            elif isinstance(event, Refused):
                envelope = event.envelope
                log.warning(
                    "envelope refused session=%s seq=%d rule=%s via=%s", envelope.session, envelope.seq, event.rule, via
                )
                if link is not None and link.session == envelope.session:
                    fault = ProtocolError(event.reason, event.code)
            elif isinstance(event, Equivocation):
                self._on_proof(event)
                self._emit(EquivocationSeen(event.session))
                self._on_out(event.session)
                if link is not None and link.session == event.session:
                    fault = ProtocolError("two histories under one number", CloseCode.EQUIVOCATION)
        if fault is not None:
            raise fault


def _key(envelope: Envelope) -> tuple[DocRef, SessionId, int]:
    return envelope.doc, envelope.session, envelope.seq
