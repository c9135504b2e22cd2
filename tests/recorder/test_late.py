"""Work and pictures that come after a lesson was sealed, and a recorder that dies meanwhile: `recorder.late`."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from pathlib import Path

import pytest

from recorder.archive import LATE_OPEN, open_sealed
from recorder.late import find_open, load_sealing
from recorder.lease import FILE as LEASE
from recorder.projection import Viewer, load_manifest
from recorder.reading import ArchiveReader
from recorder.schema import MANIFEST
from recorder.verify import verify
from tests.recorder.lesson import Lesson
from tests.recorder.pictures import paste, png
from tests.recorder.process import RecorderProcess
from tests.recorder.world import LESSON, World, draw, live_lesson, until, world
from whiteboard_crdt.errors import SetupError
from whiteboard_crdt.ids import Role

RED = png((200, 30, 30))
HASH = hashlib.sha256(RED).hexdigest()
STAFF = Viewer("x", True)


def is_open(folder: Path) -> bool:
    with ArchiveReader(folder) as archive:
        return archive.meta.get(LATE_OPEN) is True


@pytest.mark.timeout(90)
async def test_a_recorder_killed_among_late_work_is_followed_by_one_that_has_all_of_it(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        recorder = RecorderProcess(w.data, w.portal.url, tmp_path / "recorder.log")
        tutor = w.peer("tutor", Role.TUTOR)
        try:
            async with tutor:
                await recorder.start()
                await w.go_live(30)
                draw(tutor, 50)
                await tutor.saved()
                first = await w.end()
                # What it has written is safe however it dies, and what it had no time to write is in the relay's log.
                draw(tutor, 150)
                await tutor.saved()
                await until(lambda: w.envelopes() == 2)
                holder = int((w.data / "recordings" / LEASE).read_text("ascii"))
                os.kill(holder, signal.SIGSTOP)
                draw(tutor, 250)
                await tutor.saved()
                await recorder.kill()
                assert w.envelopes() == 2
                assert is_open(w.folder)
                draw(tutor, 350)
                await tutor.saved()
                w.portal.reports.clear()
                # The portal knows nothing of a lesson that is still to be recorded.
                assert w.portal.lessons == {}
                await recorder.start()
                await until(lambda: w.envelopes() == 4, 30)
                draw(tutor, 450)
                await tutor.saved()
                w.portal.reports.clear()
                await w.close_room()
                again = await w.portal.reported(LESSON, "sealed", 30)
                assert not is_open(w.folder)
        finally:
            await recorder.stop()
    manifest = load_manifest(w.folder, STAFF, "/r")
    assert manifest["late"]["envelopes"] == 4
    assert again["duration_ms"] == manifest["duration_ms"] > first["duration_ms"]
    report = verify(w.folder, w.school.jwks)
    assert (report.errors, report.envelopes) == ([], 5)


@pytest.mark.timeout(60)
async def test_a_closed_room_still_gives_the_late_work_that_a_killed_recorder_missed(tmp_path: Path) -> None:
    async with live_lesson(tmp_path, late_longest_ms=20_000) as (w, tutor):
        await w.end()
        await w.stop_recorder()
        draw(tutor, 150)
        await tutor.saved()
        await w.close_room()
        assert is_open(w.folder)
        w.start_recorder()
        await until(lambda: not is_open(w.folder), 20)
    assert w.envelopes() == 1
    assert verify(w.folder, w.school.jwks).errors == []


@pytest.mark.timeout(60)
async def test_pictures_come_from_a_peer_while_the_relay_is_away_and_from_the_relay(tmp_path: Path) -> None:
    async with live_lesson(tmp_path) as (w, tutor):
        await tutor.wait_for(lambda: any(link.healthy for link in tutor.direct.values()))
        await w.stop_relay()
        await tutor.assets.put(RED)
        paste(tutor.board, RED)
        tutor.flush()
        await until(lambda: (w.folder / "assets" / HASH).is_file(), 20)
        await w.start_relay()
        await tutor.saved(20)
        blue = png((30, 30, 200))
        await tutor.assets.put(blue)
        paste(tutor.board, blue)
        await tutor.saved()
        await until(lambda: (w.folder / "assets" / hashlib.sha256(blue).hexdigest()).is_file(), 20)
        await w.end()
    report = verify(w.folder, w.school.jwks)
    assert (report.errors, report.assets) == ([], 2)
    assert not [entry for entry in load_manifest(w.folder, STAFF, "/r")["coverage"] if entry["kind"] == "picture"]


@pytest.mark.timeout(60)
async def test_a_picture_that_comes_after_the_sealing_is_taken_until_the_room_is_closed(tmp_path: Path) -> None:
    async with live_lesson(tmp_path, late_longest_ms=20_000) as (w, tutor):
        # Named, and nobody has it yet.
        paste(tutor.board, RED)
        await tutor.saved()
        await w.end()
        assert missing(w) == [HASH]
        await tutor.assets.stored(await tutor.assets.put(RED))
        w.portal.reports.clear()
        await w.close_room()
        await w.portal.reported(LESSON, "sealed")
    assert missing(w) == []
    assert (w.folder / "assets" / HASH).read_bytes() == RED


def missing(w: World) -> list[str]:
    coverage = load_manifest(w.folder, STAFF, "/r")["coverage"]
    return [entry["asset"] for entry in coverage if entry["kind"] == "picture"]


async def test_only_recordings_that_still_take_late_work_are_found(tmp_path: Path) -> None:
    folders = [tmp_path / f"l{n}" for n in range(4)]
    for folder in folders:
        lesson = Lesson(folder)
        lesson.live(0)
        lesson.archive.meta("lesson", folder.name)
        if folder.name == "l0":
            lesson.archive.flush()
            lesson.archive.close()
        else:
            lesson.finish(1000)
    archive = await asyncio.to_thread(open_sealed, folders[2])
    archive.end_late()
    archive.close()
    (folders[3] / MANIFEST).write_text("{}")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "lesson.sqlite").write_bytes(b"not a database, but long enough to be one" * 100)
    found = find_open(tmp_path)
    assert [(lesson.lesson, lesson.room, lesson.state) for lesson in found] == [("l1", "room-1", "ended")]
    assert load_sealing(folders[0]) is None
    sealings = [load_sealing(folder) for folder in folders[1:]]
    assert [sealing.takes_late_work for sealing in sealings if sealing is not None] == [True, False, False]
    for folder in (folders[0], folders[2]):
        with pytest.raises(SetupError):
            open_sealed(folder)
