"""What the page of one student shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.attendance_report import Line, student_lines
from portal.classes import TutoringClass, load_classes
from portal.consent import DECLINED
from portal.schema import users
from portal.service_schema import classes, enrollments, staffing_requests

_SHOWN_LINES = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for lessons. `state`: waiting | placed | running | withdrawn."""

    subject: str
    kind: str
    due: str
    state: str


@dataclass(frozen=True, slots=True)
class StudentPage:
    """One student with all that belongs to them."""

    id: str
    name: str
    login: str
    grade: str
    email: str
    external_id: str
    closed: bool
    has_password: bool
    unrecorded: bool
    asked: Sequence[Asked]
    classes: Sequence[TutoringClass]
    lines: Sequence[Line]


async def load_student_page(connection: AsyncConnection, student: str, time_zone: str, now_ms: int) -> StudentPage:
    """The page of a student whose id the database itself gave."""
    row = (await connection.execute(select(users).where(users.c.id == student))).one()
    asked = await connection.execute(
        select(staffing_requests).where(staffing_requests.c.student == student).order_by(staffing_requests.c.subject)
    )
    mine = select(enrollments.c["class"]).where(enrollments.c.student == student, enrollments.c.ended_ms.is_(None))
    return StudentPage(
        id=row.id,
        name=row.name,
        login=row.login,
        grade=row.grade or "",
        email=row.email or "",
        external_id=row.external_id or "",
        closed=row.disabled_ms is not None,
        has_password=row.password_hash is not None,
        unrecorded=row.recording_consent == DECLINED,
        asked=[
            Asked(
                each.subject,
                each.kind,
                each.due_day.isoformat(),
                "withdrawn"
                if each.withdrawn_ms
                else "running"
                if each.fulfilled_ms
                else "placed"
                if each._mapping["class"]
                else "waiting",
            )
            for each in asked
        ],
        classes=await load_classes(connection, classes.c.id.in_(mine)),
        lines=(await student_lines(connection, student, time_zone, now_ms))[:_SHOWN_LINES],
    )
