"""Failed sign-ins, kept for as long as a burst of them is counted: in the database, so that a restart forgets none.

A row says when and at whose account; never a name that was typed, which may be a password.
"""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.safety_schema import failed_logins


@dataclass(frozen=True, slots=True)
class Burst:
    """Failures since a moment. `by_user`: of accounts that exist; `unknown`: with names that nobody has."""

    by_user: Counter[str]
    unknown: int


async def note_failure(connection: AsyncConnection, user: str | None, now_ms: int) -> None:
    """Counts one wrong password, code or passkey; `user` None: there is no such account."""
    await connection.execute(insert(failed_logins).values(user=user, at_ms=now_ms))


async def count_failures(connection: AsyncConnection, from_ms: int) -> Burst:
    """What failed after that moment."""
    found = await connection.execute(
        select(failed_logins.c.user, func.count().label("figure"))
        .where(failed_logins.c.at_ms > from_ms)
        .group_by(failed_logins.c.user)
    )
    counts: dict[str | None, int] = {row.user: row.figure for row in found}
    unknown = counts.pop(None, 0)
    return Burst(Counter({user: number for user, number in counts.items() if user is not None}), unknown)


async def forget_failures(connection: AsyncConnection, before_ms: int) -> None:
    """Deletes what no burst counts any more. How many come in meanwhile, the time of argon2id bounds."""
    await connection.execute(delete(failed_logins).where(failed_logins.c.at_ms <= before_ms))
