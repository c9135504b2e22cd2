"""Hours used against hours bought: the same lines as the attendance reports, so that the two always add up.

What is bought and used are minutes of students' lessons: a 1:4 lesson of an hour with three students present uses 180.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.attendance_report import Line, school_lines
from portal.authorize import Actor
from portal.learning_schema import hours_contracts
from portal.ledger import audit
from portal.lessons import LessonState
from portal.schema import lesson_members, lessons
from portal.subjects import fold_subject
from portal.times import local, midnight_ms

NO_SHOW = ("used", "free")


class ContractRefused(Exception):
    """The contract cannot be entered; the message is for people."""


@dataclass(frozen=True, slots=True)
class Contract:
    """Minutes that a school has bought. `subject` "": every subject that has no contract of its own on that day."""

    id: str
    title: str
    subject: str
    minutes: int
    from_day: date
    until_day: date
    no_show: str


@dataclass(slots=True)
class Account:
    """What became of a contract's minutes; of none, for lessons that no contract covers.

    `used`: minutes that students were there. `no_show`: planned minutes of those who did not come. `ahead`: planned
    minutes of lessons to come.
    """

    contract: Contract | None
    used: int = 0
    no_shows: int = 0
    no_show: int = 0
    ahead: int = 0

    @property
    def charged(self) -> int:
        """What is used up, with the no-shows where the contract says so."""
        return self.used + (self.no_show if self.contract is None or self.contract.no_show == "used" else 0)

    @property
    def left(self) -> int:
        """What can still be held; negative when overdrawn. Lessons to come are not counted off."""
        return (self.contract.minutes if self.contract is not None else 0) - self.charged


def covering(contracts: Sequence[Contract], subject: str, day: date) -> Contract | None:
    """The contract that pays for a lesson of a subject on a day: its own, or else one for every subject."""
    named = ("", fold_subject(subject))
    good = [
        each for each in contracts if each.from_day <= day <= each.until_day and fold_subject(each.subject) in named
    ]
    return min(good, key=lambda each: each.subject == "", default=None)


def settle(
    contracts: Sequence[Contract], lines: Iterable[Line], ahead: Iterable[tuple[str, date, int]]
) -> list[Account]:
    """The accounts of the contracts, then one of what none covers, if anything. `ahead`: subject, day, minutes."""
    accounts = {each.id: Account(each) for each in contracts}
    uncovered = Account(None)

    def account(subject: str, day: date) -> Account:
        contract = covering(contracts, subject, day)
        return accounts[contract.id] if contract is not None else uncovered

    for line in lines:
        book = account(line.subject, line.day)
        book.used += line.minutes
        if line.absent:
            book.no_shows += 1
            book.no_show += line.scheduled_minutes
    for subject, day, minutes in ahead:
        account(subject, day).ahead += minutes
    rest = [uncovered] if uncovered.charged or uncovered.ahead else []
    return [*accounts.values(), *rest]


async def load_contracts(connection: AsyncConnection, school: str) -> list[Contract]:
    """The contracts that stand, latest first."""
    found = await connection.execute(
        select(hours_contracts)
        .where(hours_contracts.c.school == school, hours_contracts.c.ended_ms.is_(None))
        .order_by(hours_contracts.c.from_day.desc(), hours_contracts.c.subject)
    )
    return [
        Contract(row.id, row.title, row.subject, row.minutes, row.from_day, row.until_day, row.no_show) for row in found
    ]


async def load_accounts(connection: AsyncConnection, school: str, time_zone: str, now_ms: int) -> list[Account]:
    """What became of every contract of a school, from the first day of the first contract on."""
    contracts = await load_contracts(connection, school)
    if not contracts:
        return []
    from_ms = midnight_ms(min(each.from_day for each in contracts), time_zone)
    to_ms = midnight_ms(max(each.until_day for each in contracts) + timedelta(days=1), time_zone)
    lines = await school_lines(connection, school, from_ms, to_ms, time_zone, now_ms)
    coming = await connection.execute(
        select(lessons.c.subject, lessons.c.starts_ms, lessons.c.ends_ms, func.count().label("students"))
        .join(lesson_members, lesson_members.c.lesson == lessons.c.id)
        .where(
            lessons.c.school == school,
            lessons.c.demo.is_(False),
            lesson_members.c.part == "student",
            lessons.c.state != LessonState.ENDED,
            lessons.c.ends_ms > now_ms,
            lessons.c.starts_ms < to_ms,
        )
        .group_by(lessons.c.id, lessons.c.subject, lessons.c.starts_ms, lessons.c.ends_ms)
    )
    ahead = [
        (row.subject, local(row.starts_ms, time_zone).date(), (row.ends_ms - row.starts_ms) // 60_000 * row.students)
        for row in coming
    ]
    return settle(contracts, lines, ahead)


async def enter_contract(connection: AsyncConnection, actor: Actor, contract: Contract, now_ms: int) -> None:
    """Enters a contract. Raises ContractRefused where another covers the same subject in the same days."""
    for other in await load_contracts(connection, actor.school):
        if (
            fold_subject(other.subject) == fold_subject(contract.subject)
            and other.from_day <= contract.until_day
            and contract.from_day <= other.until_day
        ):
            raise ContractRefused(f"“{other.title}” covers the same subject in some of these days.")
    await connection.execute(
        insert(hours_contracts).values(
            id=contract.id,
            school=actor.school,
            title=contract.title,
            subject=contract.subject,
            minutes=contract.minutes,
            from_day=contract.from_day,
            until_day=contract.until_day,
            no_show=contract.no_show,
            entered_by=actor.user,
            entered_ms=now_ms,
        )
    )
    detail = {"contract": contract.id, "minutes": contract.minutes}
    await audit(connection, actor.user, "hours.enter", "school", actor.school, now_ms, detail)


async def end_contract(connection: AsyncConnection, actor: Actor, contract: str, now_ms: int) -> None:
    """Takes a contract out of the account; its row stays."""
    ended = await connection.execute(
        update(hours_contracts)
        .where(
            hours_contracts.c.id == contract,
            hours_contracts.c.school == actor.school,
            hours_contracts.c.ended_ms.is_(None),
        )
        .values(ended_ms=now_ms)
    )
    if ended.rowcount:
        await audit(connection, actor.user, "hours.end", "school", actor.school, now_ms, {"contract": contract})
