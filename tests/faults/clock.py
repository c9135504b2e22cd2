"""The relay's wall clock is set by an hour in the middle of a lesson."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.faults.crew import WAIT_S, holds
from tests.faults.waiting import within
from tests.signaling.drawing import content, draw
from tests.signaling.raw_client import Closed, raw_client
from tests.signaling.relay_process import relay_process
from tests.signaling.school import School, wall_ms
from whiteboard_crdt.ids import Role

STROKES = 10


@dataclass(frozen=True)
class Jump:
    """`room_ms` is the room's time between the strokes before and after; `took_ms` what the test's own clock says.

    `admitted`: with tickets by the clock as it was, and as it is now. `stayed`: nobody was put out.
    """

    room_ms: int
    took_ms: int
    admitted: tuple[bool, bool]
    stayed: bool
    equal: bool

    @property
    def ok(self) -> bool:
        return self.stayed and self.equal and all(self.admitted) and abs(self.room_ms - self.took_ms) < 1_000


async def jump(data: Path, seconds: int) -> Jump:
    """Ann draws and a recorder notes the room's times; the clock is set; she draws on, and others come in."""
    school = School(data)
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as stack:
        relay = await stack.enter_async_context(relay_process(data, module="tests.faults.jumping_relay"))
        ann = await stack.enter_async_context(school.peer(school.person("ann"), relay.url))
        recorder = await stack.enter_async_context(
            school.peer(school.person("rec", Role.RECORDER), relay.url, mode="log")
        )
        times: list[int] = []
        recorder.on_envelope = lambda seen: times.append(seen.room_ms or 0)
        await ann.wait_synced(WAIT_S)
        draw(ann, STROKES)
        await ann.saved(WAIT_S)
        await recorder.wait_for(partial(holds, recorder, STROKES), WAIT_S)
        before_ms, began_s = times[-1], loop.time()
        (data / "clock").write_text(str(seconds))
        draw(ann, STROKES)
        async with within(WAIT_S, "ann", "her work to be stored after the clock was set"):
            await ann.saved(None)
        await recorder.wait_for(partial(holds, recorder, 2 * STROKES), WAIT_S)
        took_ms = round((loop.time() - began_s) * 1000)
        admitted = []
        for issued_ms in (wall_ms(), wall_ms() + seconds * 1000):
            async with raw_client(relay.url) as client:
                await client.hello(school.person("newcomer", issued_ms=issued_ms))
                try:
                    await client.control("welcome")
                    admitted.append(True)
                except Closed:
                    admitted.append(False)
        late = await stack.enter_async_context(school.peer(school.person("late"), relay.url))
        await late.wait_synced(WAIT_S)
        stayed = ann.stopped is None and ann.connected and recorder.connected
        return Jump(times[-1] - before_ms, took_ms, (admitted[0], admitted[1]), stayed, content(late) == content(ann))
