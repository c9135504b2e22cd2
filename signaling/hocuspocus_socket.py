"""Unmodified Hocuspocus clients in open rooms, at ``/hocuspocus`` (rule O8): one socket, many documents."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import Final

from aiohttp import WSMsgType, web

from signaling.frames import binary_frame, payloads
from signaling.hocuspocus import (
    PING,
    PONG,
    Auth,
    Close,
    ToRoom,
    decode_hocuspocus,
    encode_authenticated,
    encode_closed,
    encode_sync_status,
    room_of,
    with_key,
)
from signaling.lobby import Lobby
from signaling.open_driver import serve
from signaling.open_protocol import MESSAGE_BYTES
from signaling.open_rooms import OPEN_PREFIX, OpenRoom
from signaling.rates import Bucket
from signaling.socket_writer import SocketWriter
from signaling.strict_socket import StrictWebSocket, is_over
from whiteboard_crdt.errors import CloseCode, ProtocolError

__all__ = ["serve_hocuspocus"]

_DOCUMENTS: Final = 32
_BURST_S: Final = 10.0
_SYNC: Final = 0
_STEP2, _UPDATE = 1, 2


class _Document:
    """One document of a socket, as a client of its room."""

    def __init__(self, key: str, room: OpenRoom, writer: SocketWriter) -> None:
        self.key = key
        self.room = room
        self.name = writer.name
        self._writer = writer

    def send(self, frame: bytes) -> None:
        """Queue what the room tells, each message under this document's key."""
        for message in payloads(frame):
            self._writer.send(binary_frame(with_key(self.key, message)))

    def send_catch_up(self, message: bytes) -> None:
        """Queue a message of any length."""
        self._writer.send_catch_up(with_key(self.key, message))

    def receive(self, message: bytes) -> None:
        """A y-websocket message. Raises ProtocolError.

        A change is acknowledged once it is durable (Hocuspocus' own server does so once it is applied). One whose base
        is missing is not: the step 2 that follows is.
        """
        taken = self.room.receive(self, message)
        if taken and message[0] == _SYNC and message[1] in (_STEP2, _UPDATE):
            stored = self.room.stored
            if stored is None:
                self._acknowledge()
            else:
                stored.add_done_callback(self._stored)

    def _stored(self, stored: asyncio.Future[None]) -> None:
        if not stored.cancelled() and stored.exception() is None:
            self._acknowledge()

    def _acknowledge(self) -> None:
        self._writer.send(binary_frame(encode_sync_status(self.key)))


class _Connection:
    def __init__(self, lobby: Lobby, writer: SocketWriter) -> None:
        self._lobby = lobby
        self._writer = writer
        self._documents: dict[str, _Document] = {}

    async def receive(self, data: bytes) -> None:
        """One message. Raises ProtocolError."""
        if data == PING:
            self._writer.send(binary_frame(PONG))
            return
        if data == PONG:
            return
        key, said = decode_hocuspocus(data)
        document = self._documents.get(key)
        if isinstance(said, Auth):
            # A token may be sent again; it changes nothing here.
            await self._open(key) if document is None else self._tell(encode_authenticated(key))
        elif document is None:
            raise ProtocolError("document without auth", CloseCode.NOT_ALLOWED)
        elif isinstance(said, ToRoom):
            document.receive(said.message)
        elif isinstance(said, Close):
            del self._documents[key]
            document.room.leave(document)
            self._tell(encode_closed(key))

    async def _open(self, key: str) -> None:
        name = room_of(key)
        if len(self._documents) >= _DOCUMENTS:
            raise ProtocolError("too many documents", CloseCode.RATE_LIMITED)
        room = await self._lobby.enter_open(name)
        try:
            if len(room.clients) >= self._lobby.settings.open_room_clients:
                raise ProtocolError("the room is full", CloseCode.TRY_LATER)
            document = self._documents[key] = _Document(key, room, self._writer)
            self._tell(encode_authenticated(key))
            room.join(document)
        finally:
            self._lobby.entered(OPEN_PREFIX + name)

    def leave(self) -> None:
        """The socket ended."""
        for document in self._documents.values():
            document.room.leave(document)

    def _tell(self, message: bytes) -> None:
        self._writer.send(binary_frame(message))


async def serve_hocuspocus(request: web.Request, lobby: Lobby) -> web.WebSocketResponse:
    """Serve one connection until it ends."""
    return await serve(request, lobby, MESSAGE_BYTES, partial(_converse, lobby))


async def _converse(lobby: Lobby, socket: StrictWebSocket, writer: SocketWriter) -> None:
    messages_s = lobby.settings.messages_s
    bucket = Bucket(messages_s, _BURST_S * messages_s, time.monotonic())
    connection = _Connection(lobby, writer)
    try:
        while writer.open:
            message = await socket.receive()
            if message.type is WSMsgType.BINARY:
                if not bucket.take(time.monotonic()):
                    raise ProtocolError("too many messages", CloseCode.RATE_LIMITED)
                await connection.receive(message.data)
            elif message.type is WSMsgType.TEXT:
                raise ProtocolError("text message")
            elif is_over(message):
                return
    finally:
        connection.leave()
