"""A lesson's room on the relay: who is in it, what they may do, and what everybody is told (protocol section S)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final, Literal

from signaling.asset_tokens import AssetTokens
from signaling.attendance import AttendancePost
from signaling.candidates import hide_addresses
from signaling.checkpoints import Checkpoints
from signaling.control import (
    AssetGrant,
    ClientControl,
    EquivocationNotice,
    FrozenNotice,
    Hello,
    JoinedNotice,
    LeftNotice,
    RelayControl,
    Renew,
    Renewed,
    RevokedNotice,
    RoomNotice,
    SignalIn,
    SignalOut,
    encode_control,
)
from signaling.exchange import Exchange
from signaling.fanout import Fanout, Pace
from signaling.frames import binary_frame, text_frame
from signaling.history import History
from signaling.member import Member, MemberSocket
from signaling.presences import Presences
from signaling.rates import Bucket
from signaling.restoring import restore_history
from signaling.room_clock import RoomClock
from signaling.roomlog import AttendanceEvent, LogOverflow, Revocation, RoomHistory, RoomLog
from signaling.settings import RelaySettings
from signaling.socket_writer import send_to_all
from signaling.welcome import welcome_messages
from whiteboard_crdt.alert import carries_alerts
from whiteboard_crdt.errors import CloseCode, ProtocolError, TicketError
from whiteboard_crdt.ids import Capability, Role, RoomId, SessionId, UserId
from whiteboard_crdt.keys import PublicKey
from whiteboard_crdt.messages import (
    AlertMessage,
    EnvelopeMessage,
    HaveMessage,
    LiveMessage,
    PingMessage,
    PongMessage,
    PresenceMessage,
    RevocationMessage,
    TicketMessage,
    WantMessage,
    decode_message,
    encode_message,
)
from whiteboard_crdt.policy import may_show
from whiteboard_crdt.replica import Replica
from whiteboard_crdt.revocation import SignedRevocation
from whiteboard_crdt.spec import LIMITS
from whiteboard_crdt.ticket import Ticket, check_admission, read_ticket

__all__ = ["Room"]

log = logging.getLogger("chalkmesh.relay.room")

_JOINS: Final = (0.5, 10.0)  # of one session: a second, burst
_EXPIRE_EVERY_S: Final = 1.0
_PING: Final = binary_frame(encode_message(PingMessage(0)))
# A log keeps a cursor ten times a second: of more LIVE than that, decoding was most of what a recorder did.
_LOG_LIVE_S: Final = 0.085


class Room:
    """One room. Lives on the event loop; only `restore` waits."""

    def __init__(
        self,
        room: RoomId,
        history: RoomHistory,
        store: RoomLog,
        jwks: Mapping[str, PublicKey],
        settings: RelaySettings,
        wall_ms: Callable[[], int],
        monotonic_s: Callable[[], float],
        attendance: AttendancePost | None = None,
        asset_tokens: AssetTokens | None = None,
        pace: Pace | None = None,
        host_ms: Callable[[], int] | None = None,
    ) -> None:
        """`wall_ms` does not jump; `host_ms` may, and tickets may be issued by either (T2)."""
        self.room = room
        self.members: dict[SessionId, Member] = {}
        self._store = store
        self._jwks = jwks
        self._settings = settings
        self._wall_ms = wall_ms
        self._host_ms = host_ms or wall_ms
        self._monotonic_s = monotonic_s
        self._attendance = attendance
        self._asset_tokens = asset_tokens
        self._closed = history.closed
        self._history = History(room, store)
        self.replica = Replica(room, None, jwks, store=self._history)
        self._fanout: Fanout[Member] = Fanout(self.members.values, _send, pace, self._store_taken)
        self._lively: Fanout[Member] = Fanout(self.members.values, _send_skippable, pace)
        self._exchange = Exchange(
            room, self.replica, self._history, store, self.members, self._fanout, wall_ms, self._tell_equivocation
        )
        self._presences = Presences(self.members, self._fanout)
        # Whom the relay has put out on its own account (E5), so that no token of the school says so.
        self.frozen: set[SessionId] = set()
        self._joins: dict[SessionId, Bucket] = {}
        self._clock = RoomClock(history.started_ms, history.last_room_ms, wall_ms, monotonic_s)
        self._checkpoints = Checkpoints(self.replica, self._history, store)
        self._exchange.clock = self._clock
        self._digest_s = self._expired_s = monotonic_s()

    @property
    def closed(self) -> bool:
        """Whether the lesson is over for good (S12)."""
        return self._closed

    @property
    def settled(self) -> bool:
        """Whether everything taken is durable: only then may the room be dropped from memory."""
        return self._exchange.settled

    @property
    def in_memory_bytes(self) -> int:
        """Payload bytes of the envelopes that are in memory and not in the log alone."""
        return self._history.in_memory_bytes

    async def restore(self, history: RoomHistory) -> bool:
        """Rebuild documents, heads and clocks from the log. False: something is missing (`restore_history`)."""
        for token in history.tickets:
            try:
                self.replica.admit_ticket(token)
            except TicketError as error:
                log.error("stored ticket not honoured room=%s code=%d", self.room, error.code)
        whole = await restore_history(self.replica, self._history, history, self._exchange.restored)
        self._exchange.stage_changed()
        self._checkpoints.begin()
        for revocation in history.revoked:
            self._restore_revocation(revocation)
        return whole

    def _restore_revocation(self, revocation: Revocation) -> None:
        if revocation.token:
            try:
                self.replica.revoke_by(revocation.token)
            except TicketError as error:
                # The school's key went since: nobody can be shown the token any more, but out is out.
                log.error("stored revocation not honoured room=%s code=%d", self.room, error.code)
            else:
                return
        if revocation.session:
            self._freeze(SessionId(revocation.session))
        else:
            for session in self.replica.sessions.revoke_user(UserId(revocation.user), revocation.at_ms):
                self._freeze(session)

    def checkpoint(self, *, leaving: bool = False) -> None:
        """Keep a snapshot in the log when it is time, or (`leaving`) when the room goes out of memory."""
        if self._exchange.all_queued:
            self._checkpoints.save_when_due(self._wall_ms(), leaving=leaving)

    # Coming and going

    def admit(self, hello: Hello, ticket: Ticket, socket: MemberSocket, have: HaveMessage) -> Member:
        """Let somebody in whose ticket is genuine and proven, and bring it up to date (S2, S3).

        Raises ProtocolError.
        """
        now_ms = self._wall_ms()
        self._check_admission(ticket, now_ms)
        if hello.mode == "log" and ticket.role is not Role.RECORDER:
            raise ProtocolError("the whole log is for the recorder", CloseCode.NOT_ALLOWED)
        if self._closed and hello.mode != "log":
            raise ProtocolError("the room is closed", CloseCode.ROOM_CLOSED)
        joins = self._joins.setdefault(ticket.session, Bucket(*_JOINS, self._monotonic_s()))
        if not joins.take(self._monotonic_s()):
            # Each brings the whole catch-up with it, and everybody is told: worth more to an attacker than any message.
            raise ProtocolError("connects too often", CloseCode.TRY_LATER)
        before = self.members.get(ticket.session)
        if before is None and len(self.members) >= self._settings.room_clients:
            raise ProtocolError("the room is full", CloseCode.TRY_LATER)
        _, events = self.replica.admit_ticket(hello.ticket)
        joined_ms = now_ms if before is None else before.joined_ms
        member = Member(
            ticket.session, ticket, hello.ticket, hello.agent, hello.mode, joined_ms, socket, self._monotonic_s(),
            self._settings.messages_s, self._exchange.shown,
        )  # fmt: skip
        if before is not None:
            # S10. The others are told nothing: for them it is the same participant.
            self._exchange.forget(before)
            before.socket.close(CloseCode.REPLACED, "the session connected again")
        # What was told before it came is in what it is sent now.
        self._fanout.flush()
        self.members[member.session] = member
        for message in welcome_messages(
            self, member, self._presences.states(), self._history.sessions, now_ms, self._clock.now_ms()
        ):
            if isinstance(message, bytes):
                socket.send_catch_up(message)
            else:
                socket.send(_control(message))
        self._exchange.catch_up(member, have)
        if before is None:
            self._tell(JoinedNotice(ticket=hello.ticket, agent=hello.agent, joined_ms=joined_ms), but=member)
            self._attend(member, "join", joined_ms)
        self._exchange.take(None, events)
        return member

    def _check_admission(self, ticket: Ticket, now_ms: int) -> None:
        try:
            check_admission(ticket, self.room, now_ms)
        except TicketError as error:
            if error.code != CloseCode.TICKET_EXPIRED:
                raise
            # The host's clock was set under a lesson: the portal's is set with it on one host, and not on another.
            check_admission(ticket, self.room, self._host_ms())
        if ticket.session in self.replica.sessions.frozen:
            raise ProtocolError("two histories under one number", CloseCode.EQUIVOCATION)
        if self.replica.sessions.is_revoked(ticket):
            raise ProtocolError("the session was revoked", CloseCode.REVOKED)

    def asset_grant(self, member: Member) -> AssetGrant | None:
        """A9: what lets a participant fetch and store pictures over HTTP."""
        if self._asset_tokens is None:
            return None
        token, expires_ms = self._asset_tokens.issue(member.ticket, self._wall_ms())
        return AssetGrant(token=token, expires_ms=expires_ms)

    def leave(self, member: Member, reason: Literal["left", "gone", "revoked"]) -> None:
        """A connection ended. Nothing happens when the session was replaced or has left already."""
        if self.members.get(member.session) is not member:
            return
        del self.members[member.session]
        self._exchange.forget(member)
        self._presences.forget(member.session)
        self._tell(LeftNotice(session=member.session, reason=reason))
        self._attend(member, "leave", self._wall_ms())

    def _attend(self, member: Member, kind: Literal["join", "leave"], at_ms: int) -> None:
        if self._attendance is None:
            return
        event_id = f"{self.room}/{member.session}/{member.joined_ms}/{kind}"
        event = AttendanceEvent(event_id, self.room, member.ticket.user, member.session, kind, at_ms)
        try:
            stored = self._store.attend(event)
        except LogOverflow:
            log.error("attendance lost, the log does not keep up room=%s session=%s", self.room, member.session)
            return
        attendance = self._attendance
        stored.add_done_callback(lambda _: attendance.wake())

    # Messages

    def receive(self, member: Member, data: bytes) -> None:
        """One binary message (section B). Raises ProtocolError when the sender has to be closed."""
        now_s = self._monotonic_s()
        member.heard_s = now_s
        if not member.messages.take(now_s):
            raise ProtocolError("too many messages", CloseCode.RATE_LIMITED)
        message = decode_message(data, LIMITS.socket_message_bytes)
        if isinstance(message, EnvelopeMessage):
            if self._closed:
                raise ProtocolError("the room is closed", CloseCode.ROOM_CLOSED)
            self._exchange.envelope(member, message.envelope)
        elif isinstance(message, LiveMessage):
            self._live(member, message, data, now_s)
        elif isinstance(message, PresenceMessage):
            if message.session != member.session:
                raise ProtocolError("presence of another session", CloseCode.NOT_ALLOWED)
            if Capability.PRESENCE in member.ticket.caps:
                self._presences.publish(message, now_s)
        elif isinstance(message, HaveMessage):
            if member.haves.take(now_s):
                self._exchange.have(member, message)
        elif isinstance(message, WantMessage):
            if member.wants.take(now_s):
                self._exchange.want(member, message)
        elif isinstance(message, TicketMessage):
            if not member.tickets.take(now_s):
                raise ProtocolError("too many tickets", CloseCode.RATE_LIMITED)
            self._bring_ticket(member, message.token)
        elif isinstance(message, RevocationMessage):
            if not member.tickets.take(now_s):
                raise ProtocolError("too many revocations", CloseCode.RATE_LIMITED)
            self._bring_revocation(member, message.token)
        elif isinstance(message, AlertMessage):
            if member.alerts.take(now_s):
                self._carry_alert(member, message, data)
        elif isinstance(message, PingMessage):
            # After all that was told before it: a PONG is a barrier.
            self._fanout.flush()
            member.socket.send(binary_frame(encode_message(PongMessage(message.nonce))))
        elif not isinstance(message, PongMessage):
            raise ProtocolError("message that only the relay sends")

    def _bring_ticket(self, member: Member, token: str) -> None:
        """TICKET. Whoever hands on another's is not to blame for it: one that is not honoured is passed over."""
        try:
            out = len(self.replica.sessions.revoked)
            ticket, events = self.replica.admit_ticket(token)
            if len(self.replica.sessions.revoked) > out:
                # Another ticket of somebody who was put out. All draw the same from it, whoever brings it (T5).
                self._fanout.put(binary_frame(encode_message(TicketMessage(token))), but=(member,))
                self._show_out(ticket.session)
        except TicketError as error:
            log.warning("ticket not honoured room=%s from=%s code=%d", self.room, member.session, error.code)
            return
        self._exchange.take(member, events)

    def _bring_revocation(self, member: Member, token: str) -> None:
        """REVOCATION (T5), from whoever had it first. Raises TicketError for one that the school did not sign."""
        try:
            revoked, _ = self.revoke_by(token)
        except TicketError as error:
            log.warning("revocation not honoured room=%s from=%s code=%d", self.room, member.session, error.code)
            if error.code is CloseCode.TICKET_REFUSED:
                raise  # nobody hands on in good faith what the school's own key did not sign
        except LogOverflow:
            log.error("revocation not stored, the log does not keep up room=%s", self.room)
        else:
            if revoked:
                log.info("revoked room=%s sessions=%s", self.room, ",".join(sorted(revoked)))

    def _carry_alert(self, member: Member, message: AlertMessage, data: bytes) -> None:
        """ALERT (C4): to whoever of the staff is here, and the recorder; a student's page only where nobody else is."""
        others = [one for one in self.members.values() if one is not member]
        first = [one for one in others if carries_alerts(one.ticket.role)]
        frame = binary_frame(data)
        for one in first or ([] if message.receipt else others):
            one.socket.send(frame)
        log.info("alert carried room=%s from=%s receipt=%s", self.room, member.session, message.receipt)

    def _live(self, member: Member, message: LiveMessage, data: bytes, now_s: float) -> None:
        if message.session != member.session:
            raise ProtocolError("live ink of another session", CloseCode.NOT_ALLOWED)
        if not member.lives.take(now_s) or not may_show(member.ticket, message.doc, drawing=message.ink is not None):
            return
        but: tuple[Member, ...] = (member,)
        if message.desk is not None:
            # D4. A log keeps what is written at a desk, and nothing of the way there.
            others = (other for other in self.members.values() if other is not member)
            but += tuple(one for one in others if one.mode == "log" or not one.reads(message.doc))
        elif now_s < member.logged_live_s + _LOG_LIVE_S:
            but += tuple(other for other in self.members.values() if other.mode == "log")
        else:
            member.logged_live_s = now_s
        self._lively.put(binary_frame(data), but=but)

    def control(self, member: Member, message: ClientControl) -> None:
        """One control object (section S). Raises ProtocolError when the sender has to be closed."""
        now_s = self._monotonic_s()
        member.heard_s = now_s
        if not member.messages.take(now_s):
            raise ProtocolError("too many messages", CloseCode.RATE_LIMITED)
        if isinstance(message, SignalIn):
            if not member.signals.take(now_s):
                raise ProtocolError("too many signals", CloseCode.RATE_LIMITED)
            other = self.members.get(SessionId(message.to))
            data = hide_addresses(message.data) if member.ticket.relay_only else message.data
            if data is not None and other is not None and other is not member:
                other.socket.send(_control(SignalOut(sender=member.session, data=data)))
        elif isinstance(message, Renew):
            if not member.renews.take(now_s):
                raise ProtocolError("too many renewals", CloseCode.RATE_LIMITED)
            self._renew(member, message.ticket)
        else:
            raise ProtocolError("a second hello")

    def _renew(self, member: Member, token: str) -> None:
        ticket = read_ticket(token, self._jwks)
        if ticket.session != member.session:
            raise ProtocolError("ticket of another session", CloseCode.TICKET_FOREIGN)
        self._check_admission(ticket, self._wall_ms())
        _, events = self.replica.admit_ticket(token)
        member.ticket, member.token = ticket, token
        member.socket.send(_control(Renewed(expires_ms=ticket.expires_ms, assets=self.asset_grant(member))))
        self._exchange.take(member, events)

    # What the portal asks

    def revoke_by(self, token: str) -> tuple[frozenset[SessionId], list[asyncio.Future[None]]]:
        """Put out whom a revocation names (T5, S8). Returns who was not out before, and what resolves once it is kept.

        Raises TicketError, and LogOverflow when it is honoured but could not be handed to the log.
        """
        revoked = self.replica.revoke_by(token)
        if revoked is not None:
            self._tell(RevokedNotice(token=token, sessions=sorted(revoked), reason=self._revocation(token).reason))
            for one in revoked:
                self._show_out(one)
        revocation = self._revocation(token)
        rows = [Revocation(one, "", revocation.issued_ms, token) for one in sorted(revocation.sessions)]
        if revocation.user is not None:
            rows.append(Revocation("", revocation.user, revocation.issued_ms, token))
        return revoked or frozenset(), [self._store.revoke(self.room, row) for row in rows]

    def _revocation(self, token: str) -> SignedRevocation:
        revocation = self.replica.sessions.revocation(token)
        if revocation is None:
            raise AssertionError("a revocation that is not honoured")
        return revocation

    def _show_out(self, session: SessionId) -> None:
        member = self.members.get(session)
        if member is not None:
            self._fanout.flush()
            member.socket.close(CloseCode.REVOKED, "the session was revoked")
            self.leave(member, "revoked")

    def close(self) -> None:
        """Close for good (S12): everybody is told and put out; the caller stores it."""
        self._closed = True
        self._tell(RoomNotice(state="closed"))
        self._fanout.flush()
        for member in tuple(self.members.values()):
            member.socket.close(CloseCode.ROOM_CLOSED, "the room is closed")
            self.leave(member, "left")

    # Time

    def tick(self, now_s: float) -> None:
        """Pings, silence, wants, digests, presence that was held back. Ten times a second."""
        now_ms = self._wall_ms()
        self._exchange.tick(now_ms)
        self._presences.flush(now_s)
        self._fanout.flush()
        if now_s - self._expired_s >= _EXPIRE_EVERY_S:
            self._expired_s = now_s
            self._exchange.expire(now_ms)
            self.checkpoint()
        digest = (now_s - self._digest_s) * 1000 >= self._settings.digest_every_ms
        if digest:
            self._digest_s = now_s
        for member in tuple(self.members.values()):
            if (now_s - member.heard_s) * 1000 >= self._settings.socket_silence_ms:
                log.info("silent socket dropped room=%s session=%s", self.room, member.session)
                member.socket.close(CloseCode.TOO_SLOW, "nothing heard")
                self.leave(member, "gone")
                continue
            if (now_s - member.pinged_s) * 1000 >= self._settings.socket_ping_ms:
                member.pinged_s = now_s
                member.socket.send(_PING)
            if digest:
                member.socket.send(self._exchange.have_frame(member, reply=False))

    # Inside

    def _store_taken(self) -> None:
        self._exchange.store_taken()

    def _tell(self, message: RelayControl, but: Member | None = None) -> None:
        self._fanout.put(_control(message), but=() if but is None else (but,))

    def _tell_equivocation(self, session: SessionId) -> None:
        frame = _control(EquivocationNotice(session=session))
        for member in tuple(self.members.values()):
            if member.ticket.staff:
                member.socket.send(frame)
        # Its direct links would go on with one of the two histories: out of the mesh too, and for good.
        self._put_out(session)

    def _put_out(self, session: SessionId) -> None:
        """Put a session out on the relay's own account: told to all, and kept over a restart."""
        if session in self.frozen:
            return
        self._freeze(session)
        self._tell(FrozenNotice(sessions=[str(session)]))
        try:
            self._store.revoke(self.room, Revocation(str(session), "", self._wall_ms()))
        except LogOverflow:
            log.error("revocation not stored, the log does not keep up room=%s session=%s", self.room, session)

    def _freeze(self, session: SessionId) -> None:
        self.frozen.add(session)
        self.replica.revoke(session)


def _send(members: list[Member], frames: bytes) -> None:
    send_to_all([member.socket for member in members], frames)


def _send_skippable(members: list[Member], frames: bytes) -> None:
    for member in members:
        member.socket.send_skippable(frames)


def _control(message: RelayControl) -> bytes:
    return text_frame(encode_control(message))
