"""Classes as they are: what a page or a rule needs to know of one."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.consent import DECLINED
from portal.schema import lesson_members, lessons, schools, users
from portal.service_schema import classes, enrollments, series, staffing_requests
from portal.subjects import asked_spellings
from portal.times import local
from portal.timetable import WeeklyHour, clash


@dataclass(frozen=True, slots=True)
class Pupil:
    """A student as a class list shows them."""

    id: str
    name: str
    grade: str
    unrecorded: bool = False


@dataclass(frozen=True, slots=True)
class PlannedHour:
    """A weekly hour with its id."""

    id: str
    hour: WeeklyHour


@dataclass(frozen=True, slots=True)
class TutoringClass:
    """A class with its people and weekly hours."""

    id: str
    school: str
    title: str
    subject: str
    grade: str
    kind: str
    capacity: int
    teacher_of_record: str
    tutor: str | None
    tutor_name: str
    students: tuple[Pupil, ...]
    hours: tuple[PlannedHour, ...]

    @property
    def staffed(self) -> bool:
        """Whether lessons can take place: a tutor, a student and a time."""
        return self.tutor is not None and bool(self.students) and bool(self.hours)

    @property
    def full(self) -> bool:
        """Whether nobody else fits in."""
        return len(self.students) >= self.capacity


async def load_classes(connection: AsyncConnection, *where: ColumnElement[bool]) -> list[TutoringClass]:
    """The open classes that fit `where`, by title."""
    found = (
        await connection.execute(
            select(classes, users.c.name.label("tutor_name"))
            .outerjoin(users, users.c.id == classes.c.tutor)
            .where(classes.c.closed_ms.is_(None), *where)
            .order_by(classes.c.title, classes.c.id)
        )
    ).all()
    ids = [row.id for row in found]
    pupils: dict[str, list[Pupil]] = {}
    for row in await connection.execute(
        select(enrollments.c["class"], users.c.id, users.c.name, users.c.grade, users.c.recording_consent)
        .join(users, users.c.id == enrollments.c.student)
        .where(enrollments.c["class"].in_(ids), enrollments.c.ended_ms.is_(None))
        .order_by(users.c.name)
    ):
        pupils.setdefault(row[0], []).append(
            Pupil(row.id, row.name, row.grade or "", row.recording_consent == DECLINED)
        )
    hours: dict[str, list[PlannedHour]] = {}
    for row in await connection.execute(
        select(series)
        .where(series.c["class"].in_(ids), series.c.ended_ms.is_(None))
        .order_by(series.c.weekday, series.c.start_minute)
    ):
        hour = WeeklyHour(row.weekday, row.start_minute, row.length_min, row.time_zone, row.from_day, row.until_day)
        hours.setdefault(row._mapping["class"], []).append(PlannedHour(row.id, hour))
    return [
        TutoringClass(
            row.id,
            row.school,
            row.title,
            row.subject,
            row.grade,
            row.kind,
            row.capacity,
            row.teacher_of_record,
            row.tutor,
            row.tutor_name or "",
            tuple(pupils.get(row.id, ())),
            tuple(hours.get(row.id, ())),
        )
        for row in found
    ]


async def load_class(connection: AsyncConnection, class_id: str) -> TutoringClass | None:
    """One open class, or None."""
    found = await load_classes(connection, classes.c.id == class_id)
    return found[0] if found else None


async def busy_hours(connection: AsyncConnection, people: Sequence[str], *, but: str) -> dict[str, list[WeeklyHour]]:
    """The weekly hours of each person in other classes than `but`, as tutor or student."""
    mine = select(enrollments.c["class"]).where(enrollments.c.student.in_(people), enrollments.c.ended_ms.is_(None))
    found = await load_classes(connection, classes.c.id != but, classes.c.id.in_(mine) | classes.c.tutor.in_(people))
    busy: dict[str, list[WeeklyHour]] = {person: [] for person in people}
    for each in found:
        for person in (each.tutor, *(pupil.id for pupil in each.students)):
            if person in busy:
                busy[person] += [planned.hour for planned in each.hours]
    await _add_single_lessons(connection, busy)
    return busy


async def _add_single_lessons(connection: AsyncConnection, busy: dict[str, list[WeeklyHour]]) -> None:
    """Lessons that make up for others: hours of one day."""
    found = await connection.execute(
        select(lessons, lesson_members.c.user, schools.c.time_zone)
        .join(lesson_members, lesson_members.c.lesson == lessons.c.id)
        .join(schools, schools.c.id == lessons.c.school)
        .where(lesson_members.c.user.in_(list(busy)), lessons.c.makes_up.is_not(None), lessons.c.state == "scheduled")
    )
    for row in found:
        when = local(row.starts_ms, row.time_zone)
        length = (row.ends_ms - row.starts_ms) // 60_000
        busy[row.user].append(
            WeeklyHour(when.weekday(), when.hour * 60 + when.minute, length, row.time_zone, when.date(), when.date())
        )


def first_clash(hours: Sequence[WeeklyHour], busy: Sequence[WeeklyHour]) -> WeeklyHour | None:
    """The first of the busy hours that one of `hours` runs into, or None."""
    return next((other for hour in hours for other in busy if clash(hour, other)), None)


async def suggest_students(connection: AsyncConnection, group: TutoringClass, limit: int = 20) -> list[Pupil]:
    """Who could join the class: asked for its subject in its kind, of its grade, not placed, and free at its hours.

    Longest waiting first. Empty when the class is full.
    """
    if group.full:
        return []
    fits = [
        staffing_requests.c.school == group.school,
        staffing_requests.c.subject.in_(await asked_spellings(connection, group.school, group.subject)),
        staffing_requests.c.kind == group.kind,
        staffing_requests.c["class"].is_(None),
        staffing_requests.c.withdrawn_ms.is_(None),
        users.c.disabled_ms.is_(None),
    ]
    if group.grade:
        fits.append(users.c.grade == group.grade)
    found = await connection.execute(
        select(users.c.id, users.c.name, users.c.grade)
        .join(staffing_requests, staffing_requests.c.student == users.c.id)
        .where(*fits)
        .order_by(staffing_requests.c.due_day, users.c.name)
        .limit(limit)
    )
    waiting = [Pupil(row.id, row.name, row.grade or "") for row in found]
    busy = await busy_hours(connection, [pupil.id for pupil in waiting], but=group.id)
    hours = [planned.hour for planned in group.hours]
    return [pupil for pupil in waiting if first_clash(hours, busy[pupil.id]) is None]
