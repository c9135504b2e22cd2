"""WebRTC between a Python peer and all others of its room (protocol section M), over aiortc.

aiortc knows no rollback and no ICE restart: a connection that fails is closed and made anew under the next epoch
(35 ms). So is one that fell silent: aiortc itself would notice after half a minute.
A Python peer answers browsers and never offers to them; of two Python peers the smaller session id offers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

import aiortc.rtcsctptransport
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCRtpReceiver

from signaling.control import SignalData
from signaling.events import Participant
from signaling.ice import IceSettings
from signaling.links.link import Link
from signaling.mesh_link import MeshLink
from whiteboard_crdt.ids import RoomId, SessionId
from whiteboard_crdt.keys import SessionKey
from whiteboard_crdt.replica import Replica

__all__ = ["MediaPolicy", "Mesh", "MeshHost", "MeshOptions"]

log = logging.getLogger("chalkmesh.mesh")

# Its floor of 1 s makes p99 at 10 % loss 1,759 ms; with 0.2 s it is 232 ms.
aiortc.rtcsctptransport.SCTP_RTO_MIN = 0.2  # type: ignore[assignment]  # written there as an int

MediaPolicy: TypeAlias = Literal["none", "recvonly"] | Callable[[SessionId], Sequence[MediaStreamTrack]]


@dataclass(frozen=True, slots=True)
class MeshOptions:
    """How a peer takes part in the mesh.

    ``media``: "none" refuses media, "recvonly" takes it, a function gives the tracks to send to a session (and takes).
    ``on_track(session, kind, receiver, connection)`` is called while a description is applied, before media flows;
    ``on_closed`` when that connection is finished (a later one for the same session is a new object).
    """

    on_track: Callable[[SessionId, str, RTCRtpReceiver, RTCPeerConnection], None] | None = None
    on_closed: Callable[[SessionId, RTCPeerConnection], None] | None = None
    media: MediaPolicy = "none"


class MeshHost(Protocol):
    """What a peer offers to its mesh."""

    room: RoomId
    key: SessionKey

    @property
    def session(self) -> SessionId:
        """Our session id."""
        ...

    @property
    def replica(self) -> Replica:
        """Where the others' keys are known."""
        ...

    @property
    def ice(self) -> IceSettings:
        """TURN servers and policy of our ticket."""
        ...

    def send_signal(self, to: SessionId, data: SignalData) -> None:
        """S6."""
        ...

    def attach(self, link: Link) -> None:
        """A link opened."""
        ...


class Mesh:
    """All peer connections of one peer. Lives on the event loop; `tick` is called several times a second."""

    def __init__(self, host: MeshHost, options: MeshOptions) -> None:
        self.host = host
        self.options = options
        self._links: dict[SessionId, MeshLink] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def links(self) -> Mapping[SessionId, MeshLink]:
        """One entry for each other session that was seen, connected or not."""
        return self._links

    def on_present(self, participant: Participant) -> None:
        """Somebody is in the room, or (after a reconnect) still is."""
        if participant.session == self.host.session or self.host.replica.is_out(participant.session):
            return
        link = self._link(participant.session)
        link.agent = participant.agent
        link.present = True
        link.on_present()

    def on_absent(self, session: SessionId, reason: str) -> None:
        """Somebody left. When only its socket broke, the direct link goes on as long as it is heard."""
        link = self._links.get(session)
        if link is None:
            return
        link.present = False
        if reason != "gone":
            del self._links[session]
            self.own(link.close())

    def on_signal(self, sender: SessionId, data: SignalData) -> None:
        """A signal of another participant (M3)."""
        if not self._closed and sender != self.host.session and not self.host.replica.is_out(sender):
            self._link(sender).put(data)

    def renew(self, session: SessionId) -> None:
        """Make the connection to a session anew under the next epoch."""
        self._link(session).renew()

    def on_health(self, session: SessionId, healthy: bool, now_s: float) -> None:
        """A direct link fell silent, or spoke again (M6)."""
        link = self._links.get(session)
        if link is not None:
            link.on_health(healthy, now_s)

    def tick(self, now_s: float, relay_heard_s: float) -> None:
        """Renew what failed or fell silent, with growing pauses; forget who is gone.

        `relay_heard_s`: when the relay last said something, by the same clock; 0 while there is no way to signal.
        """
        for session, link in tuple(self._links.items()):
            if link.finished:
                del self._links[session]
                self.own(link.close())
            else:
                link.tick(now_s, relay_heard_s)

    async def close(self) -> None:
        """Close every connection."""
        self._closed = True
        links, self._links = tuple(self._links.values()), {}
        for link in links:
            self.own(link.close())
        while self._tasks:
            await asyncio.wait(self._tasks)

    def own(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something to its end; `close` waits for it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("fault while closing a connection kind=%s", type(task.exception()).__name__)

    def _link(self, session: SessionId) -> MeshLink:
        link = self._links.get(session)
        if link is None:
            link = self._links[session] = MeshLink(self, session)
        return link
