"""Subjects as people type them: the same one, whichever letters are capitals."""

import unicodedata

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.service_schema import staffing_requests


def fold_subject(subject: str) -> str:
    """What two spellings of one subject have in common: `Mathematics`, `mathematics`, `MATHEMATICS `. Pure."""
    return " ".join(unicodedata.normalize("NFKC", subject).casefold().split())


async def asked_spellings(connection: AsyncConnection, school: str, subject: str) -> list[str]:
    """Every way in which lessons in this subject have been asked for at a school.

    Databases do not agree on the letter case of an `Á`, so the comparison is ours.
    """
    found = await connection.execute(
        select(staffing_requests.c.subject).where(staffing_requests.c.school == school).distinct()
    )
    wanted = fold_subject(subject)
    return [spelling for spelling in found.scalars() if fold_subject(spelling) == wanted]
