"""The people who work at a school: what tutors may teach by, and until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor, Role
from portal.ids import new_id
from portal.ledger import audit
from portal.mails.letters import Recipient, credentials_letter
from portal.mails.links import new_links
from portal.mails.outbox import enqueue
from portal.schema import users

# Whom a coordinator makes an account for; a district's administrator comes with the district.
STAFF_ROLES = (Role.TUTOR, Role.POINT_OF_CONTACT, Role.COORDINATOR, Role.REVIEWER, Role.ON_CALL)
NOT_STAFF = (Role.STUDENT, Role.GUARDIAN)
# A date that is nearer than this shows as one to see to.
SOON_DAYS = 30


class StaffRefused(Exception):
    """No account is made; the message is for people."""


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Somebody of the staff with the dates that are kept of them."""

    id: str
    name: str
    email: str
    role: Role
    credentials: str
    credentials_until: date | None
    background_check_until: date | None
    privacy_training_until: date | None

    def hindrance(self, today: date) -> str | None:
        """Why this person may not be given a class today, in words that follow the name; None when nothing hinders."""
        if not self.credentials:
            return "has no teaching credentials on record"
        for until, words in (
            (self.credentials_until, "the teaching credentials"),
            (self.background_check_until, "the background check"),
        ):
            if until is None:
                return f"has no date on record for {words}"
            if until < today:
                return f"cannot be assigned: {words} expired on {until.isoformat()}"
        if self.privacy_training_until is not None and self.privacy_training_until < today:
            return f"cannot be assigned: the privacy training expired on {self.privacy_training_until.isoformat()}"
        return None


def _member(row: Row[tuple[object, ...]]) -> StaffMember:
    return StaffMember(
        row.id,
        row.name,
        row.email or "",
        Role(row.role),
        row.credentials or "",
        row.credentials_until,
        row.background_check_until,
        row.privacy_training_until,
    )


async def load_staff(connection: AsyncConnection, school: str, *roles: Role) -> Sequence[StaffMember]:
    """The staff of a school by name; only of `roles` when some are given."""
    of_role = users.c.role.in_(roles) if roles else users.c.role.not_in(NOT_STAFF)
    found = await connection.execute(
        select(users).where(users.c.school == school, users.c.disabled_ms.is_(None), of_role).order_by(users.c.name)
    )
    return [_member(row) for row in found]


async def change_staff(
    connection: AsyncConnection,
    actor: str,
    member: str,
    *,
    email: str,
    credentials: str,
    credentials_until: date | None,
    background_check_until: date | None,
    privacy_training_until: date | None,
    now_ms: int,
) -> None:
    """Enters what was checked; the audit row says which fields changed, not to what."""
    values = {
        "email": email or None,
        "credentials": credentials or None,
        "credentials_until": credentials_until,
        "background_check_until": background_check_until,
        "privacy_training_until": privacy_training_until,
    }
    before = (await connection.execute(select(users).where(users.c.id == member))).one()._mapping
    changed = sorted(name for name, value in values.items() if before[name] != value)
    if changed:
        await connection.execute(update(users).where(users.c.id == member).values(values))
        await audit(connection, actor, "staff.change", "staff", member, now_ms, {"fields": changed})


async def add_staff(
    connection: AsyncConnection, actor: Actor, school_name: str, name: str, email: str, role: Role, now_ms: int
) -> str:
    """Makes an account, or opens one that was closed; returns the link's id. Raises StaffRefused.

    The user name is the mail address. Nothing makes a student or guardian a member of the staff.
    """
    known = (await connection.execute(select(users).where(users.c.login == email))).first()
    back = known is not None and known.school == actor.school and known.disabled_ms is not None
    if known is not None and (not back or known.role in NOT_STAFF):
        raise StaffRefused("There is an account with this address as its user name already.")
    member = str(known.id) if known is not None else new_id()
    facts = {"name": name, "role": role.value, "email": email}
    if known is None:
        await connection.execute(
            insert(users).values(id=member, school=actor.school, login=email, created_ms=now_ms, **facts)
        )
    else:
        # Somebody who comes back: the old password and the old papers do not.
        papers = dict.fromkeys(("credentials_until", "background_check_until", "privacy_training_until"))
        await connection.execute(
            update(users).where(users.c.id == member).values(disabled_ms=None, password_hash=None, **facts, **papers)
        )
    links = await new_links(connection, [member], now_ms)
    to = Recipient(member, name, email)
    await enqueue(connection, [credentials_letter(actor.school, school_name, to, email, links[member])], now_ms)
    await audit(connection, actor.user, "staff.add", "staff", member, now_ms, {"role": role.value})
    return links[member]
