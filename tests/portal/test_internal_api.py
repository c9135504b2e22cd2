"""What relay and recorder use: portal/routes/internal.py, portal/recordings.py, portal/attendance.py."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from portal.context import PORTAL, Portal
from portal.recordings import RecordingState
from portal.server import open_portal
from portal.settings import PortalSettings
from tests.portal.world import CHEAP_HASHER, LESSON, Browser, FakeClock, fill_schools, make_build, rows, session_key
from whiteboard_crdt.ids import Capability, Role
from whiteboard_crdt.keys import load_jwks
from whiteboard_crdt.ticket import read_ticket

STATUS = f"/internal/recordings/{LESSON}/status"


async def open_lesson(browser: Browser) -> None:
    await browser.log_in("tutor")
    answer = await browser.post(f"/api/lessons/{LESSON}/ticket", {"key": session_key(), "client": 1})
    assert answer.status == 200


async def feed(browser: Browser, query: str = "") -> tuple[int, list[tuple[str, str]]]:
    answer = await (await browser.internal("GET", f"/internal/recordings{query}")).json()
    return answer["version"], [(lesson["lesson"], lesson["state"]) for lesson in answer["lessons"]]


async def test_long_poll_wakes_when_a_lesson_opens(browser: Browser) -> None:
    version, lessons = await feed(browser)
    assert lessons == []
    waiting = asyncio.create_task(feed(browser, f"?since={version}&wait_s=20"))
    await open_lesson(browser)
    async with asyncio.timeout(5):
        woken, lessons = await waiting
    assert woken > version
    assert lessons == [(LESSON, "open")]


async def test_long_poll_without_news_ends_with_the_same_version(browser: Browser) -> None:
    version, _ = await feed(browser)
    assert (await feed(browser, f"?since={version}&wait_s=0.01"))[0] == version


async def test_version_from_the_future_is_answered_at_once(browser: Browser) -> None:
    async with asyncio.timeout(5):
        await feed(browser, "?since=999999&wait_s=20")


@pytest.mark.parametrize("query", ["?since=x", "?wait_s=x", "?since=1&wait_s=--"])
async def test_query_that_is_no_number_is_refused(browser: Browser, query: str) -> None:
    assert (await browser.internal("GET", f"/internal/recordings{query}")).status == 400


async def test_shutdown_lets_followers_go(browser: Browser, portal: Portal) -> None:
    version = await portal.desk.wait(-1, 0)
    async with asyncio.timeout(5):
        await asyncio.gather(portal.desk.wait(version, 20), portal.desk.close())


async def test_version_only_rises_also_over_a_restart(settings: PortalSettings, clock: FakeClock) -> None:
    versions = []
    for _ in range(2):
        async with open_portal(settings, clock=clock, hasher=CHEAP_HASHER) as app:
            desk = app[PORTAL].desk
            versions.append(await desk.wait(-1, 0))
    assert versions[1] > versions[0]


async def test_lesson_stays_listed_until_it_is_sealed(browser: Browser, clock: FakeClock) -> None:
    await open_lesson(browser)
    await browser.internal("POST", STATUS, {"state": "recording"})
    await browser.post(f"/api/lessons/{LESSON}/end")
    assert (await feed(browser))[1] == [(LESSON, "ended")]
    sealed = await browser.internal("POST", STATUS, {"state": "sealed", "duration_ms": 1234})
    assert sealed.status == 200
    assert (await feed(browser))[1] == []


async def test_ended_lesson_that_nobody_sealed_is_given_up_after_a_day(browser: Browser, clock: FakeClock) -> None:
    await open_lesson(browser)
    await browser.post(f"/api/lessons/{LESSON}/end")
    clock.advance(24 * 3_600_000)
    assert (await feed(browser))[1] == []


async def test_sealed_and_rendered_once_true_stay_true(browser: Browser, portal: Portal, clock: FakeClock) -> None:
    for report in (
        {"state": "recording"},
        {"state": "sealed", "duration_ms": 9000},
        {"state": "rendering", "progress": 0.5},
        {"state": "rendered"},
        {"state": "failed", "detail": "poster"},
    ):
        clock.advance(1000)
        assert (await browser.internal("POST", STATUS, report)).status == 200
    (stored,) = await rows(portal, "recordings")
    assert stored["state"] == RecordingState.FAILED
    assert stored["duration_ms"] == 9000
    assert stored["heartbeat_ms"] - stored["sealed_ms"] == 3000
    assert stored["rendered_ms"] is not None


@pytest.mark.parametrize(
    "report",
    [
        {},
        {"state": "ready"},
        {"state": "sealed", "progress": 2},
        {"state": "sealed", "x": 1},
        {"state": "joined", "duration_ms": -1},
    ],
)
async def test_report_of_another_shape_is_refused(browser: Browser, report: object) -> None:
    assert (await browser.internal("POST", STATUS, report)).status == 400
    assert await rows(browser.portal, "recordings") == []


async def test_report_on_an_unknown_lesson_is_refused(browser: Browser) -> None:
    for lesson in ("no-such-lesson", "..%2F..", "A"):
        answer = await browser.internal("POST", f"/internal/recordings/{lesson}/status", {"state": "joined"})
        assert answer.status == 404


async def test_recorder_gets_a_ticket_that_writes_nothing(browser: Browser, portal: Portal) -> None:
    body = {"key": session_key(), "client": 3}
    answer = await browser.internal("POST", f"/internal/recordings/{LESSON}/ticket", body)
    ticket = read_ticket((await answer.json())["ticket"], load_jwks(portal.keyring.jwks))
    assert (ticket.user, ticket.name, ticket.role) == ("recorder", "Recorder", Role.RECORDER)
    assert ticket.caps == {Capability.PRESENCE}


async def test_recorder_is_sent_to_the_relay_beside_the_portal_even_when_browsers_are_not(
    tmp_path: Path, clock: FakeClock
) -> None:
    settings = PortalSettings(
        data=tmp_path / "data",
        relay_public_url="wss://relay.example/v1/session",
        relay_internal_url="http://127.0.0.1:7/",
    )
    async with open_portal(settings, clock=clock, hasher=CHEAP_HASHER) as app:
        await fill_schools(app[PORTAL])
        server = TestServer(app)
        await server.start_server()
        browser = Browser(server, app[PORTAL])
        body = {"key": session_key(), "client": 3}
        inner = await (await browser.internal("POST", f"/internal/recordings/{LESSON}/ticket", body)).json()
        await browser.log_in("tutor")
        outer = await (await browser.post(f"/api/lessons/{LESSON}/ticket", {**body, "client": 4})).json()
        await server.close()
    assert inner["relay_url"] == "ws://127.0.0.1:7/v1/session"
    assert outer["relay_url"] == "wss://relay.example/v1/session"


async def test_supervisor_learns_that_a_recorder_follows(browser: Browser, clock: FakeClock) -> None:
    async def follows() -> bool:
        return bool((await (await browser.internal("GET", "/internal/recorder")).json())["following"])

    assert not await follows()
    await feed(browser)
    assert await follows()
    clock.advance(60_000)
    assert not await follows()


async def test_relay_events_are_stored_once(browser: Browser, portal: Portal) -> None:
    event = {"id": "e1", "room": "r", "user": "u", "session": "0" * 16, "kind": "join", "at_ms": 1}
    other = {**event, "id": "e2", "kind": "leave", "at_ms": 2}
    first = await browser.internal("POST", "/internal/relay/events", {"events": [event, event]})
    second = await browser.internal("POST", "/internal/relay/events", {"events": [event, other]})
    assert [(await first.json())["stored"], (await second.json())["stored"]] == [1, 1]
    assert [(row["id"], row["kind"], row["at_ms"]) for row in await rows(portal, "relay_events")] == [
        ("e1", "join", 1),
        ("e2", "leave", 2),
    ]
    assert (
        await browser.internal("POST", "/internal/relay/events", {"events": [{**event, "kind": "x"}]})
    ).status == 400


@pytest.fixture
async def relay() -> AsyncIterator[tuple[TestServer, list[tuple[str, str]]]]:
    """A relay that only writes down which rooms it is told to close."""
    closed: list[tuple[str, str]] = []

    async def close(request: web.Request) -> web.Response:
        closed.append((request.match_info["room"], request.headers["Authorization"]))
        return web.json_response({}, status=500 if len(closed) == 1 else 200)

    app = web.Application()
    app.router.add_post("/internal/rooms/{room}/close", close)
    server = TestServer(app)
    await server.start_server()
    yield server, closed
    await server.close()


async def test_relay_closes_a_room_once_sealed_and_is_told_until_it_confirms(
    relay: tuple[TestServer, list[tuple[str, str]]], tmp_path: Path, clock: FakeClock
) -> None:
    server, closed = relay
    settings = PortalSettings(
        data=tmp_path / "data",
        web_dist=make_build(tmp_path / "dist"),
        relay_internal_url=str(server.make_url("")).rstrip("/"),
    )
    async with open_portal(settings, clock=clock, hasher=CHEAP_HASHER) as app:
        portal = app[PORTAL]
        await fill_schools(portal)
        await portal.classrooms.end(LESSON, "tutor")
        await portal.classrooms.sweep()
        assert closed == []  # the recorder still drains the room
        await portal.desk.report(LESSON, RecordingState.SEALED, detail="", duration_ms=1, progress=None, now_ms=clock())
        for _ in range(3):
            await portal.classrooms.sweep()
        assert closed == [(f"room-{LESSON}", f"Bearer {portal.keyring.internal_secret}")] * 2


async def test_room_is_closed_without_a_seal_after_ten_seconds(
    relay: tuple[TestServer, list[tuple[str, str]]], tmp_path: Path, clock: FakeClock
) -> None:
    server, closed = relay
    settings = PortalSettings(data=tmp_path / "data", relay_internal_url=str(server.make_url("")).rstrip("/"))
    async with open_portal(settings, clock=clock, hasher=CHEAP_HASHER) as app:
        await fill_schools(app[PORTAL])
        await app[PORTAL].classrooms.end(LESSON, "tutor")
        clock.advance(10_001)
        await app[PORTAL].classrooms.sweep()
        assert len(closed) == 1
