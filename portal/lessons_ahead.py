"""Makes the lessons of weekly hours some weeks ahead, and keeps their lists to who is in the class."""

from collections.abc import Mapping, Set
from datetime import date, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor
from portal.classes import TutoringClass, load_classes
from portal.clock import Clock
from portal.database import Database
from portal.ids import new_id
from portal.ledger import audit
from portal.schema import lesson_members, lessons, schools
from portal.service_schema import classes, holidays
from portal.times import local
from portal.timetable import meetings

AHEAD_DAYS = 28


async def extend_lessons(connection: AsyncConnection, group: TutoringClass, now_ms: int) -> int:
    """Adds the lessons of the next weeks that are missing, and brings the lists of those to come up to date."""
    school = (await connection.execute(select(schools).where(schools.c.id == group.school))).one()
    free = set((await connection.execute(select(holidays.c.day).where(holidays.c.school == group.school))).scalars())
    made = 0
    for planned in group.hours:
        today = local(now_ms, planned.hour.time_zone).date()
        known = set((await connection.execute(select(lessons.c.day).where(lessons.c.series == planned.id))).scalars())
        fresh = [
            {
                "id": new_id(),
                "school": group.school,
                "room": new_id(),
                "title": group.title,
                "subject": group.subject,
                "starts_ms": meeting.starts_ms,
                "ends_ms": meeting.ends_ms,
                "state": "scheduled",
                "recording": school.recording,
                "demo": False,
                "class": group.id,
                "series": planned.id,
                "day": meeting.day,
            }
            for meeting in meetings(planned.hour, today, today + timedelta(days=AHEAD_DAYS), free)
            if meeting.day not in known and meeting.ends_ms > now_ms
        ]
        if fresh:
            await connection.execute(insert(lessons), fresh)
        made += len(fresh)
    await _fit_lists(connection, group, now_ms)
    return made


async def _fit_lists(connection: AsyncConnection, group: TutoringClass, now_ms: int) -> None:
    ahead = (
        await connection.execute(
            select(lessons.c.id, lessons.c.substitute).where(
                lessons.c["class"] == group.id, lessons.c.state == "scheduled", lessons.c.ends_ms > now_ms
            )
        )
    ).all()
    students = {pupil.id for pupil in group.students}
    for lesson in ahead:
        tutor = lesson.substitute or group.tutor
        await fit_list(connection, lesson.id, {"student": students, "tutor": {tutor} if tutor is not None else set()})


async def fit_list(connection: AsyncConnection, lesson: str, parts: Mapping[str, Set[str]]) -> None:
    """Brings the list of a lesson to who shall be in it; `parts`: tutor and student → users."""
    wanted = {user: part for part, people in parts.items() for user in people}
    listed = await connection.execute(
        select(lesson_members.c.user, lesson_members.c.part).where(lesson_members.c.lesson == lesson)
    )
    present = {row.user: row.part for row in listed}
    gone = [user for user, part in present.items() if wanted.get(user) != part]
    if gone:
        await connection.execute(
            delete(lesson_members).where(lesson_members.c.lesson == lesson, lesson_members.c.user.in_(gone))
        )
    new = [{"lesson": lesson, "user": user, "part": part} for user, part in wanted.items() if present.get(user) != part]
    if new:
        await connection.execute(insert(lesson_members), new)


async def take_back_lessons(connection: AsyncConnection, series_id: str, now_ms: int) -> None:
    """Removes the lessons of a weekly hour that have not begun; nobody has been in them, so they leave no trace."""
    ahead = select(lessons.c.id).where(
        lessons.c.series == series_id, lessons.c.state == "scheduled", lessons.c.starts_ms > now_ms
    )
    await connection.execute(delete(lesson_members).where(lesson_members.c.lesson.in_(ahead)))
    await connection.execute(
        delete(lessons).where(
            lessons.c.series == series_id, lessons.c.state == "scheduled", lessons.c.starts_ms > now_ms
        )
    )


async def extend_all(database: Database, clock: Clock) -> int:
    """For every class of every school, a transaction each; returns how many lessons were made."""
    async with database.read() as connection:
        ids = list((await connection.execute(select(classes.c.id).where(classes.c.closed_ms.is_(None)))).scalars())
    made = 0
    for class_id in ids:
        async with database.write() as connection:
            for group in await load_classes(connection, classes.c.id == class_id):
                made += await extend_lessons(connection, group, clock())
    return made


async def add_holiday(connection: AsyncConnection, actor: Actor, day: date, name: str, now_ms: int) -> int:
    """A day without lessons: those of weekly hours that were made for it go; returns how many. Twice renames it."""
    school = actor.school
    which = (holidays.c.school == school, holidays.c.day == day)
    renamed = await connection.execute(update(holidays).where(*which).values(name=name))
    if renamed.rowcount == 0:
        await connection.execute(insert(holidays).values(school=school, day=day, name=name))
    gone = (
        lessons.c.school == school,
        lessons.c.series.is_not(None),
        lessons.c.day == day,
        lessons.c.state == "scheduled",
        lessons.c.starts_ms > now_ms,
    )
    await connection.execute(
        delete(lesson_members).where(lesson_members.c.lesson.in_(select(lessons.c.id).where(*gone)))
    )
    taken = await connection.execute(delete(lessons).where(*gone))
    detail = {"day": day.isoformat(), "lessons": taken.rowcount}
    await audit(connection, actor.user, "holiday.add", "school", school, now_ms, detail)
    return taken.rowcount


async def remove_holiday(connection: AsyncConnection, actor: Actor, day: date, now_ms: int) -> None:
    """A day with lessons again: those of weekly hours are made anew."""
    done = await connection.execute(delete(holidays).where(holidays.c.school == actor.school, holidays.c.day == day))
    if done.rowcount == 0:
        return
    for group in await load_classes(connection, classes.c.school == actor.school):
        await extend_lessons(connection, group, now_ms)
    await audit(connection, actor.user, "holiday.remove", "school", actor.school, now_ms, {"day": day.isoformat()})
