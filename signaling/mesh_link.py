"""One pair's peer connection: epochs, signed descriptions, candidates, and making it anew (M1 to M5)."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp

from signaling.control import SignalData
from signaling.links.datachannel import ChannelLink
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ids import SessionId
from whiteboard_crdt.keys import decode_base64url, encode_base64url, fingerprint_text, verify_signature
from whiteboard_crdt.spec import LIMITS

if TYPE_CHECKING:
    from signaling.mesh import Mesh

__all__ = ["MeshLink"]

log = logging.getLogger("chalkmesh.mesh")

_QUEUE: Final = 256
_RETRY_FIRST_S: Final = 1.0
_RETRY_LONGEST_S: Final = 15.0
# A connection that was begun and is not open after this is given up.
_OPEN_S: Final = 10.0
# A connection younger than this is not overtaken by another.
_FRESH_S: Final = 1.5
# What tells a dead link from a dead network: the relay spoke this much later than the link did.
_RELAY_LATER_S: Final = 1.0
# On a line that is full the channels may fall silent behind sound that still comes: then there is more patience.
_LOOK_S: Final = 0.3
_FULL_LINE_S: Final = 7.0
_CLOSE_S: Final = 0.5
_DESCRIBE_S: Final = 10.0
# aiortc makes a transceiver for each media section (400 in one signed description hold the event loop for 46 ms and
# more) and pairs each candidate with all of ours. Browsers send 3 sections and some 20 candidates.
_SECTIONS: Final = 16
_CANDIDATES: Final = 64


class MeshLink:
    """The connection to one other session. Signals are handled one after the other in an owned task."""

    def __init__(self, mesh: Mesh, session: SessionId) -> None:
        self.session = session
        self.agent = ""
        self.present = False
        self.epoch = 0
        self.connection: RTCPeerConnection | None = None
        self._mesh = mesh
        self._channel: ChannelLink | None = None
        # Bounded; over it the newest signal is dropped, and the next epoch heals what that broke.
        self._signals: asyncio.Queue[SignalData | None] = asyncio.Queue(_QUEUE)
        # Connections made since one last opened.
        self._attempt = 0
        self._begun_s = 0.0
        self._candidates = 0
        # Since when the link is down, and how many packets the connection had brought by then.
        self._down_s: float | None = None
        self._down_packets = 0
        self._retry_s = _RETRY_FIRST_S
        self._retry_at_s: float | None = None
        self._task = asyncio.get_running_loop().create_task(self._run(), name="mesh-link")

    @property
    def offers(self) -> bool:
        """Whether this side makes the offer (M1)."""
        return self.agent == "python" and self._mesh.host.session < self.session

    @property
    def open(self) -> bool:
        """Whether the channels can be written to."""
        return self._channel is not None and self._channel.open

    @property
    def _works(self) -> bool:
        return self.open and self._down_s is None

    @property
    def finished(self) -> bool:
        """Whether the participant left and its connection ended too."""
        return not self.present and self.connection is None and self._signals.empty()

    def put(self, data: SignalData) -> None:
        """A signal of the other side."""
        try:
            self._signals.put_nowait(data)
        except asyncio.QueueFull:
            log.warning("signal dropped session=%s kind=%s", self.session, data.kind)

    def renew(self) -> None:
        """Offer anew, or ask the other side to."""
        try:
            self._signals.put_nowait(None)
        except asyncio.QueueFull:
            log.warning("renewal dropped session=%s", self.session)

    def on_present(self) -> None:
        """The relay names the participant, at its coming or after a reconnect of ours: nothing that is down waits."""
        connection = self.connection
        lost = connection is not None and not self.open
        if lost and connection is not None and connection.signalingState != "have-local-offer":
            lost = not self._is_fresh  # under way; where nobody answered our offer, it went with the socket of before
        if lost or self._down_s is not None or (self.offers and connection is None):
            self._renew_now()

    def on_health(self, healthy: bool, now_s: float) -> None:
        """The link fell silent, or spoke again (M6)."""
        self._down_s = None if healthy else now_s
        self._down_packets = 0 if self._channel is None else self._channel.packets

    @property
    def _is_fresh(self) -> bool:
        return time.monotonic() - self._begun_s < _FRESH_S

    def _is_dead(self, now_s: float, relay_heard_s: float) -> bool:
        """Whether the silent link is to be made anew: there is a network, and none of it comes over this link."""
        if self._down_s is None or self._channel is None or not self.present:
            return False
        down_s = now_s - self._down_s
        if down_s < _LOOK_S or relay_heard_s - self._down_s < _RELAY_LATER_S - LIMITS.link_silence_ms / 1000:
            return False
        return down_s >= _FULL_LINE_S or self._channel.packets == self._down_packets

    def tick(self, now_s: float, relay_heard_s: float) -> None:
        """Renew a connection that failed, does not open, or is dead."""
        connection = self.connection
        if self._retry_at_s is None and self._is_dead(now_s, relay_heard_s):
            log.info("silent connection session=%s epoch=%d", self.session, self.epoch)
            self._renew_now()
        if connection is not None and not self.open and now_s - self._begun_s > _OPEN_S and self._retry_at_s is None:
            self._retry_at_s = now_s
        if self._retry_at_s is not None and now_s >= self._retry_at_s and self.present:
            self._retry_at_s = None
            if not self._works:  # else it spoke again while nobody heard that we asked
                self.renew()

    def _renew_now(self) -> None:
        """And again later, should what we say now be lost."""
        self._retry_later()
        self.renew()

    async def close(self) -> None:
        """Close the connection and stop."""
        self._task.cancel()
        await asyncio.wait((self._task,))
        await self._drop()

    # The owned task

    async def _run(self) -> None:
        while True:
            data = await self._signals.get()
            try:
                async with asyncio.timeout(_DESCRIBE_S):
                    await (self._renew() if data is None else self._signal(data))
            except ProtocolError as error:
                # Dropped (M4); a connection that stands is not touched by it.
                log.warning("signal refused session=%s reason=%s", self.session, error.reason)
            except Exception as error:
                # Mutated descriptions make aiortc raise AssertionError, KeyError, StopIteration and more: this is the
                # edge where all of them mean "a bad signal". Never its text: it may quote the description.
                log.warning(
                    "signal not understood session=%s kind=%s error=%s",
                    self.session, "renew" if data is None else data.kind, type(error).__name__,
                )  # fmt: skip
                if data is None or data.kind in ("offer", "answer"):
                    await self._drop()
                    self._retry_later()

    async def _signal(self, data: SignalData) -> None:
        if data.kind == "hello":
            # Asks for an offer of ours under this epoch (M5).
            if not self.offers:
                return
            if data.epoch > self.epoch:
                self.epoch = data.epoch - 1
                await self._renew()
            elif not self._works and not self._is_fresh:
                # Who asks again under our number did not get our offer.
                await self._renew()
            elif not self._works:
                self._retry_at_s = self._begun_s + _FRESH_S
        elif data.epoch < self.epoch:
            return
        elif data.kind == "offer":
            if self.agent == "python" and self.offers:
                return  # not theirs to offer (M1)
            await self._offered(data)
        elif data.epoch > self.epoch or self.connection is None:
            return
        elif data.kind == "answer":
            if self.connection.signalingState == "have-local-offer":
                self._check_fingerprint(data)
                await self.connection.setRemoteDescription(RTCSessionDescription(data.sdp or "", "answer"))
        elif data.kind == "candidate":
            await self._candidate(self.connection, data)

    async def _renew(self) -> None:
        if not self.present:
            return
        if self.offers:
            self.epoch += 1
            connection = await self._begin()
            tracks = self._tracks()
            for track in tracks:
                connection.addTrack(track)
            if self._mesh.options.media != "none":
                for kind in {"audio", "video"} - {track.kind for track in tracks}:
                    connection.addTransceiver(kind, direction="recvonly")
            await connection.setLocalDescription(await connection.createOffer())
            self._tell_description("offer", connection)
        else:
            self._begun_s = time.monotonic()
            self._mesh.host.send_signal(self.session, SignalData(epoch=self.epoch + 1, kind="hello"))
            self._retry_later()

    async def _offered(self, data: SignalData) -> None:
        self._check_fingerprint(data)
        connection = self.connection
        if connection is None or data.epoch > self.epoch or connection.signalingState != "stable":
            self.epoch = data.epoch
            connection = await self._begin()
        await connection.setRemoteDescription(RTCSessionDescription(data.sdp or "", "offer"))
        if self._mesh.options.media == "none":
            for transceiver in connection.getTransceivers():
                transceiver.direction = "inactive"
        else:
            sending = {sender.track for sender in connection.getSenders()}
            for track in self._tracks():
                if track not in sending:
                    connection.addTrack(track)
        await connection.setLocalDescription(await connection.createAnswer())
        self._tell_description("answer", connection)

    async def _candidate(self, connection: RTCPeerConnection, data: SignalData) -> None:
        if not data.candidate:
            await connection.addIceCandidate(None)
            return
        self._candidates += 1
        if self._candidates > _CANDIDATES:
            raise ProtocolError("too many candidates")
        candidate = candidate_from_sdp(data.candidate.removeprefix("candidate:"))
        candidate.sdpMid = data.mid
        candidate.sdpMLineIndex = data.line
        await connection.addIceCandidate(candidate)

    # Inside

    async def _begin(self) -> RTCPeerConnection:
        """A fresh connection with its channels; the one before is closed."""
        await self._drop()
        connection = self.connection = RTCPeerConnection(self._mesh.host.ice.configuration(self._attempt))
        self._attempt += 1
        self._candidates = 0
        self._begun_s = time.monotonic()
        self._retry_at_s = None
        self._down_s = None

        @connection.on("track")
        def on_track(track: MediaStreamTrack) -> None:
            for transceiver in connection.getTransceivers():
                if transceiver.receiver.track is track and self._mesh.options.on_track is not None:
                    self._mesh.options.on_track(self.session, track.kind, transceiver.receiver, connection)

        @connection.on("connectionstatechange")
        async def on_state() -> None:
            if connection is self.connection and connection.connectionState in ("failed", "closed"):
                log.info("connection %s session=%s epoch=%d", connection.connectionState, self.session, self.epoch)
                self._mesh.own(self._failed(connection))

        self._channel = ChannelLink(self.session, connection, self._opened)
        return connection

    def _opened(self, channel: ChannelLink) -> None:
        if channel is self._channel:
            self._retry_s = _RETRY_FIRST_S
            self._retry_at_s = None
            # The URL that worked is tried first the next time.
            self._attempt -= 1
            self._mesh.host.attach(channel)

    async def _failed(self, connection: RTCPeerConnection) -> None:
        if connection is self.connection:
            await self._drop()
            self._retry_later()

    def _retry_later(self) -> None:
        self._retry_at_s = time.monotonic() + self._retry_s
        self._retry_s = min(self._retry_s * 2, _RETRY_LONGEST_S)

    async def _drop(self) -> None:
        connection, self.connection = self.connection, None
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()
        if connection is not None:
            # On a dead network the goodbye to a TURN server takes its time; the next connection does not wait for it.
            closing = self._mesh.own(connection.close())
            await asyncio.wait((closing,), timeout=_CLOSE_S)
            if self._mesh.options.on_closed is not None:
                self._mesh.options.on_closed(self.session, connection)

    def _tracks(self) -> list[MediaStreamTrack]:
        media = self._mesh.options.media
        return [] if isinstance(media, str) else list(media(self.session))

    def _check_fingerprint(self, data: SignalData) -> None:
        """M4: signaling cannot be the man in the middle. Raises ProtocolError."""
        host = self._mesh.host
        known = host.replica.sessions.get(self.session)
        if known is None or not data.sdp or not data.fp:
            raise ProtocolError("description without fingerprint")
        if data.sdp.count("\nm=") > _SECTIONS:
            raise ProtocolError("description of too many media")
        text = fingerprint_text(host.room, self.session, host.session, data.sdp)
        if not verify_signature(known.key, decode_base64url(data.fp), text):
            raise ProtocolError("fingerprint of a description")

    def _tell_description(self, kind: str, connection: RTCPeerConnection) -> None:
        host = self._mesh.host
        sdp = connection.localDescription.sdp
        fingerprint = host.key.sign(fingerprint_text(host.room, host.session, self.session, sdp))
        mids = {
            transceiver.mid: "audio" if transceiver.kind == "audio" else "video"
            for transceiver in connection.getTransceivers()
            if transceiver.mid is not None
        }
        host.send_signal(
            self.session,
            SignalData(
                epoch=self.epoch,
                kind="offer" if kind == "offer" else "answer",
                sdp=sdp,
                mids={mid: "audio" if media == "audio" else "video" for mid, media in mids.items()},
                fp=encode_base64url(fingerprint),
            ),
        )
