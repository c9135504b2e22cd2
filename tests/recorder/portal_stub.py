"""The part of the portal that a recorder talks to, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from aiohttp import web

from portal.turn import ice_servers
from tests.signaling.school import SECRET, Person, School, wall_ms
from whiteboard_crdt.ids import Capability, Role
from whiteboard_crdt.keys import SessionKey, decode_base64url
from whiteboard_crdt.ticket import issue_ticket


class PublicOnly(SessionKey):
    """A key of which only the public half is known."""

    def __init__(self, public: bytes) -> None:
        self.public = public


class PortalStub:
    """Lists lessons, gives tickets, takes reports. `url` is set while it runs."""

    def __init__(self, school: School, relay_url: str) -> None:
        self.school = school
        self.relay_url = relay_url
        self.url = ""
        self.lessons: dict[str, dict[str, str]] = {}
        self.reports: list[tuple[str, dict[str, Any]]] = []
        self.renewed = 0
        self.turn_urls: list[str] = []
        self.turn_secret = ""
        self.relay_only = False
        self._version = 0
        self._sessions: dict[str, Person] = {}
        self._changed = asyncio.Condition()

    async def set_lesson(self, lesson: str, state: str) -> None:
        """A lesson's state changes."""
        async with self._changed:
            entry = {"lesson": lesson, "room": "lesson-1", "title": "Sums", "state": state, "school": "s"}
            self.lessons[lesson] = entry
            self._version += 1
            self._changed.notify_all()

    async def reported(self, lesson: str, state: str, timeout_s: float = 20) -> dict[str, Any]:
        """Wait for a report of that state; returns it."""
        async with asyncio.timeout(timeout_s), self._changed:
            while True:
                for name, report in self.reports:
                    if name == lesson and report["state"] == state:
                        return report
                await self._changed.wait()

    async def _wanted(self, request: web.Request) -> web.Response:
        since, wait_s = int(request.query["since"]), float(request.query["wait_s"])
        async with self._changed:
            try:
                async with asyncio.timeout(wait_s):
                    await self._changed.wait_for(lambda: self._version != since)
            except TimeoutError:
                pass
        return web.json_response({"version": self._version, "lessons": list(self.lessons.values())})

    async def _ticket(self, request: web.Request) -> web.Response:
        body = await request.json()
        key = PublicOnly(decode_base64url(body["key"]))
        person = self.school.person(
            "recorder", Role.RECORDER, caps={Capability.PRESENCE}, key=key, client=body["client"]
        )
        self._sessions[person.session] = person
        return self._answer(person)

    async def _renew(self, request: web.Request) -> web.Response:
        self.renewed += 1
        return self._answer(self._sessions[(await request.json())["session"]])

    def _answer(self, person: Person) -> web.Response:
        ticket = replace(person.ticket, relay_only=self.relay_only)
        servers = ice_servers(" ".join(self.turn_urls), self.turn_secret, person.session, wall_ms())
        return web.json_response(
            {
                "ticket": issue_ticket(ticket, self.school.private, self.school.kid),
                "room": "lesson-1",
                "relay_url": self.relay_url,
                "ice_servers": servers,
            }
        )

    async def _status(self, request: web.Request) -> web.Response:
        lesson, report = request.match_info["lesson"], await request.json()
        async with self._changed:
            self.reports.append((lesson, report))
            if report["state"] == "sealed":
                self.lessons.pop(lesson, None)
                self._version += 1
            self._changed.notify_all()
        return web.json_response({"ok": True})

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[PortalStub]:
        """Answer on a free port of the loopback."""

        @web.middleware
        async def guard(request: web.Request, handler: Any) -> web.StreamResponse:
            assert request.headers["Authorization"] == f"Bearer {SECRET}"
            answer: web.StreamResponse = await handler(request)
            return answer

        app = web.Application(middlewares=[guard])
        app.router.add_get("/internal/recordings", self._wanted)
        app.router.add_post("/internal/recordings/{lesson}/ticket", self._ticket)
        app.router.add_post("/internal/recordings/{lesson}/renew", self._renew)
        app.router.add_post("/internal/recordings/{lesson}/status", self._status)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            async with self._changed:
                self._version += 1
                self._changed.notify_all()
            await runner.cleanup()
