"""A disk that is really full (a small tmpfs): what is not stored is not acknowledged, and the lesson goes on."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp

from tests.faults.crew import WAIT_S, holds
from tests.signaling.drawing import content, draw
from tests.signaling.relay_process import relay_process
from tests.signaling.school import School
from whiteboard_crdt.ids import BOARD

DISK_BYTES = 8 * 1024 * 1024


@contextlib.contextmanager
def small_disk(folder: Path, size_bytes: int = DISK_BYTES) -> Iterator[Path]:
    """A file system of its own at `folder`. Raises PermissionError where this process may not mount."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if done.returncode:
        raise PermissionError(done.stderr.strip())
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(ballast: Path) -> None:
    """Takes all the room that is left."""
    handle = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    try:
        for piece in (65_536, 4_096, 1):
            with contextlib.suppress(OSError):
                while os.write(handle, bytes(piece)):
                    pass
    finally:
        os.close(handle)


@dataclass(frozen=True)
class DiskFull:
    acked_while_full: int
    seen_while_full: int
    drawn_while_full: int
    red: str
    healed: bool
    saved: bool
    equal: bool


async def fill_disk(data: Path) -> DiskFull:
    """Two peers in a room whose relay runs out of disk and gets it back. `data` is on a small disk."""
    school = School(data)
    async with contextlib.AsyncExitStack() as stack:
        relay = await stack.enter_async_context(relay_process(data))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        health = partial(_health, http, f"http://127.0.0.1:{relay.port}/healthz")
        ann = await stack.enter_async_context(school.peer(school.person("ann"), relay.url))
        bob = await stack.enter_async_context(school.peer(school.person("bob"), relay.url))
        draw(ann, 10)
        await ann.saved(WAIT_S)
        await bob.wait_for(partial(holds, bob, 10), WAIT_S)
        fill(data / "ballast")
        # What SQLite has room for in pages it owns already is stored and acknowledged, and rightly so.
        before = ann.replica.acked(BOARD, ann.session)
        drawn = 0
        red = ""
        while not red:
            draw(ann, 20)
            drawn += 20
            ann.flush()
            await bob.wait_for(partial(holds, bob, 10 + drawn), WAIT_S)
            status, red = await health()
            red = red if status == 503 else ""
        held = ann.replica.acked(BOARD, ann.session)
        draw(ann, 30)
        drawn += 30
        ann.flush()
        await bob.wait_for(partial(holds, bob, 10 + drawn), WAIT_S)
        seen = len(bob.board.shapes()) - 10
        acked = ann.replica.acked(BOARD, ann.session) - held
        (data / "ballast").unlink()
        await ann.saved(WAIT_S)
        status, _ = await health()
        late = await stack.enter_async_context(school.peer(school.person("late"), relay.url))
        await late.wait_synced(WAIT_S)
        equal = content(late) == content(ann) == content(bob)
        assert held >= before
        return DiskFull(acked, seen, drawn, red, status == 200, not ann.replica.unacked(), equal)


async def _health(http: aiohttp.ClientSession, url: str) -> tuple[int, str]:
    async with http.get(url) as answer:
        return answer.status, await answer.text()
