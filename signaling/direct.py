"""All direct links of one peer: their health, and what is said on them (protocol rules M6 to M9)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

from signaling.links.link import Link
from signaling.loss_meter import LossMeter
from signaling.member import may_read
from signaling.rates import Bucket
from whiteboard_crdt.errors import CloseCode, ProtocolError
from whiteboard_crdt.ids import BOARD, DocRef, SessionId
from whiteboard_crdt.messages import (
    AckMessage,
    AlertMessage,
    HaveMessage,
    LiveMessage,
    LoggedMessage,
    Message,
    PingMessage,
    PongMessage,
    PresenceMessage,
    RefusedMessage,
    RevocationMessage,
    SnapshotMessage,
    SyncedMessage,
    TicketMessage,
    WantMessage,
    decode_message,
    encode_message,
)
from whiteboard_crdt.policy import may_show
from whiteboard_crdt.replica import Replica
from whiteboard_crdt.spec import LIMITS

__all__ = ["DirectLink", "DirectLinks"]

log = logging.getLogger("chalkmesh.peer")

_COPIES: Final = 1_024
_HEADS: Final = 2_000  # of 26 to 91 bytes each; a HAVE has to fit one message of a channel
# (rate a second, burst), as at the relay: WANT and HAVE over it are passed over, the rest closes the link.
_MESSAGES: Final = (1_000.0, 20_000.0)
_EVIDENCE: Final = 16  # envelopes in answer to one HAVE
_HAVES: Final = (1.0, 6.0)
_WANTS: Final = (20.0, 40.0)
_ALERTS: Final = (2.0, 20.0)
_TICKETS: Final = (20.0, 500.0)
_SUSPECT_MS: Final = 1_200  # each side speaks twice a second where nothing waits
_RELAY_ONLY: Final = (AckMessage, SnapshotMessage, SyncedMessage, LoggedMessage, RefusedMessage)


class DirectHost(Protocol):
    """What a peer offers to its direct links."""

    @property
    def replica(self) -> Replica:
        """What the peer holds."""
        ...

    def on_direct(self, link: DirectLink, message: Message) -> None:
        """A message that is not about the link itself. Raises ProtocolError to close the link."""
        ...

    def on_health(self, session: SessionId, healthy: bool) -> None:
        """A link came up or went down."""
        ...


@dataclass(slots=True, eq=False)
class DirectLink:
    """One link and what is known of it. Times are seconds of the peer's monotonic clock."""

    session: SessionId
    link: Link
    heard_s: float
    pinged_s: float
    healthy: bool = True
    # The network under it changed: it is down after a shorter silence.
    suspect: bool = False
    rtt_ms: float | None = None
    told_have: HaveMessage | None = None
    told_have_s: float = 0.0
    meter: LossMeter = field(default_factory=LossMeter)
    messages: Bucket = field(init=False)
    haves: Bucket = field(init=False)
    wants: Bucket = field(init=False)
    tickets: Bucket = field(init=False)
    alerts: Bucket = field(init=False)

    def __post_init__(self) -> None:
        self.messages = Bucket(*_MESSAGES, self.heard_s)
        self.haves = Bucket(*_HAVES, self.heard_s)
        self.wants = Bucket(*_WANTS, self.heard_s)
        self.tickets = Bucket(*_TICKETS, self.heard_s)
        self.alerts = Bucket(*_ALERTS, self.heard_s)


class DirectLinks:
    """At most one link for each other session. Lives on the event loop; reads the clock that it is given."""

    def __init__(self, host: DirectHost, clock: Callable[[], float]) -> None:
        self._host = host
        self._clock = clock
        self._links: dict[SessionId, DirectLink] = {}
        # Bounded: over it a copy is left out, since the reliable channel has the envelope too.
        self._copies: set[asyncio.TimerHandle] = set()

    @property
    def links(self) -> Mapping[SessionId, DirectLink]:
        """The open links."""
        return self._links

    def healthy(self) -> Iterator[DirectLink]:
        """The links that were heard within the last 3 s."""
        return (link for link in tuple(self._links.values()) if link.healthy)

    def attach(self, link: Link) -> None:
        """A link opened: compare what both hold (M6)."""
        self.detach(link.session)
        if self._host.replica.is_out(link.session):
            link.close()  # put out while it was being made (S8)
            return
        now_s = self._clock()
        direct = self._links[link.session] = DirectLink(link.session, link, now_s, now_s)
        link.on_message = partial(self._arrived, direct, direct.link.send)
        link.on_lossy = partial(self._arrived, direct, direct.link.send_lossy)
        link.on_close = partial(self._gone, direct)
        for token in self._host.replica.sessions.revocations:
            # It may have been away from everybody who knew (S8).
            link.send(encode_message(RevocationMessage(token)))
        self._tell_have(direct, now_s, reply=True)
        self._host.on_health(link.session, True)

    def detach(self, session: SessionId) -> None:
        """Close the link to a session, if there is one."""
        direct = self._links.get(session)
        if direct is not None:
            direct.link.on_close = None
            self._gone(direct)
            direct.link.close()

    def reads(self, session: SessionId, doc: DocRef) -> bool:
        """Whether another session may see a document."""
        known = self._host.replica.sessions.get(session)
        return known is not None and may_read(known.ticket, doc, self._host.replica.shown_desk)

    def send(self, data: bytes, doc: DocRef | None = None) -> None:
        """A message to everybody who may see it, reliably."""
        for direct in tuple(self._links.values()):
            if doc is None or self.reads(direct.session, doc):
                direct.link.send(data)

    def send_lossy(self, data: bytes, doc: DocRef | None = None) -> None:
        """A message to everybody who may see it, as fast as it goes."""
        for direct in self.healthy():
            if doc is None or self.reads(direct.session, doc):
                direct.link.send_lossy(data)

    def send_copies(self, data: bytes, doc: DocRef, still: Callable[[], bool]) -> None:
        """M7: an own envelope once more where a lost packet costs no round trip, as often as the link's loss asks for.

        ``still`` is asked before each: an acknowledged envelope is not repeated.
        """
        for direct in self.healthy():
            if self.reads(direct.session, doc):
                for index, delay_s in enumerate(direct.meter.copies):
                    self._copy_later(delay_s, partial(self._copy, direct, index, data, still))

    def _copy_later(self, delay_s: float, copy: Callable[[], None]) -> None:
        if len(self._copies) >= _COPIES:
            return

        def run() -> None:
            self._copies.discard(handle)
            copy()

        handle = asyncio.get_running_loop().call_later(delay_s, run)
        self._copies.add(handle)

    def _copy(self, direct: DirectLink, index: int, data: bytes, still: Callable[[], bool]) -> None:
        if self._links.get(direct.session) is not direct or direct.link.waiting or not still():
            return
        if direct.meter.afford(index, len(data), self._clock(), len(self._links)):
            direct.link.send_lossy(data)

    def answer_have(self, direct: DirectLink, message: HaveMessage) -> None:
        """HAVE on a link (B2)."""
        if message.reply:
            self._tell_have(direct, self._clock(), reply=False)
        replica = self._host.replica
        for envelope in replica.evidence(message.heads, partial(self.reads, direct.session))[:_EVIDENCE]:
            # B3: without the relay, who was told another history than we learns of it in no other way.
            known = replica.sessions.get(envelope.session)
            if known is not None:
                direct.link.send(encode_message(TicketMessage(known.token)))
            direct.link.send(b"\x01" + envelope.raw)
        self.hand_over(direct, message)

    def hand_over(self, direct: DirectLink, message: HaveMessage) -> None:
        """Send what somebody with these heads lacks."""
        replica = self._host.replica
        tickets, envelopes = replica.missing_for(
            message.heads, partial(self.reads, direct.session), LIMITS.catch_up_bytes // 2, replica.sessions.revoked
        )
        for token in tickets:
            direct.link.send(encode_message(TicketMessage(token)))
        for envelope in envelopes:
            direct.link.send(b"\x01" + envelope.raw)

    def tick(self, now_s: float) -> None:
        """Pings, silence (M6), and HAVE while heads change (B4). Several times a second."""
        for direct in tuple(self._links.values()):
            if (now_s - direct.pinged_s) * 1000 >= LIMITS.link_ping_ms:
                direct.pinged_s = now_s
                direct.link.send(encode_message(PingMessage(int(now_s * 1000))))
            nonce = None if direct.link.waiting else direct.meter.ping(now_s)
            if nonce is not None:
                direct.link.send_lossy(encode_message(PingMessage(nonce)))
            silence_ms = _SUSPECT_MS if direct.suspect else LIMITS.link_silence_ms
            if direct.healthy and (now_s - direct.heard_s) * 1000 >= silence_ms:
                direct.healthy = False
                self._host.on_health(direct.session, False)
            if (now_s - direct.told_have_s) * 1000 >= LIMITS.have_every_ms and self._have(direct) != direct.told_have:
                self._tell_have(direct, now_s, reply=False)

    def suspect(self) -> None:
        """The machine lost an address: a link that is not heard from now on is down sooner."""
        for direct in self._links.values():
            direct.suspect = True

    def close(self) -> None:
        """Close all links."""
        for handle in self._copies:
            handle.cancel()
        self._copies.clear()
        for session in tuple(self._links):
            self.detach(session)

    def _have(self, direct: DirectLink) -> HaveMessage:
        heads = self._host.replica.heads(readable=partial(self.reads, direct.session))
        return HaveMessage(tuple(heads[:_HEADS]))

    def _tell_have(self, direct: DirectLink, now_s: float, *, reply: bool) -> None:
        direct.told_have = self._have(direct)
        direct.told_have_s = now_s
        direct.link.send(encode_message(HaveMessage(direct.told_have.heads, reply)))

    def _arrived(self, direct: DirectLink, answer: Callable[[bytes], bool], data: bytes) -> None:
        if self._links.get(direct.session) is not direct:
            return
        direct.heard_s = self._clock()
        if not direct.healthy:
            direct.healthy, direct.suspect = True, False
            self._host.on_health(direct.session, True)
        try:
            if not direct.messages.take(direct.heard_s):
                raise ProtocolError("too many messages", CloseCode.RATE_LIMITED)
            message = decode_message(data, LIMITS.channel_message_bytes)
            if isinstance(message, _RELAY_ONLY):
                raise ProtocolError("message that only the relay sends")
            if isinstance(message, PresenceMessage | LiveMessage) and not self._may_show(direct.session, message):
                return
            if isinstance(message, TicketMessage | RevocationMessage) and not direct.tickets.take(direct.heard_s):
                raise ProtocolError("too many tokens", CloseCode.RATE_LIMITED)
            if isinstance(message, AlertMessage) and not direct.alerts.take(direct.heard_s):
                return
            if isinstance(message, HaveMessage) and not direct.haves.take(direct.heard_s):
                return
            if isinstance(message, WantMessage) and not direct.wants.take(direct.heard_s):
                return
            if isinstance(message, PingMessage):
                # On the channel that brought it.
                answer(encode_message(PongMessage(message.nonce)))
            elif isinstance(message, PongMessage) and answer == direct.link.send_lossy:
                direct.meter.pong(message.nonce)
            elif isinstance(message, PongMessage):
                direct.rtt_ms = max(0.0, direct.heard_s * 1000 - message.nonce)
            else:
                self._host.on_direct(direct, message)
        except ProtocolError as error:
            log.warning("link closed session=%s code=%d reason=%s", direct.session, error.code, error.reason)
            self.detach(direct.session)

    def _may_show(self, session: SessionId, message: PresenceMessage | LiveMessage) -> bool:
        """M9, and the rights that the relay asks for on its own way."""
        known = self._host.replica.sessions.get(session)
        if message.session != session or known is None:
            return False
        if isinstance(message, LiveMessage):
            return may_show(known.ticket, message.doc, drawing=message.ink is not None)
        return may_show(known.ticket, BOARD)

    def _gone(self, direct: DirectLink) -> None:
        if self._links.get(direct.session) is direct:
            del self._links[direct.session]
            if direct.healthy:
                direct.healthy = False
                self._host.on_health(direct.session, False)
