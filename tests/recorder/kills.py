"""A lesson whose recorder is killed again and again: a process of its own, `kill -9`, started anew at once."""

from __future__ import annotations

import asyncio
import random
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from recorder.boardstate import BoardState
from recorder.ebml import MalformedMedia
from recorder.matroska_read import scan
from recorder.reading import ArchiveReader
from recorder.schema import DATABASE
from recorder.timeline import PUBLIC, UpdateRecord, read_records
from signaling.client import Peer
from tests.recorder.media import BLUE, RED, decode_audio, decode_video
from tests.recorder.process import RecorderProcess
from tests.recorder.senders import ColourTrack, ToneTrack
from tests.recorder.world import LESSON, World, draw, until
from whiteboard_crdt.errors import SetupError
from whiteboard_crdt.ids import Role
from whiteboard_crdt.stage import StageState

# What is recorded of two people of whom one has a camera.
TRACKS = frozenset({("tutor", "audio"), ("tutor", "video"), ("student", "audio")})
_PEN_EVERY_S = 0.1
_BACK_S = 30.0


@dataclass(slots=True)
class Kill:
    """One kill, room time ms. `ends`: where the media of each track ends in the folder as the kill left it."""

    at_ms: float
    files: int = 0
    playable: int = 0
    ends: dict[tuple[str, str], float] = field(default_factory=dict)

    @property
    def lost_ms(self) -> float:
        """The most that any track lacks before the kill."""
        return max((self.at_ms - end for end in self.ends.values()), default=0.0)


def look_unrepaired(folder: Path, kill: Kill) -> None:
    """Play every file as it is; `folder` is a copy that no recorder has touched since."""
    with ArchiveReader(folder) as archive:
        rows = archive.tracks()
    for row in rows:
        kill.files += 1
        with suppress(OSError, MalformedMedia, ValueError, AssertionError):
            found = scan(row.path)
            played = len(decode_audio(row.path)[0]) / 960 if row.kind == "audio" else len(list(decode_video(row.path)))
            # The decoder of Opus keeps the first 6.5 ms to itself.
            if found.blocks > 0 and played >= found.blocks - (row.kind == "audio"):
                kill.playable += 1
            key = (row.session.user, row.kind)
            end_ms = row.start_ms + row.rate * found.index.end_ms
            kill.ends[key] = max(kill.ends.get(key, 0.0), end_ms)


async def _draw_on(peer: Peer) -> None:
    number = 0
    while True:
        number += 1
        draw(peer, 20 + number % 80 * 10)
        await asyncio.sleep(_PEN_EVERY_S)


def _running(folder: Path, since_ms: float) -> bool:
    """Whether every track has media in a file that began after that room time."""
    if not (folder / DATABASE).is_file():
        return False
    with suppress(SetupError), ArchiveReader(folder) as archive:
        rows = [row for row in archive.tracks() if row.start_ms > since_ms and row.frames > 5]
        return {(row.session.user, row.kind) for row in rows} == TRACKS
    return False


async def lesson_with_kills(w: World, log: Path, kills: int, seed: int) -> tuple[list[Kill], int]:
    """A lesson in which the recorder dies `kills` times at moments that the seed says.

    Returns the kills and the number of strokes that were drawn. The lesson is sealed afterwards.
    """
    chance = random.Random(seed)
    recorder = RecorderProcess(w.data, w.portal.url, log)
    tutor = w.peer("tutor", Role.TUTOR, tracks=lambda _: [ToneTrack(440, 0), ColourTrack(RED, BLUE, 1e12)])
    student = w.peer("student", Role.STUDENT, tracks=lambda _: [ToneTrack(1000, 0)])
    done: list[Kill] = []
    pen: asyncio.Task[None] | None = None
    try:
        async with tutor, student:
            await tutor.wait_synced()
            await w.portal.set_lesson(LESSON, "live")
            tutor.stage.set(state=StageState.LIVE)
            await recorder.start()
            pen = asyncio.create_task(_draw_on(tutor))
            since_ms = -1.0
            for number in range(1, kills + 1):
                await until(partial(_running, w.folder, since_ms), _BACK_S)
                await asyncio.sleep(chance.uniform(0.3, 1.0))
                room_ms = tutor.room_ms()
                assert room_ms is not None
                await recorder.kill()
                since_ms = room_ms
                kill = Kill(room_ms)
                copy = w.data / f"killed-{number}"
                shutil.copytree(w.folder, copy)
                await recorder.start()
                await asyncio.to_thread(look_unrepaired, copy, kill)
                shutil.rmtree(copy)
                done.append(kill)
            await until(partial(_running, w.folder, since_ms), _BACK_S)
            pen.cancel()
            await tutor.saved()
            await w.portal.set_lesson(LESSON, "ended")
            await w.portal.reported(LESSON, "sealed", _BACK_S)
            strokes = len(tutor.board.shapes("main"))
    finally:
        if pen is not None:
            pen.cancel()
        await recorder.stop()
    return done, strokes


def strokes_in(folder: Path) -> int:
    """Strokes that the archive's board shows."""
    board = BoardState()
    with ArchiveReader(folder) as archive:
        records = [record for record in read_records(archive, PUBLIC) if isinstance(record, UpdateRecord)]
    board.apply([(record.envelope.doc, record.envelope.update) for record in records])
    return len(board.shapes("main"))


def holes_ms(folder: Path) -> list[int]:
    """Lengths of the media holes for which coverage blames the recorder."""
    sql = "select to_ms - from_ms from coverage where cause = 'recorder' and kind in ('audio', 'video')"
    with ArchiveReader(folder) as archive:
        return [int(row[0]) for row in archive.rows("coverage", sql)]
