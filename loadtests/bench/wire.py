"""The load generator's WebSocket: an `asyncio.Protocol` that costs about a microsecond for each frame received.

Only for servers on this machine: frames are masked with zeros, which leaves the payload as it is, so one prebuilt
frame serves every client; compression is not offered.
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Callable
from typing import Final, cast

__all__ = ["CLOSE", "LOOPBACK", "Socket", "client_frame", "connect"]

LOOPBACK: Final = "127.0.0.1"
CLOSE: Final = 8
_PING, _PONG = 9, 10
_ZERO_MASK: Final = bytes(4)
_CONNECT_S: Final = 10.0


def client_frame(payload: bytes, opcode: int = 2) -> bytes:
    """One whole message as a client sends it."""
    length = len(payload)
    if length < 126:
        return bytes((0x80 | opcode, 0x80 | length)) + _ZERO_MASK + payload
    if length < 65_536:
        return bytes((0x80 | opcode, 0xFE)) + length.to_bytes(2, "big") + _ZERO_MASK + payload
    return bytes((0x80 | opcode, 0xFF)) + length.to_bytes(8, "big") + _ZERO_MASK + payload


class Socket(asyncio.Protocol):
    """One connection. `on_message` gets (opcode, payload) of every whole data message."""

    def __init__(self, path: str, subprotocol: str, on_message: Callable[[int, bytes], None]) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.closed = False
        self.close_code: int | None = None
        self.transport: asyncio.Transport | None = None
        self._path = path
        self._subprotocol = subprotocol
        self._on_message = on_message
        self._waiting = bytearray()
        self._opcode = 0
        self._fragments: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        # uvloop's transports are no subclasses of asyncio's.
        self.transport = stream = cast("asyncio.Transport", transport)
        key = base64.b64encode(os.urandom(16)).decode()
        wanted = f"Sec-WebSocket-Protocol: {self._subprotocol}\r\n" if self._subprotocol else ""
        stream.write(
            f"GET {self._path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{wanted}\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """The server, or we, ended it."""
        self.closed = True
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("closed before it was open"))

    def send(self, frame: bytes) -> None:
        """Write a prebuilt frame."""
        if self.transport is not None and not self.closed:
            self.transport.write(frame)

    def data_received(self, data: bytes) -> None:
        """Cut what came into messages."""
        if not self.opened.done():
            self._waiting += data
            end = self._waiting.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self._waiting.startswith(b"HTTP/1.1 101"):
                self.opened.set_exception(ConnectionError(bytes(self._waiting[:40]).decode("latin-1")))
                return
            self.opened.set_result(None)
            data = bytes(self._waiting[end + 4 :])
            self._waiting.clear()
        if self._waiting:
            # An 8 MB message comes in many pieces: joined once, when it is whole.
            self._waiting += data
            needed = _frame_bytes(self._waiting)
            if needed is None or len(self._waiting) < needed:
                return
            whole, self._waiting = self._waiting, bytearray()
            with memoryview(whole) as view:
                start = 2 if whole[1] < 126 else 4 if whole[1] == 126 else 10
                first, payload, data = whole[0], bytes(view[start:needed]), bytes(view[needed:])
            self._frame(first, payload)
        self._frames(data)

    def _frames(self, data: bytes) -> None:
        pos, size = 0, len(data)
        while pos + 2 <= size:
            first, length = data[pos], data[pos + 1]
            start = pos + 2
            if length == 126:
                start = pos + 4
                length = int.from_bytes(data[pos + 2 : start], "big")
            elif length == 127:
                start = pos + 10
                length = int.from_bytes(data[pos + 2 : start], "big")
            end = start + length
            if start > size or end > size:
                break
            self._frame(first, data[start:end])
            pos = end
        if pos < size:
            self._waiting += data[pos:]

    def _frame(self, first: int, payload: bytes) -> None:
        opcode = first & 15
        if opcode in (1, 2) and first & 0x80:
            self._on_message(opcode, payload)
        elif opcode == _PING:
            self.send(client_frame(payload, _PONG))
        elif opcode == CLOSE:
            self.close_code = int.from_bytes(payload[:2], "big") if payload else 1005
            if self.transport is not None:
                self.transport.close()
        elif opcode in (0, 1, 2):
            self._opcode = opcode or self._opcode
            self._fragments.append(payload)
            if first & 0x80:
                whole = b"".join(self._fragments)
                self._fragments.clear()
                self._on_message(self._opcode, whole)


def _frame_bytes(data: bytearray) -> int | None:
    """Length of the frame that begins here, once its head has come."""
    if len(data) < 2:
        return None
    length = data[1]
    if length < 126:
        return 2 + length
    start = 4 if length == 126 else 10
    return None if len(data) < start else start + int.from_bytes(data[2:start], "big")


async def connect(socket: Socket, port: int) -> None:
    """Connect it to a server on this machine. Messages may come before this returns."""
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: socket, LOOPBACK, port)
    async with asyncio.timeout(_CONNECT_S):
        await socket.opened
