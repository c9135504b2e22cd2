"""The yearly look at who may see what: a report of every account with access, and the name of who looked through it."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date, timedelta

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor
from portal.grants import grants_at
from portal.ids import new_id
from portal.learning_schema import guardians
from portal.ledger import audit
from portal.privacy_schema import access_reviews
from portal.schema import disclosure_log, logins, users
from portal.second_factor import who_has_second_factor
from portal.staff import load_staff
from portal.times import local

YEAR_MS = 365 * 24 * 60 * 60 * 1000


class ReviewRefused(Exception):
    """Not signed; the message is for people."""


@dataclass(frozen=True, slots=True)
class Access:
    """One account of the staff. `last_day`: of the last sign-in; `students`: whose records it opened in a year."""

    user: str
    name: str
    role: str
    last_day: str
    second_step: bool
    training_until: str
    students: int


@dataclass(frozen=True, slots=True)
class AccessReport:
    """Who may see records of a school's students."""

    staff: tuple[Access, ...]
    grants: tuple[str, ...]
    guardians: int
    region: str

    @property
    def content(self) -> str:
        """The report as it is signed."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Signed:
    """A report that somebody signed."""

    id: str
    report: AccessReport
    digest: str
    note: str
    signed_by: str
    signed_ms: int

    @property
    def due_ms(self) -> int:
        """When the next one is due."""
        return self.signed_ms + YEAR_MS


async def load_report(
    connection: AsyncConnection, school: str, time_zone: str, region: str, now_ms: int
) -> AccessReport:
    """The report as of now."""
    today = local(now_ms, time_zone).date()
    staff = await load_staff(connection, school)
    ids = [member.id for member in staff]
    with_factor = await who_has_second_factor(connection, ids)
    seen = await connection.execute(
        select(logins.c.user, func.max(logins.c.seen_ms)).where(logins.c.user.in_(ids)).group_by(logins.c.user)
    )
    last = {row[0]: int(row[1]) for row in seen}
    reads = await connection.execute(
        select(disclosure_log.c.actor, func.count(disclosure_log.c.student.distinct()))
        .where(disclosure_log.c.actor.in_(ids), disclosure_log.c.at_ms > now_ms - YEAR_MS)
        .group_by(disclosure_log.c.actor)
    )
    opened = {row[0]: int(row[1]) for row in reads}
    wards = await connection.execute(
        select(func.count(guardians.c.guardian.distinct()))
        .join(users, users.c.id == guardians.c.student)
        .where(users.c.school == school, guardians.c.ended_ms.is_(None))
    )
    return AccessReport(
        staff=tuple(
            Access(
                member.id,
                member.name,
                member.role.value,
                local(last[member.id], time_zone).date().isoformat() if member.id in last else "",
                member.id in with_factor,
                member.privacy_training_until.isoformat() if member.privacy_training_until else "",
                opened.get(member.id, 0),
            )
            for member in staff
        ),
        # Of students only the id: the report is kept for longer than a student's name may be.
        grants=tuple(
            f"{each.name}: record {each.student}, until {each.until_day.isoformat()} ({each.reason})"
            for each in await grants_at(connection, school, today)
        ),
        guardians=int(wards.scalar_one()),
        region=region,
    )


async def sign_report(
    connection: AsyncConnection, actor: Actor, report: AccessReport, covers: str, note: str, now_ms: int
) -> None:
    """Keeps the report under the name of whoever looked through it. Raises ReviewRefused when it is another by now."""
    if covers != covered_by(report):
        raise ReviewRefused("Something has changed since you opened this page. Look through it once more.")
    review, digest = new_id(), hashlib.sha256(report.content.encode()).hexdigest()
    await connection.execute(
        insert(access_reviews).values(
            id=review,
            school=actor.school,
            content=report.content,
            digest=digest,
            note=note,
            signed_by=actor.user,
            signed_ms=now_ms,
        )
    )
    await audit(connection, actor.user, "access.review", "school", actor.school, now_ms, {"digest": digest})


def covered_by(report: AccessReport) -> str:
    """What a page of the report stands for, in hex; without sign-ins and reads, which go on while somebody looks."""
    facts = [(each.user, each.role, each.second_step, each.training_until) for each in report.staff]
    covered = json.dumps([facts, report.grants, report.guardians, report.region], ensure_ascii=False)
    return hashlib.sha256(covered.encode()).hexdigest()


async def load_reviews(connection: AsyncConnection, school: str) -> list[Signed]:
    """The signed reports, the latest first."""
    found = await connection.execute(
        select(access_reviews, users.c.name)
        .join(users, users.c.id == access_reviews.c.signed_by)
        .where(access_reviews.c.school == school)
        .order_by(access_reviews.c.signed_ms.desc())
    )
    return [Signed(row.id, _read(row.content), row.digest, row.note, row.name, row.signed_ms) for row in found]


def due_day(reviews: list[Signed], time_zone: str, now_ms: int) -> date:
    """Until when the next review is to be signed: a year after the last; today where there was none."""
    return local(reviews[0].due_ms if reviews else now_ms, time_zone).date()


def is_overdue(reviews: list[Signed], time_zone: str, now_ms: int) -> bool:
    """Whether a year has passed, or none was ever signed."""
    return not reviews or due_day(reviews, time_zone, now_ms) < local(now_ms, time_zone).date() + timedelta(days=1)


def _read(content: str) -> AccessReport:
    found = json.loads(content)
    return AccessReport(
        tuple(Access(**each) for each in found["staff"]), tuple(found["grants"]), found["guardians"], found["region"]
    )
