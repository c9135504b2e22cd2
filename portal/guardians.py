"""Guardians: accounts that see the progress of the students whom they answer for, and of nobody else."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor, Role
from portal.ids import new_id
from portal.learning_schema import guardians
from portal.ledger import audit
from portal.mails.letters import Recipient, credentials_letter
from portal.mails.links import new_links
from portal.mails.outbox import enqueue
from portal.roster.apply import close_accounts
from portal.schema import users


class GuardianRefused(Exception):
    """The change is not possible; the message is for people."""


@dataclass(frozen=True, slots=True)
class Ward:
    """A student as the list of whoever may see their progress shows them."""

    id: str
    name: str
    grade: str


async def guardians_of(connection: AsyncConnection, student: str) -> Sequence[Recipient]:
    """The guardians of a student with an open account, by name."""
    found = await connection.execute(
        select(users.c.id, users.c.name, users.c.email, users.c.language)
        .join(guardians, guardians.c.guardian == users.c.id)
        .where(guardians.c.student == student, guardians.c.ended_ms.is_(None), users.c.disabled_ms.is_(None))
        .order_by(users.c.name)
    )
    return [Recipient(row.id, row.name, row.email or "", row.language) for row in found]


async def wards_of(connection: AsyncConnection, guardian: str) -> Sequence[Ward]:
    """The students whom a guardian answers for, by name."""
    found = await connection.execute(
        select(users.c.id, users.c.name, users.c.grade)
        .join(guardians, guardians.c.student == users.c.id)
        .where(guardians.c.guardian == guardian, guardians.c.ended_ms.is_(None), users.c.erased_ms.is_(None))
        .order_by(users.c.name)
    )
    return [Ward(row.id, row.name, row.grade or "") for row in found]


async def add_guardian(
    connection: AsyncConnection,
    actor: Actor,
    school_name: str,
    student: str,
    to: Recipient,
    now_ms: int,
) -> None:
    """Ties a guardian to a student; whoever is new gets an account and the mail with the link to it.

    `to`: name, address and language; the account of somebody who is new is made here.

    A guardian of another student with the same mail address is the same person. Raises GuardianRefused when the
    address belongs to somebody else at the school.
    """
    email = to.address
    known = (
        await connection.execute(
            select(users.c.id, users.c.role, users.c.disabled_ms, users.c.language).where(
                users.c.school == actor.school, users.c.email == email, users.c.erased_ms.is_(None)
            )
        )
    ).all()
    if any(row.role != Role.GUARDIAN for row in known):
        raise GuardianRefused("This address belongs to an account of the school that is no guardian's.")
    guardian = known[0].id if known else new_id()
    if not known:
        login = email.casefold()
        if (await connection.execute(select(users.c.id).where(users.c.login == login))).first() is not None:
            login = f"{login}.{guardian[:6]}"
        await connection.execute(
            insert(users).values(
                id=guardian,
                school=actor.school,
                login=login,
                name=to.name,
                role=Role.GUARDIAN.value,
                email=email,
                language=to.language,
                created_ms=now_ms,
            )
        )
    if not known or known[0].disabled_ms is not None:
        await connection.execute(update(users).where(users.c.id == guardian).values(disabled_ms=None))
        links = await new_links(connection, [guardian], now_ms)
        login = (await connection.execute(select(users.c.login).where(users.c.id == guardian))).scalar_one()
        reader = Recipient(guardian, to.name, email, known[0].language if known else to.language)
        await enqueue(
            connection, [credentials_letter(actor.school, school_name, reader, str(login), links[guardian])], now_ms
        )
    back = await connection.execute(
        update(guardians)
        .where(guardians.c.guardian == guardian, guardians.c.student == student)
        .values(since_ms=now_ms, ended_ms=None)
    )
    if back.rowcount == 0:
        await connection.execute(insert(guardians).values(guardian=guardian, student=student, since_ms=now_ms))
    await audit(connection, actor.user, "guardian.add", "student", student, now_ms, {"guardian": guardian})


async def end_guardian(connection: AsyncConnection, actor: str, student: str, guardian: str, now_ms: int) -> bool:
    """Ends what ties a guardian to a student; an account without any student is closed. False: there was no tie."""
    ended = await connection.execute(
        update(guardians)
        .where(guardians.c.guardian == guardian, guardians.c.student == student, guardians.c.ended_ms.is_(None))
        .values(ended_ms=now_ms)
    )
    if ended.rowcount == 0:
        return False
    if not await wards_of(connection, guardian):
        await close_accounts(connection, [guardian], now_ms)
    await audit(connection, actor, "guardian.end", "student", student, now_ms, {"guardian": guardian})
    return True
