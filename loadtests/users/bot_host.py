"""The process in which the bots live: asyncio and uvloop, told what to do by JSON lines, never beside gevent.

``python -m loadtests.users.bot_host``, started by `bot_processes.py`. First line in: a `Setup`. Then commands: `enter`
and `leave` with a seat, `settle` once. Lines out: `Report`s ten times a second. When standard input ends, so does it.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Final

import aiohttp
import aioice.ice
import msgspec
import uvloop

from loadtests.users.accounts import load_accounts
from loadtests.users.bot import RoomBot
from loadtests.users.doors import Door, KeyDoor, PortalDoor, is_loopback
from loadtests.users.lines import Command, Report, RoomEnd, Setup
from loadtests.users.measures import EditTimes, Sink
from loadtests.users.plan import digest_of
from loadtests.users.scenario import Seat
from loadtests.users.settling import settle_room
from whiteboard_crdt.errors import ChalkmeshError

__all__ = ["BotHost"]

log = logging.getLogger("chalkmesh.loadtest")

_REPORT_S: Final = 0.1
_LINE_BYTES: Final = 1 << 20


class BotHost:
    """All bots of one process."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self.sink = Sink()
        self._bots: dict[Seat, RoomBot] = {}
        self._times: defaultdict[int, EditTimes] = defaultdict(EditTimes)
        self._tasks: set[asyncio.Task[None]] = set()
        self._begun_s = 0.0
        self._ends: list[RoomEnd] | None = None
        door: Door
        if setup.accounts:
            accounts = load_accounts(Path(setup.accounts))
            door = PortalDoor(accounts, self.sink, setup.first_room, setup.room_step)
            address = accounts.portal
        else:
            door, address = KeyDoor(Path(setup.data), setup.relay_url, setup.prefix, setup.scenario), setup.relay_url
        self._door = door
        if is_loopback(address):
            # Bots of a test on one machine meet there, not over the addresses of its network.
            aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]

    def obey(self, command: Command) -> None:
        """Begin what a line asks for."""
        works = {"enter": self._enter, "leave": self._leave, "hurry": self._hurry, "settle": self._settle}
        work = works[command.do]
        task = asyncio.get_running_loop().create_task(work(command))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def close(self) -> None:
        """Everybody leaves."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(bot.leave() for bot in self._bots.values()), return_exceptions=True)

    def report(self) -> Report:
        """What happened since the last one."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        ends, self._ends = self._ends, None
        edits: dict[str, str] | None = None
        if ends is not None:
            edits = {f"{seat.room}/{seat.place}": digest_of(bot.edits) for seat, bot in self._bots.items()}
        return Report(
            rows=self.sink.take(),
            cpu_s=used.ru_utime + used.ru_stime,
            resident_mb=used.ru_maxrss / 1024,
            bots=len(self._bots),
            dropped=self.sink.dropped,
            ends=ends,
            edits=edits,
            planned=self._setup.scenario.edits_each * len(self._bots),
            done=sum(len(bot.edits) for bot in self._bots.values()),
            hurried=sum(bot.hurried for bot in self._bots.values()),
        )

    async def _enter(self, command: Command) -> None:
        seat = command.seat
        if seat in self._bots:
            return
        self._begun_s = self._begun_s or time.monotonic()
        entrance = self._door.entrance(seat)
        bot = RoomBot(self._setup.scenario, seat, entrance, self._times[seat.room], self.sink)
        self._bots[seat] = bot
        try:
            await bot.enter(endless=self._setup.endless, begun_s=self._begun_s)
        except (ChalkmeshError, aiohttp.ClientError, OSError, TimeoutError) as error:
            log.error("bot not let in room=%d place=%d kind=%s", seat.room, seat.place, type(error).__name__)

    async def _leave(self, command: Command) -> None:
        bot = self._bots.pop(command.seat, None)
        if bot is not None:
            await bot.leave()

    async def _hurry(self, command: Command) -> None:
        bot = self._bots.get(command.seat)
        if bot is not None:
            await bot.hurry(command.strokes)

    async def _settle(self, command: Command) -> None:
        entering = self._tasks - {asyncio.current_task()}
        if entering:
            await asyncio.wait(entering, timeout=command.limit_s)
        await asyncio.gather(*(bot.finish(command.limit_s) for bot in self._bots.values()))
        await asyncio.gather(*(bot.rest() for bot in self._bots.values()))
        rooms: defaultdict[int, list[RoomBot]] = defaultdict(list)
        for seat, bot in self._bots.items():
            rooms[seat.room].append(bot)
        ends = await asyncio.gather(*(settle_room(room, bots, command.limit_s) for room, bots in rooms.items()))
        for end in ends:
            self.sink.put("ROOM", "all boards equal", end.took_ms, end.strokes, _fault_of(end))
        await asyncio.gather(*(bot.end() for bot in self._bots.values()))
        self._ends = list(ends)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # The edge of a command: the other bots go on, and the test counts it.
            log.error("command of the load test failed kind=%s", type(error).__name__, exc_info=error)
            self.sink.put("ROOM", "bot", 0.0, error=type(error).__name__)


def _fault_of(end: RoomEnd) -> str:
    if not end.equal:
        return "boards differ"
    return "work is lost" if end.lost or end.unsaved else ""


async def _report_for_ever(host: BotHost) -> None:
    while True:
        await asyncio.sleep(_REPORT_S)
        _write(host.report())


def _write(report: Report) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
    sys.stdout.buffer.flush()


async def _main() -> None:
    lines = asyncio.StreamReader(limit=_LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    host = BotHost(msgspec.json.decode(await lines.readline(), type=Setup))
    reporting = asyncio.create_task(_report_for_ever(host), name="report")
    try:
        while line := await lines.readline():
            host.obey(msgspec.json.decode(line, type=Command))
    finally:
        reporting.cancel()
        await host.close()
        await asyncio.gather(reporting, return_exceptions=True)


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    uvloop.run(_main())
