"""Sends the bots into demo rooms in which somebody is, and takes them out again when they are alone there."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final

import aiohttp
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from portal.clock import Clock, unix_ms
from portal.database import Database
from portal.lessons import Lesson, LessonState, load_lesson
from portal.logs import get_log
from portal.schema import lessons
from portal.showcase.bot import DrawingBot, Room, Timing
from portal.showcase.handwriting import Style
from portal.showcase.sketching import Sketchbook
from portal.tickets import TicketRefused
from whiteboard_crdt.errors import ChalkmeshError
from whiteboard_crdt.ids import Role

LOOK_EVERY_S: Final = 2.0
ALONE_S: Final = 6.0
"""Somebody who reloads the page is back within this time."""
GREETING: Final = "Hello! We are two bots and we like to sketch. Take a pen and draw with us."


@dataclass(frozen=True, slots=True)
class BotProfile:
    """One bot: who it is, what it says, the fields of the page that it draws on (see `Sketchbook`), and its hand."""

    user: str
    name: str
    greeting: str
    colour: int
    style: Style


BOTS: Final = (
    BotProfile("bot-robin", "Robin Bot", GREETING, 0, Style(speed_px_s=520.0, wobble_px=0.7)),
    BotProfile("bot-juno", "Juno Bot", "", 1, Style(speed_px_s=430.0, wobble_px=1.0, pressure=150)),
)

Enter = Callable[[Lesson, BotProfile], AbstractAsyncContextManager[Room]]
"""Joins a lesson's room as a bot."""


class RelayRooms:
    """Asks the relay who is where."""

    def __init__(self, client: aiohttp.ClientSession, relay_url: str, internal_secret: str) -> None:
        self._client = client
        self._url = f"{relay_url}/internal/rooms"
        self._headers = {"Authorization": f"Bearer {internal_secret}"}

    async def present(self) -> dict[str, int]:
        """How many are in each room, bots too. Raises aiohttp.ClientError, TimeoutError and ValueError."""
        async with self._client.get(self._url, headers=self._headers) as answer:
            answer.raise_for_status()
            rows = (await answer.json())["rooms"]
        return {str(row["room"]): int(row["present"]) for row in rows if not row["closed"]}


async def demo_lessons(database: Database, now_ms: int) -> list[Lesson]:
    """The demo rooms that are open: lessons made for bots that have not ended."""
    async with database.read() as connection:
        ids = await connection.execute(
            select(lessons.c.id).where(
                lessons.c.demo,
                lessons.c.state.in_((LessonState.OPEN.value, LessonState.LIVE.value)),
                lessons.c.opened_ms <= now_ms,
            )
        )
        found = [row.id for row in ids]
    loaded = [await load_lesson(database, lesson_id) for lesson_id in found]
    return [lesson for lesson in loaded if lesson is not None]


class Club:
    """Watches the demo rooms; one task for each room with bots in it."""

    def __init__(
        self,
        database: Database,
        present: Callable[[], Awaitable[dict[str, int]]],
        enter: Enter,
        *,
        clock: Clock = unix_ms,
        timing: Timing | None = None,
        bots: Sequence[BotProfile] = BOTS,
    ) -> None:
        """`present` says how many are in each room."""
        self._database = database
        self._present = present
        self._enter = enter
        self._clock = clock
        self._timing = timing or Timing()
        self._bots = bots
        self._visits: dict[str, asyncio.Task[None]] = {}
        self._log = get_log("bots")

    async def run(self) -> None:
        """Watches until cancelled; then all bots have left."""
        try:
            while True:
                try:
                    await self.look()
                except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, SQLAlchemyError) as error:
                    # Relay or database are starting again; the next look will tell.
                    self._log.debug("rooms_unknown", error=type(error).__name__)
                await self._timing.sleep(LOOK_EVERY_S)
        finally:
            await self.close()

    async def close(self) -> None:
        """Takes all bots out of their rooms."""
        visits = list(self._visits.values())
        for visit in visits:
            visit.cancel()
        await asyncio.gather(*visits, return_exceptions=True)

    async def look(self) -> None:
        """Sends the bots where somebody is and they are not yet."""
        self._visits = {room: visit for room, visit in self._visits.items() if not visit.done()}
        lively = {room for room, count in (await self._present()).items() if count and room not in self._visits}
        if not lively:
            return
        for lesson in await demo_lessons(self._database, self._clock()):
            if lesson.room in lively:
                visit = asyncio.create_task(self._visit(lesson), name=f"visit-{lesson.id}")
                self._visits[lesson.room] = visit

    @property
    def visited(self) -> frozenset[str]:
        """The rooms in which bots are."""
        return frozenset(room for room, visit in self._visits.items() if not visit.done())

    async def _visit(self, lesson: Lesson) -> None:
        """All bots in one room, until no person is there any more."""
        self._log.info("bots_enter", lesson=lesson.id)
        try:
            async with asyncio.TaskGroup() as group:
                for bot in self._bots:
                    group.create_task(self._stay(lesson, bot), name=bot.user)
        except* (ChalkmeshError, TicketRefused, aiohttp.ClientError, OSError, TimeoutError, SQLAlchemyError) as errors:
            # The next look sends them again.
            self._log.warning("bots_gone", lesson=lesson.id, errors=[type(each).__name__ for each in errors.exceptions])
        self._log.info("bots_leave", lesson=lesson.id)

    async def _stay(self, lesson: Lesson, profile: BotProfile) -> None:
        async with self._enter(lesson, profile) as room:
            sketchbook = Sketchbook(secrets.randbits(32), profile.colour, profile.style)
            bot = DrawingBot(room, sketchbook, profile.greeting, self._timing)
            drawing = asyncio.create_task(bot.run(), name=f"{profile.user}-draws")
            alone = asyncio.create_task(until_alone(room, self._timing), name=f"{profile.user}-looks")
            try:
                await asyncio.wait((drawing, alone), return_when=asyncio.FIRST_COMPLETED)
            finally:
                drawing.cancel()
                alone.cancel()
                await asyncio.wait((drawing, alone))
            if not drawing.cancelled():
                drawing.result()


async def until_alone(room: Room, timing: Timing) -> None:
    """Returns when no person has been in the room, or no relay within reach, for `ALONE_S`."""
    alone_since_s: float | None = None
    while room.stopped is None:
        now_s = timing.clock()
        if has_company(room):
            alone_since_s = None
        elif alone_since_s is None:
            alone_since_s = now_s
        elif now_s - alone_since_s >= ALONE_S:
            return
        await timing.sleep(1.0)


def has_company(room: Room) -> bool:
    """Whether a person is in the room with the bot."""
    if not room.connected:
        return False
    people = (room.person(session) for session in room.participants)
    return any(ticket is not None and ticket.role not in (Role.BOT, Role.RECORDER) for ticket in people)
