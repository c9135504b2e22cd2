"""One connection of `/signal` or `/hocuspocus`: prepared, talked to, closed in order whatever happens."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from signaling.lobby import Lobby
from signaling.panic import die, is_panic
from signaling.roomlog import LogOverflow
from signaling.socket_writer import SocketWriter
from signaling.strict_socket import StrictWebSocket
from whiteboard_crdt.errors import CloseCode, ProtocolError

__all__ = ["serve"]

log = logging.getLogger("chalkmesh.relay.open")

# A WebSocket ping is answered by the browser itself. Seconds.
_HEARTBEAT_S: Final = 20.0


async def serve(
    request: web.Request,
    lobby: Lobby,
    message_bytes: int,
    converse: Callable[[StrictWebSocket, SocketWriter], Awaitable[None]],
) -> web.WebSocketResponse:
    """Serve a connection until `converse` returns; what it raises becomes a close code."""
    socket = StrictWebSocket(max_msg_size=message_bytes, heartbeat_s=_HEARTBEAT_S)
    await socket.prepare(request)
    try:
        writer = SocketWriter(socket, request, lobby.settings.send_buffer_bytes, secrets.token_hex(4))
    except ConnectionResetError:
        return socket
    lobby.sockets.add(writer)
    try:
        await converse(socket, writer)
    except ProtocolError as error:
        if writer.close_code is None:
            log.warning("refused open socket=%s code=%d reason=%s", writer.name, error.code, error.reason)
        writer.close(error.code, error.reason)
    except LogOverflow:
        writer.close(CloseCode.TRY_LATER, "the room log does not keep up")
    except (ConnectionError, RuntimeError) as error:
        # aiohttp raises RuntimeError for a receive on a socket that another task closed.
        log.debug("socket ended name=%s kind=%s", writer.name, type(error).__name__)
    except BaseException as error:
        if is_panic(error):
            die("open socket")
        if isinstance(error, Exception):
            log.exception("fault in an open socket name=%s", writer.name)
        writer.close(CloseCode.TRY_LATER, "fault of the relay")
        raise
    finally:
        lobby.sockets.discard(writer)
        await writer.goodbye()
    return socket
