"""What the two start pages show: lessons and recordings, ready for a template."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from portal.accounts import Person
from portal.authorize import Action, permitted
from portal.database import Database
from portal.language import phrase
from portal.lessons import Door, Lesson, LessonState, Member, count_between, lessons_between, lessons_met
from portal.playback import Playback
from portal.recordings import Recording, RecordingState, load_recordings
from portal.times import day_bounds_ms, local

_DAYS_AHEAD = 7
_LIBRARY_SIZE = 200
_PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class Stage:
    """A state in words for people. `tone`: "", "accent", "attention" or "danger"; `moving`: it happens right now."""

    words: str
    tone: str = ""
    moving: bool = False
    progress: float | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One lesson with what this person can do about it now."""

    lesson: Lesson
    tutors: tuple[Member, ...]
    students: tuple[Member, ...]
    stage: Stage
    recording: Recording | None
    can_join: bool
    can_watch: bool
    can_download: bool
    can_correct: bool
    can_redact: bool
    has_poster: bool
    opens_ms: int | None
    is_over: bool


@dataclass(frozen=True, slots=True)
class Agenda:
    """Today, and the days after it. `now_ms` and `time_zone` say what "today" is.

    Of `count` lessons it holds a page of `size`, the `number`-th.
    """

    now_ms: int
    time_zone: str
    today: tuple[Entry, ...]
    days: tuple[tuple[int, tuple[Entry, ...]], ...]
    number: int
    size: int
    count: int


async def build_agenda(
    database: Database, playback: Playback, person: Person, user: str | None, now_ms: int, page: int | None = None
) -> Agenda:
    """The lessons of today and of the week ahead, in the school's zone; only those of `user` when one is given.

    Without a `page` (from 1) it is the one of the first lesson that is not over: what is now stands on it.
    """
    start_ms, tomorrow_ms = day_bounds_ms(now_ms, person.time_zone)
    _, horizon_ms = day_bounds_ms(now_ms, person.time_zone, days=1 + _DAYS_AHEAD)
    school, span_ms = person.actor.school, (start_ms, horizon_ms)
    async with database.glance() as connection:
        found = await lessons_between(connection, school, user, span_ms, 0, _PAGE_SIZE) if user is not None else []
        number, count = 1, len(found)
        # One's own lessons mostly fit on a page, which then needs no counting.
        if user is None or count == _PAGE_SIZE:
            count, over = await count_between(connection, school, user, span_ms, now_ms)
            number = min(over // _PAGE_SIZE + 1 if page is None else page, max(1, -(-count // _PAGE_SIZE)))
            found = await lessons_between(connection, school, user, span_ms, (number - 1) * _PAGE_SIZE, _PAGE_SIZE)
        entries = await _entries(connection, playback, person, found, now_ms)
    today = tuple(entry for entry in entries if entry.lesson.starts_ms < tomorrow_ms)
    days: dict[object, list[Entry]] = {}
    for entry in entries[len(today) :]:
        days.setdefault(local(entry.lesson.starts_ms, person.time_zone).date(), []).append(entry)
    return Agenda(
        now_ms,
        person.time_zone,
        today,
        tuple((group[0].lesson.starts_ms, tuple(group)) for group in days.values()),
        number,
        _PAGE_SIZE,
        count,
    )


async def build_library(
    database: Database, playback: Playback, person: Person, user: str | None, now_ms: int
) -> tuple[Entry, ...]:
    """The lessons that were held, newest first; only those of `user` when one is given."""
    held = await lessons_met(database, person.actor.school, user, _LIBRARY_SIZE)
    async with database.read() as connection:
        entries = await _entries(connection, playback, person, held, now_ms)
    return tuple(entry for entry in entries if entry.recording is not None)


async def _entries(
    connection: AsyncConnection, playback: Playback, person: Person, found: list[Lesson], now_ms: int
) -> list[Entry]:
    recorded = await load_recordings(connection, [lesson.id for lesson in found]) if found else {}
    return [_entry(playback, person, lesson, recorded.get(lesson.id), now_ms) for lesson in found]


def _entry(playback: Playback, person: Person, lesson: Lesson, recording: Recording | None, now_ms: int) -> Entry:
    access = lesson.access
    door = lesson.door(now_ms)
    watchable = recording is not None and recording.watchable
    return Entry(
        lesson=lesson,
        tutors=tuple(member for member in lesson.members if member.user in access.tutors),
        students=tuple(member for member in lesson.members if member.user in access.students),
        stage=recording_stage(recording)
        if recording and lesson.state is LessonState.ENDED
        else lesson_stage(lesson, door),
        recording=recording,
        can_join=door is Door.OPEN and permitted(person.actor, Action.JOIN_LESSON, access),
        can_watch=watchable and permitted(person.actor, Action.WATCH_RECORDING, access),
        can_download=recording is not None
        and recording.downloadable
        and permitted(person.actor, Action.DOWNLOAD_RECORDING, access),
        can_correct=lesson.state is LessonState.ENDED
        and not lesson.cancelled
        and permitted(person.actor, Action.CORRECT_ATTENDANCE, access),
        can_redact=recording is not None
        and recording.sealed_ms is not None
        and permitted(person.actor, Action.REDACT_RECORDING, access),
        has_poster=recording is not None and recording.downloadable and playback.poster(lesson.id) is not None,
        opens_ms=lesson.opens_ms if door is Door.EARLY else None,
        is_over=lesson.state is LessonState.ENDED or door is Door.OVER,
    )


def lesson_stage(lesson: Lesson, door: Door) -> Stage:
    """A lesson's state as people say it."""
    if lesson.state is LessonState.LIVE:
        return Stage(phrase("Live"), "accent", moving=True)
    if lesson.state is LessonState.OPEN:
        return Stage(phrase("Open"), "accent")
    if lesson.cancelled:
        return Stage(phrase("Called off"), "attention")
    if lesson.state is LessonState.ENDED:
        return Stage(phrase("Ended"))
    if door is Door.OVER:
        return Stage(phrase("Not held"), "attention")
    return Stage(phrase("Scheduled")) if door is Door.EARLY else Stage(phrase("Ready to join"), "accent")


def recording_stage(recording: Recording) -> Stage:
    """A recording's state as people say it: recording → watchable → rendering → ready."""
    if recording.state is RecordingState.FAILED:
        sealed = recording.sealed_ms is not None
        return Stage(
            phrase("Watchable, no MP4") if sealed else phrase("Recording failed"), "attention" if sealed else "danger"
        )
    if recording.downloadable:
        return Stage(phrase("Ready"), "accent")
    if recording.state is RecordingState.RENDERING:
        return Stage(phrase("Rendering"), "", moving=True, progress=recording.progress or 0.0)
    if recording.state is RecordingState.SEALED:
        return Stage(phrase("Watchable"), "accent")
    return Stage(phrase("Recording"), "attention", moving=True)
