"""Calendars to subscribe to: a secret address for each person, which shows their lessons and nobody's name."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor
from portal.calendar_file import CalendarLesson, format_calendar
from portal.database import Database
from portal.ids import new_id
from portal.ledger import audit
from portal.mails.links import CALENDAR, token_of
from portal.schema import lesson_members, lessons, schools, users
from portal.school_schema import calendar_feeds

_BACK_MS = 30 * 24 * 60 * 60 * 1000
_MOST = 2000
_SEEN_EVERY_MS = 60_000

_OF_FEED = (
    select(users.c.id, schools.c.name, calendar_feeds.c.seen_ms)
    .join(calendar_feeds, calendar_feeds.c.user == users.c.id)
    .join(schools, schools.c.id == users.c.school)
    .where(
        calendar_feeds.c.id == bindparam("feed"), calendar_feeds.c.revoked_ms.is_(None), users.c.disabled_ms.is_(None)
    )
)
_LESSONS = (
    select(lessons.c.id, lessons.c.title, lessons.c.starts_ms, lessons.c.ends_ms, lessons.c.cancelled_ms)
    .where(
        lessons.c.id.in_(select(lesson_members.c.lesson).where(lesson_members.c.user == bindparam("user"))),
        lessons.c.demo.is_(False),
        lessons.c.ends_ms > bindparam("since_ms"),
    )
    .order_by(lessons.c.starts_ms, lessons.c.id)
    .limit(_MOST)
)


@dataclass(frozen=True, slots=True)
class Feed:
    """An address that works. `token` stands in it."""

    id: str
    token: str
    created_ms: int
    seen_ms: int | None


async def list_feeds(connection: AsyncConnection, secret: str, user: str) -> Sequence[Feed]:
    """A person's addresses, oldest first."""
    found = await connection.execute(
        select(calendar_feeds)
        .where(calendar_feeds.c.user == user, calendar_feeds.c.revoked_ms.is_(None))
        .order_by(calendar_feeds.c.created_ms, calendar_feeds.c.id)
    )
    return [Feed(row.id, token_of(secret, row.id, CALENDAR), row.created_ms, row.seen_ms) for row in found]


async def make_feed(connection: AsyncConnection, actor: Actor, now_ms: int) -> None:
    """Makes an address."""
    feed = new_id()
    await connection.execute(insert(calendar_feeds).values(id=feed, user=actor.user, created_ms=now_ms))
    await audit(connection, actor.user, "calendar.make", "user", actor.user, now_ms, {"feed": feed})


async def revoke_feed(connection: AsyncConnection, actor: Actor, feed: str, now_ms: int) -> None:
    """Ends an address of the actor's own; anything else is left as it is."""
    done = await connection.execute(
        update(calendar_feeds)
        .where(calendar_feeds.c.id == feed, calendar_feeds.c.user == actor.user, calendar_feeds.c.revoked_ms.is_(None))
        .values(revoked_ms=now_ms)
    )
    if done.rowcount:
        await audit(connection, actor.user, "calendar.revoke", "user", actor.user, now_ms, {"feed": feed})


async def read_feed(database: Database, secret: str, token: str, portal_url: str, now_ms: int) -> bytes | None:
    """The calendar of a token; None when it is forged or revoked, or its person is gone."""
    feed = token.partition(".")[0][:64]
    expected = token_of(secret, feed, CALENDAR)
    if not hmac.compare_digest(token.encode("utf-8", errors="replace"), expected.encode()):
        return None
    async with database.glance() as connection:
        row = (await connection.execute(_OF_FEED, {"feed": feed})).first()
        if row is None:
            return None
        asked = {"user": row.id, "since_ms": now_ms - _BACK_MS}
        found = (await connection.execute(_LESSONS, asked)).all()
    # To the minute: programs ask often, and each time kept is a wait for the disk.
    if row.seen_ms is None or row.seen_ms < now_ms - _SEEN_EVERY_MS:
        async with database.write() as connection:
            await connection.execute(update(calendar_feeds).where(calendar_feeds.c.id == feed).values(seen_ms=now_ms))
    shown = (
        CalendarLesson(id_, title, starts_ms, ends_ms, cancelled_ms is not None, f"{portal_url}lessons/{id_}/room")
        for id_, title, starts_ms, ends_ms, cancelled_ms in found
    )
    return format_calendar(f"Lessons, {row.name}", shown, now_ms)
