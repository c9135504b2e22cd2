"""The real portal, relay and recorder as processes of a test: started, killed and restarted one by one."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

READY_TIMEOUT_S = 40.0


def free_port() -> int:
    """A port nobody listens on at the moment of asking."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """One `chalkmesh …` process, its log in a file, its readiness by /healthz."""

    name: str
    arguments: Sequence[str]
    log: Path
    health_url: str | None = None
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the process and return once it answers /healthz (if it has one)."""
        with self.log.open("ab") as out:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "portal.cli",
                *self.arguments,
                stdout=out,
                stderr=out,
                env={**os.environ, "CHALKMESH_RECORDER_ICE_ADDRESSES": "127.0.0.1"},
            )
        if self.health_url:
            await self._healthy(self.health_url)

    async def _healthy(self, url: str) -> None:
        assert self.process
        async with asyncio.timeout(READY_TIMEOUT_S), aiohttp.ClientSession() as session:
            while True:
                if self.process.returncode is not None:
                    raise AssertionError(f"{self.name} ended with {self.process.returncode}: {self.tail()}")
                try:
                    async with session.get(url) as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.05)  # readiness poll of another process

    def tail(self, lines: int = 30) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    async def kill(self) -> None:
        """`kill -9`, and wait until it is gone."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Ask it to end, and wait; after 15 s it is killed."""
        await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(how)
        try:
            async with asyncio.timeout(15):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


@dataclass
class Classroom:
    """A school served by three processes on loopback: the demo's, or an empty house."""

    data: Path
    portal_port: int = field(default_factory=free_port)
    relay_port: int = field(default_factory=free_port)
    demo: bool = True
    # More of the portal's settings, as an operator writes them into the file.
    settings: Mapping[str, str | int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        self.url = f"http://127.0.0.1:{self.portal_port}"
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in {**self.settings, "public_url": self.url}.items()]
        (self.data / "chalkmesh.toml").write_text("[portal]\n" + "".join(lines))
        data = str(self.data)
        self.portal = Server(
            "portal",
            _words(
                f"portal {'--demo' if self.demo else ''} --host 127.0.0.1 --port {self.portal_port}"
                f" --relay-port {self.relay_port}",
                data,
            ),
            self.data / "portal.log",
            f"{self.url}/healthz",
        )
        self.relay = Server(
            "relay",
            _words(f"relay --host 127.0.0.1 --port {self.relay_port} --portal-url {self.url}", data),
            self.data / "relay.log",
            f"http://127.0.0.1:{self.relay_port}/healthz",
        )
        self.recorder = Server(
            "recorder", _words(f"recorder --portal-url {self.url}", data), self.data / "recorder.log"
        )
        # Not started with the others: most tests want to be alone.
        self.bots = Server(
            "bots",
            _words(f"bots --relay-url http://127.0.0.1:{self.relay_port}", data),
            self.data / "bots.log",
        )

    async def stop(self) -> None:
        """End all of them, whoever is only a guest first."""
        for server in (self.bots, self.recorder, self.relay, self.portal):
            await server.stop()


def _words(command: str, data: str) -> list[str]:
    return [*command.split(), "--data", data]


@asynccontextmanager
async def classroom(
    data: Path, *, demo: bool = True, settings: Mapping[str, str | int] | None = None
) -> AsyncIterator[Classroom]:
    """A running school; everything it started is ended on leaving."""
    school = Classroom(data, demo=demo, settings=settings or {})
    try:
        await school.portal.start()
        await asyncio.gather(school.relay.start(), school.recorder.start())
        yield school
    finally:
        await school.stop()
