"""What the API for programs shows, as it stands in the database; always of one school."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, Select, select, tuple_
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.api_shapes import (
    Attendance,
    AttendanceOfDays,
    Classes,
    Lesson,
    Lessons,
    People,
    PeopleQuery,
    Person,
    Recording,
    Recordings,
    SchoolClass,
    SpanQuery,
    WeeklyHour,
)
from portal.attendance_report import Line, school_lines
from portal.authorize import Role
from portal.classes import PlannedHour, TutoringClass, load_classes
from portal.recordings import load_recordings
from portal.schema import lesson_members, lessons, recordings, users
from portal.service_schema import classes
from portal.times import midnight_ms

# No lesson was or will be outside of these.
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2200, 1, 1)
Rows = Sequence[Row[tuple[Any, ...]]]


class NoSuchPage(Exception):
    """`after` names nothing of this list."""


class _Named(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_Named)


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms // 1000, UTC)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _cut(found: Sequence[T], limit: int) -> tuple[Sequence[T], str | None]:
    """The page, and the id with which the next one is asked for: `found` has one more than fits when there is one."""
    page = found[:limit]
    return page, page[-1].id if len(found) > limit else None


async def people_page(connection: AsyncConnection, school: str, query: PeopleQuery) -> People:
    """Students and staff; who was erased is not there any more."""
    where = [users.c.school == school, users.c.erased_ms.is_(None), users.c.role != Role.GUARDIAN.value]
    if query.role is not None:
        where.append(users.c.role == query.role)
    if query.after is not None:
        where.append(users.c.id > query.after)
    found = (await connection.execute(select(users).where(*where).order_by(users.c.id).limit(query.limit + 1))).all()
    page, after = _cut(found, query.limit)
    return People([_person(row) for row in page], after)


async def one_person(connection: AsyncConnection, school: str, user: str) -> Person | None:
    """One of them."""
    of_school = [users.c.school == school, users.c.erased_ms.is_(None), users.c.role != Role.GUARDIAN.value]
    row = (await connection.execute(select(users).where(users.c.id == user, *of_school))).first()
    return None if row is None else _person(row)


def _person(row: Row[tuple[Any, ...]]) -> Person:
    return Person(
        id=row.id,
        role=row.role,
        name=row.name,
        given_name=row.given_name,
        family_name=row.family_name,
        grade=row.grade,
        school_id=row.external_id,
        active=row.disabled_ms is None,
    )


async def classes_page(connection: AsyncConnection, school: str, after: str | None, limit: int) -> Classes:
    """The open classes."""
    ids = select(classes.c.id).where(classes.c.school == school, classes.c.closed_ms.is_(None))
    if after is not None:
        ids = ids.where(classes.c.id > after)
    chosen = (await connection.execute(ids.order_by(classes.c.id).limit(limit + 1))).scalars().all()
    found = sorted(await load_classes(connection, classes.c.id.in_(chosen)), key=lambda group: group.id)
    page, following = _cut(found, limit)
    return Classes([_class(group) for group in page], following)


async def one_class(connection: AsyncConnection, school: str, group: str) -> SchoolClass | None:
    """One of them."""
    found = await load_classes(connection, classes.c.id == group, classes.c.school == school)
    return _class(found[0]) if found else None


def _class(group: TutoringClass) -> SchoolClass:
    return SchoolClass(
        id=group.id,
        title=group.title,
        subject=group.subject,
        grade=group.grade,
        format=group.kind,
        capacity=group.capacity,
        tutor=group.tutor,
        students=[pupil.id for pupil in group.students],
        schedule=[_hour(planned) for planned in group.hours],
    )


def _hour(planned: PlannedHour) -> WeeklyHour:
    hour = planned.hour
    start = "{:02}:{:02}".format(*divmod(hour.start_minute, 60))
    return WeeklyHour(hour.weekday, start, hour.length_min, hour.time_zone, hour.from_day, hour.until_day)


def _of_school(school: str) -> list[ColumnElement[bool]]:
    # A room to try things in is no lesson.
    return [lessons.c.school == school, lessons.c.demo.is_(False)]


async def _span(
    connection: AsyncConnection, school: str, query: SpanQuery, rows: Select[Any]
) -> tuple[Rows, str | None]:
    where = [
        *_of_school(school),
        lessons.c.starts_ms >= _milliseconds(query.since),
        lessons.c.starts_ms < _milliseconds(query.until),
    ]
    if query.after is not None:
        last = (
            await connection.execute(select(lessons.c.starts_ms).where(lessons.c.id == query.after, *where))
        ).scalar()
        if last is None:
            raise NoSuchPage
        where.append(tuple_(lessons.c.starts_ms, lessons.c.id) > (last, query.after))
    ordered = rows.where(*where).order_by(lessons.c.starts_ms, lessons.c.id).limit(query.limit + 1)
    return _cut((await connection.execute(ordered)).all(), query.limit)


async def lessons_page(connection: AsyncConnection, school: str, query: SpanQuery) -> Lessons:
    """Lessons of a span, with who is on their lists. Raises NoSuchPage."""
    page, after = await _span(connection, school, query, select(lessons))
    return Lessons(await _lessons(connection, page), after)


async def one_lesson(connection: AsyncConnection, school: str, lesson: str) -> Lesson | None:
    """One lesson."""
    rows = (await connection.execute(select(lessons).where(lessons.c.id == lesson, *_of_school(school)))).all()
    return (await _lessons(connection, rows))[0] if rows else None


async def _lessons(connection: AsyncConnection, rows: Rows) -> list[Lesson]:
    members = await connection.execute(
        select(lesson_members).where(lesson_members.c.lesson.in_([row.id for row in rows])).order_by("user")
    )
    lists: dict[tuple[str, str], list[str]] = {}
    for lesson, user, part in members:
        lists.setdefault((lesson, part), []).append(user)
    return [
        Lesson(
            id=row.id,
            title=row.title,
            subject=row.subject,
            group=row._mapping["class"],
            starts=_moment(row.starts_ms),
            ends=_moment(row.ends_ms),
            state=row.state,
            called_off=row.cancelled_ms is not None,
            tutors=lists.get((row.id, Role.TUTOR.value), []),
            students=lists.get((row.id, Role.STUDENT.value), []),
        )
        for row in rows
    ]


async def recordings_page(connection: AsyncConnection, school: str, query: SpanQuery, portal_url: str) -> Recordings:
    """The recordings of the lessons of a span. Raises NoSuchPage."""
    recorded = select(lessons.c.id).join(recordings, recordings.c.lesson == lessons.c.id)
    page, after = await _span(connection, school, query, recorded)
    ids = [row.id for row in page]
    found = await load_recordings(connection, ids)
    return Recordings(
        [
            Recording(
                lesson=lesson,
                state=found[lesson].state.value,
                seconds=None if (length := found[lesson].duration_ms) is None else length / 1000,
                watchable=found[lesson].watchable,
                film=found[lesson].downloadable,
                page=f"{portal_url}recordings/{lesson}",
            )
            for lesson in ids
        ],
        after,
    )


async def students_of(connection: AsyncConnection, ids: Sequence[str]) -> list[str]:
    """The students on the lists of these lessons."""
    found = await connection.execute(
        select(lesson_members.c.user)
        .where(lesson_members.c.lesson.in_(ids), lesson_members.c.part == Role.STUDENT.value)
        .distinct()
    )
    return list(found.scalars())


async def attendance_of_days(
    connection: AsyncConnection,
    school: str,
    time_zone: str,
    first: date,
    days: int,
    student: str | None,
    now_ms: int,
) -> AttendanceOfDays:
    """The minutes of some local days, by student and time."""
    if not _FIRST_DAY <= first <= _LAST_DAY:
        return AttendanceOfDays([])
    from_ms = midnight_ms(first, time_zone)
    to_ms = midnight_ms(first + timedelta(days=days), time_zone)
    lines = await school_lines(connection, school, from_ms, to_ms, time_zone, now_ms)
    chosen = [line for line in lines if not line.erased and student in (None, line.student)]
    chosen.sort(key=lambda line: (line.student, line.starts_ms, line.lesson))
    return AttendanceOfDays([_attendance(line) for line in chosen])


def _attendance(line: Line) -> Attendance:
    return Attendance(
        lesson=line.lesson,
        group=line.group,
        student=line.student,
        subject=line.subject,
        day=line.day,
        starts=_moment(line.starts_ms),
        scheduled_minutes=line.scheduled_minutes,
        minutes=line.minutes,
        corrected=line.correction is not None,
        absent=line.absent,
    )
