"""Locust's side of the bots: starts their processes, hands out seats, and passes on what they report.

Only the standard library's threads, pipes and events: locust has made them cooperative before this is imported.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from loadtests.users.lines import Command, Report, Row, Setup
from loadtests.users.scenario import Seat
from loadtests.users.verdict import Ended

__all__ = ["BotProcesses"]

log = logging.getLogger("chalkmesh.loadtest")

ROOT: Final = Path(__file__).parents[2]
_SETTLE_MORE_S: Final = 30.0
_STOP_S: Final = 20.0


class _Process:
    """One process of bots and the thread that reads what it says."""

    def __init__(self, setup: Setup, on_rows: Callable[[list[Row]], None]) -> None:
        words = [sys.executable, "-m", "loadtests.users.bot_host"]
        self._child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
        self._on_rows = on_rows
        self.last: Report | None = None
        self.settled: Report | None = None
        self.answered = threading.Event()
        self._send(msgspec.json.encode(setup))
        self._thread = threading.Thread(target=self._read, name="bots", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    def tell(self, command: Command) -> None:
        """A command. A process that has ended is not told anything; that it ended is in the figures."""
        try:
            self._send(msgspec.json.encode(command))
        except OSError:
            log.error("a process of bots has ended pid=%d", self.pid)

    def close(self) -> None:
        """Let the bots leave, and wait for it."""
        assert self._child.stdin is not None
        try:
            self._child.stdin.close()
        except OSError:
            log.info("a process of bots had ended pid=%d", self.pid)
        try:
            self._child.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._thread.join(_STOP_S)

    def _send(self, line: bytes) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(line + b"\n")
        self._child.stdin.flush()

    def _read(self) -> None:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            self.last = report = msgspec.json.decode(line, type=Report)
            if report.rows:
                self._on_rows(report.rows)
            if report.ends is not None:
                self.settled = report
                self.answered.set()
        self.answered.set()


class BotProcesses:
    """The processes of one locust process. A room lives in one of them."""

    def __init__(self, setup: Setup, count: int, on_rows: Callable[[list[Row]], None]) -> None:
        self._people = setup.scenario.people
        self._processes = [_Process(setup, on_rows) for _ in range(count)]
        self._free: list[int] = []
        self._next = 0

    @property
    def pids(self) -> list[int]:
        """The process ids of the bots' processes."""
        return [process.pid for process in self._processes]

    def enter(self) -> Seat:
        """Let one more bot in; returns its seat. Rooms fill one after the other."""
        if self._free:
            number = self._free.pop(0)
        else:
            number, self._next = self._next, self._next + 1
        seat = Seat(number // self._people, number % self._people)
        self._of(seat).tell(Command("enter", seat))
        return seat

    def leave(self, seat: Seat) -> None:
        """Let a bot go; its seat is free again."""
        self._of(seat).tell(Command("leave", seat))
        self._free.append(seat.room * self._people + seat.place)
        self._free.sort()

    @property
    def hurried(self) -> int:
        """How many strokes that were asked for by `hurry` are stored."""
        return sum(process.last.hurried for process in self._processes if process.last is not None)

    def hurry(self, seat: Seat, strokes: int) -> None:
        """Let one bot draw so many strokes at once."""
        self._of(seat).tell(Command("hurry", seat, strokes=strokes))

    def settle(self, limit_s: float) -> Ended:
        """All rest; returns how every room ended, after at most about `limit_s`."""
        ended = Ended()
        for process in self._processes:
            process.answered.clear()
            process.tell(Command("settle", limit_s=limit_s))
        for process in self._processes:
            process.answered.wait(4 * limit_s + _SETTLE_MORE_S)
            report = process.settled
            if report is None:
                ended.missing += 1
                continue
            ended.rooms += report.ends or []
            ended.edits |= report.edits or {}
            ended.planned += report.planned
            ended.done += report.done
            ended.dropped += report.dropped
            ended.bots_cpu_s += report.cpu_s
            ended.bots_mb += report.resident_mb
        return ended

    def close(self) -> None:
        """End all processes."""
        for process in self._processes:
            process.close()

    def _of(self, seat: Seat) -> _Process:
        return self._processes[seat.room % len(self._processes)]
