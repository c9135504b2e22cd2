"""The dialogue about a student: one thread for guardians, tutors, the point of contact and coordinators.

The school's own teacher takes part with a point of contact's account. Students write none and read none: nobody can be
written to alone, and there is nothing between students. A mail says that there is something new, and never what.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor, Role
from portal.ids import new_id
from portal.learning_schema import guardians
from portal.ledger import audit
from portal.mails.letters import Recipient
from portal.mails.outbox import enqueue
from portal.mails.talk_letters import dialogue_letter
from portal.schema import users
from portal.service_schema import classes, enrollments
from portal.talk_schema import dialogue_looks, dialogue_messages

MOST_LETTERS = 4000
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody wrote. `fresh`: since the reader last looked."""

    id: str
    author: str
    name: str
    role: Role
    words: str
    at_ms: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class Thread:
    """The newest messages about a student, in order; `count` is of all."""

    messages: Sequence[Message]
    count: int


async def load_thread(connection: AsyncConnection, student: str, reader: str) -> Thread:
    """The thread as the reader finds it."""
    mine = dialogue_messages.c.student == student
    count = (await connection.execute(select(func.count()).select_from(dialogue_messages).where(mine))).scalar_one()
    seen_ms = await _seen_ms(connection, student, reader)
    found = await connection.execute(
        select(dialogue_messages, users.c.name, users.c.role)
        .join(users, users.c.id == dialogue_messages.c.author)
        .where(mine)
        .order_by(dialogue_messages.c.at_ms.desc(), dialogue_messages.c.id.desc())
        .limit(_SHOWN)
    )
    messages = [
        Message(row.id, row.author, row.name, Role(row.role), row.words, row.at_ms, row.at_ms > seen_ms)
        for row in found.all()
    ]
    return Thread(messages[::-1], count)


async def note_look(connection: AsyncConnection, student: str, reader: str, now_ms: int) -> None:
    """The reader has the thread open now."""
    which = (dialogue_looks.c.student == student, dialogue_looks.c.reader == reader)
    done = await connection.execute(update(dialogue_looks).where(*which).values(seen_ms=now_ms))
    if done.rowcount == 0:
        await connection.execute(insert(dialogue_looks).values(student=student, reader=reader, seen_ms=now_ms))


async def write_message(
    connection: AsyncConnection, actor: Actor, school_name: str, student: str, words: str, portal_url: str, now_ms: int
) -> None:
    """Adds a message and tells the others in the thread, each once until they have looked."""
    message = new_id()
    await connection.execute(
        insert(dialogue_messages).values(id=message, student=student, author=actor.user, words=words, at_ms=now_ms)
    )
    await audit(connection, actor.user, "dialogue.write", "student", student, now_ms, {"message": message})
    letters = [
        dialogue_letter(
            actor.school, school_name, to, student, await _seen_ms(connection, student, to.user), portal_url
        )
        for to in await _readers(connection, actor.school, student)
        if to.user != actor.user and to.address
    ]
    await enqueue(connection, letters, now_ms)
    await note_look(connection, student, actor.user, now_ms)


async def students_with_news(connection: AsyncConnection, reader: str, students: Sequence[str]) -> set[str]:
    """Of these students, those about whom others wrote something that the reader has not looked at."""
    found = await connection.execute(
        select(dialogue_messages.c.student)
        .outerjoin(
            dialogue_looks,
            (dialogue_looks.c.student == dialogue_messages.c.student) & (dialogue_looks.c.reader == reader),
        )
        .where(
            dialogue_messages.c.student.in_(students),
            dialogue_messages.c.author != reader,
            dialogue_messages.c.at_ms > func.coalesce(dialogue_looks.c.seen_ms, 0),
        )
        .distinct()
    )
    return set(found.scalars().all())


async def _seen_ms(connection: AsyncConnection, student: str, reader: str) -> int:
    found = await connection.execute(
        select(dialogue_looks.c.seen_ms).where(dialogue_looks.c.student == student, dialogue_looks.c.reader == reader)
    )
    return found.scalar() or 0


async def _readers(connection: AsyncConnection, school: str, student: str) -> list[Recipient]:
    """Guardians and tutors of the student, and the points of contact. Coordinators look when they are asked."""
    tutors = (
        select(classes.c.tutor)
        .join(enrollments, enrollments.c["class"] == classes.c.id)
        .where(enrollments.c.student == student, enrollments.c.ended_ms.is_(None), classes.c.closed_ms.is_(None))
    )
    wards = select(guardians.c.guardian).where(guardians.c.student == student, guardians.c.ended_ms.is_(None))
    talked = select(dialogue_messages.c.author).where(dialogue_messages.c.student == student)
    found = await connection.execute(
        select(users.c.id, users.c.name, users.c.email, users.c.language)
        .where(
            users.c.school == school,
            users.c.disabled_ms.is_(None),
            or_(
                users.c.id.in_(tutors),
                users.c.id.in_(wards),
                users.c.role == Role.POINT_OF_CONTACT,
                (users.c.role == Role.COORDINATOR) & users.c.id.in_(talked),
            ),
        )
        .order_by(users.c.name)
    )
    return [Recipient(row.id, row.name, row.email or "", row.language) for row in found.all()]
