"""Incidents in which records got, or may have got, into the wrong hands: the clock, what was done, what was purged."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor
from portal.business_days import add_business_days, business_days_left
from portal.ids import new_id
from portal.ledger import audit
from portal.privacy_schema import incident_entries, incidents
from portal.schema import users
from portal.service_schema import holidays

# Within so many business days of the finding the school must have been told.
TELL_DAYS = 5
KINDS = {"note": "What was done", "told": "The school was told", "purged": "Copies were destroyed"}


class IncidentRefused(Exception):
    """Not possible; the message is for people."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One step. `who`: whom it was told, or who confirms that the copies are destroyed."""

    kind: str
    day: date
    who: str
    words: str
    entered_by: str
    entered_ms: int


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident with its clock. `days_left`: business days to tell the school; negative: overdue."""

    id: str
    title: str
    records: str
    students: int
    found_day: date
    due_day: date
    told_day: date | None
    closed_ms: int | None
    opened_by: str
    days_left: int

    @property
    def overdue(self) -> bool:
        """Whether the school has not been told, or was told too late."""
        return self.told_day > self.due_day if self.told_day is not None else self.days_left < 0


async def open_incident(
    connection: AsyncConnection,
    actor: Actor,
    title: str,
    records: str,
    students: int,
    found_day: date,
    words: str,
    now_ms: int,
) -> str:
    """Begins a record and its clock; returns the id."""
    incident = new_id()
    await connection.execute(
        insert(incidents).values(
            id=incident,
            school=actor.school,
            title=title,
            records=records,
            students=students,
            found_day=found_day,
            due_day=add_business_days(found_day, TELL_DAYS, await _holidays(connection, actor.school)),
            opened_by=actor.user,
            opened_ms=now_ms,
        )
    )
    await _enter(connection, actor, incident, "note", found_day, "", words, now_ms)
    await audit(connection, actor.user, "incident.open", "incident", incident, now_ms, {"students": students})
    return incident


async def add_entry(
    connection: AsyncConnection, actor: Actor, incident: str, kind: str, day: date, who: str, words: str, now_ms: int
) -> None:
    """Adds a step; the first `told` stops the clock. Raises IncidentRefused."""
    row = (await connection.execute(select(incidents).where(incidents.c.id == incident).with_for_update())).one()
    if row.closed_ms is not None:
        raise IncidentRefused("This incident is closed.")
    if day < row.found_day:
        raise IncidentRefused("That is before the day on which it was found.")
    await _enter(connection, actor, incident, kind, day, who, words, now_ms)
    if kind == "told" and row.told_day is None:
        await connection.execute(update(incidents).where(incidents.c.id == incident).values(told_day=day))
    await audit(connection, actor.user, f"incident.{kind}", "incident", incident, now_ms, {"day": day.isoformat()})


async def close_incident(
    connection: AsyncConnection, actor: Actor, incident: str, words: str, day: date, now_ms: int
) -> None:
    """Ends it, once the school was told. Raises IncidentRefused."""
    row = (await connection.execute(select(incidents).where(incidents.c.id == incident).with_for_update())).one()
    if row.closed_ms is not None:
        raise IncidentRefused("This incident is closed.")
    if row.told_day is None:
        raise IncidentRefused("First enter when the school was told.")
    await _enter(connection, actor, incident, "closed", day, "", words, now_ms)
    await connection.execute(
        update(incidents).where(incidents.c.id == incident).values(closed_by=actor.user, closed_ms=now_ms)
    )
    await audit(connection, actor.user, "incident.close", "incident", incident, now_ms)


async def load_incidents(connection: AsyncConnection, school: str, today: date) -> list[Incident]:
    """The incidents of a school, the open ones first."""
    free = await _holidays(connection, school)
    found = await connection.execute(
        select(incidents, users.c.name)
        .join(users, users.c.id == incidents.c.opened_by)
        .where(incidents.c.school == school)
        .order_by(incidents.c.closed_ms.is_not(None), incidents.c.found_day.desc(), incidents.c.id)
    )
    return [
        Incident(
            row.id,
            row.title,
            row.records,
            row.students,
            row.found_day,
            row.due_day,
            row.told_day,
            row.closed_ms,
            row.name,
            business_days_left(today, row.due_day, free),
        )
        for row in found
    ]


async def load_entries(connection: AsyncConnection, incident: str) -> list[Entry]:
    """The steps of an incident in the order in which they were entered."""
    found = await connection.execute(
        select(incident_entries, users.c.name)
        .join(users, users.c.id == incident_entries.c.entered_by)
        .where(incident_entries.c.incident == incident)
        .order_by(incident_entries.c.entered_ms, incident_entries.c.id)
    )
    return [Entry(row.kind, row.day, row.who, row.words, row.name, row.entered_ms) for row in found]


async def _enter(
    connection: AsyncConnection, actor: Actor, incident: str, kind: str, day: date, who: str, words: str, now_ms: int
) -> None:
    await connection.execute(
        insert(incident_entries).values(
            id=new_id(),
            incident=incident,
            kind=kind,
            day=day,
            who=who,
            words=words,
            entered_by=actor.user,
            entered_ms=now_ms,
        )
    )


async def _holidays(connection: AsyncConnection, school: str) -> set[date]:
    return set((await connection.execute(select(holidays.c.day).where(holidays.c.school == school))).scalars())
