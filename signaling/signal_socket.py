"""The signaling socket of unmodified y-webrtc clients at ``/signal`` (rules O5, O6)."""

from __future__ import annotations

import time
from functools import partial
from typing import Final

from aiohttp import WSMsgType, web

from signaling.lobby import Lobby
from signaling.open_driver import serve
from signaling.rates import Bucket
from signaling.signal_hub import SIGNAL_MESSAGE_BYTES, SignalHub
from signaling.socket_writer import SocketWriter
from signaling.strict_socket import StrictWebSocket, is_over
from whiteboard_crdt.errors import CloseCode, ProtocolError

__all__ = ["serve_signaling"]

# (rate a second, burst). Joining a room of 20 costs some 20 × (offer or answer + candidates). A message is told to a
# whole topic, so bytes are bounded too.
_MESSAGES: Final = (50.0, 1_000.0)
_BYTES: Final = (65_536.0, 4_194_304.0)


async def serve_signaling(request: web.Request, lobby: Lobby, hub: SignalHub) -> web.WebSocketResponse:
    """Serve one connection until it ends."""
    return await serve(request, lobby, 4 * SIGNAL_MESSAGE_BYTES, partial(_converse, hub))


async def _converse(hub: SignalHub, socket: StrictWebSocket, client: SocketWriter) -> None:
    messages, size = Bucket(*_MESSAGES, time.monotonic()), Bucket(*_BYTES, time.monotonic())
    try:
        while client.open:
            message = await socket.receive()
            if message.type is WSMsgType.TEXT:
                now_s = time.monotonic()
                if not messages.take(now_s) or not size.take(now_s, len(message.data)):
                    raise ProtocolError("too many messages", CloseCode.RATE_LIMITED)
                hub.receive(client, message.data)
            elif message.type is WSMsgType.BINARY:
                raise ProtocolError("binary message")
            elif is_over(message):
                return
    finally:
        hub.leave(client)
