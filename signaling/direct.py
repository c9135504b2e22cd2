"""All direct links of one peer: their health, and what is said on them (protocol rules M6 to M9)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from signaling.links.link import Link
from signaling.member import may_read
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ids import DocRef, SessionId
from whiteboard_crdt.messages import (
    AckMessage,
    HaveMessage,
    LiveMessage,
    LoggedMessage,
    Message,
    PingMessage,
    PongMessage,
    PresenceMessage,
    RefusedMessage,
    SnapshotMessage,
    SyncedMessage,
    TicketMessage,
    decode_message,
    encode_message,
)
from whiteboard_crdt.replica import Replica
from whiteboard_crdt.spec import LIMITS

__all__ = ["DirectLink", "DirectLinks"]

log = logging.getLogger("chalkmesh.peer")

_HEADS: Final = 2_000  # of 26 to 91 bytes each; a HAVE has to fit one message of a channel
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
    rtt_ms: float | None = None
    told_have: HaveMessage | None = None
    told_have_s: float = 0.0


class DirectLinks:
    """At most one link for each other session. Lives on the event loop; reads the clock that it is given."""

    def __init__(self, host: DirectHost, clock: Callable[[], float]) -> None:
        self._host = host
        self._clock = clock
        self._links: dict[SessionId, DirectLink] = {}

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
        now_s = self._clock()
        direct = self._links[link.session] = DirectLink(link.session, link, now_s, now_s)
        link.on_message = partial(self._arrived, direct)
        link.on_close = partial(self._gone, direct)
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
        return known is not None and may_read(known.ticket, doc)

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

    def answer_have(self, direct: DirectLink, message: HaveMessage) -> None:
        """HAVE on a link (B2)."""
        if message.reply:
            self._tell_have(direct, self._clock(), reply=False)
        self.hand_over(direct, message)

    def hand_over(self, direct: DirectLink, message: HaveMessage) -> None:
        """Send what somebody with these heads lacks."""
        tickets, envelopes = self._host.replica.missing_for(
            message.heads, partial(self.reads, direct.session), LIMITS.catch_up_bytes // 2
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
            if direct.healthy and (now_s - direct.heard_s) * 1000 >= LIMITS.link_silence_ms:
                direct.healthy = False
                self._host.on_health(direct.session, False)
            if (now_s - direct.told_have_s) * 1000 >= LIMITS.have_every_ms and self._have(direct) != direct.told_have:
                self._tell_have(direct, now_s, reply=False)

    def close(self) -> None:
        """Close all links."""
        for session in tuple(self._links):
            self.detach(session)

    def _have(self, direct: DirectLink) -> HaveMessage:
        heads = self._host.replica.heads(readable=partial(self.reads, direct.session))
        return HaveMessage(tuple(heads[:_HEADS]))

    def _tell_have(self, direct: DirectLink, now_s: float, *, reply: bool) -> None:
        direct.told_have = self._have(direct)
        direct.told_have_s = now_s
        direct.link.send(encode_message(HaveMessage(direct.told_have.heads, reply)))

    def _arrived(self, direct: DirectLink, data: bytes) -> None:
        if self._links.get(direct.session) is not direct:
            return
        direct.heard_s = self._clock()
        if not direct.healthy:
            direct.healthy = True
            self._host.on_health(direct.session, True)
        try:
            message = decode_message(data, LIMITS.channel_message_bytes)
            if isinstance(message, _RELAY_ONLY):
                raise ProtocolError("message that only the relay sends")
            if isinstance(message, PresenceMessage | LiveMessage) and message.session != direct.session:
                return  # M9
            if isinstance(message, PingMessage):
                direct.link.send(encode_message(PongMessage(message.nonce)))
            elif isinstance(message, PongMessage):
                direct.rtt_ms = max(0.0, direct.heard_s * 1000 - message.nonce)
            else:
                self._host.on_direct(direct, message)
        except ProtocolError as error:
            log.warning("link closed session=%s code=%d reason=%s", direct.session, error.code, error.reason)
            self.detach(direct.session)

    def _gone(self, direct: DirectLink) -> None:
        if self._links.get(direct.session) is direct:
            del self._links[direct.session]
            if direct.healthy:
                direct.healthy = False
                self._host.on_health(direct.session, False)
