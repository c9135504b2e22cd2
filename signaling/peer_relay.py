"""A peer's session socket: what it says there, and what it makes of the relay's words (protocol sections S and B)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, Protocol

from signaling.asset_server import RelayAssetServer
from signaling.control import (
    AssetGrant,
    ClientControl,
    EquivocationNotice,
    FrozenNotice,
    JoinedNotice,
    LeftNotice,
    RelayControl,
    Renew,
    Renewed,
    RevokedNotice,
    RoomNotice,
    SignalOut,
    Welcome,
)
from signaling.events import (
    Acked,
    AlertBrought,
    Connected,
    Disconnected,
    EquivocationSeen,
    Event,
    Joined,
    Left,
    RefusedByRelay,
    Revoked,
    RoomState,
    Synced,
)
from signaling.links.websocket import Introduction
from signaling.mesh import Mesh
from signaling.peer_assets import PeerAssets
from signaling.peer_inbox import Inbox, RoomTimes
from signaling.peer_roster import Roster
from signaling.peer_tickets import PeerTickets
from signaling.peer_upload import Upload
from signaling.relay_connection import RelayConnection
from whiteboard_crdt.errors import CloseCode, ProtocolError, TicketError
from whiteboard_crdt.ids import DocRef, SessionId
from whiteboard_crdt.keys import SessionKey
from whiteboard_crdt.messages import (
    AckMessage,
    AlertMessage,
    EnvelopeMessage,
    HaveMessage,
    LoggedMessage,
    PingMessage,
    PongMessage,
    RefusedMessage,
    RevocationMessage,
    SnapshotMessage,
    SyncedMessage,
    WantMessage,
    decode_message,
    encode_message,
)
from whiteboard_crdt.replica import Replica
from whiteboard_crdt.spec import LIMITS

if TYPE_CHECKING:
    from signaling.peer_revocations import PeerRevocations

__all__ = ["PeerRelay", "RelayPeer"]

log = logging.getLogger("chalkmesh.peer")

_SNAPSHOT_MESSAGE_BYTES: Final = 2 * LIMITS.snapshot_bytes
_PROOFS: Final = 64
_PUT_OUT: Final = (CloseCode.REVOKED, CloseCode.EQUIVOCATION)


class RelayPeer(Protocol):
    """What the peer offers to its session socket."""

    key: SessionKey
    mesh: Mesh | None
    assets: PeerAssets
    asset_server: RelayAssetServer

    @property
    def replica(self) -> Replica:
        """What the peer holds."""
        ...

    def emit(self, event: Event) -> None:
        """Tell the application."""
        ...

    def flush(self) -> None:
        """Seal local edits."""
        ...

    def publish_presence(self) -> None:
        """Tell our presence again."""
        ...

    @property
    def revocations(self) -> PeerRevocations:
        """Who was put out."""
        ...

    def on_stopped(self, code: int, reason: str) -> None:
        """There is no way on."""
        ...


class PeerRelay:
    """One peer's way to the relay; comes back by itself until a 44xx code."""

    def __init__(
        self,
        peer: RelayPeer,
        tickets: PeerTickets,
        inbox: Inbox,
        roster: Roster,
        times: RoomTimes,
        mode: Literal["live", "log"],
        clock: Callable[[], float],
    ) -> None:
        self.synced = False
        # When the relay last said something, by `clock`.
        self.heard_s = 0.0
        self._clock = clock
        self._peer = peer
        self._tickets = tickets
        self._inbox = inbox
        self._roster = roster
        self._times = times
        self._mode = mode
        # Documents of which the relay holds something else under the same numbers.
        self._differing: set[DocRef] = set()
        # Documents in which we hold work that the relay will never take: it was of a session put out meanwhile.
        self._strayed: set[DocRef] = set()
        self._given_up: set[tuple[DocRef, SessionId]] = set()
        self._proofs: list[bytes] = []
        self._told_have: HaveMessage | None = None
        self._told_have_s = 0.0
        self._connection = RelayConnection(self)
        self._upload = Upload(peer.replica, self._connection.send)

    @property
    def connected(self) -> bool:
        """Whether we were welcomed and the socket stands."""
        return self._connection.connected

    def start(self) -> None:
        """Begin to connect."""
        self._connection.start()

    async def stop(self) -> None:
        """Say goodbye and connect no more."""
        await self._connection.stop()

    def send(self, data: bytes) -> None:
        """A binary message; dropped while there is no connection, and found by HAVE later."""
        self._connection.send(data)

    def prove(self, data: bytes) -> None:
        """An envelope that proves an equivocation (E5): told now, or when the relay is there again."""
        if self.connected:
            self.send(data)
        elif len(self._proofs) < _PROOFS:
            self._proofs.append(data)

    def send_skippable(self, data: bytes) -> None:
        """A binary message that is worth nothing late."""
        self._connection.send_skippable(data)

    def send_control(self, message: ClientControl) -> None:
        """A control object."""
        self._connection.send_control(message)

    def hurry(self) -> None:
        """The network is there again: connect now, if there is no connection."""
        self._connection.hurry()

    def lost_address(self, gone: frozenset[str]) -> None:
        """The machine lost these addresses."""
        self._connection.lost_address(gone)

    def cut(self, broken: bool) -> None:
        """Break or mend the way to the relay."""
        self._connection.cut(broken)

    async def tick(self, now_s: float) -> None:
        """HAVE while heads change (B4), and a fresh ticket in time (S7)."""
        if self.synced and (now_s - self._told_have_s) * 1000 >= LIMITS.have_every_ms:
            self._told_have_s = now_s
            have = self._have(reply=False)
            if have != self._told_have:
                self._told_have = have
                self.send(encode_message(have))
        if self.connected:
            grant = await self._tickets.renew_in_time(self._times.now_ms(), now_s)
            if grant is not None:
                self._inbox.ticket(grant.ticket)
                self.send_control(Renew(ticket=grant.ticket))

    # RelayHost

    async def introduce(self, *, expired: bool) -> tuple[str, Introduction]:
        """Our hello, with a fresh ticket if the one at hand will not do. Raises ProtocolError for "not now"."""
        if expired or not self._tickets.fresh(self._times.now_ms()):
            try:
                self._inbox.ticket((await self._tickets.obtain()).ticket)
            except (TicketError, asyncio.CancelledError):
                raise
            except Exception as error:  # an application's own function: any fault of it means "not now"
                raise ProtocolError(f"no ticket: {type(error).__name__}") from error
        grant = self._tickets.grant
        # Heads that cannot be right make the relay send a strayed document whole (B3).
        heads = tuple(
            replace(head, hash=bytes(16)) if head.doc in self._strayed else head
            for head in self._have(reply=False).heads
        )
        return grant.relay_url, Introduction(grant.ticket, self._peer.key, self._mode, HaveMessage(heads))

    def on_welcome(self, welcome: Welcome) -> None:
        """S3."""
        self.heard_s = self._clock()
        self._times.told(welcome.now_ms, welcome.room_ms)
        self._upload.restart()
        self._differing, self._strayed = self._strayed, set()
        for token in welcome.sessions:
            self._inbox.ticket(token)
        before = self._roster.clear()
        for entry in welcome.participants:
            ticket = self._inbox.ticket(entry.ticket)
            if ticket is not None:
                self._roster.add(ticket, entry.agent, entry.joined_ms, entry.presence)
        for token in welcome.revocations:
            self._put_out(token)
        for frozen in welcome.frozen:
            self._freeze(SessionId(frozen))
        self._peer.revocations.tell_relay(welcome.revocations)
        self._allow_assets(welcome.assets)
        self._peer.emit(Connected(welcome.room_ms, welcome.now_ms))
        for session in before.keys() - self._roster.present.keys():
            self._left(session, "gone")
        for session, participant in self._roster.present.items():
            if session not in before:
                self._peer.emit(Joined(participant))
            if self._peer.mesh is not None:
                self._peer.mesh.on_present(participant)
        self._peer.publish_presence()
        proofs, self._proofs = self._proofs, []
        for proof in proofs:
            self.send(proof)

    def on_binary(self, data: bytes) -> None:
        """A message of the relay (section B)."""
        self.heard_s = self._clock()
        message = decode_message(data, _SNAPSHOT_MESSAGE_BYTES)
        if isinstance(message, EnvelopeMessage):
            self._inbox.envelope(message.envelope, "relay", None)
        elif isinstance(message, LoggedMessage):
            self._inbox.logged(message)
        elif isinstance(message, AckMessage):
            self._peer.replica.ack(message.entries)
            self._upload.acked(message.entries)
            self._peer.emit(Acked())
        elif isinstance(message, SnapshotMessage):
            self._peer.flush()
            self._inbox.snapshot(message, rebuild=message.doc in self._differing)
            self._differing.discard(message.doc)
        elif isinstance(message, HaveMessage):
            self._compare(message)
        elif isinstance(message, WantMessage):
            store = self._peer.replica.store
            for envelope in store.range(message.doc, message.session, message.first, message.last):
                self.send(encode_message(EnvelopeMessage(envelope)))
        elif isinstance(message, PingMessage):
            self.send(encode_message(PongMessage(message.nonce)))
        elif isinstance(message, SyncedMessage):
            self.synced = True
            self._peer.emit(Synced())
        elif isinstance(message, RefusedMessage):
            log.warning("relay refused doc=%d seq=%d code=%d", message.doc.kind, message.seq, message.code)
            self._look_astray(message)
            told = RefusedByRelay(message.doc, message.session, message.seq, message.code, message.reason)
            self._peer.emit(told)
        elif isinstance(message, RevocationMessage):
            self._put_out(message.token)
        elif isinstance(message, AlertMessage):
            self._peer.emit(AlertBrought(message))
        else:
            self._inbox.shared(message)

    def on_control(self, message: RelayControl) -> None:
        """A control object of the relay (section S)."""
        self.heard_s = self._clock()
        if isinstance(message, JoinedNotice):
            self._joined(message)
        elif isinstance(message, LeftNotice):
            self._left(SessionId(message.session), message.reason)
        elif isinstance(message, SignalOut):
            if self._peer.mesh is not None:
                self._peer.mesh.on_signal(SessionId(message.sender), message.data)
        elif isinstance(message, RevokedNotice):
            self._put_out(message.token)
        elif isinstance(message, FrozenNotice):
            for session in message.sessions:
                self._freeze(SessionId(session))
        elif isinstance(message, RoomNotice):
            self._peer.emit(RoomState(message.state))
        elif isinstance(message, Renewed):
            self._allow_assets(message.assets)
        elif isinstance(message, EquivocationNotice):
            self._peer.emit(EquivocationSeen(SessionId(message.session)))

    def on_lost(self, code: int, reason: str) -> None:
        """The socket ended; direct links go on."""
        self.synced = False
        self._peer.emit(Disconnected(code, reason))

    def on_stopped(self, code: int, reason: str) -> None:
        """The socket ended for good."""
        self.synced = False
        self._peer.on_stopped(code, reason)

    # Inside

    def _have(self, *, reply: bool) -> HaveMessage:
        return HaveMessage(tuple(self._peer.replica.heads()[: LIMITS.have_entries]), reply)

    def _allow_assets(self, grant: AssetGrant | None) -> None:
        if grant is not None:
            self._peer.asset_server.allow(self._tickets.grant.relay_url, grant.token)
            self._peer.assets.connected()

    def _compare(self, message: HaveMessage) -> None:
        differing = self._peer.replica.mismatches(message.heads)
        if differing:
            # B3. On a fresh connection the relay's snapshots follow; on an old one its next welcome brings them.
            log.warning("digest mismatch session=%s", self._tickets.ticket.session)
            self._differing.update(mismatch.doc for mismatch in differing)
            if self.synced:
                self._connection.drop()
            return
        if message.reply:
            self.send(encode_message(self._have(reply=False)))
        self._upload.have(message)

    def _look_astray(self, message: RefusedMessage) -> None:
        """The relay refuses what we took directly of a session that it has put out: nobody else will ever have it."""
        stream = (message.doc, message.session)
        others = message.session != self._tickets.ticket.session
        if others and message.code in _PUT_OUT and self._mode == "live" and stream not in self._given_up:
            self._given_up.add(stream)
            self._strayed.add(message.doc)
            self._connection.drop()

    def _joined(self, message: JoinedNotice) -> None:
        ticket = self._inbox.ticket(message.ticket)
        participant = None if ticket is None else self._roster.add(ticket, message.agent, message.joined_ms)
        if participant is not None:
            self._peer.emit(Joined(participant))
            if self._peer.mesh is not None:
                self._peer.mesh.on_present(participant)

    def _left(self, session: SessionId, reason: str) -> None:
        if reason == "revoked" and session not in self._roster.present:
            return  # the revocation came first, and took it out of everything
        self._roster.remove(session)
        self._inbox.forget_session(session)
        if reason != "gone":
            self._peer.assets.forget_link(session)
        if self._peer.mesh is not None:
            self._peer.mesh.on_absent(session, reason)
        self._peer.emit(Left(session, reason))

    def _put_out(self, token: str) -> None:
        """T5. Not even the relay's word replaces the school's signature: it is logged, and nobody goes."""
        with suppress(TicketError):
            self._peer.revocations.brought(token)

    def _freeze(self, session: SessionId) -> None:
        """The relay's own decision (E5); ours alone to act on, since nobody has signed it."""
        if not self._peer.replica.is_revoked(session):
            self._peer.replica.revoke(session)
            self._peer.revocations.drop(session)
            self._peer.emit(Revoked((session,), "equivocation"))
