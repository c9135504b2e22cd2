"""What recorders tell the portal, what the portal asks of them, and when a lesson may go live."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, bindparam, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.database import Database
from portal.ledger import audit
from portal.lessons import LessonState
from portal.retention_schema import destructions
from portal.schema import counters, lessons, recordings, schools

_COUNTER = "recordings"
_RECORDER = "recorder"  # as the audit log names it
# An ended lesson that no recorder ever sealed is not waited for beyond this.
_GIVE_UP_MS = 24 * 60 * 60 * 1000
_MAX_LISTED = 500
_OF_LESSONS = select(recordings).where(recordings.c.lesson.in_(bindparam("lessons", expanding=True)))


class RecordingState(StrEnum):
    """As the recorder reports it."""

    JOINED = "joined"
    RECORDING = "recording"
    SEALED = "sealed"
    RENDERING = "rendering"
    RENDERED = "rendered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Recording:
    """The state of one lesson's recording. Times in unix ms; `progress` 0..1 while rendering."""

    lesson: str
    state: RecordingState
    progress: float | None
    duration_ms: int | None
    heartbeat_ms: int
    sealed_ms: int | None
    rendered_ms: int | None

    @property
    def watchable(self) -> bool:
        """Whether the player can open it: an archive can be read from its first second on."""
        return self.sealed_ms is not None or self.state is not RecordingState.JOINED

    @property
    def downloadable(self) -> bool:
        """Whether the MP4 exists."""
        return self.rendered_ms is not None


class RecordingDesk:
    """The feed that recorders follow, and their reports. The feed's version only rises, also over restarts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changed = asyncio.Condition()
        self._version = 0
        self._closing = False
        self._asked_ms: int | None = None

    async def start(self) -> None:
        """Loads the version. A restart counts as a change, so that followers look again."""
        async with self._database.write() as connection:
            self._version = await self._bump(connection)

    async def close(self) -> None:
        """Lets every waiting follower go."""
        self._closing = True
        async with self._changed:
            self._changed.notify_all()

    async def changed(self, connection: AsyncConnection) -> int:
        """Raises the version inside the caller's transaction; call `announce` with the result once it committed."""
        return await self._bump(connection)

    async def announce(self, version: int) -> None:
        """Wakes the followers."""
        async with self._changed:
            self._version = max(self._version, version)
            self._changed.notify_all()

    async def wait(self, since: int, wait_s: float) -> int:
        """The version, once it differs from `since`, or after `wait_s`. A `since` from the future answers at once."""
        async with self._changed:
            # When nothing changes, the caller gets the same version and asks again.
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._changed.wait_for(lambda: self._closing or self._version != since)
            return self._version

    def recorder_asked(self, now_ms: int) -> None:
        """A recorder looks at the feed."""
        self._asked_ms = now_ms

    def recorder_follows(self, now_ms: int) -> bool:
        """Whether a recorder has looked within the last minute (it asks at least every 30 s)."""
        return self._asked_ms is not None and now_ms - self._asked_ms < 60_000

    async def wanted(self, now_ms: int) -> list[dict[str, str]]:
        """The lessons that need a recorder, as /internal/recordings lists them."""
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(lessons.c.id, lessons.c.room, lessons.c.title, lessons.c.state, schools.c.name.label("school"))
                .join(schools, schools.c.id == lessons.c.school)
                .outerjoin(recordings, recordings.c.lesson == lessons.c.id)
                .where(
                    lessons.c.recording == "required",
                    recordings.c.sealed_ms.is_(None),
                    lessons.c.id.not_in(select(destructions.c.lesson)),
                    _needs_recorder(now_ms),
                )
                .order_by(lessons.c.opened_ms, lessons.c.id)
                .limit(_MAX_LISTED)
            )
            return [
                {"lesson": row.id, "room": row.room, "title": row.title, "state": row.state, "school": row.school}
                for row in rows
            ]

    async def report(
        self,
        lesson: str,
        state: RecordingState,
        *,
        detail: str,
        duration_ms: int | None,
        progress: float | None,
        now_ms: int,
    ) -> None:
        """Stores what the recorder says. Being sealed or rendered, once true, stays true."""
        values: dict[str, object] = {"state": state.value, "detail": detail[:500], "progress": progress}
        values["heartbeat_ms"] = now_ms
        if duration_ms is not None:
            values["duration_ms"] = duration_ms
        version = None
        async with self._database.write() as connection:
            gone = await connection.execute(select(destructions.c.lesson).where(destructions.c.lesson == lesson))
            if gone.first() is not None:
                # A worker that had begun before it was destroyed; what it says is of nothing that is there.
                return
            known = (await connection.execute(select(recordings).where(recordings.c.lesson == lesson))).first()
            sealed = state in (RecordingState.SEALED, RecordingState.RENDERING, RecordingState.RENDERED)
            if sealed and (known is None or known.sealed_ms is None):
                values["sealed_ms"] = now_ms
                await audit(connection, _RECORDER, "recording.sealed", "lesson", lesson, now_ms)
                version = await self._bump(connection)
            if state is RecordingState.RENDERED and (known is None or known.rendered_ms is None):
                values["rendered_ms"] = now_ms
                await audit(connection, _RECORDER, "recording.rendered", "lesson", lesson, now_ms)
            if known is None:
                await connection.execute(insert(recordings).values(lesson=lesson, **values))
            else:
                await connection.execute(update(recordings).where(recordings.c.lesson == lesson).values(**values))
        if version is not None:
            await self.announce(version)

    async def _bump(self, connection: AsyncConnection) -> int:
        raised = await connection.execute(
            update(counters).where(counters.c.name == _COUNTER).values(value=counters.c.value + 1)
        )
        if raised.rowcount == 0:
            await connection.execute(insert(counters).values(name=_COUNTER, value=1))
        return int((await connection.execute(select(counters.c.value).where(counters.c.name == _COUNTER))).scalar_one())


def _needs_recorder(now_ms: int) -> ColumnElement[bool]:
    running = lessons.c.state.in_((LessonState.OPEN, LessonState.LIVE))
    just_ended = (lessons.c.state == LessonState.ENDED) & (lessons.c.ended_ms > now_ms - _GIVE_UP_MS)
    return or_(running, just_ended)


async def load_recordings(connection: AsyncConnection, lesson_ids: list[str]) -> dict[str, Recording]:
    """The recordings of these lessons, by lesson; lessons without one are left out."""
    rows = await connection.execute(_OF_LESSONS, {"lessons": lesson_ids})
    return {
        row.lesson: Recording(
            row.lesson,
            RecordingState(row.state),
            row.progress,
            row.duration_ms,
            row.heartbeat_ms,
            row.sealed_ms,
            row.rendered_ms,
        )
        for row in rows
    }


def is_recording_now(recording: Recording | None, limit_s: float, now_ms: int) -> bool:
    """Whether a recorder sits in the room and has said so within `limit_s` seconds."""
    return (
        recording is not None
        and recording.state in (RecordingState.JOINED, RecordingState.RECORDING)
        and now_ms - recording.heartbeat_ms <= limit_s * 1000
    )
