"""How long recordings are kept: what goes when, by which rule, and what a legal hold keeps."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor
from portal.ids import new_id
from portal.ledger import audit
from portal.retention_schema import destructions, forgotten_rooms, legal_holds, recording_expiries, retention_policies
from portal.schema import lessons, recordings, schools
from portal.times import local, midnight_ms

DAY_MS = 24 * 60 * 60 * 1000
# A policy that was shortened by a slip of the hand destroys nothing before somebody can have noticed.
GRACE_DAYS = 7
# A recorder that has been silent for this long is gone.
_SILENT_MS = 60 * 60 * 1000
_UNFINISHED = frozenset({"joined", "recording", "rendering"})


class RetentionRefused(Exception):
    """Not possible; the message is for people."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a school decided. `days` None: recordings are kept."""

    days: int | None
    changed_by: str
    changed_ms: int


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold that stands. `until`: its last day, or None."""

    id: str
    reason: str
    until: date | None
    placed_by: str
    placed_ms: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A recording that is there. `expires_ms` None: never; `basis`: by which rule; `finished`: nobody works on it."""

    lesson: str
    title: str
    subject: str
    ended_ms: int
    expires_ms: int | None
    basis: str
    own_day: date | None
    decided_by: str
    hold: Hold | None
    finished: bool

    def due(self, now_ms: int) -> bool:
        """Whether it is to be destroyed now."""
        # A recorder looks for lessons that ended within the last day and have no recording.
        expired = self.expires_ms is not None and now_ms >= max(self.expires_ms, self.ended_ms + DAY_MS)
        return expired and self.hold is None and self.finished


@dataclass(frozen=True, slots=True)
class Destroyed:
    """What remains of a recording that was destroyed. `done_ms` None: asked for, and not yet done.

    `room_ms`: when the relay erased board, chat and pictures of the lesson; None: not yet.
    """

    lesson: str
    title: str
    ended_ms: int
    basis: str
    days: int | None
    decided_by: str
    encrypted: bool
    files: int
    bytes: int
    asked_ms: int
    done_ms: int | None
    room_ms: int | None

    @property
    def rule(self) -> str:
        """The rule in words."""
        return {
            "policy": f"the school's policy of {self.days} days",
            "own day": "a day set for this recording",
            "erasure": "the erasure of its student's record",
        }[self.basis]


async def load_policy(connection: AsyncConnection, school: str) -> Policy | None:
    """The policy of a school; None where it never set one."""
    row = (await connection.execute(select(retention_policies).where(retention_policies.c.school == school))).first()
    return Policy(row.days, row.changed_by, row.changed_ms) if row is not None else None


async def load_kept(
    connection: AsyncConnection, school: str, time_zone: str, now_ms: int, only: str | None = None
) -> list[Kept]:
    """The recordings of a school's ended lessons, what goes first at the top. `only`: one lesson."""
    policy = await load_policy(connection, school)
    query = (
        select(
            lessons.c.id,
            lessons.c.title,
            lessons.c.subject,
            lessons.c.ended_ms,
            lessons.c.ends_ms,
            recordings.c.state,
            recordings.c.heartbeat_ms,
            recording_expiries.c.day,
            recording_expiries.c.changed_by,
        )
        .join(recordings, recordings.c.lesson == lessons.c.id)
        .outerjoin(recording_expiries, recording_expiries.c.lesson == lessons.c.id)
        .where(lessons.c.school == school, lessons.c.state == "ended")
    )
    if only is not None:
        query = query.where(lessons.c.id == only)
    found = (await connection.execute(query)).all()
    holds = await load_holds(connection, [row.id for row in found], time_zone, now_ms)
    kept = []
    for row in found:
        ended_ms = row.ended_ms if row.ended_ms is not None else row.ends_ms
        expires_ms, basis, decided_by = None, "", ""
        if row.day is not None:
            expires_ms, basis, decided_by = midnight_ms(row.day, time_zone), "own day", row.changed_by
        elif policy is not None and policy.days is not None:
            expires_ms = max(ended_ms + policy.days * DAY_MS, policy.changed_ms + GRACE_DAYS * DAY_MS)
            basis, decided_by = "policy", policy.changed_by
        finished = row.state not in _UNFINISHED or row.heartbeat_ms <= now_ms - _SILENT_MS
        kept.append(
            Kept(
                row.id,
                row.title,
                row.subject,
                ended_ms,
                expires_ms,
                basis,
                row.day,
                decided_by,
                holds.get(row.id),
                finished,
            )
        )
    return sorted(kept, key=lambda each: (each.expires_ms is None, each.expires_ms or 0, each.ended_ms, each.lesson))


async def load_holds(
    connection: AsyncConnection, lesson_ids: Collection[str], time_zone: str, now_ms: int
) -> dict[str, Hold]:
    """The holds that stand on these lessons, by lesson."""
    found = await connection.execute(
        select(legal_holds)
        .where(
            legal_holds.c.lesson.in_(lesson_ids),
            legal_holds.c.released_ms.is_(None),
            or_(legal_holds.c.until_day.is_(None), legal_holds.c.until_day >= local(now_ms, time_zone).date()),
        )
        .order_by(legal_holds.c.placed_ms)
    )
    return {row.lesson: Hold(row.id, row.reason, row.until_day, row.placed_by, row.placed_ms) for row in found}


async def load_destroyed(connection: AsyncConnection, school: str, most: int) -> Sequence[Destroyed]:
    """What was destroyed, the latest first."""
    return await _load_gone(connection, destructions.c.school == school, most)


async def find_destroyed(connection: AsyncConnection, lesson: str) -> Destroyed | None:
    """What remains of this lesson's recording, or None when none was destroyed."""
    return next(iter(await _load_gone(connection, destructions.c.lesson == lesson, 1)), None)


async def set_policy(connection: AsyncConnection, actor: Actor, days: int | None, now_ms: int) -> None:
    """Sets for how many days after a lesson its recording is kept; None for ever."""
    await connection.execute(delete(retention_policies).where(retention_policies.c.school == actor.school))
    await connection.execute(
        insert(retention_policies).values(school=actor.school, days=days, changed_by=actor.user, changed_ms=now_ms)
    )
    await audit(connection, actor.user, "retention.policy", "school", actor.school, now_ms, {"days": days})


async def set_own_day(connection: AsyncConnection, actor: Actor, lesson: str, day: date | None, now_ms: int) -> None:
    """Sets the day on which one recording goes; None: as the policy says. Raises RetentionRefused."""
    time_zone = await _time_zone_of_recording(connection, lesson)
    if day is not None and (day - local(now_ms, time_zone).date()).days < GRACE_DAYS:
        raise RetentionRefused(f"The day must be at least {GRACE_DAYS} days from now.")
    await connection.execute(delete(recording_expiries).where(recording_expiries.c.lesson == lesson))
    if day is not None:
        await connection.execute(
            insert(recording_expiries).values(lesson=lesson, day=day, changed_by=actor.user, changed_ms=now_ms)
        )
    detail = {"day": day.isoformat() if day is not None else None}
    await audit(connection, actor.user, "retention.day", "lesson", lesson, now_ms, detail)


async def place_hold(
    connection: AsyncConnection, actor: Actor, lesson: str, reason: str, until: date | None, now_ms: int
) -> None:
    """Keeps a recording, whatever the policy says. Raises RetentionRefused."""
    time_zone = await _time_zone_of_recording(connection, lesson)
    if until is not None and until < local(now_ms, time_zone).date():
        raise RetentionRefused("That day is over.")
    if await load_holds(connection, [lesson], time_zone, now_ms):
        raise RetentionRefused("This recording is held already.")
    hold = new_id()
    await connection.execute(
        insert(legal_holds).values(
            id=hold, lesson=lesson, reason=reason, until_day=until, placed_by=actor.user, placed_ms=now_ms
        )
    )
    detail = {"hold": hold, "until": until.isoformat() if until is not None else None}
    await audit(connection, actor.user, "retention.hold", "lesson", lesson, now_ms, detail)


async def release_hold(connection: AsyncConnection, actor: Actor, lesson: str, now_ms: int) -> None:
    """Ends the hold on a recording. Raises RetentionRefused where there is none."""
    time_zone = await _time_zone_of_recording(connection, lesson)
    hold = (await load_holds(connection, [lesson], time_zone, now_ms)).get(lesson)
    if hold is None:
        raise RetentionRefused("This recording is not held.")
    await connection.execute(
        update(legal_holds).where(legal_holds.c.id == hold.id).values(released_by=actor.user, released_ms=now_ms)
    )
    await audit(connection, actor.user, "retention.release", "lesson", lesson, now_ms, {"hold": hold.id})


async def _time_zone_of_recording(connection: AsyncConnection, lesson: str) -> str:
    # The row is locked where there are several writers: a hold and a destruction must not miss each other.
    found = await connection.execute(
        select(schools.c.time_zone)
        .join(lessons, lessons.c.school == schools.c.id)
        .join(recordings, recordings.c.lesson == lessons.c.id)
        .where(lessons.c.id == lesson)
        .with_for_update(of=recordings)
    )
    time_zone = found.scalar()
    if time_zone is None:
        raise RetentionRefused("This lesson has no recording.")
    return str(time_zone)


_COLUMNS = (
    destructions.c.lesson,
    lessons.c.title,
    lessons.c.ends_ms,
    destructions.c.basis,
    destructions.c.days,
    destructions.c.decided_by,
    destructions.c.encrypted,
    destructions.c.files,
    destructions.c.bytes,
    destructions.c.asked_ms,
    destructions.c.done_ms,
    forgotten_rooms.c.done_ms.label("room_ms"),
)


async def _load_gone(connection: AsyncConnection, where: ColumnElement[bool], most: int) -> list[Destroyed]:
    found = await connection.execute(
        select(*_COLUMNS)
        .join(lessons, lessons.c.id == destructions.c.lesson)
        .outerjoin(forgotten_rooms, forgotten_rooms.c.lesson == destructions.c.lesson)
        .where(where)
        .order_by(destructions.c.asked_ms.desc(), destructions.c.lesson)
        .limit(most)
    )
    return [Destroyed(*row) for row in found]
