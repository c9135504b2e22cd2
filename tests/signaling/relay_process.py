"""A relay in its own process, as operators run it: ``python -m tests.signaling.relay_process DATA PORT [--open]``."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from signaling.server import main
from signaling.settings import RelaySettings
from whiteboard_crdt.errors import SetupError

_LISTENS = re.compile(rb"relay listens on 127\.0\.0\.1:(\d+)")
ROOT = Path(__file__).parents[2]


class RelayProcess:
    def __init__(self, process: asyncio.subprocess.Process, port: int, reading: asyncio.Task[bytes]) -> None:
        self.process = process
        self.port = port
        self._reading = reading

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/v1/session"

    async def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        await self.process.wait()

    async def terminate(self) -> tuple[int, str]:
        """SIGTERM; returns the exit code and what it wrote meanwhile."""
        self.process.terminate()
        async with asyncio.timeout(15):
            code = await self.process.wait()
            return code, (await self._reading).decode()


@contextlib.asynccontextmanager
async def relay_process(
    data: Path, port: int = 0, *, open_rooms: bool = False, module: str = "tests.signaling.relay_process"
) -> AsyncIterator[RelayProcess]:
    """Starts a relay and waits until it listens; kills it at the end if it still runs."""
    arguments = [sys.executable, "-m", module, str(data), str(port)]
    process = await asyncio.create_subprocess_exec(
        *arguments, *(["--open"] if open_rooms else []), cwd=ROOT, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    reading: asyncio.Task[bytes] | None = None
    try:
        async with asyncio.timeout(20):
            while (found := _LISTENS.search(line := await process.stderr.readline())) is None:
                assert line, "the relay ended before it listened"
        # Read on, so that a full pipe never stops it.
        reading = asyncio.create_task(process.stderr.read())
        yield RelayProcess(process, int(found[1]), reading)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        if reading is not None:
            await reading


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    try:
        sys.exit(main(RelaySettings(data=Path(sys.argv[1]), port=int(sys.argv[2]), open_rooms="--open" in sys.argv)))
    except SetupError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
