"""Bits that rot in the log: a record is set aside, and the room is rebuilt from its snapshot or from its people."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.faults.crew import WAIT_S, holds
from tests.signaling.drawing import content, draw
from tests.signaling.relay_process import relay_process
from tests.signaling.school import School
from whiteboard_crdt.ids import Role

STROKES = 400


@dataclass(frozen=True)
class Damage:
    quarantined: int
    held_alone: int
    held_after: int
    strokes: int
    equal: bool
    whole_again: bool


async def damage_log(data: Path, *, snapshot: bool) -> Damage:
    """Overwrites a record in the middle of a stopped relay's log, with or without a snapshot over it.

    `held_alone`: strokes that a newcomer gets from the damaged log before its author is back.
    """
    school = School(data)
    author = school.person("ann")
    database = data / "relay" / "rooms.sqlite"
    async with contextlib.AsyncExitStack() as stack:
        relay = await stack.enter_async_context(relay_process(data))
        ann = await stack.enter_async_context(school.peer(author, relay.url))
        for _ in range(STROKES):
            draw(ann)
            ann.flush()
        await ann.saved(WAIT_S)
        ann.cut(relay=True)
        await relay.terminate()
        with contextlib.closing(sqlite3.connect(database)) as db:
            if not snapshot:
                db.execute("DELETE FROM snapshots")
            db.execute("UPDATE records SET payload = substr(payload, 1, 60) || x'00' WHERE seq = ?", (STROKES // 2,))
            db.commit()
        relay = await stack.enter_async_context(relay_process(data, relay.port))
        async with school.peer(school.person("early"), relay.url) as early:
            await early.wait_synced(WAIT_S)
            alone = len(early.board.shapes())
        ann.cut(relay=False)
        await ann.wait_for(lambda: ann.connected, WAIT_S)
        late = await stack.enter_async_context(school.peer(school.person("late"), relay.url))
        await late.wait_for(partial(holds, late, STROKES), WAIT_S)
        draw(ann)
        await ann.saved(WAIT_S)
        await late.wait_for(partial(holds, late, STROKES + 1), WAIT_S)
        # The recorder wants every envelope, not only the state.
        recorder = school.peer(school.person("rec", Role.RECORDER), relay.url, mode="log")
        recorder = await stack.enter_async_context(recorder)
        await recorder.wait_for(partial(holds, recorder, STROKES + 1), WAIT_S)
        held, equal = len(late.board.shapes()), content(late) == content(ann)
        await relay.terminate()
    with contextlib.closing(sqlite3.connect(database)) as db:
        (quarantined,) = db.execute("SELECT count(*) FROM quarantine").fetchone()
        in_order = [seq for (seq,) in db.execute("SELECT seq FROM records ORDER BY n")]
    return Damage(quarantined, alone, held, STROKES + 1, equal, in_order == list(range(1, STROKES + 2)))
