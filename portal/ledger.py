"""The two logs that outlive what they speak of: who read a student's record, and who changed what."""

import json
from collections.abc import Mapping

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Action, Actor, LessonObject
from portal.database import Database
from portal.schema import audit_log, disclosure_log

# A player asks for a timeline and dozens of byte ranges. One row a log-in, action and lesson in this time says as much.
REPEAT_MS = 15 * 60 * 1000


async def disclose(database: Database, actor: Actor, action: Action, lesson: LessonObject, now_ms: int) -> None:
    """Writes one row for each student whose record this read shows, before anything is shown."""
    students = sorted(lesson.students)
    if not students:
        return
    async with database.read() as connection:
        if await _told_lately(connection, actor, action, lesson.id, now_ms):
            return
    async with database.write() as connection:
        await connection.execute(
            insert(disclosure_log),
            [
                {
                    "at_ms": now_ms,
                    "actor": actor.user,
                    "login": actor.login,
                    "action": action.value,
                    "object_kind": lesson.kind,
                    "object": lesson.id,
                    "student": student,
                    "reason": _reason(actor, lesson),
                }
                for student in students
            ],
        )


async def _told_lately(connection: AsyncConnection, actor: Actor, action: Action, lesson: str, now_ms: int) -> bool:
    found = await connection.execute(
        select(disclosure_log.c.id)
        .where(
            disclosure_log.c.login == actor.login,
            disclosure_log.c.object == lesson,
            disclosure_log.c.action == action.value,
            disclosure_log.c.at_ms > now_ms - REPEAT_MS,
        )
        .limit(1)
    )
    return found.first() is not None


def _reason(actor: Actor, lesson: LessonObject) -> str:
    if actor.user in lesson.students:
        return "participant"
    return "tutor of the lesson" if actor.user in lesson.tutors else f"{actor.role.value} of the school"


async def audit(
    connection: AsyncConnection,
    actor: str,
    action: str,
    object_kind: str,
    object_id: str,
    now_ms: int,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Records a change in the transaction that makes it. `detail` holds ids and figures only."""
    await connection.execute(
        insert(audit_log).values(
            at_ms=now_ms,
            actor=actor,
            action=action,
            object_kind=object_kind,
            object=object_id,
            detail=json.dumps(detail or {}, sort_keys=True),
        )
    )
