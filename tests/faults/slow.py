"""Readers that stop reading while their room goes on: who pays for them, the others or the relay's memory?

The same work is done twice, first with everybody reading, so that both figures have something to be measured by.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import aiohttp

from loadtests.users.measures import EditTimes
from signaling.client import Peer
from signaling.events import SeenEnvelope
from tests.faults.crew import WAIT_S
from tests.faults.waiting import within
from tests.signaling.drawing import content, draw
from tests.signaling.relay_process import RelayProcess, relay_process
from tests.signaling.school import School
from whiteboard_crdt.board import TEXT_BYTES
from whiteboard_crdt.errors import CloseCode
from whiteboard_crdt.ids import MAIN_PAGE

__all__ = ["SlowReaders", "stall_readers"]

_DRAWERS: Final = 3
# With its kernel's buffers full, 4 MB each, a reader has 1 MiB more in the relay: it gets 10 MB in five seconds.
_ROUNDS: Final = 100
_ROUND_S: Final = 0.05
_TEXTS_A_ROUND: Final = 3
_RECEIVE_BYTES: Final = 16_384
_TOKEN: Final = "metrics-of-a-fault"


@dataclass(frozen=True)
class SlowReaders:
    """Latencies: p95 from sealing an edit to its place on another's board, ms; memory: the relay's growth, MB."""

    stalled: int
    closed: int
    before_ms: float
    during_ms: float
    before_mb: float
    during_mb: float
    whole_s: float
    equal: bool


class Stall:
    """A TCP proxy that stops reading from the relay when told: the bytes stay where they are, in the relay's host."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reading: list[asyncio.StreamReader] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def stall(self) -> None:
        """All connections there are now are read from no more; new ones are."""
        for reader in self._reading:
            # `Any` transport: asyncio's own, whose type the reader does not tell.
            reader._transport.pause_reading()  # type: ignore[attr-defined]
        self._reading.clear()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a peer."""
        own = socket.socket()
        own.setblocking(False)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BYTES)
        await asyncio.get_running_loop().sock_connect(own, ("127.0.0.1", self._port))
        there, back = await asyncio.open_connection(sock=own)
        self._reading.append(there)
        for source, target in ((reader, back), (there, writer)):
            task = asyncio.create_task(_carry(source, target))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Ends every connection."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65_536):
            target.write(data)
            await target.drain()
    except ConnectionError:
        return
    finally:
        target.close()


@contextlib.asynccontextmanager
async def _stalling(port: int) -> AsyncIterator[tuple[Stall, str]]:
    made = Stall(port)
    server = await asyncio.start_server(made.accept, "127.0.0.1", 0)
    try:
        yield made, f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/session"
    finally:
        server.close()
        await made.close()


async def stall_readers(data: Path, stalled: int) -> SlowReaders:
    """`stalled` of a room stop reading while three draw and write a great deal. Raises Stuck."""
    school = School(data)
    (data / "keys" / "metrics.secret").write_text(_TOKEN)
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as stack:
        relay = await stack.enter_async_context(relay_process(data))
        proxy, slow_url = await stack.enter_async_context(_stalling(relay.port))
        drawers = [
            await stack.enter_async_context(school.peer(school.person(f"drawer-{n}"), relay.url))
            for n in range(_DRAWERS)
        ]
        slow = [
            await stack.enter_async_context(school.peer(school.person(f"slow-{n}"), slow_url)) for n in range(stalled)
        ]
        for peer in (*drawers, *slow):
            await peer.wait_synced(WAIT_S)
        before_mb = _memory_mb(relay)
        before_ms = await _work(drawers)
        await _equal([*drawers, *slow], "everybody, before")
        between_mb = _memory_mb(relay)
        proxy.stall()
        during_ms = await _work(drawers)
        during_mb = _memory_mb(relay)
        began_s = loop.time()
        await _equal([*drawers, *slow], "the slow readers")
        return SlowReaders(
            stalled,
            await _closed(relay),
            before_ms,
            during_ms,
            between_mb - before_mb,
            during_mb - between_mb,
            loop.time() - began_s,
            equal=True,
        )


async def _work(drawers: Sequence[Peer]) -> float:
    """Strokes and long texts at a pace; the p95 of their way to the others, ms."""
    loop, times = asyncio.get_running_loop(), EditTimes()
    late_ms: list[float] = []

    def seen(heard: SeenEnvelope) -> None:
        if heard.via == "own":
            times.made(heard.envelope, loop.time())
        elif (age_ms := times.age_ms(heard.envelope, loop.time())) is not None:
            late_ms.append(age_ms)

    for peer in drawers:
        peer.on_envelope = seen
    began_s = loop.time()
    for number in range(_ROUNDS):
        await asyncio.sleep(max(0.0, began_s + number * _ROUND_S - loop.time()))  # a pace, as of hands
        for peer in drawers:
            draw(peer)
            peer.flush()
        for _ in range(_TEXTS_A_ROUND):
            writer = drawers[number % _DRAWERS]
            writer.board.add_text(MAIN_PAGE, 0.0, 0.0, "x" * TEXT_BYTES, "black", 12.0, writer.now_ms())
            writer.flush()
    for peer in drawers:
        await peer.saved(WAIT_S)
    await _equal(drawers, "those who draw")
    for peer in drawers:
        peer.on_envelope = None
    return sorted(late_ms)[int(len(late_ms) * 0.95)]


async def _equal(peers: Sequence[Peer], who: str) -> None:
    async with within(WAIT_S, who, "the same board"):
        for peer in peers[1:]:
            await peer.wait_for(partial(_same_board, peers[0], peer), None)


def _same_board(one: Peer, other: Peer) -> bool:
    return len(one.board.shapes()) == len(other.board.shapes()) and content(one) == content(other)


def _memory_mb(relay: RelayProcess) -> float:
    """The most that the relay has had resident so far."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{relay.process.pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


async def _closed(relay: RelayProcess) -> int:
    headers = {"Authorization": f"Bearer {_TOKEN}"}
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"http://127.0.0.1:{relay.port}/metrics", headers=headers) as answer,
    ):
        text = await answer.text()
    found = re.search(rf'^chalkmesh_relay_closes_total{{code="{CloseCode.TOO_SLOW}"}} (\S+)', text, re.MULTILINE)
    return 0 if found is None else int(float(found[1]))
