"""The archive: `recorder.archive`, `recorder.schema`."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlite_utils import Database

from recorder.archive import open_archive
from recorder.matroska_read import scan
from recorder.reading import ArchiveReader
from recorder.schema import DATABASE
from recorder.verify import verify
from tests.recorder.lesson import Lesson
from tests.recorder.media import decode_audio, film, tone_packets
from whiteboard_crdt.envelope import decode_envelope
from whiteboard_crdt.errors import SetupError


def test_tables_are_those_of_the_document(tmp_path: Path) -> None:
    Lesson(tmp_path)
    db = Database(sqlite3.connect(tmp_path / DATABASE))
    text = (Path(__file__).parents[2] / "docs" / "recording.md").read_text()
    for table in db.tables:
        assert f"| `{table.name}` |" in text, table.name
        for column in table.columns:
            assert f"`{column.name}`" in text, f"{table.name}.{column.name}"
    assert db.view_names() == ["log"]


def test_envelopes_come_back_byte_for_byte_in_order(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path)
    tutor, student = lesson.people
    sent = []
    for n in range(20):
        person = (tutor, student)[n % 2]
        person.line([(n, 0), (n, 50), (n + 30, 60)])
        person.chat.post(f"message {n}", n)
        sent += lesson.did(person, 1000 + n)
    lesson.archive.flush()
    assert [stored.raw for stored in lesson.archive.envelopes()] == [envelope.raw for envelope in sent]
    row = next(iter(Database(sqlite3.connect(tmp_path / DATABASE)).query("select * from log")))
    assert (row["doc"], row["session"], row["user"], row["seq"]) == ("board", tutor.session, "u1", 1)


def test_envelope_that_is_held_is_not_stored_twice(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path)
    lesson.people[0].line([(0, 0), (9, 9)])
    (envelope,) = lesson.did(lesson.people[0], 10)
    lesson.archive.flush()
    lesson.archive.envelope(envelope, 5000)
    lesson.archive.flush()
    assert [stored.room_ms for stored in lesson.archive.envelopes()] == [10]


def test_cursors_are_thinned_to_ten_a_second(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path)
    for room_ms in range(0, 2000, 30):
        lesson.archive.cursor(lesson.people[0].session, "main", room_ms, 0, room_ms)
    lesson.archive.flush()
    rows = list(sqlite3.connect(tmp_path / DATABASE).execute("select room_ms from cursors"))
    # Two seconds, both ends included, hold 21 tenths.
    assert 15 <= len(rows) <= 21


def test_notes_survive_a_disk_that_takes_nothing_for_a_while(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path)
    other = sqlite3.connect(tmp_path / DATABASE, isolation_level=None)
    lesson.archive._conn.execute("pragma busy_timeout = 0")
    other.execute("begin immediate")
    lesson.people[0].line([(0, 0), (9, 9)])
    lesson.did(lesson.people[0], 10)
    with pytest.raises(sqlite3.OperationalError):
        lesson.archive.flush()
    other.execute("rollback")
    lesson.archive.flush()
    assert len(list(lesson.archive.envelopes())) == 1


def test_sealed_archive_is_one_plain_file_and_takes_nothing_more(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path)
    lesson.people[0].line([(0, 0), (9, 9)])
    lesson.did(lesson.people[0], 10)
    lesson.finish(5000)
    assert sorted(path.name for path in tmp_path.iterdir()) == [DATABASE, "media"]
    assert sqlite3.connect(tmp_path / DATABASE).execute("pragma journal_mode").fetchone() == ("delete",)
    with pytest.raises(SetupError, match="sealed"):
        open_archive(tmp_path, lesson.info)


def test_what_is_no_database_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"this is not a database at all" * 100)
    lesson_info = Lesson(tmp_path / "good").info
    with pytest.raises(SetupError, match="cannot be opened"):
        open_archive(tmp_path, lesson_info)
    with pytest.raises(SetupError):
        ArchiveReader(tmp_path)


RECORD_FOR_EVER = """
import sys
from pathlib import Path
from recorder.clock import SenderClock
from recorder.tracks import TrackRecorder
from tests.recorder.lesson import Lesson
from tests.recorder.media import Camera, finish, room_clock, tone_packets
lesson = Lesson(Path(sys.argv[1]))
lesson.live(0)
person = lesson.people[0]
track = TrackRecorder(session=person.session, kind="audio", media=lesson.archive.media, journal=lesson.archive,
                      room=room_clock(), sender=SenderClock(), ask_keyframe=lambda: None)
track.start()
camera = Camera(track)
tone = tone_packets(440, 2)
n = 0
while True:
    for packet in tone:
        camera.send(packet, n * 0.02)
        n += 1
        if n % 25 == 0:
            person.line([(n, 0), (n, 50)])
            lesson.did(person, n * 20)
            finish(track.take())
            lesson.archive.flush()
            print(n, flush=True)
"""


@pytest.mark.parametrize("lines", [1, 30])
def test_killed_recorder_leaves_all_that_was_flushed_and_a_new_epoch_goes_on(tmp_path: Path, lines: int) -> None:
    folder = tmp_path / "r"
    with subprocess.Popen(
        [sys.executable, "-c", RECORD_FOR_EVER, str(folder)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        flushed = 0
        for _ in range(lines):
            flushed = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
    with ArchiveReader(folder) as reader:
        assert not reader.sealed
        (track,) = reader.tracks()
        assert track.end_ms - track.start_ms >= flushed * 20 - 1
        info_row = reader.meta
    archive = open_archive(folder, Lesson(tmp_path / "other").info)
    try:
        assert archive.run == 2
        assert info_row["run"] == 1
        assert len(list(archive.envelopes())) >= flushed // 25
        for stored in archive.envelopes():
            decode_envelope(stored.raw)
        archive.mend(archive.unfinished(), 1e7)
        found = scan(archive.media / track.path.name)
        assert found.closed
        assert found.blocks >= flushed
        assert archive.next_epoch(track.session.session, "audio") == 2
        archive.flush()
    finally:
        archive.close()
    with ArchiveReader(folder) as reader:
        causes = [cause for (cause,) in reader.rows("coverage", "select cause from coverage")]
        assert causes == ["recorder"]
    samples, _ = decode_audio(track.path)
    assert len(samples) >= (flushed - 1) * 960


def test_media_file_that_no_row_names_is_removed(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path)
    (tmp_path / "media" / "0000000000000001-audio-1.webm").write_bytes(b"torn")
    lesson.archive.mend(lesson.archive.unfinished(), 0)
    assert list((tmp_path / "media").iterdir()) == []


def make_whole(folder: Path) -> Lesson:
    lesson = Lesson(folder)
    lesson.live(500)
    tutor, student = lesson.people
    for n in range(5):
        for person in (tutor, student):
            person.line([(n * 10, 0), (n * 10, 50), (n * 10 + 30, 60)])
            lesson.did(person, 1000 + n)
    film(lesson.archive.media, lesson.archive, tutor.session, tone=tone_packets(440, 1), pictures=[], start_s=1)
    lesson.finish(4000)
    return lesson


def test_whole_archive_verifies(tmp_path: Path) -> None:
    lesson = make_whole(tmp_path)
    report = verify(tmp_path, lesson.school.keys)
    assert report.errors == []
    assert (report.sessions, report.envelopes, report.tracks) == (2, 10, 1)
    assert verify(tmp_path).ok


def test_archive_of_another_school_does_not_verify(tmp_path: Path) -> None:
    make_whole(tmp_path / "a")
    other = Lesson(tmp_path / "b")
    report = verify(tmp_path / "a", other.school.keys)
    assert any("ticket of session" in error for error in report.errors)


def test_foreign_signature_is_found(tmp_path: Path) -> None:
    make_whole(tmp_path)
    conn = sqlite3.connect(tmp_path / DATABASE)
    (raw,) = conn.execute("select envelope from envelopes where id = 3").fetchone()
    conn.execute("update envelopes set envelope = ? where id = 3", [raw[:-1] + bytes([raw[-1] ^ 1])])
    conn.commit()
    conn.close()
    assert any("envelope 3" in error and "signature" in error for error in verify(tmp_path).errors)


def test_missing_envelope_is_found(tmp_path: Path) -> None:
    make_whole(tmp_path)
    conn = sqlite3.connect(tmp_path / DATABASE)
    conn.execute("delete from envelopes where id = 5")
    conn.commit()
    conn.close()
    assert any("number 4 follows on number 2" in error for error in verify(tmp_path).errors)


def test_truncated_media_is_found(tmp_path: Path) -> None:
    make_whole(tmp_path)
    (media,) = (tmp_path / "media").iterdir()
    os.truncate(media, media.stat().st_size - 300)
    assert any("cut short" in error for error in verify(tmp_path).errors)
    media.unlink()
    assert any("missing" in error for error in verify(tmp_path).errors)
