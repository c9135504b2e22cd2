"""A school's way from the contract to its first lesson: what is to be agreed, by when, and what is overdue."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor
from portal.business_days import add_business_days, business_days_left, subtract_business_days
from portal.ledger import audit
from portal.school_schema import onboarding_steps, onboardings
from portal.service_schema import holidays

# The kickoff: so many business days after the contract, and so many before the start.
KICKOFF_FIRST, KICKOFF_LAST, KICKOFF_BEFORE_START = 5, 7, 10
# What the schedules need before the first lesson.
SCHEDULES_BEFORE_START = 5
STEPS = {
    "kickoff": "Kickoff meeting",
    "responsible": "A responsible person at the school",
    "formats": "Formats, 1:1 or 1:4",
    "subjects": "Subjects and grades",
    "schedules": "Schedules",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """The two days from which everything follows, and who is responsible at the school."""

    contract_day: date
    start_day: date
    responsible: str


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was taken."""

    day: date
    note: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the checklist. `first` only where it must not be taken earlier. `days_left`: business days."""

    name: str
    words: str
    first: date | None
    due: date
    done: Done | None
    days_left: int

    @property
    def overdue(self) -> bool:
        """Whether it should have been taken before today."""
        return self.done is None and self.days_left < 0

    @property
    def remark(self) -> str:
        """What is to be said about when it was taken, or ""."""
        if self.done is None:
            return ""
        if self.first is not None and self.done.day < self.first:
            return "earlier than agreed"
        return "late" if self.done.day > self.due else ""


@dataclass(frozen=True, slots=True)
class Checklist:
    """The steps in the order in which they are due. `too_near`: the start leaves no room for the kickoff."""

    plan: Plan
    steps: Sequence[Step]
    too_near: bool

    @property
    def overdue(self) -> int:
        """How many steps are overdue."""
        return sum(step.overdue for step in self.steps)

    @property
    def open(self) -> int:
        """How many steps are still to be taken."""
        return sum(step.done is None for step in self.steps)


def checklist(plan: Plan, done: Mapping[str, Done], today: date, free: Set[date]) -> Checklist:
    """The checklist of a plan. `free`: the school's holidays. Pure."""
    first = add_business_days(plan.contract_day, KICKOFF_FIRST, free)
    before_start = subtract_business_days(plan.start_day, KICKOFF_BEFORE_START, free)
    kickoff = min(add_business_days(plan.contract_day, KICKOFF_LAST, free), before_start)
    too_near = kickoff < first
    due = {
        "kickoff": kickoff,
        "responsible": kickoff,
        "formats": before_start,
        "subjects": before_start,
        "schedules": subtract_business_days(plan.start_day, SCHEDULES_BEFORE_START, free),
    }
    steps = [
        Step(
            name,
            words,
            first if name == "kickoff" and not too_near else None,
            due[name],
            done.get(name),
            business_days_left(today, due[name], free),
        )
        for name, words in STEPS.items()
    ]
    return Checklist(plan, sorted(steps, key=lambda step: step.due), too_near)


async def load_checklist(connection: AsyncConnection, school: str, today: date) -> Checklist | None:
    """The checklist of a school; None before its contract was entered."""
    row = (await connection.execute(select(onboardings).where(onboardings.c.school == school))).first()
    if row is None:
        return None
    free = set((await connection.execute(select(holidays.c.day).where(holidays.c.school == school))).scalars())
    found = await connection.execute(select(onboarding_steps).where(onboarding_steps.c.school == school))
    done = {each.step: Done(each.day, each.note) for each in found}
    return checklist(Plan(row.contract_day, row.start_day, row.responsible), done, today, free)


async def enter_plan(connection: AsyncConnection, actor: Actor, plan: Plan, now_ms: int) -> None:
    """Enters the contract's and the first lesson's day; a later entry moves every due day with it."""
    values = {"contract_day": plan.contract_day, "start_day": plan.start_day, "responsible": plan.responsible}
    changed = await connection.execute(
        update(onboardings).where(onboardings.c.school == actor.school).values({**values, "entered_ms": now_ms})
    )
    if changed.rowcount == 0:
        await connection.execute(insert(onboardings).values({**values, "school": actor.school, "entered_ms": now_ms}))
    detail = {"contract_day": plan.contract_day.isoformat(), "start_day": plan.start_day.isoformat()}
    await audit(connection, actor.user, "onboarding.plan", "school", actor.school, now_ms, detail)


async def take_step(connection: AsyncConnection, actor: Actor, step: str, done: Done, now_ms: int) -> None:
    """Notes that a step was taken; once more corrects it."""
    values = {"day": done.day, "note": done.note, "done_by": actor.user, "done_ms": now_ms}
    which = (onboarding_steps.c.school == actor.school, onboarding_steps.c.step == step)
    changed = await connection.execute(update(onboarding_steps).where(*which).values(values))
    if changed.rowcount == 0:
        await connection.execute(insert(onboarding_steps).values({**values, "school": actor.school, "step": step}))
    detail = {"step": step, "day": done.day.isoformat()}
    await audit(connection, actor.user, "onboarding.step", "school", actor.school, now_ms, detail)
