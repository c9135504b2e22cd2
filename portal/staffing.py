"""The staffing clock: who waits for lessons, and how many business days are left to give them a class."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.business_days import WARN_DAYS, business_days_left
from portal.schema import users
from portal.service_schema import holidays, staffing_requests
from portal.times import local

_MOST = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that is not fulfilled. `days_left`: business days; negative when overdue."""

    student: str
    name: str
    grade: str
    subject: str
    kind: str
    requested_ms: int
    due_day: date
    days_left: int
    placed_in: str | None

    @property
    def tone(self) -> str:
        """How it looks: overdue, urgent, or neither."""
        return "danger" if self.days_left < 0 else "attention" if self.days_left <= WARN_DAYS else ""

    @property
    def words(self) -> str:
        """How long there is."""
        if self.days_left < 0:
            return f"{-self.days_left} business day{'s' if self.days_left < -1 else ''} overdue"
        if self.days_left == 0:
            return "due today"
        return f"{self.days_left} business day{'s' if self.days_left > 1 else ''} left"


async def load_waiting(connection: AsyncConnection, school: str, now_ms: int, time_zone: str) -> Sequence[Waiting]:
    """The requests of a school that wait, most urgent first; at most 500."""
    free = set((await connection.execute(select(holidays.c.day).where(holidays.c.school == school))).scalars())
    today = local(now_ms, time_zone).date()
    found = await connection.execute(
        select(staffing_requests, users.c.name, users.c.grade)
        .join(users, users.c.id == staffing_requests.c.student)
        .where(
            staffing_requests.c.school == school,
            staffing_requests.c.fulfilled_ms.is_(None),
            staffing_requests.c.withdrawn_ms.is_(None),
        )
        .order_by(staffing_requests.c.due_day, users.c.name)
        .limit(_MOST)
    )
    return [
        Waiting(
            row.student,
            row.name,
            row.grade or "",
            row.subject,
            row.kind,
            row.requested_ms,
            row.due_day,
            business_days_left(today, row.due_day, free),
            row._mapping["class"],
        )
        for row in found
    ]
