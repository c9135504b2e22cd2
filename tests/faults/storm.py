"""Everybody comes back at once: two hundred peers after a restart of their relay."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from signaling.client import Peer
from tests.faults.crew import WAIT_S, holds
from tests.signaling.drawing import content, draw
from tests.signaling.relay_process import relay_process
from tests.signaling.school import School
from whiteboard_crdt.ids import RoomId

ROOM_PEERS = 10
STROKES = 3


@dataclass(frozen=True)
class Storm:
    """Times from the start of the new relay's process until half of the peers, and all, have everything again."""

    peers: int
    half_s: float
    all_s: float
    equal: bool


async def reconnect_storm(data: Path, peers: int) -> Storm:
    """Kills a relay with `peers` in rooms of ten, each of which draws on meanwhile, and starts it again."""
    school = School(data)
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as stack:
        relay = await stack.enter_async_context(relay_process(data))
        crew: list[Peer] = []
        for number in range(peers):
            person = school.person(f"user-{number}", room=RoomId(f"room-{number // ROOM_PEERS}"))
            crew.append(await stack.enter_async_context(school.peer(person, relay.url)))
        for peer in crew:
            await peer.wait_synced(WAIT_S)
            draw(peer, STROKES)
        for peer in crew:
            await peer.saved(WAIT_S)
        await relay.kill()
        for peer in crew:
            draw(peer)
            peer.flush()
        began_s = loop.time()
        await stack.enter_async_context(relay_process(data, relay.port))

        async def back(peer: Peer) -> float:
            await peer.saved(WAIT_S)
            await peer.wait_for(partial(holds, peer, ROOM_PEERS * (STROKES + 1)), WAIT_S)
            return loop.time() - began_s

        times = sorted(await asyncio.gather(*(back(peer) for peer in crew)))
        rooms = [crew[at : at + ROOM_PEERS] for at in range(0, peers, ROOM_PEERS)]
        equal = all(content(peer) == content(room[0]) for room in rooms for peer in room)
        return Storm(peers, times[len(times) // 2], times[-1], equal)
