"""Programs of a school: who they are by their token, what they may ask for, and until when."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import bindparam, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor, Role
from portal.database import Database
from portal.ids import new_id
from portal.ledger import audit
from portal.program_schema import programs
from portal.schema import schools, users

# Found by tools that look for secrets which were committed by mistake.
TOKEN_PREFIX = "chalkmesh_"
MOST_PROGRAMS = 50
_DAY_MS = 24 * 60 * 60 * 1000
_SEEN_EVERY_MS = 60_000


class Scope(StrEnum):
    """What a token may be good for."""

    PEOPLE = "people:read"
    CLASSES = "classes:read"
    LESSONS = "lessons:read"
    CHANGE_LESSONS = "lessons:write"
    ATTENDANCE = "attendance:read"
    RECORDINGS = "recordings:read"


SCOPE_WORDS = {
    Scope.PEOPLE: "See students and staff: name, role, grade, the school's own id",
    Scope.CLASSES: "See classes: subject, tutor, students, weekly hours",
    Scope.LESSONS: "See lessons: when, who teaches, who is on the list",
    Scope.CHANGE_LESSONS: "Call lessons off",
    Scope.ATTENDANCE: "See minutes of attendance",
    Scope.RECORDINGS: "See which lessons have a recording, but not watch it",
}


@dataclass(frozen=True, slots=True)
class Program:
    """Whoever holds a token."""

    id: str
    school: str
    time_zone: str
    name: str
    scopes: frozenset[str]

    @property
    def actor(self) -> Actor:
        """The program as the logs name it. `authorize` lets it do nothing: its scopes say what it may."""
        return Actor(self.id, self.school, Role.PROGRAM, self.id)


@dataclass(frozen=True, slots=True)
class ListedProgram:
    """A token as its school's page shows it."""

    id: str
    name: str
    scopes: tuple[str, ...]
    made_by: str
    made_ms: int
    expires_ms: int
    seen_ms: int | None


class TooManyPrograms(Exception):
    """A school has as many tokens as it may."""


_BY_TOKEN = (
    select(
        programs.c.id, programs.c.school, programs.c.name, programs.c.scopes, programs.c.seen_ms, schools.c.time_zone
    )
    .join(schools, schools.c.id == programs.c.school)
    .where(
        programs.c.token_hash == bindparam("token_hash"),
        programs.c.ended_ms.is_(None),
        programs.c.expires_ms > bindparam("now_ms"),
    )
)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", errors="replace")).hexdigest()


async def make_program(
    connection: AsyncConnection, actor: Actor, name: str, scopes: Sequence[Scope], days: int, now_ms: int
) -> str:
    """Makes a program; returns its token, which nobody can look up again. Raises TooManyPrograms."""
    count = await connection.execute(
        select(func.count())
        .select_from(programs)
        .where(programs.c.school == actor.school, programs.c.ended_ms.is_(None), programs.c.expires_ms > now_ms)
    )
    if count.scalar_one() >= MOST_PROGRAMS:
        raise TooManyPrograms
    token, made = TOKEN_PREFIX + secrets.token_urlsafe(32), new_id()
    await connection.execute(
        insert(programs).values(
            id=made,
            school=actor.school,
            name=name,
            scopes=" ".join(sorted(scopes)),
            token_hash=_hash(token),
            made_by=actor.user,
            made_ms=now_ms,
            expires_ms=now_ms + days * _DAY_MS,
        )
    )
    await audit(connection, actor.user, "program.make", "program", made, now_ms, {"scopes": sorted(scopes)})
    return token


async def end_program(connection: AsyncConnection, actor: Actor, program: str, now_ms: int) -> None:
    """Ends a token of the actor's school at once; anything else is left as it is."""
    ended = await connection.execute(
        update(programs)
        .where(programs.c.id == program, programs.c.school == actor.school, programs.c.ended_ms.is_(None))
        .values(ended_ms=now_ms)
    )
    if ended.rowcount:
        await audit(connection, actor.user, "program.end", "program", program, now_ms)


async def list_programs(connection: AsyncConnection, school: str, now_ms: int) -> list[ListedProgram]:
    """The tokens of a school that work, oldest first."""
    found = await connection.execute(
        select(programs, users.c.name.label("maker"))
        .join(users, users.c.id == programs.c.made_by)
        .where(programs.c.school == school, programs.c.ended_ms.is_(None), programs.c.expires_ms > now_ms)
        .order_by(programs.c.made_ms, programs.c.id)
    )
    return [
        ListedProgram(row.id, row.name, tuple(row.scopes.split()), row.maker, row.made_ms, row.expires_ms, row.seen_ms)
        for row in found
    ]


async def find_program(database: Database, token: str, now_ms: int) -> Program | None:
    """Whose token this is; None when it is nobody's, ended or expired."""
    async with database.glance() as connection:
        row = (await connection.execute(_BY_TOKEN, {"token_hash": _hash(token), "now_ms": now_ms})).first()
    if row is None:
        return None
    if row.seen_ms is None or row.seen_ms < now_ms - _SEEN_EVERY_MS:
        # To the minute: a program asks often, and each time kept is a wait for the disk.
        stale = or_(programs.c.seen_ms.is_(None), programs.c.seen_ms < now_ms)
        async with database.write() as connection:
            await connection.execute(update(programs).where(programs.c.id == row.id, stale).values(seen_ms=now_ms))
    return Program(row.id, row.school, row.time_zone, row.name, frozenset(row.scopes.split()))
