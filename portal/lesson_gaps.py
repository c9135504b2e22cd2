"""Which classes lack lessons or have wrong lists: asked of the database as a whole, so that a round over thousands of
classes reads only those few whole.

Whatever `lessons_ahead` would put right is found here; what is found here for nothing costs a look.
"""

from collections.abc import Set
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.schema import lesson_members, lessons
from portal.service_schema import classes, enrollments, holidays, series
from portal.times import local

_OPEN = classes.c.closed_ms.is_(None)
_TUTOR = func.coalesce(lessons.c.substitute, classes.c.tutor)


async def classes_with_gaps(connection: AsyncConnection, ahead_days: int, now_ms: int) -> list[str]:
    """The ids of open classes that lack a lesson of the next `ahead_days`, or in whose lessons others stand."""
    found: set[str] = set()
    for query in (_strangers(now_ms), _missing_students(now_ms), _missing_tutors(now_ms)):
        found |= set((await connection.execute(query)).scalars().all())
    return sorted(found | await _missing_days(connection, ahead_days, now_ms))


def _ahead(now_ms: int) -> ColumnElement[bool]:
    return and_(lessons.c.state == "scheduled", lessons.c.ends_ms > now_ms, _OPEN)


def _strangers(now_ms: int) -> Select[tuple[str]]:
    """Lists with somebody who is not, or no longer, in the class."""
    placed = exists().where(
        enrollments.c["class"] == classes.c.id,
        enrollments.c.student == lesson_members.c.user,
        enrollments.c.ended_ms.is_(None),
    )
    part = lesson_members.c.part
    right = or_(and_(part == "student", placed), and_(part == "tutor", lesson_members.c.user == _TUTOR))
    return (
        select(classes.c.id)
        .join(lessons, lessons.c["class"] == classes.c.id)
        .join(lesson_members, lesson_members.c.lesson == lessons.c.id)
        .where(_ahead(now_ms), func.coalesce(not_(right), True))
        .distinct()
    )


def _missing_students(now_ms: int) -> Select[tuple[str]]:
    """Students of a class whom a list does not have."""
    listed = exists().where(
        lesson_members.c.lesson == lessons.c.id,
        lesson_members.c.user == enrollments.c.student,
        lesson_members.c.part == "student",
    )
    return (
        select(classes.c.id)
        .join(lessons, lessons.c["class"] == classes.c.id)
        .join(enrollments, enrollments.c["class"] == classes.c.id)
        .where(_ahead(now_ms), enrollments.c.ended_ms.is_(None), ~listed)
        .distinct()
    )


def _missing_tutors(now_ms: int) -> Select[tuple[str]]:
    """Lists without the tutor, or without who stands in."""
    listed = exists().where(
        lesson_members.c.lesson == lessons.c.id,
        lesson_members.c.user == _TUTOR,
        lesson_members.c.part == "tutor",
    )
    return (
        select(classes.c.id)
        .join(lessons, lessons.c["class"] == classes.c.id)
        .where(_ahead(now_ms), _TUTOR.is_not(None), ~listed)
        .distinct()
    )


async def _missing_days(connection: AsyncConnection, ahead_days: int, now_ms: int) -> set[str]:
    """Classes of whose weekly hours a day is missing: as many lessons as there are days, or one is missing."""
    free: dict[str, set[date]] = {}
    for school, day in await connection.execute(select(holidays.c.school, holidays.c.day)):
        free.setdefault(school, set()).add(day)
    zones = (
        await connection.execute(select(series.c.time_zone).where(series.c.ended_ms.is_(None)).distinct())
    ).scalars()
    found: set[str] = set()
    for zone in zones.all():
        today = local(now_ms, zone).date()
        is_free = exists().where(holidays.c.school == classes.c.school, holidays.c.day == lessons.c.day)
        made = (
            select(func.count())
            .select_from(lessons)
            .where(lessons.c.series == series.c.id, lessons.c.day >= today, ~is_free)
            .correlate(series, classes)
            .scalar_subquery()
        )
        rows = await connection.execute(
            select(classes.c.id, classes.c.school, series.c.weekday, series.c.from_day, series.c.until_day, made)
            .join(classes, classes.c.id == series.c["class"])
            .where(_OPEN, series.c.ended_ms.is_(None), series.c.time_zone == zone, series.c.until_day >= today)
        )
        last = today + timedelta(days=ahead_days)
        for group, school, weekday, from_day, until_day, count in rows.all():
            if count != _days(weekday, max(today, from_day), min(last, until_day), free.get(school, set())):
                found.add(group)
    return found


def _days(weekday: int, first: date, last: date, free: Set[date]) -> int:
    """On how many days from the first to the last a weekly hour falls."""
    day = first + timedelta(days=(weekday - first.weekday()) % 7)
    number = (last - day).days // 7 + 1 if day <= last else 0
    return number - sum(1 for each in free if day <= each <= last and each.weekday() == weekday)
