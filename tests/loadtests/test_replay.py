"""A recorded lesson played back: `loadtests.replay`."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
import pytest

from loadtests.replay.lesson import read_lesson
from loadtests.replay.play import play_copy, recorded_board
from loadtests.users.doors import school_of
from loadtests.users.measures import Sink
from loadtests.users.verdict import Verdict
from portal.keyfiles import prepare_data
from signaling.server import Relay
from signaling.settings import RelaySettings
from tests.loadtests.test_run import run
from tests.recorder.lesson import EPOCH_MS, Lesson
from whiteboard_crdt.envelope import Envelope
from whiteboard_crdt.errors import SetupError

LENGTH_MS = 60_000


def record(folder: Path) -> Path:
    """Two people draw; the second moves what the first drew, so that their streams depend on each other."""
    lesson = Lesson(folder)
    tutor, student = lesson.people
    lesson.live(0)
    for step in range(20):
        shape = tutor.line([(step * 10.0, 5.0), (step * 10.0 + 9, 40.0)])
        lesson.did(tutor, 1000 + step * 3000)
        student.line([(step * 10.0, 105.0), (step * 10.0 + 9, 140.0)], colour="red")
        if step % 2:
            student.board.move([shape], 3, 4)
        lesson.did(student, 2000 + step * 3000)
    student.chat.post("and so?", 1_800_000_000_500)
    lesson.did(student, LENGTH_MS + 1000)
    return lesson.finish(LENGTH_MS + 2000)


def test_lesson_is_read_in_its_order_and_without_names(tmp_path: Path) -> None:
    lesson = read_lesson(record(tmp_path / "l1"))
    times = [edit.at_ms for edit in lesson.edits]
    assert times == sorted(times)
    assert (times[0], lesson.length_s) == (0, LENGTH_MS / 1000)
    assert len(lesson.authors) == 2
    assert "Ada" not in repr(lesson.authors)
    assert len(recorded_board(lesson)) == 40


def test_folder_without_a_recording_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no recording"):
        read_lesson(tmp_path)


async def test_copies_end_with_the_board_of_the_recording_on_a_real_relay(tmp_path: Path) -> None:
    lesson = read_lesson(record(tmp_path / "l1"))
    data = tmp_path / "data"
    prepare_data(data)
    relay = Relay(RelaySettings(data=data, port=0))
    await relay.start()
    sink = Sink()
    try:
        school = school_of(data, f"ws://127.0.0.1:{relay.port}/v1/session")
        ends = [await play_copy(lesson, number, school, "again", 200.0, sink, 20) for number in range(2)]
    finally:
        await relay.stop()
    assert [(end.bots, end.strokes, end.lost, end.equal, end.unsaved) for end in ends] == [(3, 40, 0, True, 0)] * 2
    rows = sink.take()
    assert [row for row in rows if row.error] == []
    assert (
        sum(row.name == "durable" for row in rows)
        == sum(row.name.startswith("seen by") for row in rows)
        == 2 * len(lesson.edits)
    )


def record_tunnel(folder: Path) -> Path:
    """The student is gone for twenty seconds and draws on; it all comes when the connection is there again."""
    lesson = Lesson(folder)
    tutor, student = lesson.people
    lesson.live(0)
    late: list[Envelope] = []
    for step in range(10):
        for person in (tutor, student):
            person.line([(step * 10.0, 5.0), (step * 10.0 + 9, 40.0)])
        lesson.did(tutor, step * 4_000)
        if 3 <= step < 8:
            late += student.replica.flush_local(EPOCH_MS + step * 4_000 + 10)
        else:
            for envelope in late:
                lesson.archive.envelope(envelope, 31_000)
            late.clear()
            lesson.did(student, step * 4_000 + 10)
    lesson.archive.event("leave", student.session, {"reason": "gone"}, 10_000)
    lesson.archive.event("join", student.session, {}, 30_000)
    return lesson.finish(40_000)


async def test_recorded_network_is_played_too_with_its_breaks_and_delays(tmp_path: Path) -> None:
    lesson = read_lesson(record_tunnel(tmp_path / "l1"))
    (gone,) = lesson.breaks
    assert (gone.from_ms, gone.to_ms) == (10_000, 30_000)
    assert [edit.late_ms for edit in lesson.edits if edit.late_ms] == [18_990, 14_990, 10_990, 6_990, 2_990]
    data = tmp_path / "data"
    prepare_data(data)
    relay = Relay(RelaySettings(data=data, port=0))
    await relay.start()
    sink = Sink()
    try:
        school = school_of(data, f"ws://127.0.0.1:{relay.port}/v1/session")
        end = await play_copy(lesson, 0, school, "again", 20.0, sink, 20, network=True)
    finally:
        await relay.stop()
    assert (end.strokes, end.lost, end.equal, end.unsaved) == (20, 0, True, 0)
    rows = sink.take()
    assert [row for row in rows if row.error] == []
    assert sum(row.name == "socket lost" for row in rows) == 1
    # Twenty times as fast: the first stroke of the dark is 0.95 s on its way.
    assert 900 < max(row.ms for row in rows if row.name.startswith("seen by")) < 5_000


async def test_command_plays_a_folder_and_says_what_does_not_hold(tmp_path: Path) -> None:
    folder, report = record(tmp_path / "l1"), tmp_path / "report"
    words = ["portal.cli", "loadtest", str(folder), "--copies", "2", "--speed", "100", "--report", str(report)]
    code, said = await run(*words)
    assert code == 0, said
    verdict = msgspec.json.decode((report / "report.json").read_bytes(), type=Verdict)
    assert verdict.ok
    assert len(verdict.ended.rooms) == 2
    # A recording whose first edit is gone cannot be played: what builds on it never shows.
    with sqlite3.connect(folder / "lesson.sqlite") as database:
        database.execute("update envelopes set envelope = x'00' where id = (select min(id) from envelopes)")
    code, said = await run(*words)
    assert code == 2
    assert "damaged" in said
