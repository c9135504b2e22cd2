"""Access to one student's record for a time: who, why, until when."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor
from portal.ids import new_id
from portal.ledger import audit
from portal.privacy_schema import access_grants
from portal.schema import schools, users
from portal.staff import load_staff
from portal.times import local

# Who needs it for longer teaches the student, or gets a new grant with a new reason.
MOST_DAYS = 365


class GrantRefused(Exception):
    """Not possible; the message is for people."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant that stands."""

    id: str
    user: str
    name: str
    student: str
    student_name: str
    reason: str
    until_day: date
    granted_by: str


async def give_access(
    connection: AsyncConnection, actor: Actor, student: str, user: str, reason: str, until_day: date, now_ms: int
) -> None:
    """Opens a student's record to somebody of the staff through that day. Raises GrantRefused."""
    member = next((each for each in await load_staff(connection, actor.school) if each.id == user), None)
    if member is None:
        raise GrantRefused("Choose somebody of the school's staff.")
    today = await _today(connection, actor.school, now_ms)
    if not 0 <= (until_day - today).days <= MOST_DAYS:
        raise GrantRefused(f"Choose a day from today on, at most {MOST_DAYS} days ahead.")
    grant = new_id()
    await connection.execute(
        insert(access_grants).values(
            id=grant,
            school=actor.school,
            user=user,
            student=student,
            reason=reason,
            until_day=until_day,
            granted_by=actor.user,
            granted_ms=now_ms,
        )
    )
    detail = {"grant": grant, "user": user, "until": until_day.isoformat()}
    await audit(connection, actor.user, "grant.give", "student", student, now_ms, detail)


async def end_access(connection: AsyncConnection, actor: Actor, student: str, grant: str, now_ms: int) -> bool:
    """Ends a grant before its day; False when there is none that stands."""
    ended = await connection.execute(
        update(access_grants)
        .where(access_grants.c.id == grant, access_grants.c.student == student, access_grants.c.ended_ms.is_(None))
        .values(ended_by=actor.user, ended_ms=now_ms)
    )
    if ended.rowcount:
        await audit(connection, actor.user, "grant.end", "student", student, now_ms, {"grant": grant})
    return ended.rowcount > 0


async def grants_of(connection: AsyncConnection, student: str, today: date) -> list[Grant]:
    """The grants that stand on a student's record."""
    return await _load(connection, today, access_grants.c.student == student)


async def grants_at(connection: AsyncConnection, school: str, today: date) -> list[Grant]:
    """The grants that stand at a school."""
    return await _load(connection, today, access_grants.c.school == school)


async def _load(connection: AsyncConnection, today: date, where: ColumnElement[bool]) -> list[Grant]:
    member, student, giver = users.alias("member"), users.alias("student"), users.alias("giver")
    found = await connection.execute(
        select(
            access_grants.c.id,
            member.c.id.label("user"),
            member.c.name,
            student.c.id.label("student"),
            student.c.name.label("student_name"),
            access_grants.c.reason,
            access_grants.c.until_day,
            giver.c.name.label("giver"),
        )
        .join(member, member.c.id == access_grants.c.user)
        .join(student, student.c.id == access_grants.c.student)
        .join(giver, giver.c.id == access_grants.c.granted_by)
        .where(where, access_grants.c.ended_ms.is_(None), access_grants.c.until_day >= today)
        .order_by(access_grants.c.until_day, access_grants.c.id)
    )
    return [Grant(*row) for row in found]


async def _today(connection: AsyncConnection, school: str, now_ms: int) -> date:
    time_zone = (await connection.execute(select(schools.c.time_zone).where(schools.c.id == school))).scalar_one()
    return local(now_ms, str(time_zone)).date()
