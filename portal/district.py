"""A district: several schools under one administrator, who is at one of them at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor, Role
from portal.ledger import audit
from portal.onboarding import load_checklist
from portal.schema import logins, schools, users
from portal.staffing import load_waiting
from portal.times import local


@dataclass(frozen=True, slots=True)
class SchoolSummary:
    """A school in figures; no student is named."""

    id: str
    name: str
    students: int
    waiting: int
    overdue: int
    steps_open: int | None  # None: no contract was entered yet
    steps_overdue: int


def schools_of_district(school: str) -> Select[tuple[str]]:
    """The ids of the schools of this school's district; only its own where there is no district."""
    district = select(schools.c.district).where(schools.c.id == school).scalar_subquery()
    return select(schools.c.id).where((schools.c.district == district) | (schools.c.id == school))


async def load_district(connection: AsyncConnection, actor: Actor, now_ms: int) -> Sequence[SchoolSummary]:
    """The schools of the actor's district by name; only their own school where there is no district."""
    ours = schools_of_district(actor.school)
    found = await connection.execute(select(schools).where(schools.c.id.in_(ours)).order_by(schools.c.name))
    return [await _summary(connection, row.id, row.name, row.time_zone, now_ms) for row in found.all()]


async def _summary(connection: AsyncConnection, school: str, name: str, time_zone: str, now_ms: int) -> SchoolSummary:
    count = await connection.execute(
        select(func.count())
        .select_from(users)
        .where(users.c.school == school, users.c.role == Role.STUDENT, users.c.disabled_ms.is_(None))
    )
    waiting = await load_waiting(connection, school, now_ms, time_zone)
    steps = await load_checklist(connection, school, local(now_ms, time_zone).date())
    return SchoolSummary(
        school,
        name,
        count.scalar_one(),
        len(waiting),
        sum(each.days_left < 0 for each in waiting),
        steps.open if steps is not None else None,
        steps.overdue if steps is not None else 0,
    )


async def go_to_school(connection: AsyncConnection, actor: Actor, school: str, now_ms: int) -> bool:
    """Moves the administrator's log-in to another school of the district; False when it is none of theirs."""
    home, there = schools.alias("home"), schools.alias("there")
    known = await connection.execute(
        select(there.c.id)
        .join(home, home.c.district == there.c.district)
        .join(users, users.c.school == home.c.id)
        .where(users.c.id == actor.user, users.c.role == Role.DISTRICT_ADMIN, there.c.id == school)
    )
    if known.first() is None:
        return False
    await connection.execute(update(logins).where(logins.c.id == actor.login).values(at_school=school))
    await audit(connection, actor.user, "district.go", "school", school, now_ms)
    return True
