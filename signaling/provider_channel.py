"""A pycrdt `Provider` over an aiohttp WebSocket: how a Python program takes part in an open room.

async with http.ws_connect(f"{relay}/relay/{room}") as socket, Provider(doc, AiohttpChannel(socket, room)):
    ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import WSMsgType, web

if TYPE_CHECKING:
    from aiohttp import ClientWebSocketResponse

__all__ = ["AiohttpChannel"]


class AiohttpChannel:
    """`pycrdt.Channel` over a client's or a server's WebSocket. The channel ends when the socket does."""

    def __init__(self, socket: ClientWebSocketResponse | web.WebSocketResponse, path: str) -> None:
        self._socket = socket
        self._path = path

    @property
    def path(self) -> str:
        """The room, for the provider's log."""
        return self._path

    def __aiter__(self) -> AiohttpChannel:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await self.recv()
        except ConnectionError:
            raise StopAsyncIteration from None

    async def send(self, message: bytes) -> None:
        """Send one binary message. Raises ConnectionError when the socket is gone."""
        await self._socket.send_bytes(message)

    async def recv(self) -> bytes:
        """The next binary message. Raises ConnectionError when the socket ended; its close code is on the socket."""
        while True:
            message = await self._socket.receive()
            if message.type is WSMsgType.BINARY and message.data:
                data: bytes = message.data
                return data
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                raise ConnectionResetError(f"closed with {self._socket.close_code}")
