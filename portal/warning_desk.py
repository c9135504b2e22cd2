"""Warnings as people see and answer them."""

from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor
from portal.ledger import audit
from portal.safety import WORDS, Kind
from portal.safety_schema import warnings
from portal.schema import users

_SHOWN = 100


class WarningRefused(Exception):
    """Not to be answered so; the message is for people."""


@dataclass(frozen=True, slots=True)
class ShownWarning:
    """A warning as the page lists it. `about`: the name of whom it is about, or "". Times are unix ms."""

    id: str
    kind: Kind
    subject: str
    about: str
    words: str
    opened_ms: int
    last_ms: int
    answered_by: str
    answered_ms: int | None
    note: str


async def load_warnings(connection: AsyncConnection, school: str) -> list[ShownWarning]:
    """The warnings of a school: the open ones first, then the latest."""
    about, by = users.alias("about"), users.alias("by")
    found = await connection.execute(
        select(warnings, about.c.name.label("about"), by.c.name.label("by"))
        .outerjoin(about, about.c.id == warnings.c.subject)
        .outerjoin(by, by.c.id == warnings.c.answered_by)
        .where(warnings.c.school == school)
        .order_by(warnings.c.answered_ms.is_not(None), warnings.c.opened_ms.desc(), warnings.c.id)
        .limit(_SHOWN)
    )
    return [
        ShownWarning(
            row.id,
            Kind(row.kind),
            row.subject,
            row.about or "",
            WORDS[Kind(row.kind)].format(count=row.figure),
            row.opened_ms,
            row.last_ms,
            row.by or "",
            row.answered_ms,
            row.note,
        )
        for row in found
    ]


async def count_open(connection: AsyncConnection, school: str) -> int:
    """How many warnings of a school nobody has answered."""
    found = await connection.execute(
        select(func.count()).select_from(warnings).where(warnings.c.school == school, warnings.c.answered_ms.is_(None))
    )
    return int(found.scalar_one())


async def answer_warning(connection: AsyncConnection, actor: Actor, warning: str, note: str, now_ms: int) -> None:
    """Closes a warning with what was found. Raises WarningRefused: answered already, or about the actor."""
    row = (await connection.execute(select(warnings).where(warnings.c.id == warning).with_for_update())).one()
    if row.subject == actor.user:
        raise WarningRefused("It is about you, so somebody else must answer it.")
    if row.answered_ms is not None:
        raise WarningRefused("Somebody has answered it meanwhile.")
    await connection.execute(
        update(warnings).where(warnings.c.id == warning).values(answered_by=actor.user, answered_ms=now_ms, note=note)
    )
    await audit(connection, actor.user, "warning.answer", "warning", warning, now_ms, {"kind": row.kind})
