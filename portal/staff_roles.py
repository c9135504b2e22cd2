"""What somebody of the staff is, and that they are no longer: both sign them out everywhere."""

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor, Role
from portal.ledger import audit
from portal.passkeys import remove_passkeys
from portal.privacy_schema import access_grants
from portal.roster.apply import close_accounts
from portal.schema import logins, users
from portal.school_schema import calendar_feeds
from portal.second_factor import remove
from portal.service_schema import classes
from portal.staff import STAFF_ROLES, StaffRefused


async def change_role(connection: AsyncConnection, actor: Actor, member: str, role: Role, now_ms: int) -> None:
    """Gives somebody of the staff another role. Raises StaffRefused."""
    before = await _role_that_may_end(connection, actor, member)
    if role not in STAFF_ROLES:
        raise StaffRefused("Choose what they do.")
    if role is before:
        return
    await connection.execute(update(users).where(users.c.id == member).values(role=role.value))
    # Open pages were made for what the person was.
    await connection.execute(
        update(logins).where(logins.c.user == member, logins.c.revoked_ms.is_(None)).values(revoked_ms=now_ms)
    )
    await audit(connection, actor.user, "staff.role", "staff", member, now_ms, {"from": before, "to": role.value})


async def close_staff(connection: AsyncConnection, actor: Actor, member: str, now_ms: int) -> None:
    """Closes the account of somebody who no longer works here; what they did stays. Raises StaffRefused."""
    await _role_that_may_end(connection, actor, member)
    await close_accounts(connection, [member], now_ms)
    # Whoever has this address next is perhaps somebody else.
    await remove_passkeys(connection, actor.user, member, now_ms)
    await remove(connection, actor.user, member, now_ms)
    still = {"ended_by": actor.user, "ended_ms": now_ms}
    await connection.execute(
        update(access_grants).where(access_grants.c.user == member, access_grants.c.ended_ms.is_(None)).values(still)
    )
    await connection.execute(
        update(calendar_feeds)
        .where(calendar_feeds.c.user == member, calendar_feeds.c.revoked_ms.is_(None))
        .values(revoked_ms=now_ms)
    )
    await audit(connection, actor.user, "staff.close", "staff", member, now_ms)


async def _role_that_may_end(connection: AsyncConnection, actor: Actor, member: str) -> Role:
    if member == actor.user:
        raise StaffRefused("Another coordinator must do this: nobody changes what they are themselves.")
    row = (
        await connection.execute(select(users.c.role, users.c.school).where(users.c.id == member).with_for_update())
    ).one()
    if row.role not in STAFF_ROLES:
        raise StaffRefused("Whoever administers a district is not the school's to change.")
    taught = await connection.execute(
        select(func.count()).select_from(classes).where(classes.c.tutor == member, classes.c.closed_ms.is_(None))
    )
    if count := int(taught.scalar_one()):
        words = "a class that needs" if count == 1 else f"{count} classes that need"
        raise StaffRefused(f"This tutor has {words} another tutor first.")
    return Role(row.role)
