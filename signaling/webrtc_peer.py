"""A Python peer that brings unmodified y-webrtc browsers and an open room of a relay together (rule O7).

It subscribes to the room's topic at ``/signal``, answers whoever offers, and is a client of ``/relay/{room}``. With the
room's password it opens what the browsers publish; the server sees ciphertext only. The relay then keeps what the
browsers write, and y-websocket and Hocuspocus clients see it.

async with WebrtcPeer("ws://127.0.0.1:8081", "my-room") as peer:
    await peer.wait_joined()
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
import uuid
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import aiohttp
import msgspec
from aiohttp import WSMsgType

from signaling.frames import payloads
from signaling.rates import Bucket
from signaling.webrtc_remote import Remote
from signaling.webrtc_room import MeshRoom
from signaling.webrtc_signal import Announce, SignalCipher, derive_key, parse_published
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.spec import LIMITS

__all__ = ["WebrtcPeer"]

log = logging.getLogger("chalkmesh.webrtc")

_REMOTES: Final = 32
_RETRY_FIRST_S: Final = 0.2
_RETRY_LONGEST_S: Final = 5.0
_PING_S: Final = 10.0
_EXPIRE_S: Final = 1.0
_WAITING: Final = 4_096
_ANNOUNCES: Final = (1.0, 10.0)
_NAME_CHARACTERS: Final = 64
_MESSAGE_BYTES: Final = 2 * LIMITS.snapshot_bytes
_UPSTREAM_BYTES: Final = 4 * 1024 * 1024


class _RefusedError(Exception):
    """The relay closed with a code that says not to come back."""


class _Upstream:
    """The relay, as a client of the mesh's room: what the room tells it waits here for the socket."""

    name = "relay"

    def __init__(self) -> None:
        # Bounded; over it the socket is made anew, and step 1 finds what is missing.
        self.waiting: asyncio.Queue[bytes] = asyncio.Queue(_WAITING)
        self.over = asyncio.Event()

    def send(self, frame: bytes) -> None:
        """Queue what the room tells."""
        for message in payloads(frame):
            self.send_catch_up(message)

    def send_catch_up(self, message: bytes) -> None:
        """Queue one message."""
        if len(message) > _UPSTREAM_BYTES:
            log.error("more than the relay takes at once is missing there size_bytes=%d", len(message))
            return
        try:
            self.waiting.put_nowait(message)
        except asyncio.QueueFull:
            self.over.set()


class WebrtcPeer:
    """``async with``: its tasks run until the end of the context. `url` is the relay's root: ``ws(s)://host:port``.

    ``refused``: the relay's close code (44xx) when it will not have this room any more; browsers are still answered.
    """

    def __init__(self, url: str, room: str, *, password: str | None = None) -> None:
        self.room = MeshRoom(room)
        self.joined = asyncio.Event()
        self.refused: int | None = None
        self._url = url.rstrip("/")
        self._password = password
        self._me = str(uuid.uuid4())
        self._cipher = SignalCipher(None)
        self._remotes: dict[str, Remote] = {}
        self._signals: asyncio.Queue[str] = asyncio.Queue(_WAITING)
        self._announces = Bucket(*_ANNOUNCES, time.monotonic())
        self._tasks: list[asyncio.Task[None]] = []
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> int:
        """How many browsers are connected directly."""
        return sum(remote.open for remote in self._remotes.values())

    async def __aenter__(self) -> Self:
        if self._password is not None:
            self._cipher = SignalCipher(await asyncio.to_thread(derive_key, self._password, self.room.name))
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._keep(self._follow_relay), name="webrtc-relay"),
            loop.create_task(self._keep(self._signal), name="webrtc-signal"),
            loop.create_task(self._tick_for_ever(), name="webrtc-tick"),
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        for remote in tuple(self._remotes.values()):
            self.ended(remote)
        if self._closing:
            await asyncio.wait(self._closing)

    async def wait_joined(self, timeout_s: float | None = 10.0) -> None:
        """Wait until the relay's room is open and the topic is subscribed to. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            await self.joined.wait()

    # The relay's room

    async def _follow_relay(self, http: aiohttp.ClientSession) -> None:
        url = f"{self._url}/relay/{quote(self.room.name)}"
        async with http.ws_connect(url, compress=0, max_msg_size=_MESSAGE_BYTES, heartbeat=20.0) as socket:
            upstream = _Upstream()
            self.room.join(upstream)
            sending = asyncio.get_running_loop().create_task(self._send_upstream(socket, upstream))
            try:
                async for message in socket:
                    if message.type is WSMsgType.BINARY:
                        self.room.receive_at(upstream, message.data, time.monotonic(), longest=LIMITS.snapshot_bytes)
                    if upstream.over.is_set():
                        return
            finally:
                self.room.leave(upstream)
                sending.cancel()
                await asyncio.wait((sending,))
            code = socket.close_code or 0
            if 4400 <= code < 4500:
                log.error("the relay refuses what this room holds code=%d", code)
                self.refused = code
                raise _RefusedError

    @staticmethod
    async def _send_upstream(socket: aiohttp.ClientWebSocketResponse, upstream: _Upstream) -> None:
        try:
            while True:
                await socket.send_bytes(await upstream.waiting.get())
        except (ConnectionError, aiohttp.ClientError):
            return  # the reading side ends too, and tells why

    # Signaling

    async def _signal(self, http: aiohttp.ClientSession) -> None:
        async with http.ws_connect(f"{self._url}/signal", compress=0, max_msg_size=262_144) as socket:
            await socket.send_json({"type": "subscribe", "topics": [self.room.name]})
            self._announce()
            self.joined.set()
            sending = asyncio.get_running_loop().create_task(self._send_signals(socket))
            try:
                async for message in socket:
                    if message.type is WSMsgType.TEXT:
                        self._heard(message.data)
            finally:
                sending.cancel()
                await asyncio.wait((sending,))

    async def _send_signals(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        try:
            while True:
                try:
                    async with asyncio.timeout(_PING_S):
                        text = await self._signals.get()
                except TimeoutError:
                    text = '{"type":"ping"}'
                await socket.send_str(text)
        except (ConnectionError, aiohttp.ClientError):
            return  # the reading side ends too

    def _publish(self, data: dict[str, Any]) -> None:
        text = msgspec.json.encode({"type": "publish", "topic": self.room.name, "data": self._cipher.seal(data)})
        try:
            self._signals.put_nowait(text.decode())
        except asyncio.QueueFull:
            log.warning("signal not sent")

    def _announce(self) -> None:
        if self._announces.take(time.monotonic()):
            self._publish({"type": "announce", "from": self._me})

    def _heard(self, text: str) -> None:
        try:
            message = msgspec.json.decode(text)
            if not isinstance(message, dict) or message.get("type") != "publish":
                return
            published = parse_published(self._cipher.open(message.get("data")))
        except (ProtocolError, msgspec.MsgspecError, RecursionError):
            return  # of somebody with another password, or of none of ours
        sender = published.sender
        if sender == self._me or not sender or len(sender) > _NAME_CHARACTERS:
            return
        known = self._remotes.get(sender)
        if isinstance(published, Announce):
            # Who hears an announce offers. A browser that just came does not know us yet.
            if known is None:
                self._announce()
        elif published.to == self._me:
            self._signaled(sender, known, published.signal)

    def _signaled(self, sender: str, known: Remote | None, signal: dict[str, Any]) -> None:
        if signal.get("type") == "offer":
            if known is not None:
                self.ended(known)  # it began anew
            if len(self._remotes) >= _REMOTES:
                return
            known = self._remotes[sender] = Remote(self, sender)
        if known is not None:
            known.put(signal)

    # RemoteHost

    def opened(self, remote: Remote) -> None:
        """A browser is connected: it is a client of the room now."""
        self.room.join(remote)

    def arrived(self, remote: Remote, data: bytes) -> None:
        """A y-message of a browser."""
        self.room.receive_at(remote, data, time.monotonic())

    def ended(self, remote: Remote) -> None:
        """A browser left."""
        if self._remotes.get(remote.name) is remote:
            del self._remotes[remote.name]
        if remote in self.room.clients:
            self.room.leave(remote)
        task = asyncio.get_running_loop().create_task(remote.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def answer(self, remote: Remote, signal: dict[str, Any]) -> None:
        """A signal for a browser."""
        self._publish({"to": remote.name, "from": self._me, "type": "signal", "token": None, "signal": signal})

    # Time

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_EXPIRE_S)
            now_s = time.monotonic()
            self.room.expire(now_s)
            for remote in tuple(self._remotes.values()):
                if remote.expired(now_s):
                    self.ended(remote)

    async def _keep(self, follow: Callable[[aiohttp.ClientSession], Awaitable[None]]) -> None:
        """Follow, and again with growing pauses, until cancelled."""
        delay_s = _RETRY_FIRST_S
        async with aiohttp.ClientSession() as http:
            while True:
                begun_s = time.monotonic()
                try:
                    await follow(http)
                except _RefusedError:
                    return
                except (aiohttp.ClientError, OSError, TimeoutError, ProtocolError) as error:
                    log.info("not connected kind=%s", type(error).__name__)
                if time.monotonic() - begun_s > _RETRY_LONGEST_S:
                    delay_s = _RETRY_FIRST_S
                await asyncio.sleep(delay_s * random.uniform(0.8, 1.2))
                delay_s = min(delay_s * 2, _RETRY_LONGEST_S)
