"""Single lessons put right by hand: somebody else teaches, it is called off, or made up for at another time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor, Role
from portal.ids import new_id
from portal.language import phrase, speaking, t
from portal.ledger import audit
from portal.lessons import LessonState
from portal.lessons_ahead import fit_list
from portal.mails.letters import Recipient, change_letter
from portal.mails.outbox import enqueue
from portal.schema import lesson_members, lessons, schools, users
from portal.staff import load_staff
from portal.times import format_day, format_time, format_zone, local, zone
from portal.timetable import DAY_MINUTES


class ChangeRefused(Exception):
    """The change is not possible; the message is for people."""


@dataclass(frozen=True, slots=True)
class PlannedLesson:
    """A lesson of a class, as the class's page lists it."""

    id: str
    starts_ms: int
    ends_ms: int
    words: str


async def lessons_of_class(connection: AsyncConnection, class_id: str, from_ms: int, limit: int) -> list[PlannedLesson]:
    """The lessons of a class that begin after a moment, earliest first."""
    found = await connection.execute(
        select(lessons, users.c.name.label("stands_in"))
        .outerjoin(users, users.c.id == lessons.c.substitute)
        .where(lessons.c["class"] == class_id, lessons.c.starts_ms >= from_ms)
        .order_by(lessons.c.starts_ms, lessons.c.id)
        .limit(limit)
    )
    return [PlannedLesson(row.id, row.starts_ms, row.ends_ms, _words(row)) for row in found]


def _words(row: Row[tuple[object, ...]]) -> str:
    if row.cancelled_ms is not None:
        return "called off"
    if row.stands_in is not None:
        return f"taught by {row.stands_in}"
    return "makes up for another" if row.makes_up is not None else ""


async def substitute(connection: AsyncConnection, actor: Actor, lesson: str, tutor: str, now_ms: int) -> None:
    """Lets somebody else teach this one lesson. Raises ChangeRefused for lapsed papers or a tutor who is busy then."""
    row = await _ahead(connection, lesson, now_ms)
    staff = {each.id: each for each in await load_staff(connection, row.school, Role.TUTOR)}
    member = staff.get(tutor)
    if member is None:
        raise ChangeRefused("Choose a tutor of this school.")
    if (words := member.hindrance(local(now_ms, await _zone(connection, row.school)).date())) is not None:
        raise ChangeRefused(f"{member.name} {words}.")
    await _check_free(connection, [(tutor, member.name)], row.starts_ms, row.ends_ms, but=lesson)
    before = await _people(connection, lesson)
    await connection.execute(update(lessons).where(lessons.c.id == lesson).values(substitute=tutor))
    await fit_list(
        connection, lesson, {"tutor": {tutor}, "student": {who for who, part, _ in before if part == "student"}}
    )
    await audit(connection, actor.user, "lesson.substitute", "lesson", lesson, now_ms, {"tutor": tutor})
    everybody = {to.user: to for _, _, to in (*before, *await _people(connection, lesson))}
    await _tell(
        connection, row, list(everybody.values()), phrase("{name} teaches this lesson."), now_ms, name=member.name
    )


async def call_off(connection: AsyncConnection, actor: Actor, lesson: str, now_ms: int) -> None:
    """Calls a lesson off: it is not held, and nobody counts as absent. Raises ChangeRefused once it has begun."""
    row = await _ahead(connection, lesson, now_ms)
    await connection.execute(
        update(lessons)
        .where(lessons.c.id == lesson)
        .values(state=LessonState.ENDED.value, ended_ms=now_ms, cancelled_ms=now_ms, room_closed_ms=now_ms)
    )
    await audit(connection, actor.user, "lesson.call_off", "lesson", lesson, now_ms)
    people = [to for _, _, to in await _people(connection, lesson)]
    await _tell(connection, row, people, phrase("This lesson is called off."), now_ms)


async def make_up(
    connection: AsyncConnection, actor: Actor, lesson: str, day: date, start_minute: int, length_min: int, now_ms: int
) -> str:
    """Another lesson for the people of this one; returns its id. Raises ChangeRefused, as when somebody is busy."""
    row = (await connection.execute(select(lessons).where(lessons.c.id == lesson))).one()
    if row._mapping["class"] is None:
        raise ChangeRefused("This lesson belongs to no class.")
    if start_minute + length_min > DAY_MINUTES:
        raise ChangeRefused("A lesson ends on the day on which it begins.")
    time_zone = await _zone(connection, row.school)
    wall = datetime.combine(day, time(*divmod(start_minute, 60)), zone(time_zone))
    starts_ms = int(wall.timestamp() * 1000)
    ends_ms = starts_ms + length_min * 60_000
    if starts_ms <= now_ms:
        raise ChangeRefused("This time has passed.")
    people = await _people(connection, lesson)
    await _check_free(connection, [(who, to.name) for who, _, to in people], starts_ms, ends_ms)
    made = new_id()
    await connection.execute(
        insert(lessons).values(
            {
                "id": made,
                "school": row.school,
                "room": new_id(),
                "title": row.title,
                "subject": row.subject,
                "starts_ms": starts_ms,
                "ends_ms": ends_ms,
                "state": LessonState.SCHEDULED.value,
                "recording": row.recording,
                "demo": False,
                "class": row._mapping["class"],
                "day": day,
                "makes_up": lesson,
            }
        )
    )
    await connection.execute(
        insert(lesson_members), [{"lesson": made, "user": who, "part": part} for who, part, _ in people]
    )
    await audit(connection, actor.user, "lesson.make_up", "lesson", made, now_ms, {"for": lesson})
    fresh = (await connection.execute(select(lessons).where(lessons.c.id == made))).one()
    words = phrase("This lesson makes up for another one.")
    await _tell(connection, fresh, [to for _, _, to in people], words, now_ms)
    return made


async def _ahead(connection: AsyncConnection, lesson: str, now_ms: int) -> Row[tuple[object, ...]]:
    row = (await connection.execute(select(lessons).where(lessons.c.id == lesson).with_for_update())).one()
    if row.state != LessonState.SCHEDULED or row.starts_ms <= now_ms:
        raise ChangeRefused("This lesson has begun or is over.")
    return row


async def _zone(connection: AsyncConnection, school: str) -> str:
    return str((await connection.execute(select(schools.c.time_zone).where(schools.c.id == school))).scalar_one())


async def _people(connection: AsyncConnection, lesson: str) -> list[tuple[str, str, Recipient]]:
    found = await connection.execute(
        select(lesson_members.c.user, lesson_members.c.part, users.c.name, users.c.email, users.c.language)
        .join(users, users.c.id == lesson_members.c.user)
        .where(lesson_members.c.lesson == lesson, users.c.disabled_ms.is_(None))
        .order_by(users.c.name)
    )
    return [(row.user, row.part, Recipient(row.user, row.name, row.email or "", row.language)) for row in found]


async def _check_free(
    connection: AsyncConnection, people: Sequence[tuple[str, str]], starts_ms: int, ends_ms: int, but: str = ""
) -> None:
    for who, name in people:
        other = (
            await connection.execute(
                select(lessons.c.title, lessons.c.starts_ms, lessons.c.school)
                .join(lesson_members, lesson_members.c.lesson == lessons.c.id)
                .where(
                    lesson_members.c.user == who,
                    lessons.c.id != but,
                    lessons.c.demo.is_(False),
                    lessons.c.state != LessonState.ENDED,
                    lessons.c.starts_ms < ends_ms,
                    lessons.c.ends_ms > starts_ms,
                )
                .limit(1)
            )
        ).first()
        if other is not None:
            at = format_time(other.starts_ms, await _zone(connection, other.school))
            raise ChangeRefused(f"{name} has “{other.title}” at {at} on that day.")


async def _tell(
    connection: AsyncConnection,
    row: Row[tuple[object, ...]],
    people: Sequence[Recipient],
    words: str,
    now_ms: int,
    **values: str,
) -> None:
    time_zone = await _zone(connection, row.school)
    letters = []
    for to in people:
        if to.address:
            with speaking(to.language):
                when = t(
                    "{day}, {start} to {end} {zone}",
                    day=format_day(row.starts_ms, time_zone),
                    start=format_time(row.starts_ms, time_zone),
                    end=format_time(row.ends_ms, time_zone),
                    zone=format_zone(row.starts_ms, time_zone),
                )
                said = t(words, **values)
            letters.append(change_letter(row.school, to, row.id, row.title, when, said, now_ms))
    await enqueue(connection, letters, now_ms)
