"""The recorder as a process of its own, so that it can be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path


class RecorderProcess:
    """`chalkmesh recorder` on the loopback; `kill` is SIGKILL, `stop` is SIGTERM."""

    def __init__(self, data: Path, portal_url: str, log: Path) -> None:
        self._data = data
        self._portal_url = portal_url
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it; it must not be running."""
        assert self._process is None
        own = {
            "CHALKMESH_RECORDER_ICE_ADDRESSES": "127.0.0.1",
            "CHALKMESH_RECORDER_HEARTBEAT_EVERY_MS": "200",
            "CHALKMESH_RECORDER_RENDER": "false",
        }
        command = (sys.executable, "-m", "portal.cli", "recorder")
        options = ("--data", str(self._data), "--portal-url", self._portal_url)
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command, *options, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, env=os.environ | own
            )

    async def kill(self) -> None:
        """The power of -9: nothing is flushed, nobody is told."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """As a supervisor does it."""
        await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.send_signal(number)
            await process.wait()
