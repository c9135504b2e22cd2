"""Peers that draw without end, through every outage of their relay."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from functools import partial

from signaling.client import Peer
from signaling.events import Acked, Event, Stopped
from tests.faults.waiting import within
from tests.signaling.drawing import content, draw
from tests.signaling.school import School
from whiteboard_crdt.ids import BOARD

WAIT_S = 120.0


class Crew:
    """Some peers of one room; `strokes` is what each has drawn so far. `late` makes one who comes at the end."""

    def __init__(self, peers: list[Peer], late: Callable[[], Peer]) -> None:
        self.peers = peers
        self._late = late
        self.strokes = [0] * len(peers)
        self.drawing: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()
        self._changed = asyncio.Event()
        for peer in peers:
            peer.subscribe(self._heard)

    def _heard(self, event: Event) -> None:
        if isinstance(event, Acked | Stopped):
            self._changed.set()

    def acked(self) -> dict[str, int]:
        """Session → how many envelopes the relay has acknowledged."""
        return {str(peer.session): peer.replica.acked(BOARD, peer.session) for peer in self.peers}

    async def until_acked(self, total: int, who: str) -> None:
        """Returns when that many envelopes in all are acknowledged. `who` waits; Stuck says so."""
        async with within(WAIT_S, who, f"{total} acknowledged envelopes", self._stand):
            while sum(self.acked().values()) < total:
                for peer in self.peers:
                    if peer.stopped is not None:
                        raise ConnectionError(f"a peer was put out with {peer.stopped.code}: {peer.stopped.reason}")
                for task in self.drawing:
                    if task.done():
                        task.result()
                        raise AssertionError("a peer stopped drawing")
                self._changed.clear()
                await self._changed.wait()

    def _stand(self) -> str:
        """How the peers stand, for who waits in vain."""
        connected = sum(peer.connected for peer in self.peers)
        return f"{sum(self.acked().values())} are, {connected} of {len(self.peers)} peers are connected"

    async def draw_on(self, number: int) -> None:
        """Draw, have it acknowledged, and again."""
        peer = self.peers[number]
        while not self._stop.is_set():
            draw(peer)
            self.strokes[number] += 1
            peer.flush()
            held = peer.replica.acked(BOARD, peer.session)
            with contextlib.suppress(TimeoutError):  # the relay is gone for a moment: draw on
                await peer.wait_for(partial(_acked_beyond, peer, held), 0.2)

    def stop(self) -> None:
        """Draw no more."""
        self._stop.set()

    async def finish(self) -> str:
        """Stop drawing; then everybody, and one who comes late, must hold every stroke once. Returns what is wrong."""
        self.stop()
        total = sum(self.strokes)
        async with self._late() as late:
            for number, peer in enumerate(self.peers):
                async with within(WAIT_S, f"peer {number}", "all its work to be acknowledged"):
                    await peer.wait_synced(None)
                    await peer.saved(None)
            async with within(WAIT_S, "the late joiner", "the room"):
                await late.wait_synced(None)
            # What is missing is counted below: one time for all of them.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WAIT_S):
                    for peer in (*self.peers, late):
                        await peer.wait_for(partial(holds, peer, total), None)
            counts = [len(peer.board.shapes()) for peer in (*self.peers, late)]
            if set(counts) != {total}:
                return f"{total} strokes drawn, held: {counts}"
            if any(content(peer) != content(late) for peer in self.peers):
                return "the boards differ"
        return ""


def _acked_beyond(peer: Peer, seq: int) -> bool:
    return peer.replica.acked(BOARD, peer.session) > seq


def holds(peer: Peer, strokes: int) -> bool:
    """Whether a peer has that many strokes on its board."""
    return len(peer.board.shapes()) == strokes


@contextlib.asynccontextmanager
async def drawing_crew(school: School, url: str, size: int) -> AsyncIterator[Crew]:
    """A crew that draws until `finish`, or until the end of the block."""
    async with contextlib.AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(school.peer(school.person(f"user-{n}"), url)) for n in range(size)]
        async with drawing(Crew(peers, lambda: school.peer(school.person("late"), url))) as crew:
            yield crew


@contextlib.asynccontextmanager
async def drawing(crew: Crew) -> AsyncIterator[Crew]:
    """A crew whose peers are in the room draws until `finish`, or until the end of the block."""
    crew.drawing = [asyncio.create_task(crew.draw_on(n), name=f"drawer-{n}") for n in range(len(crew.peers))]
    try:
        yield crew
    finally:
        crew.stop()
        for task in crew.drawing:
            task.cancel()
        await asyncio.gather(*crew.drawing, return_exceptions=True)
