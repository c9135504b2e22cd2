"""The session socket from a Python client's side: connect, prove, and exchange messages (protocol section S)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final, Literal

import aiohttp
from aiohttp import WSMsgType

from signaling.control import (
    Challenge,
    ClientControl,
    Hello,
    RelayControl,
    Unknown,
    Welcome,
    decode_relay_control,
    encode_control,
    parse_nonce,
)
from whiteboard_crdt.errors import ChalkmeshError, CloseCode
from whiteboard_crdt.keys import SessionKey, encode_base64url, hello_text
from whiteboard_crdt.messages import HaveMessage, encode_message
from whiteboard_crdt.spec import LIMITS

__all__ = ["RelaySocket", "SocketClosed"]

_SUBPROTOCOL: Final = "chalkmesh.v1"
_CONNECT_S: Final = 5.0
_QUEUE_BYTES: Final = 8 * 1024 * 1024
_SKIPPABLE_BYTES: Final = 65_536
_ABNORMAL: Final = 1006
_SILENCE_S: Final = LIMITS.socket_silence_ms / 1000


class SocketClosed(ChalkmeshError):
    """The socket ended; ``code`` is its close code (1006 without a close frame)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"closed with {code}")
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a client says of itself in its hello."""

    ticket: str
    key: SessionKey
    mode: Literal["live", "log"]
    have: HaveMessage


class RelaySocket:
    """One connection to the relay. `send` queues (bounded); `receive` waits for the next message."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._waiting: asyncio.Queue[tuple[bool, bytes]] = asyncio.Queue()
        self._waiting_bytes = 0
        self._sender: asyncio.Task[None] | None = None
        # One timer that looks again, not one for each message: those took a tenth of a bot's processor time.
        self._loop = asyncio.get_running_loop()
        self._heard_s = self._loop.time()
        self._silent = False
        self._watch = self._loop.call_later(_SILENCE_S, self._look)

    @classmethod
    async def connect(cls, http: aiohttp.ClientSession, url: str, who: Introduction) -> tuple[RelaySocket, Welcome]:
        """Connect and be welcomed (S1–S3). Raises SocketClosed, ProtocolError, aiohttp.ClientError or TimeoutError."""
        async with asyncio.timeout(_CONNECT_S):
            socket = await http.ws_connect(
                url, protocols=(_SUBPROTOCOL,), compress=0, max_msg_size=2 * LIMITS.snapshot_bytes, autoping=True
            )
        self = cls(socket)
        try:
            challenge = await self.receive()
            if not isinstance(challenge, Challenge):
                raise SocketClosed(CloseCode.MALFORMED, "no challenge")
            proof = who.key.sign(hello_text(parse_nonce(challenge.nonce), who.ticket))
            hello = Hello(
                ticket=who.ticket,
                proof=encode_base64url(proof),
                agent="python",
                mode=who.mode,
                have=encode_base64url(encode_message(who.have)),
            )
            await socket.send_str(encode_control(hello).decode())
            welcome = await self.receive()
            if not isinstance(welcome, Welcome):
                raise SocketClosed(CloseCode.MALFORMED, "no welcome")
        except BaseException:
            await self.close()
            raise
        self._sender = asyncio.get_running_loop().create_task(self._send_for_ever(), name="relay-sender")
        return self, welcome

    @property
    def address(self) -> str:
        """The address of ours that it is bound to; empty when that is not known any more."""
        connection = self._socket._response.connection
        transport = None if connection is None else connection.transport
        name = None if transport is None else transport.get_extra_info("sockname")
        return str(name[0]) if name else ""

    def send(self, data: bytes) -> None:
        """Queue a binary message. A queue over its bound closes the socket: what is missing is found by HAVE."""
        self._put(False, data)

    def send_control(self, message: ClientControl) -> None:
        """Queue a control object."""
        self._put(True, encode_control(message))

    def send_skippable(self, data: bytes) -> None:
        """Queue a binary message that is worth nothing late: left out while the socket lags."""
        if self._waiting_bytes <= _SKIPPABLE_BYTES:
            self._put(False, data)

    async def receive(self) -> bytes | RelayControl | Unknown:
        """The next message. Raises SocketClosed, also after 8 s of silence (S9), and ProtocolError."""
        message = await self._socket.receive()
        self._heard_s = self._loop.time()
        if message.type is WSMsgType.BINARY:
            data: bytes = message.data
            return data
        if message.type is WSMsgType.TEXT:
            return decode_relay_control(message.data)
        if self._silent:
            raise SocketClosed(_ABNORMAL, "nothing heard")
        code = self._socket.close_code or _ABNORMAL
        reason = message.extra if message.type is WSMsgType.CLOSE and isinstance(message.extra, str) else ""
        raise SocketClosed(code, reason)

    async def close(self) -> None:
        """Send what is queued (for a moment at most), then close in order."""
        self._watch.cancel()
        if self._sender is not None and not self._sender.done():
            try:
                async with asyncio.timeout(1.0):
                    await self._waiting.join()
            except TimeoutError:
                pass
            self._sender.cancel()
            await asyncio.wait((self._sender,))
        await self._socket.close()

    def abort(self) -> None:
        """Drop the connection without a goodbye, as a broken network does."""
        transport = self._socket._response.connection and self._socket._response.connection.transport
        if transport:
            transport.abort()

    def _look(self) -> None:
        """Has anything been heard lately?"""
        left_s = self._heard_s + _SILENCE_S - self._loop.time()
        if left_s > 0:
            self._watch = self._loop.call_later(left_s, self._look)
        else:
            self._silent = True
            self.abort()

    def _put(self, text: bool, data: bytes) -> None:
        if self._sender is None or self._sender.done():
            return
        self._waiting_bytes += len(data)
        if self._waiting_bytes > _QUEUE_BYTES:
            self.abort()
            return
        self._waiting.put_nowait((text, data))

    async def _send_for_ever(self) -> None:
        while True:
            text, data = await self._waiting.get()
            try:
                if text:
                    await self._socket.send_str(data.decode())
                else:
                    await self._socket.send_bytes(data)
            except (ConnectionError, RuntimeError, aiohttp.ClientError):
                return  # `receive` tells why
            finally:
                self._waiting_bytes -= len(data)
                self._waiting.task_done()
