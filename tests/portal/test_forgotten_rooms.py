"""The relay is told to erase rooms that are not kept any more, until it has: portal/forgotten_rooms.py."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import delete, insert, update

from portal.authorize import Actor, Role
from portal.context import Portal
from portal.destruction import ask_destruction
from portal.forgotten_rooms import forget_rooms
from portal.retention import set_policy
from portal.schema import lesson_members, lessons, recordings, users
from tests.portal.world import LESSON, NOON_MS, OTHER_LESSON, Browser, FakeClock, rows

DAY_MS = 24 * 60 * 60 * 1000
COORDINATOR = Actor("coordinator", "here", Role.COORDINATOR, "login")


@dataclass
class FakeRelay:
    """Answers with `status`, and remembers which rooms it was to erase."""

    secret: str
    status: int = 200
    url: str = ""
    asked: list[str] = field(default_factory=list)

    async def forget(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == f"Bearer {self.secret}"
        self.asked.append(request.match_info["room"])
        return web.json_response({}, status=self.status)


@pytest.fixture
async def relay(portal: Portal) -> AsyncIterator[FakeRelay]:
    made = FakeRelay(portal.keyring.internal_secret)
    app = web.Application()
    app.router.add_post("/internal/rooms/{room}/forget", made.forget)
    async with TestServer(app) as server:
        made.url = f"http://{server.host}:{server.port}"
        yield made


async def end(portal: Portal, lesson: str) -> None:
    async with portal.database.write() as connection:
        await connection.execute(
            update(lessons).where(lessons.c.id == lesson).values(state="ended", ended_ms=NOON_MS, ends_ms=NOON_MS)
        )
        await connection.execute(delete(recordings).where(recordings.c.lesson == lesson))


async def destroy(portal: Portal, lesson: str) -> None:
    await end(portal, lesson)
    async with portal.database.write() as connection:
        await ask_destruction(
            connection, portal.settings.recordings, lesson,
            school="here", basis="policy", days=30, decided_by="coordinator", now_ms=portal.clock(),
        )  # fmt: skip


async def forget(portal: Portal, relay: FakeRelay) -> int:
    return await forget_rooms(portal.database, portal.clock, relay.url, portal.keyring.internal_secret)


async def test_the_room_of_a_destroyed_recording_goes_once_and_is_noted(portal: Portal, relay: FakeRelay) -> None:
    await destroy(portal, LESSON)
    assert await forget(portal, relay) == 1
    assert await forget(portal, relay) == 0
    assert relay.asked == [f"room-{LESSON}"]
    assert await rows(portal, "forgotten_rooms") == [{"lesson": LESSON, "done_ms": portal.clock()}]
    assert (await rows(portal, "audit_log"))[-1]["action"] == "room.forgotten"


@pytest.mark.parametrize("status", [409, 503])
async def test_a_relay_that_cannot_now_is_asked_again(portal: Portal, relay: FakeRelay, status: int) -> None:
    await destroy(portal, LESSON)
    relay.status = status
    assert await forget(portal, relay) == 0
    relay.status = 200
    assert await forget(portal, relay) == 1
    assert len(relay.asked) == 2


async def test_a_relay_that_is_away_is_asked_again(portal: Portal, browser: Browser, relay: FakeRelay) -> None:
    await destroy(portal, LESSON)
    secret = portal.keyring.internal_secret
    for nobody in ("http://127.0.0.1:1", None):
        assert await forget_rooms(portal.database, portal.clock, nobody, secret) == 0
    await browser.log_in("coordinator")
    assert "the relay still has board and chat" in await (await browser.get("/retention")).text()
    assert await forget(portal, relay) == 1
    assert "the relay still has board and chat" not in await (await browser.get("/retention")).text()


async def test_a_lesson_without_a_recording_goes_by_the_policy(
    portal: Portal, clock: FakeClock, relay: FakeRelay
) -> None:
    await end(portal, LESSON)
    clock.advance(100 * DAY_MS)
    assert await forget(portal, relay) == 0
    async with portal.database.write() as connection:
        await set_policy(connection, COORDINATOR, 30, clock())
    clock.advance(7 * DAY_MS - 1)
    assert await forget(portal, relay) == 0
    clock.advance(1)
    assert await forget(portal, relay) == 1


async def test_a_lesson_without_a_recording_goes_when_its_last_student_is_erased(
    portal: Portal, clock: FakeClock, relay: FakeRelay
) -> None:
    await end(portal, LESSON)
    async with portal.database.write() as connection:
        await connection.execute(insert(lesson_members).values(lesson=LESSON, user="other-student", part="student"))
    clock.advance(DAY_MS)
    for student, gone in (("student", 0), ("other-student", 1)):
        async with portal.database.write() as connection:
            await connection.execute(update(users).where(users.c.id == student).values(erased_ms=clock()))
        assert await forget(portal, relay) == gone


async def test_a_lesson_that_goes_on_or_has_its_recording_keeps_its_room(
    portal: Portal, clock: FakeClock, relay: FakeRelay
) -> None:
    await end(portal, LESSON)
    async with portal.database.write() as connection:
        await set_policy(connection, COORDINATOR, 1, clock())
        await connection.execute(
            insert(recordings).values(lesson=LESSON, state="rendered", detail="", heartbeat_ms=NOON_MS)
        )
        await connection.execute(update(lessons).where(lessons.c.id == OTHER_LESSON).values(state="live", ends_ms=1))
    clock.advance(100 * DAY_MS)
    assert await forget(portal, relay) == 0
    assert relay.asked == []
