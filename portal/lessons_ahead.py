"""Makes the lessons of weekly hours some weeks ahead, and keeps their lists to who is in the class."""

import asyncio
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor
from portal.classes import TutoringClass, load_classes
from portal.clock import Clock
from portal.database import Database
from portal.ids import new_id
from portal.ledger import audit
from portal.lesson_gaps import classes_with_gaps
from portal.schema import lesson_members, lessons, schools
from portal.service_schema import classes, holidays
from portal.times import local
from portal.timetable import meetings

AHEAD_DAYS = 28
# Classes that an hourly round looks at together, and how long it rests after them.
_LOT = 20
_REST_S = 0.02

_TAKE_OUT = delete(lesson_members).where(
    lesson_members.c.lesson == bindparam("of_lesson"), lesson_members.c.user == bindparam("who")
)


@dataclass(slots=True)
class _Missing:
    """What lessons and lists lack: rows to add, and of lists those to take out, as (lesson, user)."""

    lessons: list[dict[str, object]] = field(default_factory=list)
    gone: list[dict[str, object]] = field(default_factory=list)
    places: list[dict[str, object]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.lessons or self.gone or self.places)


async def extend_lessons(connection: AsyncConnection, groups: Sequence[TutoringClass], now_ms: int) -> int:
    """Adds the lessons of the next weeks that are missing, and brings the lists of those to come up to date.

    Returns how many lessons were made.
    """
    missing = await _find_missing(connection, groups, now_ms)
    if missing.lessons:
        await connection.execute(insert(lessons), missing.lessons)
    if missing.gone:
        await connection.execute(_TAKE_OUT, missing.gone)
    if missing.places:
        await connection.execute(insert(lesson_members), missing.places)
    return len(missing.lessons)


async def _find_missing(connection: AsyncConnection, groups: Sequence[TutoringClass], now_ms: int) -> _Missing:
    """Reads only. A few statements for all the classes together: an hourly round asks for thousands."""
    missing = _Missing()
    recording, free = await _rules(connection, {group.school for group in groups})
    lists = await _lists_ahead(connection, [group.id for group in groups], now_ms)
    known = await _days_made(connection, groups, now_ms)
    for group in groups:
        students: dict[str, str] = {pupil.id: "student" for pupil in group.students}
        for lesson, substitute, listed in lists.get(group.id, ()):
            tutor = substitute or group.tutor
            _compare(missing, lesson, listed, students | ({tutor: "tutor"} if tutor is not None else {}))
        wanted = students | ({group.tutor: "tutor"} if group.tutor is not None else {})
        for planned in group.hours:
            today = local(now_ms, planned.hour.time_zone).date()
            for meeting in meetings(planned.hour, today, today + timedelta(days=AHEAD_DAYS), free[group.school]):
                if (planned.id, meeting.day) in known or meeting.ends_ms <= now_ms:
                    continue
                lesson = new_id()
                missing.lessons.append(
                    {
                        "id": lesson,
                        "school": group.school,
                        "room": new_id(),
                        "title": group.title,
                        "subject": group.subject,
                        "starts_ms": meeting.starts_ms,
                        "ends_ms": meeting.ends_ms,
                        "state": "scheduled",
                        "recording": recording[group.school],
                        "demo": False,
                        "class": group.id,
                        "series": planned.id,
                        "day": meeting.day,
                    }
                )
                _compare(missing, lesson, {}, wanted)
    return missing


def _compare(missing: _Missing, lesson: str, listed: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    missing.gone += [{"of_lesson": lesson, "who": user} for user, part in listed.items() if wanted.get(user) != part]
    missing.places += [
        {"lesson": lesson, "user": user, "part": part} for user, part in wanted.items() if listed.get(user) != part
    ]


async def _rules(connection: AsyncConnection, ids: Set[str]) -> tuple[dict[str, str], dict[str, set[date]]]:
    """How each school records, and its holidays."""
    found = await connection.execute(select(schools.c.id, schools.c.recording).where(schools.c.id.in_(ids)))
    recording = {row.id: str(row.recording) for row in found.all()}
    free: dict[str, set[date]] = {school: set() for school in ids}
    days = await connection.execute(select(holidays.c.school, holidays.c.day).where(holidays.c.school.in_(ids)))
    for school, day in days.all():
        free[school].add(day)
    return recording, free


async def _days_made(
    connection: AsyncConnection, groups: Sequence[TutoringClass], now_ms: int
) -> set[tuple[str, date]]:
    """For which days from yesterday on each weekly hour has its lesson already."""
    hours = [planned.id for group in groups for planned in group.hours]
    # No zone is further from UTC than a day.
    since = local(now_ms, "UTC").date() - timedelta(days=1)
    found = await connection.execute(
        select(lessons.c.series, lessons.c.day).where(lessons.c.series.in_(hours), lessons.c.day >= since)
    )
    return {(series_id, day) for series_id, day in found.all()}


async def _lists_ahead(
    connection: AsyncConnection, ids: Sequence[str], now_ms: int
) -> dict[str, list[tuple[str, str | None, dict[str, str]]]]:
    """By class: (lesson, substitute, user → part) of each lesson that is to come."""
    # Without the state, whose index leads to the scheduled lessons of all schools.
    ahead = (lessons.c["class"].in_(ids), lessons.c.ends_ms > now_ms)
    people: dict[str, dict[str, str]] = {}
    listed = await connection.execute(
        select(lesson_members.c.lesson, lesson_members.c.user, lesson_members.c.part)
        .join(lessons, lessons.c.id == lesson_members.c.lesson)
        .where(*ahead)
    )
    for lesson, user, part in listed.all():
        people.setdefault(lesson, {})[user] = part
    lists: dict[str, list[tuple[str, str | None, dict[str, str]]]] = {}
    found = await connection.execute(
        select(lessons.c["class"], lessons.c.id, lessons.c.substitute, lessons.c.state).where(*ahead)
    )
    for group, lesson, substitute, state in found.all():
        if state == "scheduled":
            lists.setdefault(group, []).append((lesson, substitute, people.get(lesson, {})))
    return lists


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
    """For every class of every school, some at a time; returns how many lessons were made.

    Mostly nothing is missing, which the database itself tells. There is a rest after each lot: whoever asks for a page
    meanwhile waits for one lot at most, and no writer waits for the round.
    """
    async with database.read() as connection:
        ids = await classes_with_gaps(connection, AHEAD_DAYS, clock())
    made = 0
    for at in range(0, len(ids), _LOT):
        lot = classes.c.id.in_(ids[at : at + _LOT])
        async with database.read() as connection:
            missing = await _find_missing(connection, await load_classes(connection, lot), clock())
        if missing:
            # Looked at again: somebody may have changed the class in between.
            async with database.write() as connection:
                made += await extend_lessons(connection, await load_classes(connection, lot), clock())
        await asyncio.sleep(_REST_S)
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
    await extend_lessons(connection, await load_classes(connection, classes.c.school == actor.school), now_ms)
    await audit(connection, actor.user, "holiday.remove", "school", actor.school, now_ms, {"day": day.isoformat()})
