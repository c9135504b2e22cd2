"""Attendance reaches the portal at least once, and each event has one id (INTERFACES: /internal/relay/events)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from signaling import attendance
from tests.signaling.conftest import StartRelay, session_url
from tests.signaling.raw_client import raw_client
from tests.signaling.school import ROOM, SECRET, School


class FakePortal:
    """Takes events; refuses the first `failures` posts."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.posts = 0
        self.events: dict[str, dict[str, Any]] = {}
        self.changed = asyncio.Condition()
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == f"Bearer {SECRET}"
        self.posts += 1
        if self.failures:
            self.failures -= 1
            return web.Response(status=503)
        async with self.changed:
            for event in (await request.json())["events"]:
                self.events[event["id"]] = event
            self.changed.notify_all()
        return web.json_response({})

    async def has(self, count: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(lambda: len(self.events) >= count)
        return list(self.events.values())


@asynccontextmanager
async def fake_portal(failures: int = 0) -> AsyncIterator[FakePortal]:
    portal = FakePortal(failures)
    app = web.Application()
    app.router.add_post("/internal/relay/events", portal.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    portal.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield portal
    finally:
        await runner.cleanup()


async def test_joins_and_leaves_reach_the_portal_also_when_it_fails_at_first(
    school: School, start_relay: StartRelay, monkeypatch: Any
) -> None:
    monkeypatch.setattr(attendance, "_RETRY_FIRST_S", 0.02)
    async with fake_portal(failures=2) as portal:
        relay = await start_relay(portal_url=portal.url)
        ann = school.person("ann")
        async with raw_client(session_url(relay)) as client:
            await client.join(ann)
            (join,) = await portal.has(1)
        events = await portal.has(2)
        assert [(e["kind"], e["user"], e["session"], e["room"]) for e in events] == [
            ("join", "ann", ann.session, ROOM),
            ("leave", "ann", ann.session, ROOM),
        ]
        assert events[1]["at_ms"] >= join["at_ms"]
        assert portal.posts >= 4


async def test_a_replaced_connection_is_one_attendance(school: School, start_relay: StartRelay) -> None:
    async with fake_portal() as portal:
        relay = await start_relay(portal_url=portal.url)
        ann = school.person("ann")
        async with raw_client(session_url(relay)) as first, raw_client(session_url(relay)) as second:
            await first.join(ann)
            await second.join(ann)
            await first.close_code()
        assert [event["kind"] for event in await portal.has(2)] == ["join", "leave"]


async def test_events_wait_for_a_portal_that_comes_later_even_after_a_restart(
    school: School, start_relay: StartRelay
) -> None:
    relay = await start_relay(portal_url="http://127.0.0.1:9")
    async with raw_client(session_url(relay)) as client:
        await client.join(school.person("ann"))
    await relay.stop()
    async with fake_portal() as portal:
        await start_relay(portal_url=portal.url)
        assert [event["kind"] for event in await portal.has(2)] == ["join", "leave"]
