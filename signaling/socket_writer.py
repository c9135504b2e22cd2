"""The server's half of one WebSocket: prebuilt frames, a bound on what waits, and one way to close.

Frames go straight to the transport: its write buffer *is* the send queue, so there is no second one and no task for
each client. Over the bound the client is closed with 4502 and comes back to resync (a stalled reader costs rival
servers 44–54 MB, without bound).
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterable
from typing import Final, Protocol

from aiohttp import web

from signaling.frames import binary_head, close_frame
from signaling.relay_metrics import CLOSES
from signaling.strict_socket import is_over
from whiteboard_crdt.errors import CloseCode, ProtocolError

__all__ = ["SocketWriter", "send_to_all"]

log = logging.getLogger("chalkmesh.relay.socket")

CLOSE_WAIT_S: Final = 3.0
_SKIPPABLE_BYTES: Final = 65_536


class Sender(Protocol):
    """Whoever takes prebuilt frames."""

    def send(self, frame: bytes) -> None:
        """Queue a prebuilt frame."""
        ...


def send_to_all(receivers: Iterable[Sender], frame: bytes) -> None:
    """`SocketWriter.send` for many, without a call for each of those for whom nothing waits: nearly all."""
    write, length = os.write, len(frame)
    for one in receivers:
        if type(one) is not SocketWriter or one.close_code is not None or one._file < 0 or one._waiting_bytes():
            one.send(frame)
        elif not one._is_closing():
            one._allowance_bytes = 0
            try:
                sent = write(one._file, frame)
            except OSError:  # as in `send`
                sent = 0
            if sent < length:
                one._transport.write(frame[sent:] if sent else frame)


class SocketWriter:
    """Writes to one prepared WebSocket (made with ``autoclose=False``). Only `goodbye` waits."""

    def __init__(self, socket: web.WebSocketResponse, request: web.BaseRequest, limit_bytes: int, name: str) -> None:
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client is gone")
        self._socket = socket
        self._transport = transport
        # `send` is called for each client of a room: looked up once.
        self._is_closing, self._waiting_bytes = transport.is_closing, transport.get_write_buffer_size
        self._file = -1 if transport.get_extra_info("ssl_object") else transport.get_extra_info("socket").fileno()
        self._limit_bytes = limit_bytes
        # A catch-up may be larger than the bound; it is let through, and forgotten once it has drained.
        self._allowance_bytes = 0
        self._give_up: asyncio.TimerHandle | None = None
        self.name = name
        self.close_code: int | None = None

    @property
    def open(self) -> bool:
        """Whether frames are still taken."""
        return self.close_code is None and not self._transport.is_closing()

    @property
    def lagging(self) -> bool:
        """Whether more waits than the bound."""
        return self._transport.get_write_buffer_size() > self._limit_bytes

    def send(self, frame: bytes) -> None:
        """Queue a prebuilt frame; a client that does not drain is closed with 4502 instead."""
        if self.close_code is not None or self._is_closing():
            return
        waiting_bytes = self._waiting_bytes()
        if waiting_bytes:
            self._send_behind(frame, waiting_bytes)
            return
        self._allowance_bytes = 0
        # Straight to the kernel: the transport's way there takes a quarter more, and begins at the end of the turn.
        # While it has nothing to write and is not closing the file is its own.
        sent = 0
        if self._file >= 0:
            try:
                sent = os.write(self._file, frame)
            except OSError:  # full, or broken: the transport finds out and knows what to do
                sent = 0
        if sent < len(frame):
            self._transport.write(frame[sent:] if sent else frame)

    def _send_behind(self, frame: bytes, waiting_bytes: int) -> None:
        if waiting_bytes <= self._limit_bytes:
            self._allowance_bytes = 0
        elif waiting_bytes > self._limit_bytes + self._allowance_bytes:
            log.warning("slow socket closed socket=%s waiting_bytes=%d", self.name, waiting_bytes)
            self.close(CloseCode.TOO_SLOW, "the socket does not drain")
            return
        self._transport.write(frame)

    def send_skippable(self, frame: bytes) -> None:
        """Queue a frame that is worth nothing late (live ink): left out while the client lags."""
        if self.open and self._transport.get_write_buffer_size() <= _SKIPPABLE_BYTES:
            self._transport.write(frame)

    def send_catch_up(self, message: bytes) -> None:
        """Queue a message that may be larger than the bound (a snapshot); what follows gets the same bound on top."""
        if self.open:
            self._transport.writelines((binary_head(len(message)), message))
            self._allowance_bytes = max(self._allowance_bytes, self._transport.get_write_buffer_size())

    def close(self, code: int, reason: str) -> None:
        """Close with a code and a short reason of our own words; a second call changes nothing.

        The client answers with its own close frame, which ends the handler's reading; when it does not within 3 s the
        connection is dropped. (aiohttp's own close drops it at once while another task reads, and the code is lost.)
        """
        if self.close_code is None:
            self.close_code = code
            CLOSES.labels(int(code)).inc()
            if not self._transport.is_closing():
                self._transport.write(close_frame(code, reason))
                self._give_up = asyncio.get_running_loop().call_later(CLOSE_WAIT_S, self._transport.abort)

    async def goodbye(self) -> None:
        """End of the handler: answer the client's close, or wait for its answer to ours, passing all else over."""
        try:
            if self.close_code is None:
                await self._socket.close()
            else:
                while not is_over(await self._socket.receive()):
                    pass
        except (ConnectionError, RuntimeError, ProtocolError):
            pass  # it is gone either way
        finally:
            if self._give_up is not None:
                self._give_up.cancel()
            self._transport.close()
