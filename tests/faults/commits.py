"""How fast the room log acknowledges when a hundred write at once."""

from __future__ import annotations

import asyncio
import os
import statistics
from dataclasses import dataclass
from pathlib import Path

from signaling.roomlog import Record
from signaling.roomlog_sqlite import SqliteRoomLog
from tests.signaling.school import ROOM

WRITERS = 100
RECORD_BYTES = 250
PACED_HZ = 10.0


@dataclass(frozen=True)
class Commits:
    """`closed_*`: each writes again as soon as it is acknowledged. `paced_*`: each ten times a second."""

    fsync_ms: float
    closed_acks_s: float
    closed_p50_ms: float
    closed_p95_ms: float
    paced_p50_ms: float
    paced_p95_ms: float


async def measure_commits(folder: Path, seconds: float) -> Commits:
    """Measures on a real file; `fsync_ms` is what the disk itself takes for 4 KB, for comparison."""
    store = await SqliteRoomLog.open(folder / "rooms.sqlite")
    await store.open_room(ROOM, 0)
    try:
        closed, took_s = await _write(store, seconds, 0.0, "closed")
        paced, _ = await _write(store, seconds, 1 / PACED_HZ, "paced")
    finally:
        await store.close()
    fsync_ms = await asyncio.to_thread(_fsync_ms, folder / "probe")
    return Commits(
        fsync_ms,
        len(closed) / took_s,
        statistics.median(closed) * 1000,
        statistics.quantiles(closed, n=20)[-1] * 1000,
        statistics.median(paced) * 1000,
        statistics.quantiles(paced, n=20)[-1] * 1000,
    )


async def _write(store: SqliteRoomLog, seconds: float, pause_s: float, doc: str) -> tuple[list[float], float]:
    loop = asyncio.get_running_loop()
    delays: list[float] = []
    began_s = loop.time()

    async def writer(number: int) -> None:
        seq = 0
        await asyncio.sleep(pause_s * number / WRITERS)
        while loop.time() - began_s < seconds:
            seq += 1
            asked_s = loop.time()
            await store.append(ROOM, Record(doc, f"{number:016x}", seq, 0, 0, os.urandom(RECORD_BYTES)))
            delays.append(loop.time() - asked_s)
            if pause_s:
                await asyncio.sleep(pause_s)

    await asyncio.gather(*(writer(number) for number in range(WRITERS)))
    return delays, loop.time() - began_s


def _fsync_ms(path: Path) -> float:
    import time

    times = []
    with path.open("wb") as file:
        for _ in range(50):
            file.write(bytes(4096))
            file.flush()
            began_s = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began_s)
    return statistics.median(times) * 1000
