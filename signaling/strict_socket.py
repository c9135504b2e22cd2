"""The server's WebSocket: aiohttp's, with our close codes, and with messages handed on as they are read.

aiohttp puts each message into a queue, from which a task takes it: a future, a turn of the loop and a switch of tasks
each time. `StrictWebSocket.deliver` leaves the queue out: its reader of frames, which is compiled, calls us.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final

from aiohttp import WebSocketError, WSCloseCode, WSMessage, WSMsgType, web
from aiohttp._websocket.reader import WebSocketDataQueue, WebSocketReader
from aiohttp.http_websocket import WebSocketWriter

from signaling.frames import ping_frame, pong_frame
from signaling.panic import die, is_panic
from signaling.turns import Share
from whiteboard_crdt.errors import CloseCode, ProtocolError

__all__ = ["StrictWebSocket", "Take", "is_over"]

_OWN_CODES: Final = {
    int(WSCloseCode.MESSAGE_TOO_BIG): CloseCode.OVERSIZED,
    int(WSCloseCode.PROTOCOL_ERROR): CloseCode.MALFORMED,
    int(WSCloseCode.INVALID_TEXT): CloseCode.MALFORMED,
    int(WSCloseCode.UNSUPPORTED_DATA): CloseCode.MALFORMED,
}
# Looked up for each message: an enum's member takes 50 ns.
_TEXT, _BINARY, _PING, _PONG = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG
_ENDS: Final = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED)
_QUEUE_BYTES: Final = 65_536
_PONGS_BYTES: Final = 65_536

Take = Callable[[WSMessage], None]
"""Gets a TEXT or BINARY message. What it raises ends the delivery."""


def is_over(message: WSMessage) -> bool:
    """Whether nothing follows this. Raises ProtocolError where the client broke the framing itself."""
    if message.type is WSMsgType.ERROR:
        fault = message.data
        if isinstance(fault, WebSocketError):
            raise ProtocolError("broken or oversized frame", _OWN_CODES.get(int(fault.code), CloseCode.MALFORMED))
        return True
    return message.type in _ENDS


class _DirectQueue(WebSocketDataQueue):
    """aiohttp's queue, which messages pass by while somebody takes them; what is too much for a turn waits in it."""

    def __init__(self, request: web.BaseRequest, answer_ping: Callable[[bytes], None]) -> None:
        super().__init__(request.protocol, _QUEUE_BYTES, loop=asyncio.get_running_loop())
        self._answer_ping = answer_ping
        self._take: Take | None = None
        self._ended: asyncio.Future[None] | None = None
        self._holding = False
        # What this turn took so far is the time from the one to the other.
        self.heard_s = self._until_s = time.perf_counter()
        self._share = Share(self.heard_s)

    async def deliver(self, take: Take) -> None:
        """Hand messages to `take` until something else comes, or it raises: then this raises the same."""
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ended, self._take = ended, take
        if self._buffer:
            self._hold()
        elif self.is_eof():
            self._end(None)
        try:
            await ended
        finally:
            self._take = None

    def begin_turn(self) -> None:
        """Data came: from now on messages are taken at once for a while, if it is this connection's turn."""
        now_s = time.perf_counter()
        self._share.spend(self._until_s - self.heard_s, now_s)
        self.heard_s = self._until_s = now_s
        if not self._holding and self._take is not None and self._share.rest_s:
            self._hold()

    def feed_data(self, data: Any, size: int) -> None:
        """A message out of the reader. Raises nothing: the compiled caller would pass over it.

        `Any`: it is a WSMessage, since text is decoded; the library's type has another for when it is not.
        """
        take, kind = self._take, data[0]
        direct = not self._holding and (kind is _BINARY or kind is _TEXT)
        if take is not None and direct and self._until_s - self.heard_s <= self._share.turn_s:
            try:  # `_hand_over`, without the call
                take(data)
            except BaseException as error:
                self._failed(error)
            self._until_s = time.perf_counter()
        elif take is None or self._holding:
            super().feed_data(data, size)
        elif kind is _PING:
            self._answer_ping(data.data)
            self._until_s = time.perf_counter()
        elif kind is not _PONG:
            super().feed_data(data, size)
            if kind is _BINARY or kind is _TEXT:
                self._hold()
            else:
                self._end(None)

    def _hand_over(self, take: Take, message: WSMessage) -> None:
        try:
            take(message)
        except BaseException as error:
            self._failed(error)

    def _failed(self, error: BaseException) -> None:
        # Also KeyboardInterrupt and its like: it goes on where `deliver` is awaited.
        if is_panic(error):
            die("taking a message")
        self._end(error)

    def _hold(self) -> None:
        self._holding = True
        rest_s = self._share.rest_s
        loop = asyncio.get_running_loop()
        if rest_s:
            loop.call_later(rest_s, self._go_on)
        else:
            loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        self._holding = False
        began_s, turn_s = time.perf_counter(), self._share.turn_s
        # While it is held, what the reader finds meanwhile goes behind what waits.
        while self._buffer and (take := self._take) is not None and self._buffer[0][0].type not in _ENDS:
            self._holding = True
            message = _at_once(self.read())
            self._holding = False
            if message.type is _PING:
                self._answer_ping(message.data)
            elif message.type is not _PONG:
                self._hand_over(take, message)
            if time.perf_counter() - began_s > turn_s:
                break
        now_s = time.perf_counter()
        self._share.spend(now_s - began_s, now_s)
        if self._take is None:
            return
        if self._buffer and self._buffer[0][0].type not in _ENDS:
            self._hold()
        elif self._buffer or self.is_eof():
            self._end(None)

    def _end(self, error: BaseException | None) -> None:
        self._take = None
        if self._ended is not None and not self._ended.done():
            if error is None:
                self._ended.set_result(None)
            else:
                self._ended.set_exception(error)

    def feed_eof(self) -> None:
        """The connection ended."""
        super().feed_eof()
        if not self._holding:
            self._end(None)

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """The client broke the framing."""
        super().set_exception(exc, *cause)
        if not self._holding:
            self._end(None)


def _at_once(reading: Coroutine[Any, Any, Any]) -> WSMessage:
    """What a coroutine returns that does not wait. (`Any`: as in `feed_data`.)"""
    try:
        reading.send(None)
    except StopIteration as done:
        message: WSMessage = done.value
        return message
    raise AssertionError("it waits")


class StrictWebSocket(web.WebSocketResponse):
    """aiohttp closes by itself on a frame that is too big or broken; here with the codes of section X (S11)."""

    _direct: _DirectQueue

    def __init__(self, *, max_msg_size: int, protocols: tuple[str, ...] = (), heartbeat_s: float | None = None) -> None:
        """`heartbeat_s`: a client that is silent for so long is pinged, and dropped after half as long again."""
        super().__init__(protocols=protocols, compress=False, max_msg_size=max_msg_size, autoclose=False)
        self._heartbeat_s = heartbeat_s

    def _post_start(self, request: web.BaseRequest, protocol: str | None, writer: WebSocketWriter) -> None:
        """As aiohttp's own, with our queue between its reader and `receive`."""
        self._ws_protocol = protocol
        self._writer = writer
        self._reader = self._direct = _DirectQueue(request, self._answer_ping)
        self._parser = WebSocketReader(self._direct, self._max_msg_size, compress=False, decode_text=True)
        request.protocol.set_parser(self._parser, data_received_cb=self._direct.begin_turn)
        request.protocol.keep_alive(False)
        if self._heartbeat_s is not None:
            asyncio.get_running_loop().call_later(self._heartbeat_s, self._beat, self._heartbeat_s)

    async def close(self, *, code: int = WSCloseCode.OK, message: bytes = b"", drain: bool = True) -> bool:
        """Close with a code of section X where the library has one of its own."""
        own = _OWN_CODES.get(int(code))
        if own is not None:
            code, message = own, own.name.lower().encode()
        return await super().close(code=code, message=message, drain=drain)

    def _beat(self, every_s: float) -> None:
        """aiohttp's own heartbeat costs a turn of the loop for each read."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        silent_s = time.perf_counter() - self._direct.heard_s
        if silent_s >= 1.5 * every_s:
            transport.abort()
            return
        if silent_s >= every_s:
            transport.write(ping_frame())
        asyncio.get_running_loop().call_later(every_s / 2, self._beat, every_s)

    @property
    def _transport(self) -> asyncio.Transport | None:
        return None if self._req is None else self._req.transport

    def _answer_ping(self, payload: bytes) -> None:
        """A client that floods pings and reads nothing is owed no answers."""
        transport = self._transport
        if transport is not None and transport.get_write_buffer_size() < _PONGS_BYTES:
            transport.write(pong_frame(payload))

    @property
    def heard_s(self) -> float:
        """When the newest data came, by `time.perf_counter`."""
        return self._direct.heard_s

    async def deliver(self, take: Take) -> None:
        """Hand each TEXT and BINARY message to `take` as it is read. Returns when `receive` has something to say.

        Raises what `take` raised; nothing is handed to it after that.
        """
        await self._direct.deliver(take)
