"""pycrdt-websocket as its documentation starts it: `uvicorn asgi_rooms:app`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from pycrdt.websocket import ASGIServer, WebsocketServer, exception_logger

# As pycrdt-websocket types them.
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

server = WebsocketServer(exception_handler=exception_logger)
rooms = ASGIServer(server)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application; the server's rooms live as long as the process."""
    if scope["type"] != "lifespan":
        await rooms(scope, receive, send)
        return
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await server.__aenter__()
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return
