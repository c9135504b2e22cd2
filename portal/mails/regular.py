"""Mails that are due by the clock: reminders of lessons, and the weekly attendance report.

Each has a key that exists once in the outbox, so that a second look, or a second process, writes none twice.
"""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.attendance_report import week_lines, week_of
from portal.authorize import Role
from portal.clock import Clock
from portal.database import Database
from portal.language import speaking
from portal.lessons import LessonState
from portal.mails.letters import Recipient, reminder_letter, week_key, week_letter
from portal.mails.outbox import enqueue
from portal.schema import lesson_members, lessons, schools, users
from portal.service_schema import outbox
from portal.times import format_day, format_time, format_zone, local

REMIND_BEFORE_MS = 24 * 60 * 60 * 1000
# Later than this a reminder comes too late to be of use.
REMIND_UNTIL_MS = 30 * 60 * 1000
# The hour on Monday, on the school's clock, from which on the week before is reported.
REPORT_HOUR = 6


async def write_regular_mails(database: Database, clock: Clock, portal_url: str) -> int:
    """Writes what is due now for every school, a transaction each; returns how many mails are new."""
    async with database.read() as connection:
        found = (await connection.execute(select(schools))).all()
    written = 0
    for school in found:
        async with database.write() as connection:
            written += await _remind(connection, school, portal_url, clock())
            written += await _report(connection, school, portal_url, clock())
    return written


async def _remind(connection: AsyncConnection, school: Row[tuple[object, ...]], portal_url: str, now_ms: int) -> int:
    found = await connection.execute(
        select(
            lessons.c.id,
            lessons.c.title,
            lessons.c.starts_ms,
            users.c.id.label("user"),
            users.c.name,
            users.c.email,
            users.c.language,
        )
        .join(lesson_members, lesson_members.c.lesson == lessons.c.id)
        .join(users, users.c.id == lesson_members.c.user)
        .where(
            lessons.c.school == school.id,
            lessons.c["class"].is_not(None),
            lessons.c.state == LessonState.SCHEDULED,
            lessons.c.starts_ms > now_ms + REMIND_UNTIL_MS,
            lessons.c.starts_ms <= now_ms + REMIND_BEFORE_MS,
            users.c.disabled_ms.is_(None),
            users.c.email.is_not(None),
        )
    )
    letters = []
    for row in found:
        to = Recipient(row.user, row.name, row.email, row.language)
        with speaking(to.language):
            day, time = format_day(row.starts_ms, school.time_zone), format_time(row.starts_ms, school.time_zone)
        when = f"{day}, {time} {format_zone(row.starts_ms, school.time_zone)}"
        # The moment is part of the key: a lesson that was moved is another appointment.
        letters.append(reminder_letter(school.id, to, f"{row.id}:{row.starts_ms}", row.title, when, portal_url))
    return len(await enqueue(connection, letters, now_ms))


async def _report(connection: AsyncConnection, school: Row[tuple[object, ...]], portal_url: str, now_ms: int) -> int:
    here = local(now_ms, school.time_zone)
    if here.weekday() == 0 and here.hour < REPORT_HOUR:
        return 0
    week = week_of(here.date() - timedelta(days=7), school.time_zone)
    contacts = (
        await connection.execute(
            select(users.c.id, users.c.name, users.c.email, users.c.language).where(
                users.c.school == school.id,
                users.c.role == Role.POINT_OF_CONTACT,
                users.c.disabled_ms.is_(None),
                users.c.email.is_not(None),
            )
        )
    ).all()
    # A look every few minutes, and a report once a week: the week is added up only for whom it is news.
    keys = {week_key(school.id, week.monday, row.id) for row in contacts}
    told = await connection.execute(select(outbox.c.dedupe_key).where(outbox.c.dedupe_key.in_(keys)))
    if keys == set(told.scalars().all()):
        return 0
    lines = await week_lines(connection, school.id, week, school.time_zone, now_ms)
    if not lines:
        return 0
    figures = {
        "lessons": len({line.lesson for line in lines}),
        "students": len({line.student for line in lines}),
        "minutes": sum(line.minutes for line in lines),
        "absences": sum(line.absent for line in lines),
    }
    letters = [
        week_letter(
            school.id,
            school.name,
            Recipient(row.id, row.name, row.email, row.language),
            week.monday,
            figures,
            portal_url,
        )
        for row in contacts
    ]
    return len(await enqueue(connection, letters, now_ms))
