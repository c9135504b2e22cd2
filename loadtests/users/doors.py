"""How a bot gets its ticket: made by hand with the school's key, or by logging in at the portal like a person."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import aiohttp
import msgspec
from cryptography.hazmat.primitives import serialization

from loadtests.netlab.school import LabSchool
from loadtests.users.accounts import Accounts
from loadtests.users.measures import Sink
from loadtests.users.scenario import Scenario, Seat
from loadtests.users.slow_line import SlowLine
from signaling.client import Grant, Peer
from signaling.mesh import MeshOptions
from signaling.peer_tickets import IceServer
from whiteboard_crdt.errors import SetupError
from whiteboard_crdt.ids import RoomId, SessionId
from whiteboard_crdt.keys import SessionKey, encode_base64url, load_jwks

__all__ = ["Door", "Entrance", "KeyDoor", "PortalDoor", "is_loopback", "school_of"]

_CSRF: Final = re.compile(rb'name="csrf" (?:content|value)="([^"]+)"')
_START_S: Final = 60.0
_RETRY_S: Final = 0.5
_REFUSED: Final = 400


class Entrance(Protocol):
    """One bot's way in and out."""

    async def peer(self, mesh: MeshOptions | None) -> Peer:
        """A peer with a ticket source. Raises OSError or aiohttp.ClientError when there is no way in."""
        ...

    async def begin(self) -> None:
        """The bot is in the room: what a person does then."""
        ...

    async def end(self) -> None:
        """The lesson is over for this bot."""
        ...

    async def close(self) -> None:
        """Let go of everything."""
        ...


class Door(Protocol):
    """Where all bots of a process come in."""

    def entrance(self, seat: Seat) -> Entrance:
        """That of one seat."""
        ...


def school_of(data: Path, relay_url: str) -> LabSchool:
    """Whoever can make tickets with the key in a data folder. Raises SetupError."""
    keys = data / "keys"
    try:
        (kid, *_) = load_jwks((keys / "ticket.pub.json").read_bytes())
        # `Any`: the library's own union of all kinds of keys.
        private: Any = serialization.load_pem_private_key((keys / "ticket.pem").read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise SetupError(f"The ticket key in {keys} cannot be read: {error}.") from error
    return LabSchool(private, relay_url, "", RoomId(""), kid)


class KeyDoor:
    """Tickets made with the key in DATA/keys, as `chalkmesh ticket` does: for a relay alone."""

    def __init__(self, data: Path, relay_url: str, prefix: str, scenario: Scenario | None = None) -> None:
        """`prefix`: of the names of rooms, so that no two runs and no two workers share one. Raises SetupError."""
        self._school = school_of(data, relay_url)
        self._prefix = prefix
        self._scenario = scenario

    def entrance(self, seat: Seat) -> Entrance:
        """A place in the room of its number."""
        room = RoomId(f"{self._prefix}-{seat.room}")
        school = LabSchool(self._school.private, self._school.relay_url, "", room, self._school.kid)
        return _KeyEntrance(school, "tutor" if seat.is_tutor else f"student-{seat.place}", self._line(seat))

    def _line(self, seat: Seat) -> SlowLine | None:
        scenario = self._scenario
        if scenario is None or not scenario.line or not seat.is_among(scenario.line_of):
            return None
        return SlowLine(scenario.line, f"{scenario.seed}/{seat.room}/{seat.place}")


class _KeyEntrance:
    def __init__(self, school: LabSchool, user: str, line: SlowLine | None) -> None:
        self._school = school
        self._user = user
        self._line = line

    async def peer(self, mesh: MeshOptions | None) -> Peer:
        school = self._school
        if self._line is not None:
            school = replace(school, relay_url=await self._line.open(school.relay_url))
        return school.peer(self._user, [], mesh)

    async def begin(self) -> None:
        return

    async def end(self) -> None:
        return

    async def close(self) -> None:
        if self._line is not None:
            await self._line.close()


class PortalDoor:
    """Log-ins, as browsers do it. The tutor starts the lesson, and ends it."""

    def __init__(self, accounts: Accounts, sink: Sink, first: int = 0, step: int = 1) -> None:
        """Of the school's lessons, every `step`-th from `first` on is ours."""
        self._accounts = accounts
        self._sink = sink
        self._first = first
        self._step = step

    def entrance(self, seat: Seat) -> Entrance:
        """That of the person of a seat. Raises SetupError when the school has no such seat."""
        try:
            lesson = self._accounts.lessons[self._first + seat.room * self._step]
            login = lesson.people[seat.place]
        except IndexError:
            raise SetupError("The school has fewer lessons or people than the scenario.") from None
        return PortalEntrance(self._accounts, lesson.lesson, login, seat.is_tutor, self._sink)


class PortalEntrance:
    """One person's browser, without the browser."""

    def __init__(self, accounts: Accounts, lesson: str, login: str, tutor: bool, sink: Sink) -> None:
        self._accounts = accounts
        self._lesson = lesson
        self._login = login
        self._tutor = tutor
        self._sink = sink
        # Cookies of an address that is a number, as the loopback's, are kept only by an unsafe jar.
        jar = aiohttp.CookieJar(unsafe=True)
        self._http = aiohttp.ClientSession(accounts.portal, cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=30))
        self._csrf = ""

    async def peer(self, mesh: MeshOptions | None) -> Peer:
        """Log in, look at today's lessons, and fetch a ticket."""
        await self._page("/login")
        form = {"login": self._login, "password": self._accounts.password, "csrf": self._csrf, "next": "/"}
        await self._ask("POST", "/login", data=form)
        await self._page("/")
        await self._api("notice", {})
        key, client = SessionKey.generate(), secrets.randbelow(2**32 - 1) + 1
        first = await self._api("ticket", {"key": encode_base64url(key.public), "client": client})

        async def tickets(session: SessionId | None) -> Grant:
            return _grant(first if session is None else await self._api("renew", {"session": session}))

        jwks = load_jwks(msgspec.json.encode(first["jwks"]))
        return Peer(first["room"], tickets, jwks, key=key, client_id=client, mesh=mesh)

    async def begin(self) -> None:
        """The tutor takes the lesson live, as soon as it is being recorded."""
        deadline_s = time.monotonic() + _START_S
        while self._tutor:
            try:
                await self._api("start", {}, quiet=time.monotonic() < deadline_s)
            except ConnectionError:
                if time.monotonic() >= deadline_s:
                    raise
                await asyncio.sleep(_RETRY_S)
            else:
                return

    async def end(self) -> None:
        """The tutor ends the lesson."""
        if self._tutor:
            await self._api("end", {})

    async def close(self) -> None:
        """Close the connections to the portal."""
        await self._http.close()

    async def _page(self, path: str) -> None:
        found = _CSRF.search(await self._ask("GET", path))
        if found is None:
            raise ConnectionError(f"no form on {path}")
        self._csrf = found[1].decode()

    async def _api(self, what: str, body: dict[str, Any], *, quiet: bool = False) -> dict[str, Any]:
        """An answer of the lesson's API. `Any`: JSON. `quiet`: a refusal is no failure of the test."""
        path = f"/api/lessons/{self._lesson}/{what}"
        name = f"/api/lessons/[lesson]/{what}"
        answer: dict[str, Any] = msgspec.json.decode(await self._ask("POST", path, name=name, json=body, quiet=quiet))
        return answer

    async def _ask(self, method: str, path: str, *, name: str = "", quiet: bool = False, **body: Any) -> bytes:
        """Raises ConnectionError for a refusal. `Any`: what aiohttp takes as a body."""
        begun_s, error, content = time.monotonic(), "", b""
        headers = {"X-CSRF-Token": self._csrf} if "json" in body else {}
        try:
            async with self._http.request(method, path, headers=headers, allow_redirects=False, **body) as answer:
                content = await answer.read()
                if answer.status >= _REFUSED:
                    error = f"{answer.status}"
        except (aiohttp.ClientError, TimeoutError) as fault:
            error = type(fault).__name__
        if not (error and quiet):
            ms = (time.monotonic() - begun_s) * 1000
            self._sink.put(method, name or path, ms, len(content), error)
        if error:
            raise ConnectionError(f"{name or path} answered {error}")
        return content


def _grant(answer: dict[str, Any]) -> Grant:
    servers = tuple(
        IceServer(tuple(each["urls"]), each.get("username", ""), each.get("credential", ""))
        for each in answer["ice_servers"]
    )
    return Grant(answer["ticket"], answer["relay_url"], servers)


def is_loopback(url: str) -> bool:
    """Whether an address is this very machine's."""
    return urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost")
