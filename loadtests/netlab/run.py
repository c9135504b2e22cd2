"""A room in the lab: a relay on one host, participants on others, each a process that is told what to do."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from loadtests.netlab.lab import Lab
from whiteboard_crdt.errors import SetupError

__all__ = ["Process", "Remote", "participant", "port_open", "portal_command", "process", "relay", "relay_url"]

Process = asyncio.subprocess.Process
ROOT: Final = Path(__file__).parents[2]
RELAY_PORT: Final = 8081
_READY_S: Final = 30.0
_LINE_BYTES: Final = 16 * 1024 * 1024


class Remote:
    """A process that answers one JSON line with another."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, do: str, limit_s: float = 60.0, **arguments: Any) -> Any:
        """Its answer, within `limit_s`. Raises TimeoutError, also when the process itself ran into one."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
        async with asyncio.timeout(limit_s):
            line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the participant ended")
        answer = json.loads(line)
        if "error" in answer:
            raise TimeoutError(f"{do} {arguments}: {answer}")
        return answer["ok"]

    async def wait(self, timeout_s: float = 30.0, **wanted: Any) -> dict[str, Any]:
        """Until its state has these values. Raises TimeoutError."""
        state: dict[str, Any] = await self.ask("wait", timeout_s + 10, timeout_s=timeout_s, **wanted)
        return state


@asynccontextmanager
async def process(
    lab: Lab,
    host: int,
    words: Sequence[str],
    log: Path,
    *,
    piped: bool = False,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run something on a host until the end; its standard error goes to a file. `environment`: ours when None."""
    pipe = asyncio.subprocess.PIPE if piped else asyncio.subprocess.DEVNULL
    with log.open("ab") as out:
        started = await asyncio.create_subprocess_exec(
            *lab.command(host, words),
            stdin=pipe,
            stdout=pipe,
            stderr=out,
            cwd=ROOT,
            limit=_LINE_BYTES,
            env=environment,
        )
    try:
        yield started
    finally:
        if started.stdin is not None:
            started.stdin.close()
        if started.returncode is None:
            started.terminate()
            try:
                async with asyncio.timeout(10):
                    await started.wait()
            except TimeoutError:
                started.kill()
                await started.wait()


@asynccontextmanager
async def relay(lab: Lab, host: int, folder: Path) -> AsyncIterator[str]:
    """The relay on a host; gives its address for browsers and peers. `folder` is its data."""
    listen = ["--host", "0.0.0.0", "--port", str(RELAY_PORT)]
    words = portal_command("relay", "--data", str(folder), *listen, "--log-level", "warning")
    async with process(lab, host, words, folder / "relay.log") as started:
        await port_open(lab, host, RELAY_PORT, started)
        yield relay_url(lab, host)


def portal_command(name: str, *words: str) -> list[str]:
    """The command `chalkmesh NAME …` of this tree."""
    return [sys.executable, "-m", "portal.cli", name, *words]


def relay_url(lab: Lab, host: int) -> str:
    """Where the relay of `relay` will be."""
    return f"ws://{lab.address(host)}:{RELAY_PORT}/v1/session"


async def port_open(lab: Lab, host: int, port: int, started: asyncio.subprocess.Process) -> None:
    """Until somebody listens on a host's port. Raises SetupError or TimeoutError."""
    script = (
        "import socket, sys, time\n"
        f"end = time.monotonic() + {_READY_S}\n"
        "while time.monotonic() < end:\n"
        f"    if socket.socket().connect_ex(('{lab.address(host)}', {port})) == 0: sys.exit(0)\n"
        "    time.sleep(0.05)\n"
        "sys.exit(1)\n"
    )
    probe = await asyncio.create_subprocess_exec(*lab.command(host, [sys.executable, "-c", script]))
    if await probe.wait() != 0 or started.returncode is not None:
        raise SetupError("a server of the lab did not start")


@asynccontextmanager
async def participant(
    lab: Lab, host: int, folder: Path, user: str, turn_urls: Sequence[str] = (), *, tone_hz: int | None = None
) -> AsyncIterator[Remote]:
    """A Python peer on a host; with `tone_hz` it sends sound and picture."""
    words = [sys.executable, "-m", "loadtests.netlab.participant", str(folder), user, *turn_urls]
    if tone_hz is not None:
        words += ["--tone", str(tone_hz)]
    async with process(lab, host, words, folder / f"{user}.log", piped=True) as started:
        yield Remote(started)
