"""The Python peer: a replica, its documents, and the ways to everybody else. For bots, the recorder and demos.

It does what a browser does, by the same rules: own envelopes go to the relay and to every direct link; what is missing
is found by HAVE and WANT; the relay may be gone, or all direct links, and the work goes on.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeVar

from signaling.asset_server import RelayAssetServer
from signaling.control import SignalData, SignalIn
from signaling.direct import DirectLink, DirectLinks
from signaling.events import AlertBrought, Event, LinkChanged, Participant, SeenEnvelope, Stopped
from signaling.ice import IceSettings
from signaling.links.link import Link
from signaling.mesh import Mesh, MeshOptions
from signaling.network_watch import NetworkWatch
from signaling.peer_assets import PeerAssets
from signaling.peer_inbox import Inbox, RoomTimes
from signaling.peer_relay import PeerRelay
from signaling.peer_revocations import PeerRevocations
from signaling.peer_roster import Roster
from signaling.peer_tickets import Grant, PeerTickets, TicketSource
from signaling.ticket_sources import one_ticket
from whiteboard_crdt.alert import carries_alerts
from whiteboard_crdt.board import Board
from whiteboard_crdt.catch_up import first_of
from whiteboard_crdt.chat import Chat
from whiteboard_crdt.envelope import Envelope
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.events import Equivocation
from whiteboard_crdt.ids import BOARD, CHAT, STAGE, ClientId, DocRef, Role, RoomId, SessionId
from whiteboard_crdt.keys import PublicKey, SessionKey
from whiteboard_crdt.messages import (
    AlertMessage,
    EnvelopeMessage,
    HaveMessage,
    LiveMessage,
    Message,
    PresenceMessage,
    RevocationMessage,
    WantMessage,
    encode_message,
)
from whiteboard_crdt.presence import LiveInk, format_presence
from whiteboard_crdt.replica import OwnSession, Replica
from whiteboard_crdt.spec import LIMITS
from whiteboard_crdt.stage import Stage
from whiteboard_crdt.ticket import Ticket, read_ticket

__all__ = ["Grant", "Peer", "TicketSource"]

log = logging.getLogger("chalkmesh.peer")

T = TypeVar("T")
_TICK_S: Final = 0.1
_SAVE_ON_CLOSE_S: Final = 2.0


class Peer:
    """One participant. ``async with Peer(...) as peer``: its ticket is there and its tasks run; the relay may not be.

    Made for ``key`` and ``client_id``, which the ticket must name. Everything runs on one event loop.
    """

    def __init__(
        self,
        room: RoomId | str,
        ticket_source: TicketSource,
        jwks: Mapping[str, PublicKey],
        *,
        key: SessionKey | None = None,
        client_id: int | None = None,
        mode: Literal["live", "log"] = "live",
        mesh: MeshOptions | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.room = RoomId(room)
        self.key = key if key is not None else SessionKey.generate()
        self.client_id = ClientId(client_id if client_id is not None else secrets.randbelow(2**32 - 1) + 1)
        self.on_envelope: Callable[[SeenEnvelope], None] | None = None
        self.on_event: Callable[[Event], None] | None = None
        self.stopped: Stopped | None = None
        self.mesh: Mesh | None = None
        self._jwks = jwks
        self._mode = mode
        self._mesh_options = mesh
        self._clock = clock
        self._tickets = PeerTickets(self.room, self.key.public, self.client_id, ticket_source, jwks)
        self._times = RoomTimes(clock, wall)
        self._direct = DirectLinks(self, clock)
        self._network = NetworkWatch()
        self.asset_server = RelayAssetServer(self.room)
        self.assets = PeerAssets(self.asset_server, clock, self.detach)
        self._replica: Replica | None = None
        self._roster: Roster | None = None
        self._inbox: Inbox | None = None
        self._revocations: PeerRevocations | None = None
        self._relay: PeerRelay | None = None
        self._views: dict[DocRef, Board | Stage | Chat] = {}
        self._listeners: list[Callable[[Event], None]] = []
        self._pulse: asyncio.Event | None = None
        self._dirty = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._presence: dict[str, Any] | None = None
        # Both only ever grow, also when a program comes back under the same session.
        self._presence_version = self._live_tick = int(wall() * 1000)
        self._expired_s = 0.0

    @classmethod
    def from_ticket(
        cls,
        grant: Grant,
        key: SessionKey,
        jwks: Mapping[str, PublicKey],
        *,
        mode: Literal["live", "log"] = "live",
        mesh: MeshOptions | None = None,
    ) -> Self:
        """A peer for a ticket that is at hand, such as the output of ``chalkmesh ticket``, made for ``key``.

        Room and client id are the ticket's. It is not renewed: for a peer that must come back after hours, hand a
        ticket source to `Peer` itself. Raises TicketError for a ticket that the school's keys did not sign.
        """
        ticket = read_ticket(grant.ticket, jwks)
        source = one_ticket(grant)
        return cls(ticket.room, source, jwks, key=key, client_id=ticket.client, mode=mode, mesh=mesh)

    # Life

    async def prepare(self) -> None:
        """Obtain the ticket without connecting yet, so that `preload` can be called before entering the context."""
        if self._replica is not None:
            return
        grant = await self._tickets.obtain()
        ticket = self._tickets.ticket
        writes = ticket.role not in (Role.RECORDER, Role.REVIEWER)
        own = OwnSession(ticket.session, self.client_id, self.key.sign) if writes else None
        self._replica = Replica(self.room, own, self._jwks, on_local_edit=lambda _doc: self._dirty.set())
        self._replica.admit_ticket(grant.ticket)
        self._roster = Roster(ticket.session)
        self._inbox = Inbox(
            self._replica, ticket.session, self._roster, self._times, self.emit, self._forget_view, self._prove,
            lambda session: self.revocations.drop(session),
        )  # fmt: skip
        self._relay = PeerRelay(self, self._tickets, self._inbox, self._roster, self._times, self._mode, self._clock)
        self._revocations = PeerRevocations(self, self._direct, self._inbox, self._roster)

    def preload(self, tickets: Iterable[str], envelopes: Iterable[Envelope]) -> None:
        """Take in an archive of ours between `prepare` and entering the context: only the rest is fetched then."""
        for token in tickets:
            self.replica.admit_ticket(token)
        for envelope in envelopes:
            self.replica.receive(envelope, now_ms=self.now_ms(), trusted_author=envelope.session, from_relay=True)

    async def __aenter__(self) -> Self:
        await self.prepare()
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._flush_for_ever(), name="peer-flush"),
            loop.create_task(self._tick_for_ever(), name="peer-tick"),
        ]
        if self._mesh_options is not None:
            self.mesh = Mesh(self, self._mesh_options)
        self.relay.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Seal and send what was edited, wait a moment for its acknowledgement, and leave."""
        if not self._tasks:
            return
        try:
            await self.saved(_SAVE_ON_CLOSE_S if self.connected else 0)
        except (TimeoutError, ConnectionError, ProtocolError):
            log.info("peer left with unsaved work session=%s", self.session)
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        if self.mesh is not None:
            await self.mesh.close()
        self._direct.close()
        await self.assets.close()
        await self.relay.stop()

    # What is held

    @property
    def replica(self) -> Replica:
        """What this peer holds of the room."""
        return _ready(self._replica)

    @property
    def relay(self) -> PeerRelay:
        """The way to the relay."""
        return _ready(self._relay)

    @property
    def revocations(self) -> PeerRevocations:
        """Who was put out. `honour` a token that the application got from the portal: it goes to all from here."""
        return _ready(self._revocations)

    @property
    def ticket(self) -> Ticket:
        """The claims of the newest ticket."""
        return self._tickets.ticket

    @property
    def session(self) -> SessionId:
        """Our session id, from the ticket."""
        return self._tickets.ticket.session

    @property
    def board(self) -> Board:
        """The board. Do not keep it: a rebuild from the relay (B3) makes a new one."""
        view = self._views.get(BOARD)
        if not isinstance(view, Board):
            view = self._views[BOARD] = Board(self.replica.doc(BOARD), self.session)
        return view

    @property
    def stage(self) -> Stage:
        """The stage. Do not keep it, as with the board."""
        view = self._views.get(STAGE)
        if not isinstance(view, Stage):
            view = self._views[STAGE] = Stage(self.replica.doc(STAGE))
        return view

    @property
    def chat(self) -> Chat:
        """The chat. Do not keep it, as with the board."""
        view = self._views.get(CHAT)
        if not isinstance(view, Chat):
            view = self._views[CHAT] = Chat(self.replica.doc(CHAT), self.session)
        return view

    @property
    def participants(self) -> Mapping[SessionId, Participant]:
        """The others who are present, as the relay last said."""
        return _ready(self._roster).present

    def person(self, session: SessionId) -> Ticket | None:
        """The ticket of anybody whose ticket is known, present or not."""
        known = self.replica.sessions.get(session)
        return None if known is None else known.ticket

    @property
    def connected(self) -> bool:
        """Whether the session socket stands."""
        return self._relay is not None and self._relay.connected

    @property
    def synced(self) -> bool:
        """Whether the relay has sent all that it had, on the socket that stands."""
        return self._relay is not None and self._relay.synced

    @property
    def direct(self) -> Mapping[SessionId, DirectLink]:
        """The open direct links."""
        return self._direct.links

    def now_ms(self) -> int:
        """The room's clock: unix ms."""
        return self._times.now_ms()

    def room_ms(self) -> int | None:
        """Session time of the room in ms; None before the first welcome."""
        return self._times.room_ms()

    # Waiting and listening

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` with every event, envelopes included, until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def wait_for(self, predicate: Callable[[], bool], timeout_s: float | None = 10.0) -> None:
        """Wait until `predicate` holds; it is looked at again after each event of this peer. Raises TimeoutError.

        Raises ConnectionError when the peer stopped for good.
        """
        async with asyncio.timeout(timeout_s):
            while not predicate():
                if self.stopped is not None:
                    raise ConnectionError(f"the relay closed with {self.stopped.code}")
                # Made only for whoever waits: a busy room has hundreds of events a second.
                self._pulse = self._pulse or asyncio.Event()
                await self._pulse.wait()

    async def wait_synced(self, timeout_s: float | None = 10.0) -> None:
        """Wait until the relay sent all that it had."""
        await self.wait_for(lambda: self.synced, timeout_s)

    async def saved(self, timeout_s: float | None = 10.0) -> None:
        """Wait until the relay holds every edit of ours durably."""
        self.flush()
        await self.wait_for(lambda: not self.replica.has_local_edits and not self.replica.unacked(), timeout_s)

    # Sending

    def flush(self) -> None:
        """Seal and send the local edits made so far. Raises UpdateRefused when others would refuse them."""
        self._dirty.clear()
        for envelope in self.replica.flush_local(self.now_ms()):
            data = encode_message(EnvelopeMessage(envelope))
            self.relay.send(data)
            self._direct.send(data, envelope.doc)
            if len(envelope.raw) <= LIMITS.live_copy_bytes:
                self._direct.send_copies(data, envelope.doc, partial(self._unacked, envelope))
            self.emit(SeenEnvelope(envelope, self.room_ms(), "own"))

    def _unacked(self, envelope: Envelope) -> bool:
        return self.replica.acked(envelope.doc, envelope.session) < envelope.seq

    def set_presence(self, state: dict[str, Any]) -> None:
        """Publish our presence (an application's own object), and again after each reconnect. Raises ProtocolError."""
        format_presence(state)
        self._presence = state
        self.publish_presence()

    def publish_presence(self) -> None:
        """Tell our presence again."""
        if self._presence is not None:
            self._presence_version += 1
            state = format_presence(self._presence)
            data = encode_message(PresenceMessage(self.session, self._presence_version, state))
            self.relay.send(data)
            self._direct.send(data)

    def send_live(
        self, page: str, *, cursor: tuple[int, int] | None = None, ink: LiveInk | None = None, laser: bool = False
    ) -> None:
        """A cursor or live ink (section L), in tenths of a board px: direct where it goes, over the relay elsewhere."""
        self._live_tick += 1
        data = encode_message(LiveMessage(self.session, self._live_tick, page, cursor, ink, laser))
        self._direct.send_lossy(data)
        if not {link.session for link in self._direct.healthy()}.issuperset(self.participants):
            self.relay.send_skippable(data)

    def send_signal(self, to: SessionId, data: SignalData) -> None:
        """S6: to one participant, for the mesh."""
        self.relay.send_control(SignalIn(to=to, data=data))

    @property
    def ice(self) -> IceSettings:
        """TURN servers of the newest ticket, and whether nothing else may carry a connection."""
        ticket = self._tickets.ticket
        recorder = ticket.role is Role.RECORDER
        return IceSettings(self._tickets.grant.ice_servers, ticket.relay_only, direct_first=recorder)

    def attach(self, link: Link) -> None:
        """Use a direct link that opened (the mesh does so; tests attach memory links)."""
        self._direct.attach(link)

    def detach(self, session: SessionId) -> None:
        """Close the direct link to a session."""
        self._direct.detach(session)

    def cut(self, *, relay: bool) -> None:
        """Break (True) or mend (False) the way to the relay: for demos of bad networks, and tests."""
        self.relay.cut(relay)

    # What the parts tell

    def emit(self, event: Event) -> None:
        """Tell everybody who listens, and wake who waits."""
        if isinstance(event, SeenEnvelope):
            if self.on_envelope is not None:
                self.on_envelope(event)
        elif self.on_event is not None:
            self.on_event(event)
        for listener in tuple(self._listeners):
            listener(event)
        pulse, self._pulse = self._pulse, None
        if pulse is not None:
            pulse.set()

    def tell_alert(self, message: AlertMessage) -> None:
        """ALERT (C4): over the relay, and to whoever of the staff and the recorder has a direct link with us."""
        data = encode_message(message)
        self.relay.send(data)
        for direct in self._direct.healthy():
            known = self.replica.sessions.get(direct.session)
            if known is not None and carries_alerts(known.ticket.role):
                direct.link.send(data)

    def on_direct(self, link: DirectLink, message: Message) -> None:
        """A message of a direct link. Raises ProtocolError to close it."""
        inbox = _ready(self._inbox)
        if isinstance(message, EnvelopeMessage):
            inbox.envelope(message.envelope, "mesh", link)
        elif isinstance(message, HaveMessage):
            self._direct.answer_have(link, message)
        elif isinstance(message, WantMessage):
            if self._direct.reads(link.session, message.doc) and not self.replica.is_revoked(message.session):
                stream = self.replica.store.range(message.doc, message.session, message.first, message.last)
                for envelope in first_of(stream, LIMITS.catch_up_bytes):
                    link.link.send(encode_message(EnvelopeMessage(envelope)))
        elif isinstance(message, RevocationMessage):
            self.revocations.brought(message.token)
        elif isinstance(message, AlertMessage):
            self.emit(AlertBrought(message))
        else:
            inbox.shared(message)

    def on_health(self, session: SessionId, healthy: bool) -> None:
        """A direct link came up or went down."""
        direct = self._direct.links.get(session)
        if direct is None:
            self.assets.forget_link(session)
        elif healthy:
            self.assets.link_up(session, direct.link.bulk)
            self.relay.hurry()  # where there is a link again, there is a network again
        else:
            self.assets.link_down(session)
        if self.mesh is not None and direct is not None:
            self.mesh.on_health(session, healthy, self._clock())
        self.emit(LinkChanged(session, healthy))

    def on_stopped(self, code: int, reason: str) -> None:
        """There is no way on for this session."""
        self.stopped = Stopped(code, reason)
        self.emit(self.stopped)

    def _prove(self, found: Equivocation) -> None:
        """E5. Both envelopes go to everybody: the relay may know one history and each of the others another."""
        for envelope in (found.first, found.second):
            if envelope is not None:
                data = encode_message(EnvelopeMessage(envelope))
                self.relay.prove(data)
                self._direct.send(data, envelope.doc)

    def _forget_view(self, doc: DocRef) -> None:
        self._views.pop(doc, None)

    # Time

    async def _flush_for_ever(self) -> None:
        while True:
            await self._dirty.wait()
            # E11 allows 50 ms; half of it leaves the rest to the way there.
            await asyncio.sleep(LIMITS.batch_ms / 1000 / 2)
            try:
                self.flush()
            except ProtocolError as error:
                # Our own document went where others will not follow.
                log.error("own edit refused session=%s reason=%s", self.session, error.reason)
                self.on_stopped(error.code, error.reason)
                return

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            now_s = self._clock()
            gone, came = self._network.look(now_s)
            if gone or came:
                self._moved(gone)
            self._direct.tick(now_s)
            self.assets.tick()
            for want in self.replica.wants(self.now_ms()):
                data = encode_message(want)
                self.relay.send(data)
                self._direct.send(data)
            if now_s - self._expired_s >= 1.0:
                self._expired_s = now_s
                _ready(self._inbox).expire()
            if self.mesh is not None:
                self.mesh.tick(now_s, self.relay.heard_s if self.connected else 0.0)
            await self.relay.tick(now_s)

    def _moved(self, gone: frozenset[str]) -> None:
        """The machine's addresses changed."""
        log.info("addresses changed session=%s lost=%d", self.session, len(gone))
        self.relay.lost_address(gone)
        self.relay.hurry()
        if gone:
            self._direct.suspect()


def _ready(part: T | None) -> T:
    if part is None:
        raise AssertionError("the peer has no ticket yet: use it inside its context")
    return part
