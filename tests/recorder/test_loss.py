"""A whole lesson over a line that loses one datagram in twenty, both ways: `recorder.ingest`, `reorder`, `tracks`."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

import av
import pytest

from loadtests.bench.recorder.lossy import lossy_line
from recorder.reading import ArchiveReader
from recorder.verify import verify
from tests.recorder.media import BLUE, RED
from tests.recorder.senders import ColourTrack, ToneTrack
from tests.recorder.world import LESSON, draw, until, world
from whiteboard_crdt.ids import Role
from whiteboard_crdt.stage import StageState

pytestmark = pytest.mark.usefixtures("encoded_receivers")
LOSS, SEED = 0.05, 5
# Frames of the camera that are awaited: 4 s of it.
FRAMES = 60


def frame_times_ms(path: Path) -> list[float]:
    """Times of all frames; every one of them must decode."""
    times: list[float] = []
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            if packet.size:
                assert len(packet.decode()) == 1
                times.append(float((packet.pts or 0) * packet.time_base) * 1000)
    return times


@pytest.mark.timeout(90)
async def test_lesson_over_a_line_that_loses_5_percent_freezes_nothing_and_verifies(tmp_path: Path) -> None:
    with lossy_line(LOSS, SEED, both_ends_here=True) as line:
        async with world(tmp_path) as w:
            w.start_recorder()
            tutor = w.peer("tutor", Role.TUTOR, tracks=lambda _: [ToneTrack(440, 0), ColourTrack(RED, BLUE, 1e12)])
            async with tutor:
                await tutor.wait_synced()
                await w.portal.set_lesson(LESSON, "live")
                tutor.stage.set(state=StageState.LIVE)
                await w.portal.reported(LESSON, "recording")
                draw(tutor, 50)

                def recorded() -> int:
                    with ArchiveReader(w.folder) as archive:
                        return max((track.frames for track in archive.tracks() if track.kind == "video"), default=0)

                await until(lambda: recorded() >= FRAMES, 45)
                await tutor.saved()
                await w.portal.set_lesson(LESSON, "ended")
                await w.portal.reported(LESSON, "sealed", 30)
    assert line.dropped > 10, "the line was too good to prove anything"
    with ArchiveReader(w.folder) as archive:
        (sound,) = [track for track in archive.tracks() if track.kind == "audio"]
        (pictures,) = [track for track in archive.tracks() if track.kind == "video"]
        lost = sum(row[0] for row in archive.rows("c", "select to_ms - from_ms from coverage where cause = 'lost'"))
    times = await asyncio.to_thread(frame_times_ms, pictures.path)
    assert len(times) >= FRAMES
    # The camera's own clock ticks 15 times a second: a longer step would be a frame that is missing.
    assert max(later - earlier for earlier, later in pairwise(times)) < 70
    assert lost / (sound.end_ms - sound.start_ms) <= 0.002
    assert verify(w.folder, w.school.jwks).errors == []
