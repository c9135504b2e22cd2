"""How a student gets on: goals, the report card of their classes, and the tutor's updates about each week."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.attendance_report import Line, student_lines
from portal.authorize import Actor, Role
from portal.classes import TutoringClass, load_classes
from portal.grade_book import GradeBook, load_grade_books
from portal.grading import Standing
from portal.guardians import guardians_of
from portal.ids import new_id
from portal.learning_schema import goals, weekly_updates
from portal.ledger import audit
from portal.mails.letters import Recipient, update_letter
from portal.mails.outbox import enqueue
from portal.schema import users
from portal.service_schema import classes, enrollments

_SHOWN_UPDATES = 30


class ProgressRefused(Exception):
    """The change is not possible; the message is for people."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What a student is to reach in a subject."""

    id: str
    subject: str
    words: str
    target_day: date | None
    reached_ms: int | None


@dataclass(frozen=True, slots=True)
class WeeklyUpdate:
    """What the tutor wrote about a week."""

    subject: str
    title: str
    monday: date
    words: str
    by: str
    written_ms: int


@dataclass(frozen=True, slots=True)
class CardPart:
    """One class on a report card, with the minutes of its lessons so far."""

    group: TutoringClass
    book: GradeBook
    standing: Standing
    minutes: int
    held: int


@dataclass(frozen=True, slots=True)
class ReportCard:
    """Everything about a student's progress that one reader may see."""

    student: str
    name: str
    grade: str
    parts: Sequence[CardPart]
    goals: Sequence[Goal]
    updates: Sequence[WeeklyUpdate]


async def load_report_card(
    connection: AsyncConnection, student: str, only_tutor: str | None, time_zone: str, now_ms: int
) -> ReportCard:
    """The report card. `only_tutor`: a tutor sees the classes that are theirs, and goals and updates of those."""
    person = (await connection.execute(select(users.c.name, users.c.grade).where(users.c.id == student))).one()
    mine = select(enrollments.c["class"]).where(enrollments.c.student == student, enrollments.c.ended_ms.is_(None))
    where = [classes.c.id.in_(mine)] + ([classes.c.tutor == only_tutor] if only_tutor is not None else [])
    groups = await load_classes(connection, *where)
    books = await load_grade_books(connection, [group.id for group in groups])
    lines = await student_lines(connection, student, time_zone, now_ms)
    subjects = {group.subject for group in groups} if only_tutor is not None else None
    return ReportCard(
        student,
        person.name,
        person.grade or "",
        [_part(group, books[group.id], student, lines) for group in groups],
        [each for each in await _goals(connection, student) if subjects is None or each.subject in subjects],
        await _updates(connection, student, [group.id for group in groups] if only_tutor is not None else None),
    )


def _part(group: TutoringClass, book: GradeBook, student: str, lines: Sequence[Line]) -> CardPart:
    mine = [line for line in lines if line.group == group.id]
    return CardPart(group, book, book.standing(student), sum(line.minutes for line in mine), len(mine))


async def _goals(connection: AsyncConnection, student: str) -> list[Goal]:
    found = await connection.execute(
        select(goals).where(goals.c.student == student).order_by(goals.c.subject, goals.c.set_ms)
    )
    return [Goal(row.id, row.subject, row.words, row.target_day, row.reached_ms) for row in found]


async def _updates(connection: AsyncConnection, student: str, only: Sequence[str] | None) -> list[WeeklyUpdate]:
    where = [weekly_updates.c.student == student]
    if only is not None:
        where.append(weekly_updates.c["class"].in_(only))
    found = await connection.execute(
        select(weekly_updates, classes.c.subject, classes.c.title, users.c.name)
        .join(classes, classes.c.id == weekly_updates.c["class"])
        .join(users, users.c.id == weekly_updates.c.written_by)
        .where(*where)
        .order_by(weekly_updates.c.monday.desc(), classes.c.title)
        .limit(_SHOWN_UPDATES)
    )
    return [WeeklyUpdate(row.subject, row.title, row.monday, row.words, row.name, row.written_ms) for row in found]


async def set_goal(
    connection: AsyncConnection,
    actor: Actor,
    student: str,
    subject: str,
    words: str,
    target_day: date | None,
    now_ms: int,
) -> None:
    """A new goal."""
    goal = new_id()
    await connection.execute(
        insert(goals).values(
            id=goal,
            student=student,
            subject=subject,
            words=words,
            target_day=target_day,
            set_by=actor.user,
            set_ms=now_ms,
        )
    )
    await audit(connection, actor.user, "goal.set", "student", student, now_ms, {"goal": goal})


async def reach_goal(connection: AsyncConnection, actor: Actor, student: str, goal: str, now_ms: int) -> None:
    """Marks a goal as reached; to do it twice, or for another student's goal, changes nothing."""
    done = await connection.execute(
        update(goals)
        .where(goals.c.id == goal, goals.c.student == student, goals.c.reached_ms.is_(None))
        .values(reached_ms=now_ms)
    )
    if done.rowcount:
        await audit(connection, actor.user, "goal.reach", "student", student, now_ms, {"goal": goal})


async def write_update(
    connection: AsyncConnection,
    actor: Actor,
    school_name: str,
    part: CardPart,
    student: Recipient,
    monday: date,
    words: str,
    portal_url: str,
    now_ms: int,
) -> int:
    """Keeps an update and mails it to the guardians and the points of contact; returns to how many.

    Raises ProgressRefused for a second one of the same class, student and week: what was mailed stands.
    """
    key = {"class": part.group.id, "student": student.user, "monday": monday}
    known = select(weekly_updates.c.id).where(*(weekly_updates.c[name] == value for name, value in key.items()))
    if (await connection.execute(known)).first() is not None:
        raise ProgressRefused("The update of this week has been written and mailed already.")
    written = new_id()
    await connection.execute(
        insert(weekly_updates).values(
            {**key, "id": written, "words": words, "written_by": actor.user, "written_ms": now_ms}
        )
    )
    found = await connection.execute(
        select(users.c.id, users.c.name, users.c.email, users.c.language)
        .where(users.c.school == actor.school, users.c.role == Role.POINT_OF_CONTACT, users.c.disabled_ms.is_(None))
        .order_by(users.c.name)
    )
    readers = [
        *await guardians_of(connection, student.user),
        *(Recipient(row.id, row.name, row.email or "", row.language) for row in found),
    ]
    letters = [
        update_letter(actor.school, school_name, to, student, written, part.group.title, monday, words, portal_url)
        for to in readers
        if to.address
    ]
    await enqueue(connection, letters, now_ms)
    await audit(connection, actor.user, "update.write", "student", student.user, now_ms, {"update": written})
    return len(letters)
