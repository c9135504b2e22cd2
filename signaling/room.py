"""A lesson's room on the relay: who is in it, what they may do, and what everybody is told (protocol section S)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final, Literal

from signaling.attendance import AttendancePost
from signaling.control import (
    ClientControl,
    EquivocationNotice,
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
from signaling.frames import binary_frame, text_frame
from signaling.history import History
from signaling.member import Member, MemberSocket
from signaling.presences import Presences
from signaling.room_clock import RoomClock
from signaling.roomlog import AttendanceEvent, LogOverflow, RoomHistory, RoomLog
from signaling.settings import RelaySettings
from signaling.welcome import welcome_messages
from whiteboard_crdt.envelope import decode_envelope
from whiteboard_crdt.errors import CloseCode, ProtocolError, TicketError
from whiteboard_crdt.events import Applied
from whiteboard_crdt.ids import Capability, Role, RoomId, SessionId, UserId
from whiteboard_crdt.keys import PublicKey
from whiteboard_crdt.messages import (
    EnvelopeMessage,
    HaveMessage,
    LiveMessage,
    PingMessage,
    PongMessage,
    PresenceMessage,
    TicketMessage,
    WantMessage,
    decode_message,
    encode_message,
)
from whiteboard_crdt.replica import Replica
from whiteboard_crdt.spec import LIMITS
from whiteboard_crdt.ticket import Ticket, check_admission, read_ticket

__all__ = ["Room"]

log = logging.getLogger("chalkmesh.relay.room")

_RESTORE_SLICE: Final = 200
_EXPIRE_EVERY_S: Final = 1.0
_PING: Final = binary_frame(encode_message(PingMessage(0)))


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
    ) -> None:
        self.room = room
        self.members: dict[SessionId, Member] = {}
        self._store = store
        self._jwks = jwks
        self._settings = settings
        self._wall_ms = wall_ms
        self._monotonic_s = monotonic_s
        self._attendance = attendance
        self._closed = history.closed
        self._history = History()
        self.replica = Replica(room, None, jwks, store=self._history)
        self._exchange = Exchange(
            room, self.replica, self._history, store, self.members, wall_ms, self._tell_equivocation
        )
        self._presences = Presences(self.members)
        self._revoked_users: dict[UserId, int] = {}
        last_room_ms = max((record.room_ms for record in history.records), default=0)
        self._clock = RoomClock(history.started_ms, last_room_ms, wall_ms, monotonic_s)
        self._exchange.clock = self._clock
        self._digest_s = self._expired_s = monotonic_s()

    @property
    def settled(self) -> bool:
        """Whether everything taken is durable: only then may the room be dropped from memory."""
        return self._exchange.settled

    async def restore(self, history: RoomHistory) -> None:
        """Rebuild documents, heads and clocks from the log. Lets others run meanwhile: a long lesson takes a second."""
        for token in history.tickets:
            try:
                self.replica.admit_ticket(token)
            except TicketError as error:
                log.error("stored ticket not honoured room=%s code=%d", self.room, error.code)
        left_out = 0
        for count, record in enumerate(history.records, 1):
            if count % _RESTORE_SLICE == 0:
                await asyncio.sleep(0)
            try:
                envelope = decode_envelope(record.payload)
            except ProtocolError:
                left_out += 1
                continue
            for event in self.replica.receive(
                envelope, now_ms=record.arrival_ms, trusted_author=envelope.session, from_relay=True
            ):
                if isinstance(event, Applied):
                    self._exchange.restored(self._history.add(event.envelope, record.room_ms))
        left_out += len(history.records) - left_out - len(self._history.all)
        if left_out or history.damaged:
            log.error("room restored with holes room=%s damaged=%d left_out=%d", self.room, history.damaged, left_out)
        for revocation in history.revoked:
            if revocation.session:
                self.replica.revoke(SessionId(revocation.session))
            else:
                self._revoked_users[UserId(revocation.user)] = revocation.at_ms

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
        before = self.members.get(ticket.session)
        if before is None and len(self.members) >= self._settings.room_clients:
            raise ProtocolError("the room is full", CloseCode.TRY_LATER)
        _, events = self.replica.admit_ticket(hello.ticket)
        joined_ms = now_ms if before is None else before.joined_ms
        member = Member(
            ticket.session, ticket, hello.ticket, hello.agent, hello.mode, joined_ms, socket, self._monotonic_s()
        )
        if before is not None:
            # S10. The others are told nothing: for them it is the same participant.
            self._exchange.forget(before)
            before.socket.close(CloseCode.REPLACED, "the session connected again")
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
        check_admission(ticket, self.room, now_ms)
        if self.replica.is_revoked(ticket.session) or ticket.issued_ms <= self._revoked_users.get(ticket.user, -1):
            raise ProtocolError("the session was revoked", CloseCode.REVOKED)
        if ticket.session in self.replica.sessions.frozen:
            raise ProtocolError("two histories under one number", CloseCode.EQUIVOCATION)

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
            self._exchange.want(member, message)
        elif isinstance(message, TicketMessage):
            self._bring_ticket(member, message.token)
        elif isinstance(message, PingMessage):
            member.socket.send(binary_frame(encode_message(PongMessage(message.nonce))))
        elif not isinstance(message, PongMessage):
            raise ProtocolError("message that only the relay sends")

    def _bring_ticket(self, member: Member, token: str) -> None:
        """TICKET. Whoever hands on another's is not to blame for it: one that is not honoured is passed over."""
        try:
            _, events = self.replica.admit_ticket(token)
        except TicketError as error:
            log.warning("ticket not honoured room=%s from=%s code=%d", self.room, member.session, error.code)
            return
        self._exchange.take(member, events)

    def _live(self, member: Member, message: LiveMessage, data: bytes, now_s: float) -> None:
        if message.session != member.session:
            raise ProtocolError("live ink of another session", CloseCode.NOT_ALLOWED)
        if Capability.PRESENCE not in member.ticket.caps or not member.lives.take(now_s):
            return
        if message.ink is not None and Capability.BOARD not in member.ticket.caps:
            return
        frame = binary_frame(data)
        for other in tuple(self.members.values()):
            if other is not member:
                other.socket.send_skippable(frame)

    def control(self, member: Member, message: ClientControl) -> None:
        """One control object (section S). Raises ProtocolError when the sender has to be closed."""
        now_s = self._monotonic_s()
        member.heard_s = now_s
        if isinstance(message, SignalIn):
            if not member.signals.take(now_s):
                raise ProtocolError("too many signals", CloseCode.RATE_LIMITED)
            other = self.members.get(SessionId(message.to))
            if other is not None and other is not member:
                other.socket.send(_control(SignalOut(sender=member.session, data=message.data)))
        elif isinstance(message, Renew):
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
        member.socket.send(_control(Renewed(expires_ms=ticket.expires_ms)))
        self._exchange.take(member, events)

    # What the portal asks

    def revoke(self, *, session: str, user: str, at_ms: int) -> list[SessionId]:
        """Put a session, or all of a user's, out (S8). Returns them; the caller stores it."""
        if session:
            revoked = [SessionId(session)]
        else:
            self._revoked_users[UserId(user)] = at_ms
            revoked = [known.ticket.session for known in self.replica.sessions if known.ticket.user == user]
        for one in revoked:
            self.replica.revoke(one)
        if revoked:
            self._tell(RevokedNotice(sessions=[str(one) for one in revoked], reason="revoked"))
        for one in revoked:
            member = self.members.get(one)
            if member is not None:
                member.socket.close(CloseCode.REVOKED, "the session was revoked")
                self.leave(member, "revoked")
        return revoked

    def close(self) -> None:
        """Close for good (S12): everybody is told and put out; the caller stores it."""
        self._closed = True
        self._tell(RoomNotice(state="closed"))
        for member in tuple(self.members.values()):
            member.socket.close(CloseCode.ROOM_CLOSED, "the room is closed")
            self.leave(member, "left")

    # Time

    def tick(self, now_s: float) -> None:
        """Pings, silence, wants, digests, presence that was held back. Ten times a second."""
        now_ms = self._wall_ms()
        self._exchange.tick(now_ms)
        self._presences.flush(now_s)
        if now_s - self._expired_s >= _EXPIRE_EVERY_S:
            self._expired_s = now_s
            self._exchange.expire(now_ms)
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

    def _tell(self, message: RelayControl, but: Member | None = None) -> None:
        frame = _control(message)
        for member in tuple(self.members.values()):
            if member is not but:
                member.socket.send(frame)

    def _tell_equivocation(self, session: SessionId) -> None:
        frame = _control(EquivocationNotice(session=session))
        for member in tuple(self.members.values()):
            if member.ticket.staff:
                member.socket.send(frame)


def _control(message: RelayControl) -> bytes:
    return text_frame(encode_control(message))
