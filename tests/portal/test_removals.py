"""Putting somebody out of a lesson: portal/removals.py, its routes, and the relay beside it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import ClientSession, ClientWebSocketResponse, web
from aiohttp.test_utils import TestServer

from portal.context import Portal
from portal.removals import Removals
from tests.portal.test_with_relay import Beside, beside, say_hello
from tests.portal.world import FOREIGN_LESSON, LESSON, MINUTE_MS, NOON_MS, Browser, FakeClock, rows, session_key
from whiteboard_crdt.errors import CloseCode
from whiteboard_crdt.ids import RoomId
from whiteboard_crdt.keys import SessionKey, load_jwks
from whiteboard_crdt.revocation import read_revocation

__all__ = ["beside"]

TICKET = f"/api/lessons/{LESSON}/ticket"
REMOVE = f"/api/lessons/{LESSON}/remove"
READMIT = f"/api/lessons/{LESSON}/readmit"
ROOM = RoomId(f"room-{LESSON}")


async def test_the_answer_is_a_revocation_that_the_schools_key_signed_T5(
    open_browser: Callable[[], Browser], portal: Portal
) -> None:
    student, tutor = open_browser(), open_browser()
    await student.log_in("student")
    await tutor.log_in("tutor")
    await student.post(TICKET, {"key": session_key(), "client": 9})
    answer = await tutor.post(REMOVE, {"user": "student"})
    assert answer.status == 200
    revocation = read_revocation((await answer.json())["token"], load_jwks(portal.keyring.jwks), ROOM)
    assert (revocation.user, revocation.issued_ms, revocation.reason) == ("student", NOON_MS, "removed")
    (event,) = [row for row in await rows(portal, "audit_log") if row["action"] == "lesson.remove"]
    assert (event["actor"], event["object"]) == ("tutor", LESSON)


async def test_who_was_put_out_gets_no_ticket_until_let_in_again(
    open_browser: Callable[[], Browser], portal: Portal, clock: FakeClock
) -> None:
    student, tutor = open_browser(), open_browser()
    await student.log_in("student")
    await tutor.log_in("tutor")
    await student.post(TICKET, {"key": session_key(), "client": 9})
    (stored,) = await rows(portal, "room_sessions")
    renew = f"/api/lessons/{LESSON}/renew", {"session": stored["session"]}
    await tutor.post(REMOVE, {"user": "student"})
    for path, body in ((TICKET, {"key": session_key(), "client": 10}), renew):
        refused = await student.post(path, body)
        assert (refused.status, (await refused.json())["error"]) in ((403, "removed"), (403, "unknown_session"))
    clock.advance(MINUTE_MS)
    assert (await tutor.post(READMIT, {"user": "student"})).status == 200
    assert (await student.post(TICKET, {"key": session_key(), "client": 11})).status == 200
    # The old page stays out: the revocation of its session is in the world.
    assert (await student.post(*renew)).status == 403


async def test_staff_and_strangers_are_not_put_out(open_browser: Callable[[], Browser]) -> None:
    tutor, coordinator = open_browser(), open_browser()
    await tutor.log_in("tutor")
    await coordinator.log_in("coordinator")
    await tutor.post(TICKET, {"key": session_key(), "client": 9})
    for who, code in (("tutor", "staff"), ("nobody-of-that-name", "not_there")):
        refused = await coordinator.post(REMOVE, {"user": who})
        assert (refused.status, (await refused.json())["error"]) == (409, code)
    assert (await tutor.post(f"/api/lessons/{FOREIGN_LESSON}/remove", {"user": "student"})).status == 404
    for body in ({}, {"user": ""}, {"user": "u" * 65}, {"user": 1}):
        assert (await coordinator.post(REMOVE, body)).status == 400


@asynccontextmanager
async def _in_the_room(beside: Beside, who: str) -> AsyncIterator[ClientWebSocketResponse]:
    """A session socket of this person, while the portal tells the relay whom to put out."""
    key = SessionKey.generate()
    answer = await beside.ticket(who, key)
    running = asyncio.create_task(beside.browser.portal.removals.run())
    try:
        async with (
            ClientSession() as client,
            client.ws_connect(answer["relay_url"], protocols=["chalkmesh.v1"]) as socket,
        ):
            await say_hello(socket, answer["ticket"], key)
            yield socket
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _closed_with(socket: ClientWebSocketResponse) -> int | None:
    async for _ in socket:
        pass
    return socket.close_code


async def test_the_relay_beside_puts_out_whom_the_tutor_removes(beside: Beside) -> None:
    async with _in_the_room(beside, "student") as socket:
        await beside.browser.log_in("tutor")
        async with asyncio.timeout(2):
            assert (await beside.browser.post(REMOVE, {"user": "student"})).status == 200
            assert await _closed_with(socket) == CloseCode.REVOKED


async def test_a_relay_that_was_away_is_told_when_it_is_back_by_a_portal_that_was_restarted(
    open_browser: Callable[[], Browser], portal: Portal
) -> None:
    student, tutor = open_browser(), open_browser()
    await student.log_in("student")
    await tutor.log_in("tutor")
    await student.post(TICKET, {"key": session_key(), "client": 9})
    await tutor.post(REMOVE, {"user": "student"})
    heard: list[str] = []
    done = asyncio.Event()

    async def relay(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == f"Bearer {portal.keyring.internal_secret}"
        heard.append((await request.json())["token"])
        if len(heard) == 1:
            return web.Response(status=503)
        done.set()
        return web.json_response({"sessions": []})

    app = web.Application()
    app.router.add_post(f"/internal/rooms/{ROOM}/revoke", relay)
    async with TestServer(app) as server:
        # Nothing but the database remembers.
        restarted = Removals(portal.database, portal.keyring, portal.clock, str(server.make_url("")).rstrip("/"))
        running = asyncio.create_task(restarted.run())
        try:
            async with asyncio.timeout(5):
                await done.wait()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    revocation = read_revocation(heard[1], load_jwks(portal.keyring.jwks), ROOM)
    assert (revocation.user, revocation.issued_ms) == ("student", NOON_MS)


async def test_who_leads_a_lesson_is_out_of_it_when_the_account_is_closed(beside: Beside) -> None:
    async with _in_the_room(beside, "tutor") as socket:
        await beside.browser.log_in("coordinator")
        async with asyncio.timeout(2):
            assert (await beside.browser.submit("/staff/tutor/close", {})).status == 303
            assert await _closed_with(socket) == CloseCode.REVOKED
    events = [row for row in await rows(beside.browser.portal, "audit_log") if row["action"] == "lesson.remove"]
    assert [(row["actor"], row["object"]) for row in events] == [("coordinator", LESSON)]
