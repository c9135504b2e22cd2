"""People at their browsers: each with a connection and a log-in of their own, who asks again after a time to think."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import aiohttp
import msgspec

__all__ = ["Asked", "Visitor", "Visits", "quantile", "run_visits"]

_SEED: Final = 20_000
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever asks for one path. `cookie`: the token of the log-in, or nothing."""

    path: str
    cookie: str = ""


@dataclass(frozen=True, slots=True)
class Visits:
    """`think_s` 0: the closed loop, where each asks again as soon as the answer is there."""

    visitors: Sequence[Visitor]
    think_s: float
    seconds: float


class Asked(msgspec.Struct, frozen=True):
    """What came of it. Times from the first byte sent to the last one read."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    requests: int
    requests_s: float
    answer_kb: float
    failed: int


def quantile(ordered: Sequence[float], part: float) -> float:
    """Of values in order; the greatest that a share of `part` does not exceed."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


async def run_visits(url: str, visits: Visits) -> Asked:
    """Everybody asks once before anything is counted: connections, disclosures and log-ins are then as in use."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(url, connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as http:
        people = [_Person(http, visitor, visits.think_s) for visitor in visits.visitors]
        for person in people:
            await person.ask()
            person.forget()
        begun_s = time.monotonic()
        until_s = begun_s + visits.seconds
        await asyncio.gather(*(person.stay(number, until_s) for number, person in enumerate(people)))
        took_s = time.monotonic() - begun_s
    times = sorted(ms for person in people for ms in person.times_ms)
    return Asked(
        round(quantile(times, 0.5), 2),
        round(quantile(times, 0.95), 2),
        round(quantile(times, 0.99), 2),
        len(times),
        round(len(times) / took_s, 1),
        round(sum(person.read_bytes for person in people) / max(1, len(times)) / 1000, 1),
        sum(person.failed for person in people),
    )


class _Person:
    def __init__(self, http: aiohttp.ClientSession, visitor: Visitor, think_s: float) -> None:
        self._http = http
        self._path = visitor.path
        self._headers = {"Cookie": f"chalkmesh-login={visitor.cookie}"} if visitor.cookie else {}
        self._think_s = think_s
        self.forget()

    def forget(self) -> None:
        """What was counted so far."""
        self.times_ms: list[float] = []
        self.read_bytes = 0
        self.failed = 0

    async def ask(self) -> None:
        """One answer, whole. One that leads to the log-in has failed."""
        begun_s = time.perf_counter()
        async with self._http.get(self._path, headers=self._headers, allow_redirects=False) as answer:
            self.read_bytes += len(await answer.read())
            self.failed += answer.status != _OK
        self.times_ms.append(1000 * (time.perf_counter() - begun_s))

    async def stay(self, number: int, until_s: float) -> None:
        """Ask, think, and ask again. Times to think differ by half, so that nobody marches in step."""
        chance = random.Random(_SEED + number)
        if self._think_s:
            await asyncio.sleep(chance.uniform(0, self._think_s))
        while time.monotonic() < until_s:
            await self.ask()
            if self._think_s:
                await asyncio.sleep(chance.uniform(0.5, 1.5) * self._think_s)
