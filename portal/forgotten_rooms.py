"""Has the relay erase the board, chat and pictures of rooms that are not kept any more, again and again until it has.

Which rooms these are follows from what was decided, so that none is missed: those whose recording was destroyed, or
whose original gave way to a redacted copy; and of lessons that were never recorded those that are older than the school
keeps recordings, and those whose students have all been erased.
"""

from __future__ import annotations

import aiohttp
from sqlalchemy import BigInteger, Select, and_, case, cast, exists, insert, or_, select

from portal.clock import Clock
from portal.database import Database
from portal.ledger import audit
from portal.lessons import LessonState
from portal.logs import get_log
from portal.redaction_schema import lost_originals
from portal.retention import DAY_MS, GRACE_DAYS
from portal.retention_schema import destructions, forgotten_rooms, retention_policies
from portal.schema import lesson_members, lessons, recordings, users

_AT_ONCE = 100
_TIMEOUT_S = 10.0
_WHO = "retention"


async def forget_rooms(database: Database, clock: Clock, relay_url: str | None, secret: str) -> int:
    """Erases what is due and not erased yet; returns how many rooms. What the relay does not do is asked again.

    `relay_url` None: there is no relay that the portal could reach, and nothing is noted as done.
    """
    if relay_url is None:
        return 0
    async with database.read() as connection:
        waiting = (await connection.execute(rooms_due(clock()).limit(_AT_ONCE))).all()
    if not waiting:
        return 0
    done = 0
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S), headers={"Authorization": f"Bearer {secret}"}
    ) as client:
        for lesson, room in waiting:
            if await _forget(client, f"{relay_url}/internal/rooms/{room}/forget", lesson):
                async with database.write() as connection:
                    await connection.execute(insert(forgotten_rooms).values(lesson=lesson, done_ms=clock()))
                    await audit(connection, _WHO, "room.forgotten", "lesson", lesson, clock())
                done += 1
    return done


async def _forget(client: aiohttp.ClientSession, url: str, lesson: str) -> bool:
    try:
        async with client.post(url, json={}) as answer:
            if answer.status == 200:
                return True
            problem = str(answer.status)  # 409: somebody is still in it
    except (aiohttp.ClientError, TimeoutError) as error:
        problem = type(error).__name__
    get_log("portal").warning("room_not_forgotten", lesson=lesson, problem=problem)
    return False


def rooms_due(now_ms: int) -> Select[tuple[str, str]]:
    """Lesson and room of what the relay is to erase and has not erased yet, the oldest first."""
    destroyed = exists().where(destructions.c.lesson == lessons.c.id)
    replaced = exists().where(lost_originals.c.lesson == lessons.c.id, lost_originals.c.gone_ms.is_not(None))
    unrecorded = ~exists().where(recordings.c.lesson == lessons.c.id)
    done = exists().where(forgotten_rooms.c.lesson == lessons.c.id)
    ended_ms = case((lessons.c.ended_ms.is_not(None), lessons.c.ended_ms), else_=lessons.c.ends_ms)
    too_old = exists().where(
        retention_policies.c.school == lessons.c.school,
        retention_policies.c.days.is_not(None),
        # In 64 bits: PostgreSQL counts days × ms of its 32-bit column in 32, which hold 24 days.
        ended_ms + cast(retention_policies.c.days, BigInteger) * DAY_MS <= now_ms,
        retention_policies.c.changed_ms + GRACE_DAYS * DAY_MS <= now_ms,
    )
    students = (
        select(lesson_members.c.user)
        .join(users, users.c.id == lesson_members.c.user)
        .where(lesson_members.c.lesson == lessons.c.id, lesson_members.c.part == "student")
    )
    nobody_left = and_(students.exists(), ~students.where(users.c.erased_ms.is_(None)).exists())
    # For a day a recorder may still look for a lesson that it missed, and take it from the relay.
    never = and_(unrecorded, ended_ms + DAY_MS <= now_ms, or_(too_old, nobody_left))
    return (
        select(lessons.c.id, lessons.c.room)
        .where(lessons.c.state == LessonState.ENDED, ~done, or_(destroyed, replaced, never))
        .order_by(lessons.c.ends_ms)
    )
