"""A connection that dies without a word, as behind a router that forgot it: bytes go nowhere, and nobody is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.faults.crew import WAIT_S, holds
from tests.faults.waiting import within
from tests.signaling.drawing import content, draw
from tests.signaling.relay_process import relay_process
from tests.signaling.school import School

STROKES = 20


@dataclass(frozen=True)
class HalfOpen:
    """`back_s`: until the peer has found another way and all its work is stored. `gone_s`: until the others are told of
    one that never comes back."""

    back_s: float
    gone_s: float
    strokes: int
    equal: bool


class Hole:
    """A TCP proxy. What is `open` carries; `swallow` makes it take bytes and forget them, for ever."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._swallowing: list[asyncio.Event] = []
        self._tasks: set[asyncio.Task[None]] = set()
        # A writer that is forgotten closes its connection.
        self._kept: list[asyncio.StreamWriter] = []

    def swallow(self) -> None:
        """All connections there are now become half-open; new ones carry."""
        for swallowing in self._swallowing:
            swallowing.set()
        self._swallowing.clear()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        self._kept += (writer, back)
        swallowing = asyncio.Event()
        self._swallowing.append(swallowing)
        for source, target in ((reader, back), (there, writer)):
            task = asyncio.create_task(self._carry(source, target, swallowing))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, swallowing: asyncio.Event
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65_536):
                if not swallowing.is_set():
                    target.write(data)
                    await target.drain()
        if not swallowing.is_set():
            target.close()

    async def close(self) -> None:
        """Ends every connection."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._kept:
            writer.close()


@contextlib.asynccontextmanager
async def hole(port: int) -> AsyncIterator[tuple[Hole, str]]:
    """A proxy to a relay's port, and the address of the session socket through it."""
    made = Hole(port)
    server = await asyncio.start_server(made.accept, "127.0.0.1", 0)
    try:
        yield made, f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/session"
    finally:
        server.close()
        await made.close()


async def half_open(data: Path) -> HalfOpen:
    """Two peers behind the proxy: one draws on over it, one is never heard of again; a third is told."""
    school = School(data)
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as stack:
        relay = await stack.enter_async_context(relay_process(data))
        proxy, url = await stack.enter_async_context(hole(relay.port))
        lost_proxy, lost_url = await stack.enter_async_context(hole(relay.port))
        bob = await stack.enter_async_context(school.peer(school.person("bob"), relay.url))
        ann = await stack.enter_async_context(school.peer(school.person("ann"), url))
        lost = await stack.enter_async_context(school.peer(school.person("lost"), lost_url))
        for peer in (ann, lost):
            draw(peer, STROKES)
            await peer.saved(WAIT_S)
        await bob.wait_for(partial(holds, bob, 2 * STROKES), WAIT_S)
        proxy.swallow()
        lost_proxy.swallow()
        lost.cut(relay=True)  # it makes no new connection; the old one is never closed
        began_s = loop.time()

        async def gone() -> float:
            async with within(WAIT_S, "the other peer", "the news that one is gone"):
                await bob.wait_for(lambda: lost.session not in bob.participants, None)
            return loop.time() - began_s

        async def back() -> float:
            draw(ann, STROKES)
            async with within(WAIT_S, "the peer", "its work to be stored over a new connection"):
                await ann.saved(None)
            return loop.time() - began_s

        back_s, gone_s = await asyncio.gather(back(), gone())
        await bob.wait_for(partial(holds, bob, 3 * STROKES), WAIT_S)
        return HalfOpen(back_s, gone_s, len(bob.board.shapes()), content(ann) == content(bob))
