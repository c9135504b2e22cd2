"""The classes of the demonstration school, with worksheets that a tutor can bring onto the board."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor, Role
from portal.database import Database
from portal.file_kinds import SafeFile
from portal.material_schema import materials
from portal.materials import add_material
from portal.pacing import cover_week, load_present_guide, replace_guide
from portal.pacing_file import PlannedTopic
from portal.roster.entries import CAPACITY
from portal.service_schema import classes, enrollments
from portal.showcase.worksheets import fractions_worksheet, motion_worksheet

__all__ = ["FORCES", "FRACTIONS", "add_demo_classes", "put_demo_material"]


@dataclass(frozen=True, slots=True)
class _DemoClass:
    """A class, and its one worksheet. It has no weekly hour: the demo keeps a lesson of it joinable at all times."""

    id: str
    title: str
    subject: str
    kind: str
    students: tuple[str, ...]
    worksheet: str
    make: Callable[[], bytes]


FRACTIONS: Final = "demo-fractions"
FORCES: Final = "demo-forces"
_CLASSES: Final = (
    _DemoClass(FRACTIONS, "Fractions", "Mathematics", "1:1", ("leo",), "Fractions worksheet", fractions_worksheet),
    _DemoClass(
        *(FORCES, "Forces and motion", "Physics", "1:4", ("amara", "jin", "leo", "sofia")),
        *("Distance and time", motion_worksheet),
    ),
)
# What the class on fractions plans: weeks from the present one, topic and goal.
_GUIDE: Final = (
    (-2, "Parts of a whole", "Name and draw fractions of a whole"),
    (-1, "Equivalent fractions", "Find fractions of the same size, and reduce them"),
    (0, "Adding with one denominator", "Add and subtract like fractions"),
    (1, "Adding with different denominators", "Find a common denominator first"),
    (2, "Multiplying", "Multiply a fraction by a whole number"),
)


async def add_demo_classes(
    connection: AsyncConnection, school: str, tutor: str, user_of: Callable[[str], str], monday: date, now_ms: int
) -> None:
    """Adds the classes with their people; `user_of`: demo log-in → user id; `monday`: of the present week."""
    for each in _CLASSES:
        await connection.execute(
            insert(classes).values(
                id=each.id,
                school=school,
                title=each.title,
                subject=each.subject,
                grade="7" if each.id == FRACTIONS else "",
                kind=each.kind,
                capacity=CAPACITY[each.kind],
                teacher_of_record="Grace Lindqvist",
                tutor=tutor,
                created_ms=now_ms,
            )
        )
        await connection.execute(
            insert(enrollments),
            [{"class": each.id, "student": user_of(student), "since_ms": now_ms} for student in each.students],
        )
    await _add_guide(connection, Actor(tutor, school, Role.TUTOR, ""), monday, now_ms)


async def _add_guide(connection: AsyncConnection, actor: Actor, monday: date, now_ms: int) -> None:
    """The pacing guide of the class on fractions, whose earlier weeks are covered."""
    weeks = [
        PlannedTopic(monday + timedelta(weeks=apart), topic, goal, _CLASSES[0].worksheet if apart == 0 else "")
        for apart, topic, goal in _GUIDE
    ]
    await replace_guide(connection, actor, FRACTIONS, weeks, "", "", now_ms)
    guide = await load_present_guide(connection, FRACTIONS)
    for each in guide.weeks if guide is not None else ():
        if each.planned.week < monday:
            covered = each.planned.week + timedelta(days=3)
            await cover_week(connection, actor, FRACTIONS, each.id, covered, now_ms)


async def put_demo_material(database: Database, folder: Path, now_ms: int) -> int:
    """Keeps the worksheet of each demo class that never had any in `folder`; returns how many were put there."""
    async with database.read() as connection:
        known = {row.id: row for row in await connection.execute(select(classes))}
        filled = set((await connection.execute(select(materials.c["class"]))).scalars())
    missing = [each for each in _CLASSES if each.id in known and each.id not in filled]
    for each in missing:
        file = SafeFile("pdf", await asyncio.to_thread(each.make))
        row = known[each.id]
        actor = Actor(row.tutor, row.school, Role.TUTOR, "")
        async with database.write() as connection:
            await add_material(connection, actor, each.id, each.worksheet, file, folder, now_ms)
    return len(missing)
