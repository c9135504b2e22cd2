"""Power cuts at random moments of a relay's work, and what its log holds afterwards: the proof of rule B1."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sqlite3
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from signaling.room import Room
from signaling.roomlog_sqlite import SqliteRoomLog
from signaling.settings import RelaySettings
from tests.faults.disk_trace import Change, Disk, Kind, compile_tracer, load_trace
from tests.faults.disk_workload import ACKS
from tests.signaling.relay_process import ROOT
from tests.signaling.school import ROOM, wall_ms
from whiteboard_crdt.errors import SetupError
from whiteboard_crdt.ids import BOARD
from whiteboard_crdt.keys import load_jwks


@dataclass
class PowerCuts:
    """What came of a number of cuts. `lost`: one sentence for each cut that cost something."""

    cuts: int = 0
    envelopes: int = 0
    acked: int = 0
    with_snapshots: int = 0
    lost: list[str] = field(default_factory=list)


async def record_trace(folder: Path, seed: int, *, normal: bool = False) -> list[Change]:
    """Runs the workload with its disk traced. Its data stay in `folder`/data."""
    library = await asyncio.to_thread(compile_tracer, folder)
    data = folder / "data"
    trace = folder / "trace"
    environ = {**os.environ, "LD_PRELOAD": str(library), "TRACE_DIR": str(data / "relay"), "TRACE_FILE": str(trace)}
    command = [sys.executable, "-m", "tests.faults.disk_workload", str(data), str(seed)]
    process = await asyncio.create_subprocess_exec(*command, *(["--normal"] if normal else []), cwd=ROOT, env=environ)
    async with asyncio.timeout(120):
        assert await process.wait() == 0, "the traced relay failed"
    return load_trace(trace)


async def cut_power(folder: Path, changes: list[Change], cuts: int, seed: int) -> PowerCuts:
    """Cuts at `cuts` seeded places, each before the next is tried, and reads what is left as a relay would."""
    chance = random.Random(seed)
    relay = str(folder / "data" / "relay")
    first = next(at for at, change in enumerate(changes) if change.path.endswith(ACKS))
    places = sorted(chance.sample(range(first // 2, len(changes)), cuts))
    result = PowerCuts()
    disk = Disk()
    acked: dict[str, int] = {}
    done = 0
    for place in places:
        for change in changes[done:place]:
            if not change.path.endswith("/" + ACKS):
                disk.take(change)
            elif change.kind is Kind.WRITTEN:
                for line in change.data.decode().splitlines():
                    session, seq = line.split()
                    acked[session] = max(int(seq), acked.get(session, 0))
        done = place
        left = folder / "left"
        shutil.rmtree(left, ignore_errors=True)
        left.mkdir()
        for name, content in disk.cut(chance, relay).items():
            if not name.endswith("-shm"):
                (left / name).write_bytes(content)
        result.cuts += 1
        fault = await _fault(folder, left, acked, result)
        if fault:
            result.lost.append(f"seed {seed}, cut after change {place} of {len(changes)}: {fault}")
    result.acked = sum(acked.values())
    return result


async def _fault(folder: Path, left: Path, acked: dict[str, int], result: PowerCuts) -> str:
    """What is wrong with the files that a cut left; empty when nothing is."""
    try:
        store = await SqliteRoomLog.open(left / "rooms.sqlite")
    except SetupError as error:
        return str(error)
    try:
        whole = await store.open_room(ROOM, wall_ms(), whole=True)
        held: dict[str, list[int]] = {}
        for record in whole.records:
            held.setdefault(record.session, []).append(record.seq)
        result.envelopes += len(whole.records)
        if whole.damaged:
            return f"{whole.damaged} damaged records"
        for session, seqs in held.items():
            if sorted(seqs) != list(range(1, len(seqs) + 1)):
                return f"a hole in the stream of {session}"
        for session, seq in acked.items():
            if len(held.get(session, ())) < seq:
                return f"{seq} envelopes of {session} acknowledged, {len(held.get(session, ()))} held"
        return await _restored(folder, store, acked, result)
    except sqlite3.Error as error:
        return f"the log cannot be read: {error}"
    finally:
        await store.close()


async def _restored(folder: Path, store: SqliteRoomLog, acked: dict[str, int], result: PowerCuts) -> str:
    keys = load_jwks((folder / "data" / "keys" / "ticket.pub.json").read_bytes())
    history = await store.open_room(ROOM, wall_ms())
    result.with_snapshots += bool(history.snapshots)
    room = Room(ROOM, history, store, keys, RelaySettings(data=folder), wall_ms, time.monotonic)
    if not await room.restore(history):
        return "the room is not whole"
    heads = {str(head.session): head.seq for head in room.replica.heads(BOARD)}
    behind = [session for session, seq in acked.items() if heads.get(session, 0) < seq]
    return f"the room lacks work of {behind[0]}" if behind else ""
