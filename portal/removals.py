"""Putting somebody out of a lesson: a revocation that the portal signs, and tickets that it no longer gives.

The signed revocation (protocol rule T5) goes to the relay, and in the answer to whoever asked for it: their page tells
everybody over direct links, so that it holds while the relay is away. The relay is told again until it has heard.
"""

import asyncio
from dataclasses import dataclass

import aiohttp
from sqlalchemy import select, update

from portal.authorize import Actor
from portal.clock import Clock
from portal.database import Database
from portal.keyfiles import Keyring
from portal.ledger import audit
from portal.lessons import Lesson, LessonState
from portal.logs import get_log
from portal.schema import lessons, room_sessions, users
from whiteboard_crdt.ids import Role, RoomId, UserId
from whiteboard_crdt.revocation import SignedRevocation, issue_revocation

_RELAY_TIMEOUT_S = 2.0
_AGAIN_S = 1.0
_LONGEST_S = 15.0
# Whoever leads the lesson is put out of it by the office, in the staff list.
_MAY_BE_REMOVED = frozenset({Role.STUDENT.value, Role.REVIEWER.value, Role.BOT.value})


@dataclass(frozen=True, slots=True)
class RemovedPerson:
    """Somebody who was put out."""

    user: str
    name: str


class RemovalRefused(Exception):
    """Nobody is put out; `code` and the message go to the client."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Removals:
    """Who was put out of which lesson. Owns one task (`run`) that tells the relay until it has heard."""

    def __init__(self, database: Database, keyring: Keyring, clock: Clock, relay_url: str | None) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._relay_url = relay_url
        # By room and user: one removal of a person replaces an older one.
        self._untold: dict[tuple[str, str], str] = {}
        self._news = asyncio.Event()
        self._log = get_log("portal")

    async def remove(self, lesson: Lesson, user: str, actor: Actor, reason: str = "removed") -> str:
        """Puts a person out of a lesson, with every session that they have in it. Returns the signed revocation.

        Raises RemovalRefused: `not_there` for somebody who never came in, `staff` for who leads it.
        """
        now_ms = self._clock()
        mine = (room_sessions.c.lesson == lesson.id, room_sessions.c.user == user)
        async with self._database.write() as connection:
            roles = set((await connection.execute(select(room_sessions.c.role).where(*mine))).scalars())
            if not roles:
                raise RemovalRefused("not_there", "This person has not been in the lesson.")
            if not roles <= _MAY_BE_REMOVED:
                raise RemovalRefused("staff", "Whoever leads the lesson cannot be put out of it.")
            await connection.execute(update(room_sessions).where(*mine).values(revoked_ms=now_ms))
            await audit(
                connection, actor.user, "lesson.remove", "lesson", lesson.id, now_ms, {"user": user, "reason": reason}
            )
        token = self._sign(lesson.room, user, now_ms)
        self._untold[lesson.room, user] = token
        self._news.set()
        self._log.info("removed", lesson=lesson.id, user=user, actor=actor.user)
        return token

    async def put_out_of_all(self, user: str, actor: Actor) -> None:
        """Puts somebody whose account was closed out of every lesson that runs, also who led it."""
        now_ms = self._clock()
        async with self._database.write() as connection:
            found = await connection.execute(
                select(lessons.c.id, lessons.c.room)
                .join(room_sessions, room_sessions.c.lesson == lessons.c.id)
                .where(
                    room_sessions.c.user == user,
                    room_sessions.c.revoked_ms.is_(None),
                    lessons.c.state.in_((LessonState.OPEN, LessonState.LIVE)),
                )
                .distinct()
            )
            running = [(row.id, row.room) for row in found]
            for lesson, _ in running:
                mine = (room_sessions.c.lesson == lesson, room_sessions.c.user == user)
                await connection.execute(update(room_sessions).where(*mine).values(revoked_ms=now_ms))
                detail = {"user": user, "reason": "account_closed"}
                await audit(connection, actor.user, "lesson.remove", "lesson", lesson, now_ms, detail)
        for _, room in running:
            self._untold[room, user] = self._sign(room, user, now_ms)
            self._news.set()

    async def readmit(self, lesson: Lesson, user: str, actor: Actor) -> None:
        """Lets a person in again. Their old sessions stay out: they come with a fresh page. Twice is no error."""
        now_ms = self._clock()
        async with self._database.write() as connection:
            done = await connection.execute(
                update(room_sessions)
                .where(
                    room_sessions.c.lesson == lesson.id,
                    room_sessions.c.user == user,
                    room_sessions.c.revoked_ms > 0,
                )
                # Below 0: the session is not renewed, the person is not out, and `TicketOffice` knows when it was.
                .values(revoked_ms=-room_sessions.c.revoked_ms)
            )
            if done.rowcount:
                await audit(connection, actor.user, "lesson.readmit", "lesson", lesson.id, now_ms, {"user": user})

    async def is_removed(self, lesson: Lesson, user: str) -> bool:
        """Whether the person was put out of the lesson and not let in again."""
        async with self._database.read() as connection:
            found = await connection.execute(
                select(room_sessions.c.session)
                .where(
                    room_sessions.c.lesson == lesson.id, room_sessions.c.user == user, room_sessions.c.revoked_ms > 0
                )
                .limit(1)
            )
            return found.first() is not None

    async def removed(self, lesson: Lesson) -> list[RemovedPerson]:
        """Who was put out of the lesson and not let in again."""
        async with self._database.read() as connection:
            found = await connection.execute(
                select(room_sessions.c.user, users.c.name)
                .join(users, users.c.id == room_sessions.c.user)
                .where(room_sessions.c.lesson == lesson.id, room_sessions.c.revoked_ms > 0)
                .distinct()
                .order_by(users.c.name)
            )
            return [RemovedPerson(row.user, row.name) for row in found]

    async def run(self) -> None:
        """Tells the relay, until cancelled. After a start it is told everything of running lessons once more."""
        if self._relay_url is None:
            return
        await self._gather_untold()
        pause_s = _AGAIN_S
        while True:
            self._news.clear()
            try:
                await self._tell_all()
            except Exception:
                # The edge of this task: one broken round must not end all later ones.
                self._log.exception("removals_failed")
            if not self._untold:
                pause_s = _AGAIN_S
            try:
                async with asyncio.timeout(pause_s if self._untold else None):
                    await self._news.wait()
            except TimeoutError:
                pause_s = min(pause_s * 2, _LONGEST_S)

    async def _gather_untold(self) -> None:
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(lessons.c.room, room_sessions.c.user, room_sessions.c.revoked_ms)
                .join(lessons, lessons.c.id == room_sessions.c.lesson)
                .where(room_sessions.c.revoked_ms > 0, lessons.c.state.in_((LessonState.OPEN, LessonState.LIVE)))
                .distinct()
            )
            for row in rows:
                self._untold.setdefault((row.room, row.user), self._sign(row.room, row.user, row.revoked_ms))

    async def _tell_all(self) -> None:
        if not self._untold:
            return
        timeout = aiohttp.ClientTimeout(total=_RELAY_TIMEOUT_S)
        bearer = {"Authorization": f"Bearer {self._keyring.internal_secret}"}
        async with aiohttp.ClientSession(timeout=timeout, headers=bearer) as client:
            for key, token in tuple(self._untold.items()):
                if await self._tell(client, key[0], token) and self._untold.get(key) == token:
                    del self._untold[key]

    async def _tell(self, client: aiohttp.ClientSession, room: str, token: str) -> bool:
        try:
            where = f"{self._relay_url}/internal/rooms/{room}/revoke"
            async with client.post(where, json={"token": token}) as answer:
                if answer.status == 200:
                    return True
                self._log.warning("removal_not_told", room=room, status=answer.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            self._log.warning("removal_not_told", room=room, error=type(error).__name__)
        return False

    def _sign(self, room: str, user: str, at_ms: int) -> str:
        revocation = SignedRevocation(room=RoomId(room), user=UserId(user), issued_ms=at_ms)
        return issue_revocation(revocation, self._keyring.private_key, self._keyring.kid)
