"""kill -9 of the portal of `chalkmesh serve`, over and over, in a lesson: what it had answered, and what went on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp

from loadtests.users.accounts import Accounts, load_accounts
from loadtests.users.doors import Entrance, PortalDoor
from loadtests.users.measures import Sink
from loadtests.users.scenario import Seat
from portal.keyfiles import prepare_data
from portal.loadtest_school import fill
from recorder.reading import ArchiveReader
from signaling.client import Peer
from tests.browser.servers import Server, free_port
from tests.faults.clerks import Clerks
from tests.faults.crew import WAIT_S, Crew, drawing
from tests.faults.waiting import within
from tests.recorder.kills import strokes_in

__all__ = ["PortalKills", "broken_chain", "kill_portals", "not_once"]

_CREW: Final = 3
_CLERKS: Final = 3
_POLL_S: Final = 0.02
_LATEST_KILL: Final = 40


@dataclass
class PortalKills:
    """`answered`: tickets that were handed out; `faults`: what is not as it was answered. Times in s.

    `meanwhile`: strokes that were acknowledged while there was no portal.
    """

    kills: int = 0
    answered: int = 0
    meanwhile: int = 0
    strokes: int = 0
    recorded: int = 0
    back_s: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


async def kill_portals(data: Path, kills: int, seed: int) -> PortalKills:
    """One lesson that is recorded: some draw, others fetch tickets without pause, each from a log-in of their own.

    Each kill comes after a seeded number of answers. Raises Stuck, which names the kill, when somebody waits in vain.
    """
    chance, result = random.Random(seed), PortalKills()
    async with contextlib.AsyncExitStack() as stack:
        service, accounts = await _school(data)
        stack.push_async_callback(service.stop)
        await service.start()
        lesson = accounts.lessons[0]
        entrances = [PortalDoor(accounts, Sink()).entrance(Seat(0, place)) for place in range(_CREW + 1)]
        *peers, late = [await _person(stack, entrance) for entrance in entrances]
        for peer in peers:
            await stack.enter_async_context(peer)
        await entrances[0].begin()
        crew = await stack.enter_async_context(drawing(Crew(peers, lambda: late)))
        clerks = Clerks(accounts, list(lesson.people[_CREW + 1 :]))
        stack.push_async_callback(clerks.close)
        others = _children(service).keys() - {_portal(service)}
        for kill in range(kills):
            name = f"kill {kill + 1} of seed {seed}"
            await clerks.until(len(clerks.sessions) + chance.randint(1, _LATEST_KILL), name)
            await _kill(service, accounts.portal, crew, name, result)
        await clerks.until(len(clerks.sessions) + _CLERKS, f"the end of seed {seed}")
        await clerks.stop()
        result.faults += [*clerks.refused, await crew.finish()]
        result.strokes, result.answered = sum(crew.strokes), len(clerks.sessions)
        if not others <= _children(service).keys():
            result.faults.append("relay or recorder ended too")
        await entrances[0].end()
        folder = data / "recordings" / lesson.lesson
        async with within(WAIT_S, "the lesson", "its recording to be finished"):
            await _until(lambda: _is_sealed(folder))
        result.recorded = strokes_in(folder)
    result.faults += not_once(data / "portal.sqlite", clerks.sessions)
    result.faults.append(await broken_chain(data))
    result.faults = [fault for fault in result.faults if fault]
    return result


async def _school(data: Path) -> tuple[Server, Accounts]:
    """`chalkmesh serve`, not started, for a school of one lesson."""
    port, relay_port = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    prepare_data(data)
    await fill(data, 1, _CREW + 1 + _CLERKS, url)
    words = ["serve", "--data", str(data), "--port", str(port), "--relay-port", str(relay_port)]
    (data / "chalkmesh.toml").write_text("[recorder]\nlate_longest_ms = 500\nrender = false\nencrypt = false\n")
    return Server("serve", words, data / "serve.log", f"{url}/readyz"), load_accounts(data / "accounts.json")


async def _person(stack: contextlib.AsyncExitStack, entrance: Entrance) -> Peer:
    stack.push_async_callback(entrance.close)
    return await entrance.peer(None)


async def _kill(service: Server, url: str, crew: Crew, name: str, result: PortalKills) -> None:
    loop = asyncio.get_running_loop()
    victim, before = _portal(service), sum(crew.acked().values())
    os.kill(victim, signal.SIGKILL)
    killed_s = loop.time()
    async with within(WAIT_S, name, "the next portal to serve"), aiohttp.ClientSession() as http:
        await _until(lambda: _serves(http, url))
    result.back_s.append(loop.time() - killed_s)
    result.meanwhile += sum(crew.acked().values()) - before
    result.kills += 1


async def _until(look: Callable[[], Awaitable[bool]]) -> None:
    """Another process does what is looked for, and cannot tell us."""
    while True:
        if await look():
            return
        await asyncio.sleep(_POLL_S)


async def _serves(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(f"{url}/healthz") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


def _children(service: Server) -> dict[int, str]:
    """Process id → part, of what the supervisor runs."""
    assert service.process is not None
    parent = service.process.pid
    found = {}
    for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        found[int(pid)] = words[3].decode()  # python -m portal.cli PART
    return found


def _portal(service: Server) -> int:
    return next(pid for pid, part in _children(service).items() if part == "portal")


async def _is_sealed(folder: Path) -> bool:
    with ArchiveReader(folder) as archive:
        return archive.sealed


def not_once(database: Path, sessions: list[str]) -> list[str]:
    """What was answered, and is not in the database exactly once."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        held = Counter(row[0] for row in connection.execute("SELECT session FROM room_sessions"))
    return [f"session {each} is there {held[each]} times" for each in sessions if held[each] != 1]


async def broken_chain(data: Path) -> str:
    """What `chalkmesh audit verify` finds wrong; empty for nothing."""
    words = ("-m", "portal.cli", "audit", "verify", "--data", str(data))
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    return "" if process.returncode == 0 else said.decode().strip()
