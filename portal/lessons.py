"""Lessons: what the database knows of them, and the rules by which they open, go live and end."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import LessonObject, Role
from portal.database import Database
from portal.ledger import audit
from portal.schema import lesson_members, lessons, users

# The door opens early enough to check a camera, and a forgotten lesson does not hold a recorder for ever.
DOOR_OPENS_BEFORE_MS = 15 * 60 * 1000
ENDS_BY_ITSELF_AFTER_MS = 2 * 60 * 60 * 1000
# No lesson is longer: so far back those that reach into a day are looked for, and not through all that ever were.
_LONGEST_MS = 24 * 60 * 60 * 1000


class LessonState(StrEnum):
    """scheduled → open (someone holds a ticket) → live (recorded) → ended."""

    SCHEDULED = "scheduled"
    OPEN = "open"
    LIVE = "live"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Member:
    """A person on a lesson's list."""

    user: str
    name: str
    part: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """One meeting, with its people. Times in unix ms."""

    id: str
    school: str
    room: str
    title: str
    subject: str
    starts_ms: int
    ends_ms: int
    state: LessonState
    recording: str
    demo: bool
    ended_ms: int | None
    cancelled: bool
    members: tuple[Member, ...]

    @property
    def access(self) -> LessonObject:
        """The lesson as `authorize` sees it."""
        return LessonObject(
            self.id,
            self.school,
            frozenset(member.user for member in self.members if member.part == Role.TUTOR),
            frozenset(member.user for member in self.members if member.part == Role.STUDENT),
        )

    @property
    def opens_ms(self) -> int:
        """When the door opens."""
        return self.starts_ms - DOOR_OPENS_BEFORE_MS

    def door(self, now_ms: int) -> "Door":
        """Whether somebody may come in now."""
        if self.state is LessonState.ENDED or now_ms >= self.ends_ms + ENDS_BY_ITSELF_AFTER_MS:
            return Door.OVER
        if self.state is LessonState.SCHEDULED and now_ms < self.opens_ms:
            return Door.EARLY
        return Door.OPEN


class Door(StrEnum):
    """Whether a lesson's room can be entered."""

    EARLY = "early"
    OPEN = "open"
    OVER = "over"


async def load_lesson(database: Database, lesson_id: str) -> Lesson | None:
    """One lesson with its members, or None."""
    async with database.read() as connection:
        found = await _load(connection, lessons.c.id == lesson_id, limit=1)
    return found[0] if found else None


async def lessons_between(
    connection: AsyncConnection, school: str, user: str | None, span_ms: tuple[int, int], offset: int, limit: int
) -> list[Lesson]:
    """`limit` of a school's lessons that touch the span [from, to), earliest first, without the first `offset`.

    Only those of `user` when one is given.
    """
    return await _load(connection, _belonging(school, user), _touching(span_ms), offset=offset, limit=limit)


async def count_between(
    connection: AsyncConnection, school: str, user: str | None, span_ms: tuple[int, int], now_ms: int
) -> tuple[int, int]:
    """How many lessons touch the span, and how many of them begin before the first that is not over at `now_ms`."""
    where = (_belonging(school, user), _touching(span_ms))
    lasting = or_(
        lessons.c.state.in_((LessonState.OPEN, LessonState.LIVE)),
        and_(lessons.c.state == LessonState.SCHEDULED, lessons.c.ends_ms > now_ms),
    )
    first_ms = select(func.min(lessons.c.starts_ms)).where(*where, lasting).scalar_subquery()
    before = func.count().filter(lessons.c.starts_ms < first_ms)
    return (await connection.execute(select(func.count(), before).select_from(lessons).where(*where))).one()._tuple()


def _touching(span_ms: tuple[int, int]) -> ColumnElement[bool]:
    from_ms, to_ms = span_ms
    return or_(
        and_(lessons.c.starts_ms > from_ms - _LONGEST_MS, lessons.c.starts_ms < to_ms, lessons.c.ends_ms > from_ms),
        # A lesson that runs on past midnight is still of today for those inside.
        and_(lessons.c.starts_ms < to_ms, lessons.c.state.in_((LessonState.OPEN, LessonState.LIVE))),
    )


async def lessons_met(database: Database, school: str, user: str | None, limit: int) -> list[Lesson]:
    """A school's lessons that went live at some time, newest first; only those of `user` when one is given."""
    async with database.read() as connection:
        return await _load(
            connection, _belonging(school, user), lessons.c.live_ms.is_not(None), newest_first=True, limit=limit
        )


def _belonging(school: str, user: str | None) -> ColumnElement[bool]:
    if user is None:
        return lessons.c.school == school
    mine = select(lesson_members.c.lesson).where(lesson_members.c.user == user)
    return and_(lessons.c.school == school, lessons.c.id.in_(mine))


async def _load(
    connection: AsyncConnection, *where: ColumnElement[bool], newest_first: bool = False, offset: int = 0, limit: int
) -> list[Lesson]:
    order = (lessons.c.starts_ms.desc(), lessons.c.id) if newest_first else (lessons.c.starts_ms, lessons.c.id)
    rows = (await connection.execute(select(lessons).where(*where).order_by(*order).offset(offset).limit(limit))).all()
    if not rows:
        return []
    people = await connection.execute(
        select(lesson_members.c.lesson, lesson_members.c.part, users.c.id, users.c.name)
        .join(users, users.c.id == lesson_members.c.user)
        .where(lesson_members.c.lesson.in_([row.id for row in rows]))
        .order_by(lesson_members.c.part.desc(), users.c.name)
    )
    members: dict[str, list[Member]] = {}
    for person in people:
        members.setdefault(person.lesson, []).append(Member(person.id, person.name, person.part))
    return [_lesson(row, members.get(row.id, ())) for row in rows]


def _lesson(row: Row[tuple[object, ...]], members: Sequence[Member]) -> Lesson:
    return Lesson(
        id=row.id,
        school=row.school,
        room=row.room,
        title=row.title,
        subject=row.subject,
        starts_ms=row.starts_ms,
        ends_ms=row.ends_ms,
        state=LessonState(row.state),
        recording=row.recording,
        demo=row.demo,
        ended_ms=row.ended_ms,
        cancelled=row.cancelled_ms is not None,
        members=tuple(members),
    )


_STAMP = {
    LessonState.OPEN: lessons.c.opened_ms,
    LessonState.LIVE: lessons.c.live_ms,
    LessonState.ENDED: lessons.c.ended_ms,
}


async def move_lesson(
    connection: AsyncConnection,
    lesson_id: str,
    to: LessonState,
    came_from: Sequence[LessonState],
    actor: str,
    now_ms: int,
) -> bool:
    """Moves a lesson on, if it is in one of the states `came_from`; says whether it moved. Audited."""
    moved = await connection.execute(
        update(lessons)
        .where(lessons.c.id == lesson_id, lessons.c.state.in_(came_from))
        .values({lessons.c.state: to.value, _STAMP[to]: now_ms})
    )
    if moved.rowcount == 0:
        return False
    await audit(connection, actor, f"lesson.{to.value}", "lesson", lesson_id, now_ms)
    return True


async def overdue_lessons(database: Database, now_ms: int) -> list[str]:
    """Ids of lessons that nobody ended, long after their time."""
    async with database.read() as connection:
        found = await connection.execute(
            select(lessons.c.id).where(
                lessons.c.state.in_((LessonState.OPEN, LessonState.LIVE)),
                lessons.c.ends_ms < now_ms - ENDS_BY_ITSELF_AFTER_MS,
            )
        )
        return [row.id for row in found]
