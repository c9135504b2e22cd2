"""kill -9 of a real relay under load, over and over, and what its log says before the next one starts."""

from __future__ import annotations

import contextlib
import random
from dataclasses import dataclass, field
from pathlib import Path

from signaling.roomlog_sqlite import SqliteRoomLog
from tests.faults.crew import drawing_crew
from tests.faults.waiting import within
from tests.signaling.relay_process import relay_process
from tests.signaling.school import ROOM, School, wall_ms

CREW = 4
READ_S = 60.0
START_S = 40.0
CLOSE_S = 60.0


@dataclass
class Kills:
    kills: int = 0
    acked: int = 0
    strokes: int = 0
    lost: list[str] = field(default_factory=list)
    unequal: str = ""


async def kill_relays(data: Path, kills: int, seed: int) -> Kills:
    """Kills a relay `kills` times while four peers draw; each time after a seeded number of acknowledgements.

    Raises Stuck, which names the kill, when somebody waits in vain.
    """
    chance = random.Random(seed)
    school = School(data)
    result = Kills()
    # Ends in time as well: peers that cannot leave, or a relay that cannot be reaped, hang nobody.
    stack = contextlib.AsyncExitStack()
    try:
        relay = await stack.enter_async_context(relay_process(data))
        port = relay.port
        crew = await stack.enter_async_context(drawing_crew(school, relay.url, CREW))
        for kill in range(kills):
            name = f"kill {kill + 1} of seed {seed}"
            await crew.until_acked(sum(crew.acked().values()) + chance.randint(1, 60), name)
            async with within(READ_S, name, "the relay's process to end"):
                await relay.kill()
            acked = crew.acked()
            result.kills += 1
            async with within(READ_S, name, "the dead relay's log to be read"):
                fault = await _lost(data, acked)
            if fault:
                result.lost.append(f"seed {seed}, kill {kill + 1}: {fault}")
            async with within(START_S, name, "the next relay to listen"):
                relay = await stack.enter_async_context(relay_process(data, port))
        await crew.until_acked(sum(crew.acked().values()) + 20, f"after all kills of seed {seed}")
        result.unequal = await crew.finish()
        result.acked = sum(crew.acked().values())
        result.strokes = sum(crew.strokes)
    finally:
        async with within(CLOSE_S, f"the end of seed {seed}", "peers to leave and relays to be reaped"):
            await stack.aclose()
    return result


async def _lost(data: Path, acked: dict[str, int]) -> str:
    """What the dead relay's log lacks of what was acknowledged; empty when nothing."""
    store = await SqliteRoomLog.open(data / "relay" / "rooms.sqlite")
    try:
        history = await store.open_room(ROOM, wall_ms(), whole=True)
    finally:
        await store.close()
    held: dict[str, set[int]] = {}
    for record in history.records:
        if record.seq in held.setdefault(record.session, set()):
            return f"{record.seq} of {record.session} is there twice"
        held[record.session].add(record.seq)
    for session, seq in acked.items():
        if not held.get(session, set()) >= set(range(1, seq + 1)):
            return f"{seq} of {session} acknowledged, {len(held.get(session, set()))} held"
    return f"{history.damaged} damaged" if history.damaged else ""
