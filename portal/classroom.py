"""What happens to a lesson as a whole: it opens with the first ticket, goes live with a recorder, and ends."""

import asyncio
import hashlib

import aiohttp
from sqlalchemy import insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from portal.clock import Clock
from portal.database import Database
from portal.lessons import Door, Lesson, LessonState, move_lesson, overdue_lessons
from portal.logs import get_log
from portal.recordings import RecordingDesk, is_recording_now, load_recordings
from portal.schema import lessons, notices, recordings

_SWEEP_S = 5.0
# The recorder drains the room before it seals; the relay closes the room after that, or when this time has passed.
_DRAIN_MS = 10_000
_CLOSE_TIMEOUT_S = 3.0


class LessonRefused(Exception):
    """The lesson is not in a state for this; `code` and the message go to the client."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Classrooms:
    """The lesson state machine over the database, with the relay told when a room is done.

    Owns one task (`run`) that ends forgotten lessons and tells the relay of closed rooms until it has heard.
    """

    def __init__(
        self,
        database: Database,
        desk: RecordingDesk,
        clock: Clock,
        *,
        relay_url: str | None,
        internal_secret: str,
        heartbeat_limit_s: float,
    ) -> None:
        self._database = database
        self._desk = desk
        self._clock = clock
        self._relay_url = relay_url
        self._secret = internal_secret
        self._heartbeat_limit_s = heartbeat_limit_s
        self._sweep_now = asyncio.Event()
        self._log = get_log("portal")

    def check_door(self, lesson: Lesson) -> None:
        """Raises LessonRefused unless somebody may come in now."""
        door = lesson.door(self._clock())
        if door is Door.EARLY:
            raise LessonRefused("too_early", "This lesson is not open yet. The door opens 15 minutes before it starts.")
        if door is Door.OVER:
            raise LessonRefused("lesson_ended", "This lesson has ended.")

    async def open(self, lesson: Lesson, actor: str) -> None:
        """Opens the lesson if it is still only scheduled, which calls a recorder."""
        if lesson.state is LessonState.SCHEDULED:
            await self._move(lesson, LessonState.OPEN, (LessonState.SCHEDULED,), actor)

    async def start(self, lesson: Lesson, actor: str) -> LessonState:
        """Takes the lesson live. Raises LessonRefused `recorder_missing` when nothing records a lesson that must be."""
        self.check_door(lesson)
        if lesson.state is LessonState.LIVE:
            return lesson.state
        if lesson.recording == "required":
            async with self._database.read() as connection:
                recording = (await load_recordings(connection, [lesson.id])).get(lesson.id)
            if not is_recording_now(recording, self._heartbeat_limit_s, self._clock()):
                raise LessonRefused(
                    "recorder_missing",
                    "The recorder is not in the room yet, so the lesson cannot start. Try again in a few seconds.",
                )
        await self._move(lesson, LessonState.LIVE, (LessonState.SCHEDULED, LessonState.OPEN), actor)
        return LessonState.LIVE

    async def end(self, lesson_id: str, actor: str) -> LessonState:
        """Ends the lesson; to end it twice is no error."""
        await self._end(lesson_id, actor)
        self.sweep_soon()
        return LessonState.ENDED

    def sweep_soon(self) -> None:
        """Wakes the sweep: a lesson ended, or its recording was sealed."""
        self._sweep_now.set()

    async def acknowledge_notice(self, lesson: Lesson, user: str, words: str) -> None:
        """Stores that the person has seen these very words about the recording; the first time counts."""
        try:
            async with self._database.write() as connection:
                await connection.execute(
                    insert(notices).values(
                        lesson=lesson.id,
                        user=user,
                        text_hash=hashlib.sha256(words.encode()).hexdigest(),
                        acknowledged_ms=self._clock(),
                    )
                )
        except IntegrityError:
            self._log.debug("notice_known", lesson=lesson.id, user=user)

    async def has_acknowledged(self, lesson: Lesson, user: str) -> bool:
        """Whether the person has acknowledged the notice of this lesson."""
        async with self._database.read() as connection:
            found = await connection.execute(
                select(notices.c.user).where(notices.c.lesson == lesson.id, notices.c.user == user)
            )
            return found.first() is not None

    async def run(self) -> None:
        """Sweeps until cancelled."""
        while True:
            try:
                await self.sweep()
            except Exception:
                # The edge of this task: a broken sweep must not end all later ones.
                self._log.exception("sweep_failed")
            self._sweep_now.clear()
            try:
                async with asyncio.timeout(_SWEEP_S):
                    await self._sweep_now.wait()
            except TimeoutError:
                continue

    async def sweep(self) -> None:
        """Ends forgotten lessons, and tells the relay of every ended room that it has not confirmed."""
        for lesson_id in await overdue_lessons(self._database, self._clock()):
            await self._end(lesson_id, "clock")
        if self._relay_url is None:
            return
        async with self._database.read() as connection:
            rooms = (
                await connection.execute(
                    select(lessons.c.id, lessons.c.room)
                    .outerjoin(recordings, recordings.c.lesson == lessons.c.id)
                    .where(
                        lessons.c.state == LessonState.ENDED,
                        lessons.c.room_closed_ms.is_(None),
                        or_(
                            recordings.c.sealed_ms.is_not(None),
                            lessons.c.recording == "off",
                            lessons.c.ended_ms < self._clock() - _DRAIN_MS,
                        ),
                    )
                    .limit(100)
                )
            ).all()
        if not rooms:
            return
        async with aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=_CLOSE_TIMEOUT_S), headers={"Authorization": f"Bearer {self._secret}"}
        ) as client:
            for row in rooms:
                if await self._close_room(client, row.room):
                    async with self._database.write() as connection:
                        await connection.execute(
                            update(lessons).where(lessons.c.id == row.id).values(room_closed_ms=self._clock())
                        )

    async def _close_room(self, client: aiohttp.ClientSession, room: str) -> bool:
        try:
            async with client.post(f"{self._relay_url}/internal/rooms/{room}/close", json={}) as answer:
                if answer.status in (200, 204, 404):  # 404: the relay never saw the room, so there is nothing to close.
                    return True
                self._log.warning("room_not_closed", room=room, status=answer.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            self._log.warning("room_not_closed", room=room, error=type(error).__name__)
        return False

    async def _end(self, lesson_id: str, actor: str) -> None:
        running = (LessonState.SCHEDULED, LessonState.OPEN, LessonState.LIVE)
        async with self._database.write() as connection:
            moved = await move_lesson(connection, lesson_id, LessonState.ENDED, running, actor, self._clock())
            version = await self._desk.changed(connection) if moved else None
        if version is not None:
            await self._desk.announce(version)

    async def _move(self, lesson: Lesson, to: LessonState, came_from: tuple[LessonState, ...], actor: str) -> None:
        async with self._database.write() as connection:
            moved = await move_lesson(connection, lesson.id, to, came_from, actor, self._clock())
            version = await self._desk.changed(connection) if moved else None
        if version is not None:
            await self._desk.announce(version)
            self._log.info("lesson_moved", lesson=lesson.id, state=to.value, actor=actor)
