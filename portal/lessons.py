"""Lessons: what the database knows of them, and the rules by which they open, go live and end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Select, and_, bindparam, case, func, or_, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import LessonObject, Role
from portal.database import Database
from portal.ledger import audit
from portal.schema import lesson_members, lessons, users

# The door opens early enough to check a camera, and a forgotten lesson does not hold a recorder for ever.
DOOR_OPENS_BEFORE_MS = 15 * 60 * 1000
ENDS_BY_ITSELF_AFTER_MS = 2 * 60 * 60 * 1000
# No lesson is longer: so far back those that reach into a day are looked for.
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


_OF_SCHOOL = lessons.c.school == bindparam("school")
# A person has few lessons, a school many, and databases would begin with those of the school, which has an index for
# it: a function around the column keeps them from it. 0.15 ms instead of 1.6 at a school of 2,000 lessons.
_OF_USER = and_(
    lessons.c.id.in_(select(lesson_members.c.lesson).where(lesson_members.c.user == bindparam("user"))),
    func.coalesce(lessons.c.school, "") == bindparam("school"),
)
_LIVE = (LessonState.OPEN, LessonState.LIVE)
_SPAN_FROM_MS = bindparam("from_ms", type_=BigInteger)
# A lesson that runs on past midnight is still of today for those inside, even one that began days ago.
_STILL = lessons.alias("still")
_OLDEST_STILL_MS = (
    select(func.min(_STILL.c.starts_ms))
    .where(_STILL.c.state.in_(_LIVE), func.coalesce(_STILL.c.school, "") == bindparam("school"))
    .scalar_subquery()
)
_TOUCHING = and_(
    lessons.c.starts_ms < bindparam("to_ms"),
    or_(
        and_(lessons.c.starts_ms > _SPAN_FROM_MS - _LONGEST_MS, lessons.c.ends_ms > _SPAN_FROM_MS),
        lessons.c.state.in_(_LIVE),
    ),
)
# So far back it is looked for, and not through all lessons that ever were.
_NOT_LONG_OVER = lessons.c.starts_ms >= case(
    (_OLDEST_STILL_MS < _SPAN_FROM_MS - _LONGEST_MS, _OLDEST_STILL_MS), else_=_SPAN_FROM_MS - _LONGEST_MS
)
_LASTING = or_(
    lessons.c.state.in_(_LIVE),
    and_(lessons.c.state == LessonState.SCHEDULED, lessons.c.ends_ms > bindparam("now_ms")),
)


def _counting(*where: ColumnElement[bool]) -> Select[tuple[int, int]]:
    first_ms = select(func.min(lessons.c.starts_ms)).where(*where, _LASTING).correlate(None).scalar_subquery()
    before = func.count().filter(lessons.c.starts_ms < first_ms)
    return select(func.count(), before).select_from(lessons).where(*where)


def _paging(*where: ColumnElement[bool], newest_first: bool = False) -> Select[Any]:
    order = lessons.c.starts_ms.desc() if newest_first else lessons.c.starts_ms
    rows = select(lessons).where(*where).order_by(order, lessons.c.id)
    return rows.offset(bindparam("offset", type_=Integer)).limit(bindparam("limit", type_=Integer))


# Built once: pages ask these all day, and to build one takes longer than to answer it.
_ONE = select(lessons).where(lessons.c.id == bindparam("lesson"))
_BETWEEN = _paging(_OF_SCHOOL, _NOT_LONG_OVER, _TOUCHING)
_BETWEEN_OF_USER = _paging(_OF_USER, _TOUCHING)
_COUNT = _counting(_OF_SCHOOL, _NOT_LONG_OVER, _TOUCHING)
_COUNT_OF_USER = _counting(_OF_USER, _TOUCHING)
_MET = _paging(_OF_SCHOOL, lessons.c.live_ms.is_not(None), newest_first=True)
_MET_OF_USER = _paging(_OF_USER, lessons.c.live_ms.is_not(None), newest_first=True)
_MEMBERS = (
    select(lesson_members.c.lesson, lesson_members.c.part, users.c.id, users.c.name)
    .join(users, users.c.id == lesson_members.c.user)
    .where(lesson_members.c.lesson.in_(bindparam("lessons", expanding=True)))
    .order_by(lesson_members.c.part.desc(), users.c.name)
)


async def load_lesson(database: Database, lesson_id: str) -> Lesson | None:
    """One lesson with its members, or None."""
    async with database.glance() as connection:
        found = await _load(connection, _ONE, {"lesson": lesson_id})
    return found[0] if found else None


async def lessons_between(
    connection: AsyncConnection, school: str, user: str | None, span_ms: tuple[int, int], offset: int, limit: int
) -> list[Lesson]:
    """`limit` of a school's lessons that touch the span [from, to), earliest first, without the first `offset`.

    Only those of `user` when one is given.
    """
    asked = _asked(school, user, span_ms) | {"offset": offset, "limit": limit}
    return await _load(connection, _BETWEEN if user is None else _BETWEEN_OF_USER, asked)


async def count_between(
    connection: AsyncConnection, school: str, user: str | None, span_ms: tuple[int, int], now_ms: int
) -> tuple[int, int]:
    """How many lessons touch the span, and how many of them begin before the first that is not over at `now_ms`."""
    asked = _asked(school, user, span_ms) | {"now_ms": now_ms}
    return (await connection.execute(_COUNT if user is None else _COUNT_OF_USER, asked)).one()._tuple()


def _asked(school: str, user: str | None, span_ms: tuple[int, int]) -> dict[str, object]:
    asked: dict[str, object] = {"school": school, "from_ms": span_ms[0], "to_ms": span_ms[1]}
    return asked if user is None else asked | {"user": user}


async def lessons_met(database: Database, school: str, user: str | None, limit: int) -> list[Lesson]:
    """A school's lessons that went live at some time, newest first; only those of `user` when one is given."""
    asked = {"school": school, "offset": 0, "limit": limit}
    async with database.read() as connection:
        if user is None:
            return await _load(connection, _MET, asked)
        return await _load(connection, _MET_OF_USER, asked | {"user": user})


async def _load(connection: AsyncConnection, statement: Select[Any], asked: Mapping[str, object]) -> list[Lesson]:
    rows = (await connection.execute(statement, asked)).all()
    if not rows:
        return []
    people = (await connection.execute(_MEMBERS, {"lessons": [row.id for row in rows]})).all()
    members: dict[str, list[Member]] = {}
    for lesson, part, user, name in people:
        members.setdefault(lesson, []).append(Member(user, name, part))
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
