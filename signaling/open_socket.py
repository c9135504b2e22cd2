"""The socket of an open room (protocol section O): any y-websocket client at ``/relay/{room}``."""

from __future__ import annotations

import logging
import secrets
import time
from typing import Final

from aiohttp import WSMessage, WSMsgType, web

from signaling.lobby import Lobby
from signaling.open_protocol import MESSAGE_BYTES
from signaling.open_rooms import OPEN_PREFIX, OpenRoom
from signaling.panic import die, is_panic
from signaling.rates import Bucket
from signaling.roomlog import LogOverflow
from signaling.socket_writer import SocketWriter
from signaling.strict_socket import StrictWebSocket, is_over
from whiteboard_crdt.errors import CloseCode, ProtocolError

__all__ = ["serve_open_room"]

log = logging.getLogger("chalkmesh.relay.open")

# A WebSocket ping is answered by the browser itself; y-protocols have none. Seconds.
_HEARTBEAT_S: Final = 20.0
_BURST_S: Final = 10.0
_ROOM_BYTES: Final = 256


async def serve_open_room(request: web.Request, lobby: Lobby) -> web.WebSocketResponse:
    """Serve one connection until it ends."""
    name = request.match_info["room"]
    if not name or len(name.encode("utf-8", "surrogatepass")) > _ROOM_BYTES:
        raise web.HTTPNotFound
    socket = StrictWebSocket(max_msg_size=MESSAGE_BYTES, heartbeat_s=_HEARTBEAT_S)
    await socket.prepare(request)
    try:
        client = SocketWriter(socket, request, lobby.settings.send_buffer_bytes, secrets.token_hex(4))
    except ConnectionResetError:
        return socket
    lobby.sockets.add(client)
    room: OpenRoom | None = None
    try:
        room = await lobby.enter_open(name)
        try:
            if len(room.clients) >= lobby.settings.open_room_clients:
                raise ProtocolError("the room is full", CloseCode.TRY_LATER)
            room.join(client)
        finally:
            lobby.entered(OPEN_PREFIX + name)
        await _read(socket, client, room, lobby.settings.messages_s)
    except ProtocolError as error:
        if client.close_code is None:
            log.warning("refused open room socket=%s code=%d reason=%s", client.name, error.code, error.reason)
        client.close(error.code, error.reason)
    except LogOverflow:
        client.close(CloseCode.TRY_LATER, "the room log does not keep up")
    except (ConnectionError, RuntimeError) as error:
        log.debug("socket ended name=%s kind=%s", client.name, type(error).__name__)
    except BaseException as error:
        if is_panic(error):
            die("open socket")
        if isinstance(error, Exception):
            log.exception("fault in an open room's socket name=%s", client.name)
        client.close(CloseCode.TRY_LATER, "fault of the relay")
        raise
    finally:
        lobby.sockets.discard(client)
        if room is not None:
            room.leave(client)
        await client.goodbye()
    return socket


async def _read(socket: StrictWebSocket, client: SocketWriter, room: OpenRoom, messages_s: float) -> None:
    bucket = Bucket(messages_s, _BURST_S * messages_s, time.perf_counter())
    binary = WSMsgType.BINARY

    def take(message: WSMessage) -> None:
        if client.close_code is not None:
            raise ConnectionResetError
        if message[0] is not binary:
            raise ProtocolError("text message")
        if not bucket.take(socket.heard_s):
            raise ProtocolError("too many messages", CloseCode.RATE_LIMITED)
        room.receive(client, message[1])

    while client.open:
        await socket.deliver(take)
        if is_over(await socket.receive()):
            return
