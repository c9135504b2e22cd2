"""A bad line within the process, where there is no root for the network lab: the session socket of one bot.

A proxy on the loopback that hands on what it takes later and slower, by a profile of `loadtests/netlab/profiles.toml`.
What a network loses TCP sends again, so a lost packet is a stall here. Direct links go over UDP, which only the lab
(`loadtests/netlab/lab.py`) can shape.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from loadtests.netlab.lab import PROFILES
from whiteboard_crdt.errors import SetupError

__all__ = ["SlowLine", "Way"]

_PACKET_BYTES: Final = 1_400
# What TCP waits at least before it sends again.
_RETRY_MS: Final = 200.0
_CHUNK_BYTES: Final = 16_384
# So much is under way at most; then the sender waits, as behind a full queue.
_UNDER_WAY: Final = 256


class Way:
    """When each packet of one direction arrives. Pure: time is handed in, chance is a seed's."""

    def __init__(self, profile: Mapping[str, float], chance: random.Random) -> None:
        self._profile = profile
        self._chance = chance
        self._free_s = self._last_s = 0.0
        self._bad = False

    def arrives_s(self, size_bytes: int, now_s: float) -> float:
        """For a packet sent now: never before the one that was sent before it."""
        get = self._profile.get
        rate_bytes_s = get("rate", 0.0) * 1000 / 8
        self._free_s = max(self._free_s, now_s) + (size_bytes / rate_bytes_s if rate_bytes_s else 0.0)
        late_ms = get("delay", 0.0) + self._chance.uniform(-1, 1) * get("jitter", 0.0)
        retry_ms = max(_RETRY_MS, 2 * get("delay", 0.0))
        while self._loses():
            late_ms += retry_ms
            retry_ms *= 2
            # By then a burst, which is counted in packets of a busy line, is over.
            self._bad = False
        self._last_s = max(self._last_s, self._free_s + max(0.0, late_ms) / 1000)
        return self._last_s

    def _loses(self) -> bool:
        """By itself (`loss`), and in bursts: `geb` % into one, `geg` % out of it, `gel` % lost within."""
        get, percent = self._profile.get, self._chance.uniform(0, 100)
        turn = self._chance.uniform(0, 100)
        self._bad = turn >= get("geg", 100.0) if self._bad else turn < get("geb", 0.0)
        return percent < (get("gel", 0.0) if self._bad else get("loss", 0.0))


class SlowLine:
    """One person's line. `open` gives the address to use in place of the relay's; `close` ends all connections."""

    def __init__(self, profile: str, seed: str) -> None:
        """Raises SetupError for a profile that is not there."""
        if profile not in PROFILES:
            raise SetupError(f"There is no line {profile}. There are: {', '.join(PROFILES)}.")
        self._profile = PROFILES[profile]
        self._seed = seed
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._count = 0

    async def open(self, url: str) -> str:
        """Stand in front of a `ws://` address."""
        parts = urlsplit(url)
        if parts.scheme != "ws" or parts.hostname is None:
            raise SetupError("A line within the process carries ws:// alone; for TLS use the network lab.")
        host, port = parts.hostname, parts.port or 80

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there, back = await asyncio.open_connection(host, port)
            self._count += 1
            for name, source, target in (("up", reader, back), ("down", there, writer)):
                chance = random.Random(f"{self._seed}/{self._count}/{name}")
                task = asyncio.create_task(_carry(source, target, Way(self._profile, chance)), name=f"line-{name}")
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

        self._server = await asyncio.start_server(accept, "127.0.0.1", 0)
        own = self._server.sockets[0].getsockname()[1]
        return urlunsplit((parts.scheme, f"127.0.0.1:{own}", parts.path, parts.query, ""))

    async def close(self) -> None:
        """Nothing is carried any more."""
        if self._server is not None:
            self._server.close()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter, way: Way) -> None:
    """Bytes of one direction until either side ends."""
    loop = asyncio.get_running_loop()
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_UNDER_WAY)

    async def deliver() -> None:
        while True:
            due_s, data = await under_way.get()
            await asyncio.sleep(max(0.0, due_s - loop.time()))
            if not data:
                return
            target.write(data)
            await target.drain()

    delivering = asyncio.create_task(deliver(), name="line-deliver")
    try:
        while data := await source.read(_CHUNK_BYTES):
            for first in range(0, len(data), _PACKET_BYTES):
                packet = data[first : first + _PACKET_BYTES]
                await under_way.put((way.arrives_s(len(packet), loop.time()), packet))
        await under_way.put((loop.time(), b""))
        await delivering
    except (ConnectionError, RuntimeError):
        # One of the two is gone, and so is the line; uvloop says RuntimeError for a socket that was closed before.
        pass
    finally:
        delivering.cancel()
        await asyncio.gather(delivering, return_exceptions=True)
        target.close()
