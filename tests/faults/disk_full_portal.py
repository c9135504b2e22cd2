"""A portal whose disk is really full: pages open, what cannot be kept is refused in words, and nothing is kept half."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp

from loadtests.users.accounts import load_accounts
from portal.keyfiles import prepare_data
from portal.loadtest_school import fill as fill_school
from tests.browser.servers import Server, free_port
from tests.faults.clerks import Clerks
from tests.faults.crew import WAIT_S
from tests.faults.disk_full import fill
from tests.faults.portal_kills import broken_chain, not_once
from tests.faults.waiting import within

__all__ = ["PORTAL_DISK_BYTES", "PortalDisk", "fill_portal_disk"]

PORTAL_DISK_BYTES: Final = 24 * 1024 * 1024
_CLERKS: Final = 3
_TICKETS: Final = 30
_POLL_S: Final = 0.02
_REFUSED: Final = 503
_NO_ROOM: Final = "data folder cannot be written"


@dataclass
class PortalDisk:
    """`before`, `after`: tickets; `refused`: requests meanwhile; `pages`: status of a page and of /healthz meanwhile.

    `red`: /readyz said meanwhile that the data folder cannot be written, and not so afterwards.
    """

    before: int = 0
    refused: int = 0
    after: int = 0
    pages: tuple[int, int] = (0, 0)
    red: bool = False
    faults: list[str] = field(default_factory=list)


async def fill_portal_disk(data: Path, log: Path) -> PortalDisk:
    """Three people fetch tickets without pause while the disk of the portal fills up and is freed. Raises Stuck."""
    result = PortalDisk()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    prepare_data(data)
    await fill_school(data, 1, _CLERKS, url)
    (data / "chalkmesh.toml").write_text("[portal]\nleast_free_mb = 1\n")
    accounts = load_accounts(data / "accounts.json")
    portal = Server("portal", ["portal", "--data", str(data), "--port", str(port)], log, f"{url}/healthz")
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(portal.stop)
        await portal.start()
        http = await stack.enter_async_context(aiohttp.ClientSession(url))
        clerks = Clerks(accounts, list(accounts.lessons[0].people))
        stack.push_async_callback(clerks.close)
        await clerks.until(_TICKETS, "the tickets before")
        fill(data / "ballast")
        await _until(lambda: len(clerks.refused) >= _TICKETS, "the full disk", "requests to be refused")
        result.before = len(clerks.sessions)
        pages = [await _ask(http, path) for path in ("/login", "/healthz", "/readyz")]
        result.pages = pages[0][0], pages[1][0]
        (data / "ballast").unlink()
        await clerks.until(result.before + _TICKETS, "the tickets afterwards")
        result.red = _NO_ROOM in pages[2][1] and _NO_ROOM not in (await _ask(http, "/readyz"))[1]
        await clerks.stop()
        result.refused, result.after = len(clerks.refused), len(clerks.sessions) - result.before
        result.faults += sorted({each for each in clerks.refused if not each.endswith(f" {_REFUSED}")})
    result.faults += not_once(data / "portal.sqlite", clerks.sessions)
    result.faults.append(await broken_chain(data))
    if "request_failed" in log.read_text(errors="replace"):
        result.faults.append("a full disk is logged as a fault of our own")
    result.faults = [fault for fault in result.faults if fault]
    return result


async def _until(look: Callable[[], bool], who: str, what: str) -> None:
    async with within(WAIT_S, who, what):
        while not look():  # noqa: ASYNC110 - the other process tells no events
            await asyncio.sleep(_POLL_S)


async def _ask(http: aiohttp.ClientSession, path: str) -> tuple[int, str]:
    async with http.get(path) as answer:
        return answer.status, await answer.text()
