"""The waiting room: at schools that want it, students wait until the tutor lets them in or the lesson starts."""

from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from portal.authorize import Actor
from portal.clock import Clock
from portal.crisis_schema import waiting_students
from portal.database import Database
from portal.ledger import audit
from portal.lessons import Lesson, LessonState
from portal.schema import schools, users

# Whose page was heard within this time is at the door still; it asks every two seconds.
_HERE_MS = 10_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody at the door."""

    user: str
    name: str


class WaitingRoom:
    """Who waits at which lesson, and whom its staff have let in."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def must_wait(self, lesson: Lesson, user: str) -> bool:
        """Whether this person gets no ticket yet. Only students ever wait, and nobody once the lesson is live."""
        if user not in lesson.access.students or lesson.state is LessonState.LIVE or lesson.demo:
            return False
        async with self._database.read() as connection:
            if not (
                await connection.execute(select(schools.c.waiting_room).where(schools.c.id == lesson.school))
            ).scalar():
                return False
            admitted = await connection.execute(
                select(waiting_students.c.admitted_ms).where(
                    waiting_students.c.lesson == lesson.id, waiting_students.c.user == user
                )
            )
            return admitted.scalar() is None

    async def knock(self, lesson: Lesson, user: str) -> bool:
        """Somebody is at the door; returns whether they may come in."""
        if not await self.must_wait(lesson, user):
            return True
        now_ms = self._clock()
        async with self._database.write() as connection:
            mine = (waiting_students.c.lesson == lesson.id, waiting_students.c.user == user)
            again = await connection.execute(update(waiting_students).where(*mine).values(seen_ms=now_ms))
            if again.rowcount:
                return False
        try:
            async with self._database.write() as connection:
                await connection.execute(
                    insert(waiting_students).values(lesson=lesson.id, user=user, asked_ms=now_ms, seen_ms=now_ms)
                )
        except IntegrityError:
            return False  # two pages of one person, in the same moment
        return False

    async def at_the_door(self, lesson: Lesson) -> list[Waiting]:
        """Who waits now, whoever came first at the front."""
        if lesson.state is LessonState.LIVE:
            return []
        async with self._database.read() as connection:
            found = await connection.execute(
                select(waiting_students.c.user, users.c.name)
                .join(users, users.c.id == waiting_students.c.user)
                .where(
                    waiting_students.c.lesson == lesson.id,
                    waiting_students.c.admitted_ms.is_(None),
                    waiting_students.c.seen_ms > self._clock() - _HERE_MS,
                )
                .order_by(waiting_students.c.asked_ms)
            )
            return [Waiting(row.user, row.name) for row in found]

    async def admit(self, lesson: Lesson, user: str, actor: Actor) -> bool:
        """Lets somebody in who waits; False when nobody of that id does. Twice is no error."""
        now_ms = self._clock()
        async with self._database.write() as connection:
            done = await connection.execute(
                update(waiting_students)
                .where(waiting_students.c.lesson == lesson.id, waiting_students.c.user == user)
                .values(admitted_ms=now_ms)
            )
            if done.rowcount:
                await audit(connection, actor.user, "lesson.admit", "lesson", lesson.id, now_ms, {"user": user})
        return done.rowcount > 0
