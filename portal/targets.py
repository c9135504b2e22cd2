"""Finds what a path names as `authorize` sees it: {group}, {student}, {staff}, and what belongs to a school."""

from collections.abc import Awaitable, Callable

from sqlalchemy import Table, select

from portal.authorize import ClassObject, Role, SchoolRecord, StudentObject
from portal.crisis_schema import crisis_alerts
from portal.database import Database
from portal.learning_schema import guardians
from portal.privacy_schema import access_grants, access_reviews, incidents
from portal.safety_schema import warnings
from portal.schema import schools, users
from portal.service_schema import classes, enrollments, erasures, outbox, roster_uploads
from portal.talk_schema import questions
from portal.times import local

Found = ClassObject | StudentObject | SchoolRecord | None
# The last argument is the time, in unix ms: some of what opens a record ends by itself.
Loader = Callable[[Database, str, int], Awaitable[Found]]


async def load_class_object(database: Database, class_id: str) -> ClassObject | None:
    """A class with its tutor and its present students."""
    async with database.read() as connection:
        row = (
            await connection.execute(select(classes.c.school, classes.c.tutor).where(classes.c.id == class_id))
        ).first()
        if row is None:
            return None
        students = await connection.execute(
            select(enrollments.c.student).where(enrollments.c["class"] == class_id, enrollments.c.ended_ms.is_(None))
        )
        return ClassObject(
            class_id,
            row.school,
            frozenset({row.tutor} if row.tutor else ()),
            frozenset(students.scalars()),
        )


async def load_student_object(database: Database, student: str, now_ms: int) -> StudentObject | None:
    """A student with whoever teaches them, answers for them or has access for a time now; None once erased."""
    async with database.read() as connection:
        school = (
            await connection.execute(
                select(users.c.school).where(
                    users.c.id == student, users.c.role == Role.STUDENT, users.c.erased_ms.is_(None)
                )
            )
        ).scalar()
        if school is None:
            return None
        tutors = await connection.execute(
            select(classes.c.tutor)
            .join(enrollments, enrollments.c["class"] == classes.c.id)
            .where(
                enrollments.c.student == student,
                enrollments.c.ended_ms.is_(None),
                classes.c.closed_ms.is_(None),
                classes.c.tutor.is_not(None),
            )
        )
        wards = await connection.execute(
            select(guardians.c.guardian).where(guardians.c.student == student, guardians.c.ended_ms.is_(None))
        )
        time_zone = (await connection.execute(select(schools.c.time_zone).where(schools.c.id == school))).scalar_one()
        granted = await connection.execute(
            select(access_grants.c.user).where(
                access_grants.c.student == student,
                access_grants.c.ended_ms.is_(None),
                access_grants.c.until_day >= local(now_ms, str(time_zone)).date(),
            )
        )
        return StudentObject(
            student,
            school,
            frozenset(str(tutor) for tutor in tutors.scalars()),
            frozenset(wards.scalars()),
            frozenset(granted.scalars()),
        )


async def _load_class(database: Database, class_id: str, now_ms: int) -> ClassObject | None:
    return await load_class_object(database, class_id)


async def _load_staff(database: Database, user: str, now_ms: int) -> SchoolRecord | None:
    async with database.read() as connection:
        school = (
            await connection.execute(
                select(users.c.school).where(users.c.id == user, users.c.role.not_in((Role.STUDENT, Role.GUARDIAN)))
            )
        ).scalar()
    return SchoolRecord(user, school, "staff") if school is not None else None


def _record_loader(table: Table, kind: str) -> Loader:
    async def load(database: Database, record: str, now_ms: int) -> SchoolRecord | None:
        async with database.read() as connection:
            school = (await connection.execute(select(table.c.school).where(table.c.id == record))).scalar()
        return SchoolRecord(record, school, kind) if school is not None else None

    return load


# By the name of the part of the path; a lesson is loaded by the guard itself, whole.
LOADERS: dict[str, Loader] = {
    "group": _load_class,
    "student": load_student_object,
    "staff": _load_staff,
    "upload": _record_loader(roster_uploads, "upload"),
    "mail": _record_loader(outbox, "mail"),
    "erasure": _record_loader(erasures, "erasure"),
    "question": _record_loader(questions, "question"),
    "alert": _record_loader(crisis_alerts, "alert"),
    "warning": _record_loader(warnings, "warning"),
    "incident": _record_loader(incidents, "incident"),
    "review": _record_loader(access_reviews, "access_review"),
}
