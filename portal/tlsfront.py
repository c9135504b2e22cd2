"""TLS in front of the relay: the relay itself speaks plainly on the loopback, and this passes its bytes on.

For `serve --tls` on one host. Where a reverse proxy stands in front, it does this, and better.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from portal.logs import get_log
from whiteboard_crdt.errors import SetupError

_PIECE_BYTES = 65_536
_CONNECT_S = 5.0
_MOST_CONNECTIONS = 2_000


@asynccontextmanager
async def tls_front(host: str, port: int, context: ssl.SSLContext, inner_port: int) -> AsyncIterator[int]:
    """Listens with TLS and passes everything to 127.0.0.1:inner_port; yields its port. Raises SetupError."""
    connections: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise AssertionError("a connection is served in a task")
        if len(connections) >= _MOST_CONNECTIONS:
            writer.transport.abort()
            return
        connections.add(task)
        try:
            await _relay(reader, writer, inner_port)
        except (OSError, TimeoutError) as error:
            get_log("tls").info("connection_lost", error=type(error).__name__)
        finally:
            connections.discard(task)
            writer.transport.abort()

    try:
        server = await asyncio.start_server(accept, host, port, ssl=context, limit=_PIECE_BYTES)
    except OSError as error:
        raise SetupError(f"Cannot listen on {host}:{port}: {error.strerror or error}.") from error
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, inner_port: int) -> None:
    async with asyncio.timeout(_CONNECT_S):
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", inner_port, limit=_PIECE_BYTES)
    try:
        # Either side that ends, ends the whole: a WebSocket half open is of no use to anyone.
        both = {
            asyncio.create_task(_pump(reader, inner_writer)),
            asyncio.create_task(_pump(inner_reader, writer)),
        }
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            for task in both:
                with suppress(asyncio.CancelledError, OSError):
                    await task
        for task in done:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error
    finally:
        inner_writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    # drain() waits while the other side is slow, so at most one piece and the transport's own buffer are in memory.
    while piece := await reader.read(_PIECE_BYTES):
        writer.write(piece)
        await writer.drain()
