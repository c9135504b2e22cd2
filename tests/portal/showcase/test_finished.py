"""The finished lesson in the demonstration school."""

import asyncio
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from portal.database import Database, database_url
from portal.demo import SCHOOL, TIME_ZONE
from portal.keyfiles import Keyring
from portal.lessons import LessonState, load_lesson
from portal.recordings import RecordingDesk, RecordingState, load_recordings
from portal.schema import lessons, relay_events
from portal.showcase.finished import LESSON, FilmFailed, ensure_finished_lesson, render_film, yesterday_ms
from portal.showcase.fractions_lesson import fractions_lesson
from portal.showcase.recording import MadeRecording
from portal.showcase.script import Draw, Script
from recorder.verify import verify
from tests.portal.showcase.conftest import NOW_MS
from whiteboard_crdt.keys import load_jwks

OPENING_MS = 5000


def opening() -> Script:
    """The first seconds of the lesson."""
    script = fractions_lesson()
    actions = tuple(a for a in script.actions if isinstance(a, Draw) and a.up_ms < OPENING_MS)
    return replace(script, length_ms=OPENING_MS, actions=actions, speeches=script.speeches[:1])


def test_yesterday_is_by_the_clocks_of_the_school() -> None:
    held = datetime.fromtimestamp(yesterday_ms(NOW_MS) / 1000, UTC).astimezone(ZoneInfo(TIME_ZONE))
    today = datetime.fromtimestamp(NOW_MS / 1000, UTC).astimezone(ZoneInfo(TIME_ZONE))
    assert (today.date() - held.date()).days == 1
    assert (held.hour, held.minute) == (16, 0)


async def test_without_the_demonstration_school_nothing_is_made(tmp_path: Path, keyring: Keyring) -> None:
    database = Database(database_url(tmp_path, None))
    await database.upgrade()
    try:
        assert not await ensure_finished_lesson(database, tmp_path / "recordings", keyring, NOW_MS)
        assert not (tmp_path / "recordings" / LESSON).exists()
    finally:
        await database.close()


async def test_a_demo_school_gets_one_watchable_lesson_of_yesterday(
    database: Database, keyring: Keyring, tmp_path: Path
) -> None:
    recordings = tmp_path / "recordings"
    assert await ensure_finished_lesson(database, recordings, keyring, NOW_MS, opening())
    assert verify(recordings / LESSON, load_jwks(keyring.jwks)).errors == []
    lesson = await load_lesson(database, LESSON)
    assert lesson is not None and lesson.school == SCHOOL and lesson.state is LessonState.ENDED
    assert {member.user for member in lesson.members} == {"demo-tutor", "demo-leo", "demo-amara"}
    async with database.read() as connection:
        recording = (await load_recordings(connection, [LESSON]))[LESSON]
        events = (await connection.execute(select(relay_events).where(relay_events.c.room == lesson.room))).all()
        room_closed = await connection.scalar(select(lessons.c.room_closed_ms).where(lessons.c.id == LESSON))
    assert recording.watchable and not recording.downloadable and recording.duration_ms == OPENING_MS
    assert len(events) == 6 and room_closed is not None
    # No recorder is called to a lesson that is recorded.
    assert await RecordingDesk(database).wanted(NOW_MS) == []

    await render_film(database, recordings, lambda: NOW_MS)
    assert (recordings / LESSON / "export" / "lesson.mp4").stat().st_size > 20_000
    assert (recordings / LESSON / "export" / "poster.jpg").is_file()
    async with database.read() as connection:
        recording = (await load_recordings(connection, [LESSON]))[LESSON]
    assert recording.state is RecordingState.RENDERED and recording.downloadable

    # Once is enough.
    assert not await ensure_finished_lesson(database, recordings, keyring, NOW_MS)


async def test_a_stop_reaches_the_thread_that_makes_the_recording(
    database: Database, keyring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, begun = asyncio.get_running_loop(), asyncio.Event()
    ended = threading.Event()

    def make_for_ever(*arguments: object) -> MadeRecording:
        loop.call_soon_threadsafe(begun.set)
        checkpoint = arguments[-1]
        assert callable(checkpoint)
        try:
            while True:
                checkpoint()
        finally:
            ended.set()

    monkeypatch.setattr("portal.showcase.finished.make_recording", make_for_ever)
    making = asyncio.create_task(ensure_finished_lesson(database, tmp_path / "recordings", keyring, NOW_MS))
    await begun.wait()
    making.cancel()
    await asyncio.wait((making,))
    assert making.cancelled() and ended.is_set()
    assert await load_lesson(database, LESSON) is None


async def test_a_film_that_cannot_be_made_is_an_error(database: Database, tmp_path: Path) -> None:
    with pytest.raises(FilmFailed):
        await render_film(database, tmp_path, lambda: NOW_MS)
