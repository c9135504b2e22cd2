"""The two logs that outlive what they speak of: who read a student's record, and who changed what."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Action, Actor, ClassObject, LessonObject, StudentObject, Target
from portal.chain import AuditRow, Verdict, Walk, link
from portal.database import Database
from portal.schema import audit_log, disclosure_log
from portal.service_schema import audit_head

_CHAIN = "audit"
_PIECE = 1000

# A player asks for a timeline and dozens of byte ranges. One row a log-in, action and lesson in this time says as much.
REPEAT_MS = 15 * 60 * 1000
_TOLD = select(disclosure_log.c.student).where(
    disclosure_log.c.login == bindparam("login"),
    disclosure_log.c.object == bindparam("object"),
    disclosure_log.c.action == bindparam("action"),
    disclosure_log.c.at_ms > bindparam("since_ms"),
)


@dataclass(frozen=True, slots=True)
class Listing:
    """A page that shows records of several students at once; `id` is the school."""

    id: str
    school: str
    students: frozenset[str]

    kind = "list"


Disclosed = Target | Listing


async def disclose(
    database: Database, actor: Actor, action: Action, target: Disclosed, now_ms: int, *, why: str = ""
) -> None:
    """Writes one row for each student whose record this read shows, before anything is shown.

    `why`: what the reader gave as a reason, beside the ground on which they may.
    """
    if not target.students:
        return
    reason = _reason(actor, target) + (f": {why}" if why else "")
    async with database.glance() as connection:
        fresh = await _not_told_lately(connection, actor, action, target, now_ms)
    if not fresh:
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
                    "object_kind": target.kind,
                    "object": target.id,
                    "student": student,
                    "reason": reason,
                }
                for student in fresh
            ],
        )


async def _not_told_lately(
    connection: AsyncConnection, actor: Actor, action: Action, target: Disclosed, now_ms: int
) -> list[str]:
    told = await connection.execute(
        _TOLD,
        {"login": actor.login, "object": target.id, "action": action.value, "since_ms": now_ms - REPEAT_MS},
    )
    return sorted(target.students - set(told.scalars().all()))


def _reason(actor: Actor, target: Disclosed) -> str:
    if isinstance(target, LessonObject):
        if actor.user in target.students:
            return "participant"
        if actor.user in target.tutors:
            return "tutor of the lesson"
    elif actor.user in target.students:
        return "the student's own record"
    elif isinstance(target, StudentObject) and actor.user in target.guardians:
        return "guardian of the student"
    elif isinstance(target, StudentObject | ClassObject) and actor.user in target.tutors:
        return f"tutor of the {target.kind}"
    elif isinstance(target, StudentObject) and actor.user in target.granted:
        return "access for a time"
    return f"{actor.role.value.replace('_', ' ')} of the school"


async def audit(
    connection: AsyncConnection,
    actor: str,
    action: str,
    object_kind: str,
    object_id: str,
    now_ms: int,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Records a change in the transaction that makes it, as the next link of the chain (portal/chain.py).

    `detail` holds ids and figures only: a row must be able to outlive the person whom it concerns.
    """
    # The lock orders writers on PostgreSQL; SQLite has one writer at a time anyway.
    head = (await connection.execute(select(audit_head).where(audit_head.c.name == _CHAIN).with_for_update())).one()
    row = AuditRow(
        head.row + 1, now_ms, actor, action, object_kind, object_id, json.dumps(detail or {}, sort_keys=True)
    )
    fresh = link(head.hash, row)
    await connection.execute(insert(audit_log).values({**asdict(row), "hash": fresh}))
    await connection.execute(update(audit_head).where(audit_head.c.name == _CHAIN).values(row=row.id, hash=fresh))


async def verify_audit(database: Database) -> Verdict:
    """Walks the whole audit log, a piece at a time so that others get their turn."""
    walk = Walk()
    async with database.read() as connection:
        while True:
            piece = select(audit_log).where(audit_log.c.id > walk.last).order_by(audit_log.c.id).limit(_PIECE)
            found = (await connection.execute(piece)).all()
            if (broken := walk.go(AuditRow(**row._mapping) for row in found)) is not None:
                return broken
            if len(found) == _PIECE:
                continue
            head = (await connection.execute(select(audit_head).where(audit_head.c.name == _CHAIN))).first()
            # On PostgreSQL rows may have come since: they are walked too, or else the end is cut.
            if not found or head is None or head.row <= walk.last:
                return walk.end((head.row, head.hash) if head is not None else None)
