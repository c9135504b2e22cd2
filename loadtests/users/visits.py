"""What a visitor of the portal does, by locust's own HTTP client, so that locust counts it."""

from __future__ import annotations

import re
from typing import Final

from locust.clients import HttpSession

from loadtests.users.accounts import Accounts

__all__ = ["PortalVisit"]

_CSRF: Final = re.compile(r'name="csrf" value="([^"]+)"')


class PortalVisit:
    """One log-in of one person."""

    def __init__(self, client: HttpSession, accounts: Accounts, login: str) -> None:
        self._client = client
        self._accounts = accounts
        self._login = login
        self._lesson = next(each.lesson for each in accounts.lessons if login in each.people)

    def log_in(self) -> None:
        """Through the form, as a browser."""
        found = _CSRF.search(self._client.get("/login").text)
        form = {
            "login": self._login,
            "password": self._accounts.password,
            "csrf": found[1] if found else "",
            "next": "/",
        }
        self._client.post("/login", data=form, allow_redirects=False)

    def look(self, path: str) -> None:
        """Open a page."""
        self._client.get(path)

    def look_at_lesson(self) -> None:
        """The lesson's facts, and what its device check tries."""
        for what in ("", "/preflight"):
            self._client.get(f"/api/lessons/{self._lesson}{what}", name=f"/api/lessons/[lesson]{what}")
