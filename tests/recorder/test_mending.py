"""Holes that last as long as they did: `recorder.mending`, and what `tracks` and `media_desk` leave for it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from recorder.archive import open_archive
from recorder.clock import SenderClock
from recorder.reading import ArchiveReader
from recorder.tracks import TrackRecorder
from recorder.verify import verify
from tests.recorder.lesson import Lesson
from tests.recorder.media import Camera, film, finish, room_clock, tone_packets

SQL = "select kind, from_ms, to_ms, cause from coverage where kind != 'board' and cause != '' order by from_ms"


def holes(folder: Path) -> list[tuple[str, int, int, str]]:
    with ArchiveReader(folder) as archive:
        return [(str(kind), int(a), int(b), str(cause)) for kind, a, b, cause in archive.rows("coverage", SQL)]


def test_stop_in_good_order_leaves_a_hole_until_the_track_goes_on(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path)
    session = lesson.people[0].session
    lesson.live(0)
    recorder = TrackRecorder(
        session=session,
        kind="audio",
        media=lesson.archive.media,
        journal=lesson.archive,
        room=room_clock(),
        sender=SenderClock(),
        ask_keyframe=lambda: None,
    )
    recorder.start()
    camera, tone = Camera(recorder), tone_packets(440, 2)
    for index, packet in enumerate(tone):
        camera.send(packet, 1 + index * 0.02)
    finish(recorder.take_end("recorder"))
    lesson.archive.flush()
    lesson.archive.close()
    lesson.archive = open_archive(tmp_path, lesson.info)
    lesson.archive.mend(lesson.archive.unfinished(), 4000)
    film(lesson.archive.media, lesson.archive, session, tone=tone, pictures=[], start_s=6.0)
    lesson.finish(9000)
    ((kind, from_ms, to_ms, cause),) = holes(tmp_path)
    assert (kind, cause) == ("audio", "recorder")
    assert abs(from_ms - 3020) < 20
    assert abs(to_ms - 6020) < 20
    assert verify(tmp_path, lesson.school.keys).errors == []


def test_connection_that_was_rebuilt_leaves_a_hole_of_the_link(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path)
    lesson.live(0)
    tone = tone_packets(440, 2)
    for start_s in (1.0, 5.0, 7.01, 80.0):
        film(lesson.archive.media, lesson.archive, lesson.people[0].session, tone=tone, pictures=[], start_s=start_s)
    lesson.finish(90_000)
    found = holes(tmp_path)
    # Ten milliseconds are no hole; a minute without a connection is somebody who was away.
    assert [(kind, cause, round(from_ms, -2), round(to_ms, -2)) for kind, from_ms, to_ms, cause in found] == [
        ("audio", "link", 3000, 5000),
        ("audio", "paused", 9000, 80_000),
    ]


def test_full_disk_at_the_mending_gives_no_media_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lesson = Lesson(tmp_path)
    lesson.live(0)
    recorder = TrackRecorder(
        session=lesson.people[0].session,
        kind="audio",
        media=lesson.archive.media,
        journal=lesson.archive,
        room=room_clock(),
        sender=SenderClock(),
        ask_keyframe=lambda: None,
    )
    recorder.start()
    camera = Camera(recorder)
    for index, packet in enumerate(tone_packets(440, 2)):
        camera.send(packet, 1 + index * 0.02)
    finish(recorder.take())
    recorder.fail()
    lesson.archive.flush()

    def full(fd: int, piece: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("recorder.matroska_read.write_piece", full)
        with pytest.raises(OSError, match="No space"):
            lesson.archive.close_broken_off()
        with pytest.raises(OSError, match="No space"):
            lesson.archive.mend(lesson.archive.unfinished(), 4000)
    lesson.archive.close_broken_off()
    lesson.finish(9000)
    assert verify(tmp_path, lesson.school.keys).errors == []
    with ArchiveReader(tmp_path) as archive:
        (track,) = archive.tracks()
    assert track.frames == 100
