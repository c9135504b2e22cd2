"""What a viewer is given: `recorder.projection`, `recorder.timeline`, `recorder.reading`."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc

from recorder.projection import Viewer, encode_timeline, load_manifest
from recorder.schema import DATABASE
from recorder.timeline import parse_token
from tests.recorder.lesson import EPOCH_MS, Lesson
from tests.recorder.media import film, tone_packets
from tests.recorder.stream import Seen, read_stream
from whiteboard_crdt.board import Board
from whiteboard_crdt.colours import person_colour
from whiteboard_crdt.errors import ProtocolError, SetupError
from whiteboard_crdt.ids import SessionId

STAFF = Viewer("u1", staff=True)
STUDENT = Viewer("u2", staff=False)
OTHER = Viewer("u3", staff=False)


def updates(seen: list[Seen], doc: str) -> list[Seen]:
    return [record for record in seen if record.kind == "update" and record.doc == doc]


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    lesson = Lesson(tmp_path, people=3)
    tutor, student, _ = lesson.people
    tutor.line([(0, 0), (100, 100)])
    lesson.did(tutor, 200)
    lesson.live(1000)
    student.line([(50, 0), (100, 300)])
    lesson.did(student, 1500)
    student.desk("u2").add_text("main", 0, 0, "my secret sum", "black", 24, EPOCH_MS)
    lesson.did(student, 1600)
    tutor.chat.post("well done", EPOCH_MS)
    lesson.did(tutor, 1700)
    lesson.archive.cursor(student.session, "main", -15, 20, 1800)
    lesson.archive.chapter("Page 2", "page", "p2", 1900)
    lesson.archive.event("hand", student.session, {"up": True}, 2000)
    lesson.archive.flush()
    return lesson


def test_board_comes_back_from_the_timeline(lesson: Lesson) -> None:
    seen = read_stream(encode_timeline(lesson.folder, STAFF))
    doc: Doc[Any] = Doc()
    for record in updates(seen, "board"):
        doc.apply_update(record.update)
    mine = lesson.people[0].board.shapes()
    assert Board(doc, SessionId("0" * 16)).shapes() == mine
    assert len(mine) == 2


def test_records_are_in_order_and_sessions_come_first(lesson: Lesson) -> None:
    seen = read_stream(encode_timeline(lesson.folder, STAFF))
    assert [record.room_ms for record in seen] == sorted(record.room_ms for record in seen)
    known: set[str] = {"0" * 16}
    for record in seen:
        if record.kind == "session":
            known.add(record.session)
        elif record.kind != "end":
            assert record.session in known
    cursor = next(record for record in seen if record.kind == "cursor")
    assert (cursor.room_ms, cursor.text, cursor.data) == (1800, "main", (-15, 20))
    assert [r.text for r in seen if r.kind == "event"] == ["join", "join", "join", "state", "hand"]
    person = next(r for r in seen if r.kind == "session" and r.session == lesson.people[1].session)
    assert person.data == ("u2", "Student 1", "student", 2)


@pytest.mark.parametrize(("viewer", "visible"), [(STAFF, 1), (STUDENT, 1), (OTHER, 0)])
def test_desk_is_given_to_its_owner_and_to_staff_alone(lesson: Lesson, viewer: Viewer, visible: int) -> None:
    pieces = list(encode_timeline(lesson.folder, viewer))
    assert len(updates(read_stream(pieces), "desk/u2")) == visible
    assert (b"my secret sum" in b"".join(pieces)) == bool(visible)
    assert "secret" not in json.dumps(load_manifest(lesson.folder, viewer, "/r"))


def test_follow_up_holds_only_what_is_new(lesson: Lesson) -> None:
    first = read_stream(encode_timeline(lesson.folder, STAFF))
    end = first[-1]
    assert (end.kind, end.data) == ("end", True)
    nothing = read_stream(encode_timeline(lesson.folder, STAFF, end.text))
    assert [record.kind for record in nothing] == ["end"]
    lesson.people[0].line([(0, 0), (7, 7)])
    lesson.did(lesson.people[0], 3000)
    lesson.archive.flush()
    more = read_stream(encode_timeline(lesson.folder, STAFF, nothing[-1].text))
    assert [(record.kind, record.room_ms) for record in more] == [("session", 3000), ("update", 3000), ("end", 3000)]
    assert more[-1].text != end.text
    lesson.finish(4000)
    assert read_stream(encode_timeline(lesson.folder, STAFF, more[-1].text))[-1].data is False


@pytest.mark.parametrize("token", ["", "1.2", "a.b.c", "1.2.-3", "1.2.3.4", "1.2.9999999999999999"])
def test_bad_token_is_a_protocol_error(token: str) -> None:
    with pytest.raises(ProtocolError):
        parse_token(token)


def test_manifest_of_a_running_lesson(lesson: Lesson) -> None:
    manifest = load_manifest(lesson.folder, STUDENT, "/api/recordings/lesson-1")
    assert manifest["state"] == "recording"
    assert (manifest["start_ms"], manifest["end_ms"]) == (1000, 2000)
    assert manifest["started_at"] == EPOCH_MS + 1000
    assert [person["name"] for person in manifest["participants"]] == ["Ada Tutor", "Student 1", "Student 2"]
    colours = [person["colour"] for person in manifest["participants"]]
    assert colours == [person_colour(person.ticket.user, person.ticket.colour) for person in lesson.people]
    assert manifest["chapters"] == [{"t_ms": 1900, "title": "Page 2", "kind": "page", "page": "p2"}]
    assert manifest["timeline"] == "/api/recordings/lesson-1/timeline"
    assert (manifest["export"], manifest["poster"], manifest["problems"]) == (None, None, [])


def test_manifest_of_a_sealed_lesson_states_tracks_and_coverage(lesson: Lesson) -> None:
    session = lesson.people[1].session
    film(lesson.archive.media, lesson.archive, session, tone=tone_packets(440, 1), pictures=[], start_s=1.1)
    folder = lesson.finish(2500)
    manifest = load_manifest(folder, STUDENT, "/r")
    assert manifest["state"] == "sealed"
    (track,) = manifest["tracks"]
    assert track["mime"] == 'audio/webm; codecs="opus"'
    assert track["url"] == f"/r/media/{session}-audio-1.webm"
    assert (track["session"], track["user"], track["closed"]) == (session, "u2", True)
    assert track["bytes"] == (folder / "media" / f"{session}-audio-1.webm").stat().st_size
    assert track["end_ms"] - track["start_ms"] == pytest.approx(1000, abs=1)
    assert manifest["coverage"][0]["cause"] == ""
    assert manifest["participants"][0]["present"] == [[0, 2500]]


def test_damaged_archive_gives_what_can_be_read_and_says_what_not(lesson: Lesson) -> None:
    session = lesson.people[1].session
    film(lesson.archive.media, lesson.archive, session, tone=tone_packets(440, 1), pictures=[], start_s=1.1)
    folder = lesson.finish(2500)
    media = folder / "media" / f"{session}-audio-1.webm"
    os.truncate(media, media.stat().st_size // 2)
    conn = sqlite3.connect(folder / DATABASE)
    conn.execute("update envelopes set envelope = x'0102' where id = 1")
    conn.execute("drop table chapters")
    conn.commit()
    conn.close()
    manifest = load_manifest(folder, STAFF, "/r")
    assert manifest["state"] == "damaged"
    assert any("chapters" in problem for problem in manifest["problems"])
    assert any("bytes where" in problem for problem in manifest["problems"])
    assert len(manifest["tracks"]) == 1
    assert len(updates(read_stream(encode_timeline(folder, STAFF)), "board")) == 1


@pytest.mark.parametrize("seed", range(12))
def test_pages_of_the_database_may_be_garbage(lesson: Lesson, seed: int) -> None:
    folder = lesson.finish(2500)
    path = folder / DATABASE
    data = bytearray(path.read_bytes())
    page = 1 + seed * 7 % (len(data) // 4096 - 1)
    data[page * 4096 : (page + 1) * 4096] = bytes((seed * 37 + n * 11) & 0xFF for n in range(4096))
    path.write_bytes(data)
    # Given as far as it goes, or refused in one clear line; nothing else comes out.
    with suppress(SetupError):
        load_manifest(folder, STAFF, "/r")
        read_stream(encode_timeline(folder, STAFF))


def test_folder_without_recording_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="holds no recording"):
        load_manifest(tmp_path, STAFF, "/r")
    with pytest.raises(SetupError, match="holds no recording"):
        encode_timeline(tmp_path, STAFF)
