"""Browsers that ask the portal for tickets without pause: each answer is a row that its database must keep."""

from __future__ import annotations

import asyncio
import re
import secrets
from typing import Any, Final

import aiohttp
import msgspec

from loadtests.users.accounts import Accounts
from tests.faults.crew import WAIT_S
from tests.faults.waiting import within
from whiteboard_crdt.keys import SessionKey, encode_base64url, load_jwks
from whiteboard_crdt.ticket import read_ticket

__all__ = ["Clerks"]

_CSRF: Final = re.compile(r'name="csrf" (?:content|value)="([^"]+)"')
_GONE_S: Final = 0.02
_OK: Final = 200


class Clerks:
    """Some people, each with a log-in of their own that must stay good. `sessions`: of all tickets that they got."""

    def __init__(self, accounts: Accounts, logins: list[str]) -> None:
        self.sessions: list[str] = []
        self.refused: list[str] = []
        self._accounts = accounts
        self._lesson = accounts.lessons[0].lesson
        self._stopped = asyncio.Event()
        self._more = asyncio.Condition()
        self._tasks = [asyncio.create_task(self._ask(login), name=f"clerk-{login}") for login in logins]

    async def until(self, answers: int, who: str) -> None:
        """Returns when there are that many tickets. Raises Stuck, and what a clerk failed with."""
        async with within(WAIT_S, who, f"{answers} tickets", lambda: f"{len(self.sessions)} are there"), self._more:
            await self._more.wait_for(lambda: len(self.sessions) >= answers or self._failed())
        for task in self._tasks:
            if task.done():
                task.result()

    async def stop(self) -> None:
        """Ask no more; what is under way is waited for."""
        self._stopped.set()
        await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        """End at once."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _failed(self) -> bool:
        return any(task.done() for task in self._tasks)

    async def _ask(self, login: str) -> None:
        # Cookies of an address that is a number are kept only by an unsafe jar.
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(self._accounts.portal, cookie_jar=jar) as http:
            csrf = await self._log_in(http, login)
            while not self._stopped.is_set():
                try:
                    await self._one_ticket(http, csrf)
                except (aiohttp.ClientError, TimeoutError):
                    await asyncio.sleep(_GONE_S)  # the portal is gone: a browser tries again too
        async with self._more:
            self._more.notify_all()

    async def _log_in(self, http: aiohttp.ClientSession, login: str) -> str:
        page = await (await http.get("/login")).text()
        form = {"login": login, "password": self._accounts.password, "csrf": _csrf_of(page), "next": "/"}
        async with http.post("/login", data=form) as answer:
            return _csrf_of(await answer.text())

    async def _one_ticket(self, http: aiohttp.ClientSession, csrf: str) -> None:
        wanted = {
            "key": encode_base64url(SessionKey.generate().public),
            "client": secrets.randbelow(2**32 - 1) + 1,
        }
        path, headers = f"/api/lessons/{self._lesson}/ticket", {"X-CSRF-Token": csrf}
        async with http.post(path, json=wanted, headers=headers, allow_redirects=False) as answer:
            if answer.status != _OK:
                # A log-in that did not outlive the portal, above all.
                self.refused.append(f"{path} answered {answer.status}")
                return
            # `Any`: JSON.
            given: dict[str, Any] = await answer.json()
            keys = load_jwks(msgspec.json.encode(given["jwks"]))
            self.sessions.append(str(read_ticket(given["ticket"], keys).session))
        async with self._more:
            self._more.notify_all()


def _csrf_of(page: str) -> str:
    found = _CSRF.search(page)
    if found is None:
        raise AssertionError("a page without a form")
    return found[1]
