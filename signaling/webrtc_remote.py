"""One y-webrtc browser, answered over aiortc: its connection, and its data channel as a client of a room."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from typing import Any, Final, Protocol

from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp

from signaling.frames import payloads
from signaling.open_protocol import UpdateMessage, decode_open_message, encode_step2, encode_update
from signaling.webrtc_room import MESH_LIMITS
from whiteboard_crdt.errors import ChalkmeshError, ProtocolError
from whiteboard_crdt.spec import LIMITS
from whiteboard_crdt.ysplit import split_update

__all__ = ["Remote", "RemoteHost"]

log = logging.getLogger("chalkmesh.webrtc")

_SIGNALS: Final = 64
_SECTIONS: Final = 4
_DESCRIBE_S: Final = 10.0
_OPEN_S: Final = 20.0
_BUFFER_BYTES: Final = 1_048_576
_BUFFER_LOW_BYTES: Final = 262_144
_WAITING_BYTES: Final = 64 * 1024 * 1024
_PIECE_BYTES: Final = 57_344
_EMPTY_UPDATE: Final = b"\x00\x00"


class RemoteHost(Protocol):
    """What a remote tells the peer that answers it."""

    def opened(self, remote: Remote) -> None:
        """Its data channel can be written to."""
        ...

    def arrived(self, remote: Remote, data: bytes) -> None:
        """A y-message. Raises ProtocolError to close the connection."""
        ...

    def ended(self, remote: Remote) -> None:
        """The connection is over, or never came to be."""
        ...

    def answer(self, remote: Remote, signal: dict[str, Any]) -> None:
        """Publish a signal for it (simple-peer's own object)."""
        ...


class Remote:
    """`OpenClient` over one data channel. Ordered and reliable; one message is one y-message."""

    def __init__(self, host: RemoteHost, name: str) -> None:
        self.name = name
        self.begun_s = time.monotonic()
        self._host = host
        self._connection: RTCPeerConnection | None = None
        self._channel: RTCDataChannel | None = None
        self._signals: asyncio.Queue[dict[str, Any]] = asyncio.Queue(_SIGNALS)
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._over = False
        self._task = asyncio.get_running_loop().create_task(self._run(), name="webrtc-remote")

    @property
    def open(self) -> bool:
        """Whether the data channel can be written to."""
        return self._channel is not None and self._channel.readyState == "open" and not self._over

    def put(self, signal: dict[str, Any]) -> None:
        """A signal of it. Over the bound the newest is dropped: the browser offers again."""
        try:
            self._signals.put_nowait(signal)
        except asyncio.QueueFull:
            log.warning("signal dropped")

    def expired(self, now_s: float) -> bool:
        """Whether it was begun and does not open."""
        return not self.open and now_s - self.begun_s > _OPEN_S

    # As a client of a room

    def send(self, frame: bytes) -> None:
        """Queue what a room tells: frames as a WebSocket would carry them."""
        for message in payloads(frame):
            self._queue(message)

    def send_catch_up(self, message: bytes) -> None:
        """Queue a message of any length; a large step 2 goes as updates, then an empty step 2.

        y-webrtc does not cut messages: one of more than 256 KiB never arrives, and the browser claims to be synced.
        """
        if len(message) > _PIECE_BYTES:
            decoded = decode_open_message(message, LIMITS.snapshot_bytes)
            if isinstance(decoded, UpdateMessage):
                for piece in split_update(decoded.update, _PIECE_BYTES, limits=MESH_LIMITS):
                    self._queue(encode_update(piece))
                message = encode_step2(_EMPTY_UPDATE)
        self._queue(message)

    async def close(self) -> None:
        """Close the connection."""
        self._over = True
        self._task.cancel()
        await asyncio.wait((self._task,))
        if self._connection is not None:
            await self._connection.close()

    # Inside

    def _queue(self, message: bytes) -> None:
        if self._over:
            return
        self._waiting.append(message)
        self._waiting_bytes += len(message)
        if self._waiting_bytes > _WAITING_BYTES:
            log.warning("slow browser dropped waiting_bytes=%d", self._waiting_bytes)
            self._end()
            return
        self._pump()

    def _pump(self) -> None:
        channel = self._channel
        if channel is None:
            return
        while self._waiting and channel.readyState == "open" and channel.bufferedAmount < _BUFFER_BYTES:
            message = self._waiting.popleft()
            self._waiting_bytes -= len(message)
            try:
                channel.send(message)
            except ConnectionError:
                self._end()
                return

    def _end(self) -> None:
        if not self._over:
            self._over = True
            self._waiting.clear()
            self._host.ended(self)

    async def _run(self) -> None:
        while True:
            signal = await self._signals.get()
            try:
                async with asyncio.timeout(_DESCRIBE_S):
                    await self._take(signal)
            except Exception as error:
                # Mutated descriptions make aiortc raise AssertionError, KeyError, StopIteration and more: this is the
                # edge where all of them mean "a bad signal". Never its text: it may quote the description.
                log.warning("signal not understood error=%s", type(error).__name__)
                if signal.get("type") == "offer":
                    self._end()

    async def _take(self, signal: dict[str, Any]) -> None:
        kind = signal.get("type")
        if kind == "offer":
            await self._offered(str(signal["sdp"]))
        elif kind == "candidate" and self._connection is not None:
            found = signal["candidate"]
            text = str(found["candidate"])
            if text:
                candidate = candidate_from_sdp(text.removeprefix("candidate:"))
                candidate.sdpMid = found.get("sdpMid")
                candidate.sdpMLineIndex = found.get("sdpMLineIndex")
                await self._connection.addIceCandidate(candidate)

    async def _offered(self, sdp: str) -> None:
        if sdp.count("\nm=") > _SECTIONS:
            raise ProtocolError("description of too many media")
        if self._connection is None:
            # An explicit empty list: the default is a public STUN server.
            connection = self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))

            @connection.on("datachannel")
            def on_channel(channel: RTCDataChannel) -> None:
                if self._channel is None:
                    self._attach(channel)

            @connection.on("connectionstatechange")
            async def on_state() -> None:
                if connection.connectionState in ("failed", "closed"):
                    self._end()

        await self._connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        await self._connection.setLocalDescription(await self._connection.createAnswer())
        self._host.answer(self, {"type": "answer", "sdp": self._connection.localDescription.sdp})

    def _attach(self, channel: RTCDataChannel) -> None:
        self._channel = channel
        channel.bufferedAmountLowThreshold = _BUFFER_LOW_BYTES
        channel.on("bufferedamountlow", self._pump)
        channel.on("message", self._arrived)
        channel.on("close", self._end)
        self._host.opened(self)
        self._pump()

    def _arrived(self, data: bytes | str) -> None:
        if self._over:
            return
        try:
            self._host.arrived(self, data if isinstance(data, bytes) else b"")
        except ChalkmeshError as error:
            reason = error.reason if isinstance(error, ProtocolError) else type(error).__name__
            log.warning("browser dropped reason=%s", reason)
            self._end()
