"""What a school does by itself, without a roster: enrolling one student, and asking for lessons."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor
from portal.ledger import audit
from portal.roster.apply import add_students, ask_for_lessons
from portal.roster.entries import RosterStudent
from portal.schema import users
from portal.service_schema import staffing_requests
from portal.subjects import asked_spellings


class EnrolmentRefused(Exception):
    """The change is not possible; the message is for people."""


async def enrol_student(connection: AsyncConnection, actor: Actor, student: RosterStudent, now_ms: int) -> str:
    """Adds a student with the requests for lessons; returns the id. Raises EnrolmentRefused for an id that is taken."""
    known = select(users.c.id).where(users.c.school == actor.school, users.c.external_id == student.external_id)
    if student.external_id and (await connection.execute(known)).first() is not None:
        raise EnrolmentRefused("The school has a student of this id already.")
    (made,) = await add_students(connection, actor.school, [student], now_ms)
    asks = [(made, subject, student.kind) for subject in sorted(student.subjects or ())]
    await ask_for_lessons(connection, actor.school, asks, now_ms)
    await audit(connection, actor.user, "student.enrol", "student", made, now_ms)
    return made


async def request_lessons(
    connection: AsyncConnection, actor: Actor, student: str, subject: str, kind: str, now_ms: int
) -> None:
    """Asks for lessons in a subject. Raises EnrolmentRefused where the same was asked for and still stands."""
    known = select(staffing_requests.c.id).where(
        staffing_requests.c.student == student,
        staffing_requests.c.subject.in_(await asked_spellings(connection, actor.school, subject)),
        staffing_requests.c.withdrawn_ms.is_(None),
    )
    if (await connection.execute(known)).first() is not None:
        raise EnrolmentRefused("Lessons in this subject have been asked for already.")
    await ask_for_lessons(connection, actor.school, [(student, subject, kind)], now_ms)
    await audit(connection, actor.user, "student.ask", "student", student, now_ms, {"kind": kind})
