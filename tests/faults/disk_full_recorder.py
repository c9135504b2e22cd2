"""A recorder whose disk is really full in a lesson: the lesson goes on, and once there is room, its recording too."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from recorder.reading import ArchiveReader
from recorder.verify import verify
from signaling.client import Peer
from tests.faults.crew import WAIT_S
from tests.faults.disk_full import fill, small_disk
from tests.recorder.kills import strokes_in
from tests.recorder.senders import ToneTrack
from tests.recorder.world import World, draw, encoded_ingest, until, world
from whiteboard_crdt.ids import Role

__all__ = ["RECORDER_DISK_BYTES", "RecorderDisk", "fill_recorder_disk"]

RECORDER_DISK_BYTES: Final = 64 * 1024 * 1024
_PEN_EVERY_S: Final = 0.05


@dataclass(frozen=True)
class RecorderDisk:
    """`hole_ms`: of sound that the archive says it lacks for want of disk; `sound_after`: it has sound behind it."""

    drawn: int
    recorded: int
    while_full: int
    hole_ms: int
    sound_after: bool
    sealed: bool
    errors: list[str]


async def fill_recorder_disk(data: Path) -> RecorderDisk:
    """Two people talk and draw while the disk of the recordings, and no other, fills up to the last byte.

    Raises PermissionError where this process may not mount.
    """
    with small_disk(data / "recordings", RECORDER_DISK_BYTES) as recordings, encoded_ingest():
        async with world(data) as w:
            w.start_recorder()
            tutor = w.peer("tutor", Role.TUTOR, tracks=lambda _: [ToneTrack(440, 0)])
            student = w.peer("student", Role.STUDENT, tracks=lambda _: [ToneTrack(1000, 0)])
            async with tutor, student, contextlib.AsyncExitStack() as stack:
                await w.go_live()
                pen = asyncio.create_task(_draw_on(tutor))
                stack.callback(pen.cancel)
                await until(lambda: _files(w) >= 2, WAIT_S)
                fill(recordings / "ballast")
                before = len(tutor.board.shapes("main"))
                # The hole is noted at once, and stored when there is room; here it is seen that time passes.
                await until(partial(_has, tutor, before + 60), WAIT_S)
                await tutor.saved(WAIT_S)
                while_full = len(tutor.board.shapes("main")) - before
                (recordings / "ballast").unlink()
                await until(lambda: _files(w) >= 4, WAIT_S)
                after = len(tutor.board.shapes("main"))
                await until(partial(_has, tutor, after + 20), WAIT_S)
                pen.cancel()
                await tutor.saved(WAIT_S)
                drawn = len(tutor.board.shapes("main"))
                await w.end()
            found = verify(w.folder, w.school.jwks).errors
            return RecorderDisk(drawn, strokes_in(w.folder), while_full, *_sound(w.folder), found)


async def _draw_on(peer: Peer) -> None:
    number = 0
    while True:
        number += 1
        draw(peer, 20 + number % 80 * 10)
        await asyncio.sleep(_PEN_EVERY_S)


def _has(peer: Peer, strokes: int) -> bool:
    return len(peer.board.shapes("main")) >= strokes


def _files(w: World) -> int:
    """Files of sound that hold something."""
    return sum(1 for path in (w.folder / "media").glob("*-audio-*") if path.stat().st_size > 0)


def _sound(folder: Path) -> tuple[int, bool, bool]:
    with ArchiveReader(folder) as archive:
        sql = "select from_ms, to_ms from coverage where cause = 'disk' order by to_ms - from_ms desc"
        holes = [(float(row[0]), float(row[1])) for row in archive.rows("coverage", sql)]
        ends = [row.start_ms for row in archive.tracks()]
        if not holes:
            return 0, False, archive.sealed
        return round(holes[0][1] - holes[0][0]), max(ends) >= holes[0][1] - 500, archive.sealed
