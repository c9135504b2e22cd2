"""A session whose ticket says `unrecorded`, in a real lesson: `recorder.media_desk`, `recorder.room_log` (T1)."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from recorder.projection import Viewer, encode_timeline, load_manifest
from recorder.reading import ArchiveReader
from recorder.verify import verify
from signaling.mesh import MeshOptions
from tests.recorder.media import BLUE, RED
from tests.recorder.senders import ColourTrack, ToneTrack
from tests.recorder.stream import read_stream
from tests.recorder.world import LESSON, draw, until, world
from whiteboard_crdt.ids import Role

pytestmark = pytest.mark.usefixtures("encoded_receivers")


@pytest.mark.timeout(90)
async def test_declined_student_leaves_work_on_the_board_and_neither_media_nor_pointer_nor_name_T1(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as w:
        w.start_recorder()
        mark_s = time.monotonic() + 3
        person = w.school.person("student", Role.STUDENT, unrecorded=True)
        mesh = MeshOptions(media=lambda _: [ToneTrack(1000, mark_s), ColourTrack(RED, BLUE, mark_s)])
        tutor = w.peer("tutor", Role.TUTOR, tracks=lambda _: [ToneTrack(440, mark_s), ColourTrack(RED, BLUE, mark_s)])
        async with tutor, w.school.peer(person, w.portal.relay_url, mesh=mesh) as student:
            await student.wait_synced()
            await w.go_live()
            draw(student, 150)
            student.chat.post("good morning", student.now_ms())
            student.set_presence({"hand": True, "mic": True, "cam": True})
            student.send_live("main", cursor=(1000, 2000))
            tutor.send_live("main", cursor=(3000, 4000))
            await student.saved()
            await asyncio.sleep(max(0.0, mark_s + 2 - time.monotonic()))
            await w.end()
        files = sorted(path.name for path in (w.folder / "media").iterdir())
    assert files
    manifest = load_manifest(w.folder, Viewer("tutor", True), "/r")
    assert {track["user"] for track in manifest["tracks"]} == {"tutor"}
    assert {Path(track["url"]).name for track in manifest["tracks"]} == set(files)
    assert {each["user"]: each["name"] for each in manifest["participants"]} == {
        "tutor": "Name of tutor",
        "student": "Participant",
    }
    gaps = [gap for gap in manifest["coverage"] if gap["cause"] == "declined"]
    assert {(gap["session"], gap["kind"]) for gap in gaps} == {
        (person.session, "audio"),
        (person.session, "video"),
    }
    assert all(gap["to_ms"] - gap["from_ms"] > 1000 for gap in gaps)
    seen = read_stream(encode_timeline(w.folder, Viewer("tutor", True)))
    assert [record.data for record in seen if record.kind == "cursor"] == [(3000, 4000)]
    assert [record for record in seen if record.doc == "board"]
    with ArchiveReader(w.folder) as archive:
        mine = "from events join sessions s on s.id = session_id where s.user = 'student' order by kind"
        assert [kind for (kind,) in archive.rows("events", f"select distinct kind {mine}")] == ["hand", "join"]
        assert [text for (text,) in archive.rows("chat", "select text from chat")] == ["good morning"]
    assert verify(w.folder, w.school.jwks).errors == []


@pytest.mark.timeout(60)
async def test_declined_student_stays_unnamed_and_unheard_when_the_recorder_comes_back(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        w.start_recorder()
        person = w.school.person("student", Role.STUDENT, unrecorded=True)
        mesh = MeshOptions(media=lambda _: [ToneTrack(1000, time.monotonic())])
        async with (
            w.peer("tutor", Role.TUTOR) as tutor,
            w.school.peer(person, w.portal.relay_url, mesh=mesh) as student,
        ):
            await w.go_live()
            draw(student, 50)
            await student.saved()
            await asyncio.sleep(2)
            await w.stop_recorder()
            w.portal.reports.clear()
            w.start_recorder()
            await w.portal.reported(LESSON, "recording")
            draw(student, 150)
            draw(tutor, 250)
            await student.saved()
            await tutor.saved()
            await until(lambda: w.envelopes() >= 3)
            await asyncio.sleep(2)
            await w.end()
    assert not list((w.folder / "media").iterdir())
    manifest = load_manifest(w.folder, Viewer("tutor", True), "/r")
    assert manifest["tracks"] == []
    # It did send, whenever its link stood, and nothing was kept.
    assert {gap["kind"] for gap in manifest["coverage"] if gap["cause"] == "declined"} == {"audio"}
    assert {each["name"] for each in manifest["participants"]} == {"Name of tutor", "Participant"}
    assert verify(w.folder, w.school.jwks).errors == []
