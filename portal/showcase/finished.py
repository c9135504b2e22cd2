"""Puts a finished lesson of yesterday into the demonstration school: recording first, then lesson, then film."""

import asyncio
import os
import shutil
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Final, Literal, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import select

from portal.attendance import RelayEvent, store_relay_events
from portal.clock import Clock, unix_ms
from portal.database import Database
from portal.demo import LOGINS, SCHOOL, SCHOOL_NAME, TIME_ZONE, add_finished_lesson, demo_user
from portal.keyfiles import Keyring
from portal.lessons import load_lesson
from portal.recordings import RecordingDesk, RecordingState
from portal.schema import lessons, schools
from portal.showcase.cast import Person, Signer
from portal.showcase.fractions_lesson import fractions_lesson
from portal.showcase.recording import Attendance, MadeRecording, make_recording
from portal.showcase.script import Script
from recorder.archive import LessonInfo
from whiteboard_crdt.errors import ChalkmeshError
from whiteboard_crdt.ids import Role

T = TypeVar("T")

LESSON: Final = "demo-adding-fractions"
_ROOM: Final = "demo-adding-fractions-room"
_NICENESS: Final = 5
_HELD_AT: Final = time(16, 0, 12)


async def ensure_finished_lesson(
    database: Database, recordings: Path, keyring: Keyring, now_ms: int, script: Script | None = None
) -> bool:
    """Adds the lesson unless it is there, or the school is not; says whether it did. Takes about 10 s of one core.

    `recordings` is DATA/recordings. Raises OSError, av.FFmpegError and SQLAlchemyError.
    """
    script = script or fractions_lesson()
    async with database.read() as connection:
        school = (await connection.execute(select(schools.c.id).where(schools.c.id == SCHOOL))).first()
        known = (await connection.execute(select(lessons.c.id).where(lessons.c.id == LESSON))).first()
    if school is None or known is not None:
        return False
    live_at_ms = yesterday_ms(now_ms)
    made = await _in_thread(partial(_make, recordings / LESSON, script, keyring, live_at_ms))
    await add_finished_lesson(
        database,
        LESSON,
        title=script.title,
        subject=script.subject,
        students=script.students,
        ended_ms=live_at_ms + made.duration_ms,
        duration_ms=made.duration_ms,
        rendered=False,
    )
    await _add_attendance(database, made, now_ms)
    return True


async def render_film(database: Database, recordings: Path, clock: Clock = unix_ms) -> None:
    """Has the recorder's own worker make the film and the poster of the finished lesson; about 15 s of one idle core.

    Where this is interrupted, the recorder finds the lesson without a film at its next start. Raises FilmFailed.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "recorder.worker",
        str(recordings / LESSON),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    if code:
        raise FilmFailed(f"the worker ended with {code}")
    await RecordingDesk(database).report(
        LESSON, RecordingState.RENDERED, detail="", duration_ms=None, progress=None, now_ms=clock()
    )


def yesterday_ms(now_ms: int) -> int:
    """Four in the afternoon of the day before, by the school's clocks; unix ms."""
    zone = ZoneInfo(TIME_ZONE)
    today = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(zone).date()
    return round(datetime.combine(today - timedelta(days=1), _HELD_AT, zone).timestamp() * 1000)


class FilmFailed(ChalkmeshError):
    """The film could not be made; the worker has said why."""


class _Interrupted(Exception):
    """The process is to end; the work is begun anew another time."""


async def _in_thread(work: Callable[[Callable[[], None]], T]) -> T:
    """Runs `work` in a thread that gives way to all others, and that ends soon when the task is cancelled.

    `work` gets a function that it calls often.
    """
    gone = threading.Event()

    def checkpoint() -> None:
        if gone.is_set():
            raise _Interrupted

    def run() -> T:
        os.nice(_NICENESS)  # On Linux this is about the thread alone.
        return work(checkpoint)

    with ThreadPoolExecutor(1, thread_name_prefix="showcase") as pool:
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, run)
        finally:
            gone.set()


def _make(
    folder: Path, script: Script, keyring: Keyring, live_at_ms: int, checkpoint: Callable[[], None]
) -> MadeRecording:
    # A folder without its lesson was left by a process that was killed.
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    names = {each.login: each.name for each in LOGINS}
    people = {
        actor: Person(demo_user(actor), names[actor], Role.TUTOR if actor == script.tutor else Role.STUDENT)
        for actor in script.actors
    }
    lesson = LessonInfo(LESSON, _ROOM, script.title, SCHOOL_NAME, keyring.jwks.decode())
    signer = Signer(keyring.private_key, keyring.kid)
    return make_recording(folder, lesson, script, people, signer, live_at_ms, checkpoint)


async def _add_attendance(database: Database, made: MadeRecording, now_ms: int) -> None:
    lesson = await load_lesson(database, LESSON)
    if lesson is None:
        raise AssertionError("the lesson was just added")
    events = [
        event
        for each in made.attendance
        for event in (
            _event(lesson.room, made, each, "join", each.joined_ms),
            _event(lesson.room, made, each, "leave", each.left_ms),
        )
    ]
    await store_relay_events(database, events, now_ms)


def _event(
    room: str, made: MadeRecording, attendance: Attendance, kind: Literal["join", "leave"], room_ms: int
) -> RelayEvent:
    return RelayEvent(
        id=f"{LESSON}-{attendance.ticket.session}-{kind}",
        room=room,
        user=attendance.ticket.user,
        session=attendance.ticket.session,
        kind=kind,
        at_ms=made.room_epoch_at_ms + room_ms,
    )
