"""Minutes of a school: by student, subject and date, from the relay's events and the corrections of the staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor
from portal.ids import new_id
from portal.ledger import audit
from portal.lessons import LessonState
from portal.minutes import MINUTE_MS, Presence, Sighting, presence
from portal.schema import lesson_members, lessons, relay_events, users
from portal.service_schema import attendance_corrections
from portal.times import local, midnight_ms

MAX_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Correction:
    """What a member of the staff set the minutes to, and why."""

    minutes: int
    reason: str
    by: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Line:
    """One student in one lesson."""

    lesson: str
    group: str | None  # the class that the lesson is of
    title: str
    subject: str
    student: str
    name: str
    grade: str
    day: date
    starts_ms: int
    scheduled_minutes: int
    presence: Presence
    correction: Correction | None
    erased: bool  # there is no record of the student any more, only the figure

    @property
    def absent(self) -> bool:
        """Whether the student did not come, as far as anybody knows."""
        return self.correction is None and not self.presence.intervals

    @property
    def minutes(self) -> int:
        """What is reported: the correction where there is one, else what was measured."""
        return self.presence.minutes if self.correction is None else self.correction.minutes


@dataclass(frozen=True, slots=True)
class Week:
    """A local week from Monday to Sunday."""

    monday: date
    from_ms: int
    to_ms: int

    @property
    def sunday(self) -> date:
        """Its last day."""
        return self.monday + timedelta(days=6)

    @property
    def before(self) -> date:
        """The Monday before."""
        return self.monday - timedelta(days=7)

    @property
    def after(self) -> date:
        """The Monday after."""
        return self.monday + timedelta(days=7)


def week_of(day: date, time_zone: str) -> Week:
    """The week that the day lies in; 167 and 169 hours long where clocks change."""
    monday = day - timedelta(days=day.weekday())
    return Week(monday, midnight_ms(monday, time_zone), midnight_ms(monday + timedelta(days=7), time_zone))


def parse_week(text: str, now_ms: int, time_zone: str) -> Week:
    """The week of a date in the address; without one, the present week. Raises ValueError."""
    day = datetime.strptime(text, "%Y-%m-%d").date() if text else local(now_ms, time_zone).date()
    if not 2000 <= day.year <= 2200:
        raise ValueError("a date of this age is no lesson's")
    return week_of(day, time_zone)


async def week_lines(connection: AsyncConnection, school: str, week: Week, time_zone: str, now_ms: int) -> list[Line]:
    """The lines of the lessons that began in the week and are over, by student, subject and time."""
    found = await school_lines(connection, school, week.from_ms, week.to_ms, time_zone, now_ms)
    return sorted(found, key=lambda line: (line.name.casefold(), line.student, line.subject, line.starts_ms))


async def lesson_lines(connection: AsyncConnection, lesson: str, time_zone: str, now_ms: int) -> list[Line]:
    """The lines of one lesson, by name; empty while it goes on."""
    return sorted(
        await _lines(connection, time_zone, now_ms, lessons.c.id == lesson), key=lambda line: line.name.casefold()
    )


async def student_lines(connection: AsyncConnection, student: str, time_zone: str, now_ms: int) -> list[Line]:
    """The lines of one student, latest first."""
    found = await _lines(connection, time_zone, now_ms, users.c.id == student)
    return sorted(found, key=lambda line: -line.starts_ms)


async def school_lines(
    connection: AsyncConnection, school: str, from_ms: int, to_ms: int, time_zone: str, now_ms: int
) -> list[Line]:
    """The lines of a school's lessons that began in [from_ms, to_ms) and are over, in no order."""
    return await _lines(
        connection,
        time_zone,
        now_ms,
        lessons.c.school == school,
        lessons.c.starts_ms >= from_ms,
        lessons.c.starts_ms < to_ms,
    )


async def _lines(connection: AsyncConnection, time_zone: str, now_ms: int, *where: ColumnElement[bool]) -> list[Line]:
    rows = (
        await connection.execute(
            select(lessons, users.c.id.label("student"), users.c.name, users.c.grade, users.c.erased_ms)
            .join(lesson_members, lesson_members.c.lesson == lessons.c.id)
            .join(users, users.c.id == lesson_members.c.user)
            .where(
                lesson_members.c.part == "student",
                # A room to try things in is no lesson.
                lessons.c.demo.is_(False),
                lessons.c.cancelled_ms.is_(None),
                (lessons.c.state == LessonState.ENDED) | (lessons.c.ends_ms <= now_ms),
                *where,
            )
        )
    ).all()
    seen = await _sightings(connection, sorted({row.room for row in rows}))
    corrected = await _corrections(connection, sorted({row[0] for row in rows}))
    lines = []
    for row in rows:
        to_ms = min(row.ends_ms, row.ended_ms) if row.ended_ms is not None else row.ends_ms
        lines.append(
            Line(
                lesson=row[0],
                group=row._mapping[lessons.c["class"]],
                title=row.title,
                subject=row.subject,
                student=row.student,
                name=row.name,
                grade=row.grade or "",
                day=local(row.starts_ms, time_zone).date(),
                starts_ms=row.starts_ms,
                scheduled_minutes=(row.ends_ms - row.starts_ms) // MINUTE_MS,
                presence=presence(seen.get((row.room, row.student), ()), row.starts_ms, to_ms),
                correction=corrected.get((row[0], row.student)),
                erased=row.erased_ms is not None,
            )
        )
    return lines


async def _sightings(connection: AsyncConnection, rooms: Sequence[str]) -> dict[tuple[str, str], list[Sighting]]:
    seen: dict[tuple[str, str], list[Sighting]] = {}
    for at in range(0, len(rooms), 500):
        found = await connection.execute(select(relay_events).where(relay_events.c.room.in_(rooms[at : at + 500])))
        for row in found:
            seen.setdefault((row.room, row.user), []).append(Sighting(row.session, row.kind, row.at_ms))
    return seen


async def _corrections(connection: AsyncConnection, ids: Sequence[str]) -> dict[tuple[str, str], Correction]:
    corrected: dict[tuple[str, str], Correction] = {}
    for at in range(0, len(ids), 500):
        found = await connection.execute(
            select(attendance_corrections)
            .where(attendance_corrections.c.lesson.in_(ids[at : at + 500]))
            .order_by(attendance_corrections.c.at_ms, attendance_corrections.c.id)
        )
        for row in found:
            corrected[row.lesson, row.student] = Correction(row.minutes, row.reason, row.corrected_by, row.at_ms)
    return corrected


async def correct(
    connection: AsyncConnection, actor: Actor, line: Line, minutes: int, reason: str, now_ms: int
) -> None:
    """Adds a correction; what was measured stays beside it."""
    await connection.execute(
        insert(attendance_corrections).values(
            id=new_id(),
            lesson=line.lesson,
            student=line.student,
            minutes=minutes,
            measured_minutes=line.presence.minutes,
            reason=reason,
            corrected_by=actor.user,
            at_ms=now_ms,
        )
    )
    await audit(
        connection,
        actor.user,
        "attendance.correct",
        "lesson",
        line.lesson,
        now_ms,
        {"student": line.student, "minutes": minutes, "measured": line.presence.minutes},
    )
