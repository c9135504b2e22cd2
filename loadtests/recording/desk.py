"""What a recorder asks of a portal, for rooms whose tickets are made by hand: every room is a lesson that is live.

``python -m loadtests.recording.desk DATA --relay-url URL --prefix P --rooms N`` prints its port. The recorder beside it
is the product's own. `POST /end` ends all lessons, waits until the recorder has sealed them, and answers with what each
archive holds.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import secrets
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec
from aiohttp import web

from loadtests.netlab.school import LabSchool
from loadtests.recording.archives import count_archive
from loadtests.users.doors import school_of
from loadtests.users.lines import RoomRecording
from whiteboard_crdt.errors import SetupError
from whiteboard_crdt.ids import Capability, ClientId, Role, RoomId, SessionId, UserId
from whiteboard_crdt.keys import decode_base64url
from whiteboard_crdt.ticket import LIFETIME_MS, Ticket, issue_ticket

__all__ = ["RecordingDesk", "desk_application", "main"]

_SEALED_S: Final = 60.0
_BODY_BYTES: Final = 8_192


class _Wanted(msgspec.Struct):
    key: str
    client: int


class _Again(msgspec.Struct):
    session: str


class _Report(msgspec.Struct):
    state: str


class RecordingDesk:
    """The portal's `/internal/recordings…`: rooms `prefix-0`, `prefix-1` … are all live at once."""

    def __init__(self, school: LabSchool, prefix: str, rooms: int, recordings: Path) -> None:
        self._school = school
        self._rooms = [f"{prefix}-{number}" for number in range(rooms)]
        self._recordings = recordings
        self._state = "live"
        self._version = 1
        self._states: dict[str, str] = {}
        self._sessions: dict[str, Ticket] = {}
        self._changed = asyncio.Condition()

    async def wanted(self, request: web.Request) -> web.Response:
        """The list, held back until it is another than the asker's."""
        since, wait_s = int(request.query["since"]), float(request.query["wait_s"])
        async with self._changed:
            try:
                async with asyncio.timeout(wait_s):
                    await self._changed.wait_for(lambda: self._version != since)
            except TimeoutError:
                pass
            left = [room for room in self._rooms if self._states.get(room) != "sealed"]
        lessons = [
            {"lesson": room, "room": room, "title": room, "state": self._state, "school": "load"} for room in left
        ]
        return web.json_response({"version": self._version, "lessons": lessons})

    async def ticket(self, request: web.Request) -> web.Response:
        """A ticket for the recorder of one room."""
        asked = msgspec.json.decode(await request.read(), type=_Wanted)
        now_ms = time.time_ns() // 1_000_000
        ticket = Ticket(
            room=RoomId(request.match_info["lesson"]), user=UserId("recorder"), name="Recorder", role=Role.RECORDER,
            caps=frozenset({Capability.PRESENCE}), session=SessionId(secrets.token_hex(8)),
            client=ClientId(asked.client), key=decode_base64url(asked.key), issued_ms=now_ms,
            expires_ms=now_ms + LIFETIME_MS,
        )  # fmt: skip
        self._sessions[ticket.session] = ticket
        return self._answer(ticket)

    async def renew(self, request: web.Request) -> web.Response:
        """The same with a later end."""
        asked = msgspec.json.decode(await request.read(), type=_Again)
        now_ms = time.time_ns() // 1_000_000
        ticket = replace(self._sessions[asked.session], issued_ms=now_ms, expires_ms=now_ms + LIFETIME_MS)
        return self._answer(ticket)

    async def status(self, request: web.Request) -> web.Response:
        """How a recording goes."""
        report = msgspec.json.decode(await request.read(), type=_Report)
        lesson = request.match_info["lesson"]
        async with self._changed:
            if self._states.get(lesson) != report.state:
                self._states[lesson] = report.state
                self._changed.notify_all()
        return web.json_response({"ok": True})

    async def end(self, _request: web.Request) -> web.Response:
        """All lessons are over: what do the archives hold?"""
        async with self._changed:
            self._state, self._version = "ended", self._version + 1
            self._changed.notify_all()
            try:
                async with asyncio.timeout(_SEALED_S):
                    await self._changed.wait_for(self._all_sealed)
            except TimeoutError:
                pass  # which of them are not is in the answer
        return web.Response(body=msgspec.json.encode(self._counted()), content_type="application/json")

    def _all_sealed(self) -> bool:
        return all(self._states.get(room) == "sealed" for room in self._rooms)

    def _counted(self) -> list[RoomRecording]:
        return [count_archive(number, self._recordings / room) for number, room in enumerate(self._rooms)]

    def _answer(self, ticket: Ticket) -> web.Response:
        token = issue_ticket(ticket, self._school.private, self._school.kid)
        return web.json_response({"ticket": token, "relay_url": self._school.relay_url, "ice_servers": []})


def desk_application(desk: RecordingDesk, secret: str) -> web.Application:
    """The desk as an application; every request needs the bearer secret of all `/internal/` routes."""

    @web.middleware
    async def guard(request: web.Request, handler: Callable[..., Awaitable[web.StreamResponse]]) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode("utf-8", errors="replace")
        if not hmac.compare_digest(given, f"Bearer {secret}".encode()):
            raise web.HTTPForbidden
        return await handler(request)

    app = web.Application(middlewares=[guard], client_max_size=_BODY_BYTES)
    app.router.add_get("/internal/recordings", desk.wanted)
    app.router.add_post("/internal/recordings/{lesson}/ticket", desk.ticket)
    app.router.add_post("/internal/recordings/{lesson}/renew", desk.renew)
    app.router.add_post("/internal/recordings/{lesson}/status", desk.status)
    app.router.add_post("/end", desk.end)
    return app


async def _serve(app: web.Application) -> None:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        sys.stdout.write(f"{runner.addresses[0][1]}\n")
        sys.stdout.flush()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await stop.wait()
    finally:
        await runner.cleanup()


def main() -> int:
    """Serve until terminated; returns the exit code. Raises SetupError."""
    parser = argparse.ArgumentParser(prog="recording-desk")
    parser.add_argument("data", type=Path)
    parser.add_argument("--relay-url", required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--rooms", type=int, required=True)
    given = parser.parse_args()
    school = school_of(given.data, given.relay_url)
    desk = RecordingDesk(school, given.prefix, given.rooms, given.data / "recordings")
    try:
        secret = (given.data / "keys" / "internal.secret").read_text("ascii").strip()
    except OSError as error:
        raise SetupError(f"The secret in {given.data} cannot be read: {error.strerror or error}.") from error
    asyncio.run(_serve(desk_application(desk, secret)))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SetupError as error:
        sys.stderr.write(f"recording desk: {error}\n")
        sys.exit(2)
