"""Requests to amend a student's record: asked by the student or a guardian, decided by the school with its reason.

A refusal leaves the right to a statement, which stays beside the record wherever that is shown (34 CFR 99.20 to 99.22).
"""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor, Role
from portal.ids import new_id
from portal.ledger import audit
from portal.mails.amendment_letter import amendment_letter
from portal.mails.letters import Recipient
from portal.mails.outbox import enqueue
from portal.privacy_schema import amendments
from portal.schema import schools, users
from portal.times import local

_MOST_OPEN = 10


class AmendmentRefused(Exception):
    """Not possible; the message is for people."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """A request with all that became of it. `granted` None: not decided. Times are unix ms."""

    id: str
    student: str
    student_name: str
    part: str
    words: str
    asked_by: str
    asked_ms: int
    due_day: date
    granted: bool | None
    reason: str
    decided_by: str
    decided_ms: int | None
    statement: str
    stated_by: str
    stated_ms: int | None


async def ask_amendment(
    connection: AsyncConnection,
    actor: Actor,
    student: str,
    part: str,
    words: str,
    days: int,
    portal_url: str,
    now_ms: int,
) -> None:
    """Takes a request, whose decision is due after `days` days, and tells the school. Raises AmendmentRefused."""
    mine = [each for each in await load_amendments(connection, student) if each.granted is None]
    if len(mine) >= _MOST_OPEN:
        raise AmendmentRefused(f"{_MOST_OPEN} requests wait for a decision already.")
    amendment = new_id()
    school = (await connection.execute(select(schools).where(schools.c.id == actor.school))).one()
    await connection.execute(
        insert(amendments).values(
            id=amendment,
            school=actor.school,
            student=student,
            part=part,
            words=words,
            asked_by=actor.user,
            asked_ms=now_ms,
            due_day=local(now_ms, school.time_zone).date() + timedelta(days=days),
            reason="",
            statement="",
        )
    )
    await audit(connection, actor.user, "amendment.ask", "student", student, now_ms, {"amendment": amendment})
    contacts = await connection.execute(
        select(users.c.id, users.c.name, users.c.email).where(
            users.c.school == actor.school,
            users.c.role == Role.POINT_OF_CONTACT,
            users.c.disabled_ms.is_(None),
            users.c.email.is_not(None),
        )
    )
    letters = [
        amendment_letter(actor.school, school.name, Recipient(*row), student, amendment, "asked", portal_url)
        for row in contacts
    ]
    await enqueue(connection, letters, now_ms)


async def decide_amendment(
    connection: AsyncConnection,
    actor: Actor,
    student: str,
    amendment: str,
    granted: bool,
    reason: str,
    portal_url: str,
    now_ms: int,
) -> None:
    """Writes down what the school decided and why, and tells whoever asked. Raises AmendmentRefused."""
    done = await connection.execute(
        update(amendments)
        .where(amendments.c.id == amendment, amendments.c.student == student, amendments.c.granted.is_(None))
        .values(granted=granted, reason=reason, decided_by=actor.user, decided_ms=now_ms)
    )
    if done.rowcount == 0:
        raise AmendmentRefused("There is no such request that waits for a decision.")
    detail = {"amendment": amendment, "granted": granted}
    await audit(connection, actor.user, "amendment.decide", "student", student, now_ms, detail)
    asker = (
        await connection.execute(
            select(users.c.id, users.c.name, users.c.email, schools.c.name.label("school_name"))
            .join(amendments, amendments.c.asked_by == users.c.id)
            .join(schools, schools.c.id == users.c.school)
            .where(amendments.c.id == amendment, users.c.email.is_not(None), users.c.disabled_ms.is_(None))
        )
    ).first()
    if asker is not None:
        to = Recipient(asker.id, asker.name, asker.email)
        letter = amendment_letter(actor.school, asker.school_name, to, student, amendment, "decided", portal_url)
        await enqueue(connection, [letter], now_ms)


async def state_disagreement(
    connection: AsyncConnection, actor: Actor, student: str, amendment: str, statement: str, now_ms: int
) -> None:
    """Attaches a statement to the record after a refusal; it is not changed afterwards. Raises AmendmentRefused."""
    done = await connection.execute(
        update(amendments)
        .where(
            amendments.c.id == amendment,
            amendments.c.student == student,
            amendments.c.granted.is_(False),
            amendments.c.stated_ms.is_(None),
        )
        .values(statement=statement, stated_by=actor.user, stated_ms=now_ms)
    )
    if done.rowcount == 0:
        raise AmendmentRefused("A statement follows on a refusal, once.")
    await audit(connection, actor.user, "amendment.state", "student", student, now_ms, {"amendment": amendment})


async def load_amendments(connection: AsyncConnection, student: str) -> list[Amendment]:
    """Every request about a student's record, newest first."""
    return await _load(connection, amendments.c.student == student)


async def load_statements(connection: AsyncConnection, student: str) -> list[Amendment]:
    """The refused requests whose statements stand beside the record."""
    return await _load(connection, amendments.c.student == student, amendments.c.stated_ms.is_not(None))


async def load_undecided(connection: AsyncConnection, school: str) -> list[Amendment]:
    """What waits for a school's decision, the most urgent first."""
    found = await _load(connection, amendments.c.school == school, amendments.c.granted.is_(None))
    return sorted(found, key=lambda each: (each.due_day, each.asked_ms))


async def _load(connection: AsyncConnection, *where: ColumnElement[bool]) -> list[Amendment]:
    student, asker, decider, stater = (users.alias(name) for name in ("student", "asker", "decider", "stater"))
    found = await connection.execute(
        select(
            amendments,
            student.c.name.label("student_name"),
            asker.c.name.label("asker"),
            decider.c.name.label("decider"),
            stater.c.name.label("stater"),
        )
        .join(student, student.c.id == amendments.c.student)
        .join(asker, asker.c.id == amendments.c.asked_by)
        .outerjoin(decider, decider.c.id == amendments.c.decided_by)
        .outerjoin(stater, stater.c.id == amendments.c.stated_by)
        .where(*where)
        .order_by(amendments.c.asked_ms.desc(), amendments.c.id)
        .limit(500)
    )
    return [
        Amendment(
            row.id,
            row.student,
            row.student_name,
            row.part,
            row.words,
            row.asker,
            row.asked_ms,
            row.due_day,
            row.granted,
            row.reason,
            row.decider or "",
            row.decided_ms,
            row.statement,
            row.stater or "",
            row.stated_ms,
        )
        for row in found
    ]
