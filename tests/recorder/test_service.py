"""A whole lesson over a real relay and real WebRTC.

`recorder.service`, `session`, `ingest`, `media_desk`, `room_log`.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from recorder.projection import Viewer, encode_timeline, load_manifest
from recorder.reading import ArchiveReader
from recorder.verify import verify
from recorder.worker import finish_lesson
from tests.recorder.media import BLUE, RED, decode_audio, decode_video, near, tone_starts_s
from tests.recorder.senders import ColourTrack, ToneTrack
from tests.recorder.stream import read_stream
from tests.recorder.world import LESSON, draw, live_lesson, until, world
from whiteboard_crdt.ids import PageId, Role
from whiteboard_crdt.stage import StageState

pytestmark = pytest.mark.usefixtures("encoded_receivers")


@pytest.mark.timeout(90)
async def test_lesson_with_media_is_recorded_sealed_and_verified(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        w.start_recorder()
        began_s = time.monotonic()
        mark_s = began_s + 6
        tutor = w.peer("tutor", Role.TUTOR, tracks=lambda _: [ToneTrack(440, mark_s), ColourTrack(RED, BLUE, mark_s)])
        student = w.peer("student", Role.STUDENT, tracks=lambda _: [ToneTrack(1000, mark_s + 1)])
        async with tutor, student:
            await tutor.wait_synced()
            draw(tutor, 50)
            await tutor.saved()
            await w.portal.set_lesson(LESSON, "open")
            await w.portal.reported(LESSON, "joined")
            tutor.stage.set(state=StageState.LIVE)
            await w.go_live()
            draw(student, 150)
            student.chat.post("good morning", student.now_ms())
            student.set_presence({"hand": True, "mic": True, "cam": False})
            student.send_live("main", cursor=(1000, 2000))
            page = tutor.board.add_page("Second")
            tutor.stage.set(page=PageId(page))
            draw(tutor, 250, page)
            await student.saved()
            await tutor.saved()
            mark_room = tutor.room_ms()
            assert mark_room is not None
            mark_ms = mark_room + (mark_s - time.monotonic()) * 1000
            await asyncio.sleep(mark_s + 2.5 - time.monotonic())
            # Watchable while it runs.
            running = load_manifest(w.folder, Viewer("tutor", True), "/r")
            assert running["state"] == "recording"
            assert {track["kind"] for track in running["tracks"]} == {"audio", "video"}
            ended_s = time.monotonic()
            report = await w.end()
            assert time.monotonic() - ended_s < 2
            assert report["duration_ms"] > 3000
    manifest = load_manifest(w.folder, Viewer("tutor", True), "/r")
    assert manifest["state"] == "sealed"
    assert manifest["problems"] == []
    assert [chapter["title"] for chapter in manifest["chapters"]] == ["Second"]
    tracks = {(track["user"], track["kind"]): track for track in manifest["tracks"]}
    assert set(tracks) == {("tutor", "audio"), ("tutor", "video"), ("student", "audio")}
    for user, hz, at_ms in (("tutor", 440, mark_ms), ("student", 1000, mark_ms + 1000)):
        track = tracks[user, "audio"]
        samples, first_s = decode_audio(w.folder / "media" / Path(track["url"]).name)
        heard = track["start_ms"] + track["rate"] * (first_s + tone_starts_s(samples, hz)) * 1000
        assert heard == pytest.approx(at_ms, abs=100), user
    track = tracks["tutor", "video"]
    pictures = list(decode_video(w.folder / "media" / Path(track["url"]).name))
    assert near(pictures[0][1][90, 160], RED)
    turned = next(time_s for time_s, picture in pictures if near(picture[90, 160], BLUE))
    assert track["start_ms"] + track["rate"] * turned * 1000 == pytest.approx(mark_ms, abs=150)
    seen = read_stream(encode_timeline(w.folder, Viewer("student", False)))
    assert len([record for record in seen if record.doc == "board"]) >= 3
    kinds = {record.text for record in seen if record.kind == "event"}
    assert {"join", "hand", "media", "state", "page", "recorder"} <= kinds
    assert any(record.kind == "cursor" and record.data == (1000, 2000) for record in seen)
    with ArchiveReader(w.folder) as archive:
        assert [text for (text,) in archive.rows("chat", "select text from chat")] == ["good morning"]
    verdict = verify(w.folder, w.school.jwks)
    assert verdict.errors == []
    assert await asyncio.to_thread(finish_lesson, w.folder) == 0
    assert verify(w.folder, w.school.jwks).notes == []
    assert (w.folder / "export" / "lesson.mp4").stat().st_size > 10_000
    assert (w.folder / "export" / "poster.jpg").is_file()


@pytest.mark.timeout(60)
async def test_recorder_that_comes_back_fills_in_what_it_missed(tmp_path: Path) -> None:
    async with live_lesson(tmp_path) as (w, tutor):
        draw(tutor, 50)
        await tutor.saved()
        await w.stop_recorder()
        draw(tutor, 150)
        await tutor.saved()
        missed_ms = tutor.room_ms()
        w.portal.reports.clear()
        w.start_recorder()
        await w.portal.reported(LESSON, "recording")
        draw(tutor, 250)
        await tutor.saved()
        await w.end()
    seen = read_stream(encode_timeline(w.folder, Viewer("x", False)))
    strokes = [record for record in seen if record.doc == "board"]
    assert [record.seq for record in strokes] == [1, 2, 3]
    assert missed_ms is not None
    # Its own time, not that of the recorder's return; relay and peer may round differently.
    assert strokes[1].room_ms <= missed_ms + 2
    with ArchiveReader(w.folder) as archive:
        assert archive.meta["run"] == 2
    assert verify(w.folder, w.school.jwks).errors == []


@pytest.mark.timeout(60)
async def test_recorder_outlives_the_relay_and_records_what_comes_over_the_mesh(tmp_path: Path) -> None:
    async with live_lesson(tmp_path) as (w, tutor):
        await tutor.wait_for(lambda: any(link.healthy for link in tutor.direct.values()))
        await w.stop_relay()
        draw(tutor, 50)
        tutor.flush()

        await until(lambda: w.envelopes() == 1)
        await w.start_relay()
        await tutor.saved(20)
        w.portal.reports.clear()
        await w.portal.reported(LESSON, "recording")
        await w.end()
    assert len([r for r in read_stream(encode_timeline(w.folder, Viewer("x", False))) if r.doc == "board"]) == 1


@pytest.mark.timeout(60)
async def test_lesson_that_ended_while_no_recorder_ran_is_still_archived(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        tutor = w.peer("tutor", Role.TUTOR)
        async with tutor:
            await tutor.wait_synced()
            tutor.stage.set(state=StageState.LIVE)
            draw(tutor, 50)
            await tutor.saved()
        await w.portal.set_lesson(LESSON, "ended")
        w.start_recorder()
        await w.portal.reported(LESSON, "sealed")
        assert load_manifest(w.folder, Viewer("x", False), "/r")["start_ms"] > 0
        # Told twice is no harm: a recorder that was killed before the portal heard it.
        await w.stop_recorder()
        w.portal.reports.clear()
        await w.portal.set_lesson(LESSON, "ended")
        w.start_recorder()
        await w.portal.reported(LESSON, "sealed")
    assert verify(w.folder, w.school.jwks).errors == []


@pytest.mark.timeout(60)
async def test_sealed_lesson_is_rendered_by_the_worker(tmp_path: Path) -> None:
    async with live_lesson(tmp_path, render=True) as (w, tutor):
        draw(tutor, 50)
        await tutor.saved()
        await w.end()
        await w.portal.reported(LESSON, "rendered", 45)
    assert [report["state"] for _, report in w.portal.reports][-1] == "rendered"
    assert next(decode_video(w.folder / "export" / "lesson.mp4"))[1].shape == (720, 1280, 3)
    assert verify(w.folder, w.school.jwks).notes == []


@pytest.mark.timeout(60)
async def test_work_that_arrives_between_the_sealing_and_the_closing_of_the_room_is_recorded(tmp_path: Path) -> None:
    async with live_lesson(tmp_path, late_longest_ms=20_000) as (w, tutor):
        draw(tutor, 50)
        await tutor.saved()
        first = await w.end()
        with ArchiveReader(w.folder) as archive:
            assert archive.sealed
            end_ms = archive.span()[1]
        draw(tutor, 150)
        await tutor.saved()
        w.portal.reports.clear()
        await w.close_room()
        again = await w.portal.reported(LESSON, "sealed")
    manifest = load_manifest(w.folder, Viewer("x", False), "/r")
    assert manifest["late"] == {"from_ms": end_ms, "envelopes": 1}
    assert manifest["end_ms"] > end_ms
    assert again["duration_ms"] - first["duration_ms"] == manifest["end_ms"] - end_ms
    seen = [r for r in read_stream(encode_timeline(w.folder, Viewer("x", False))) if r.doc == "board"]
    assert [record.seq for record in seen] == [1, 2]
    assert end_ms < seen[1].room_ms <= manifest["end_ms"]
    report = verify(w.folder, w.school.jwks)
    assert (report.errors, report.envelopes) == ([], 2)
