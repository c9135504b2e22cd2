"""Whether a student's voice and picture may be recorded. The ticket says it (protocol T1), and the recorder obeys."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor
from portal.language import phrase
from portal.ledger import audit
from portal.schema import users

GIVEN: Final = "given"
DECLINED: Final = "declined"
# Codes, because the audit log is a chain: a name once written there could not be erased again.
REASONS: Final[Mapping[str, str]] = {
    "guardian": phrase("A parent or guardian asked for it"),
    "student": phrase("The student, being of age, asked for it"),
    "school": phrase("The school decided it"),
}


async def is_declined(connection: AsyncConnection, user: str) -> bool:
    """Whether the recording of this person was declined."""
    found = await connection.execute(select(users.c.recording_consent).where(users.c.id == user))
    return found.scalar() == DECLINED


async def set_consent(
    connection: AsyncConnection, actor: Actor, student: str, consent: str, reason: str, now_ms: int
) -> None:
    """Writes down GIVEN or DECLINED, and why: one of `REASONS`. It holds for sessions that begin afterwards."""
    await connection.execute(update(users).where(users.c.id == student).values(recording_consent=consent))
    detail = {"consent": consent, "reason": reason}
    await audit(connection, actor.user, "student.consent", "student", student, now_ms, detail)
