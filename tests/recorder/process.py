"""The recorder as a process of its own, so that it can be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from recorder.lease import FILE as LEASE


class RecorderProcess:
    """`chalkmesh recorder` on the loopback, and another one that stands by, as `chalkmesh serve` keeps them.

    `kill` is SIGKILL to the one that records, `stop` is SIGTERM to both.
    """

    def __init__(self, data: Path, portal_url: str, log: Path) -> None:
        self._data = data
        self._portal_url = portal_url
        self._log = log
        self._processes: dict[int, asyncio.subprocess.Process] = {}
        self._stopped: list[int] = []

    async def start(self) -> None:
        """Let go of who was held by `kill`, and start what is missing."""
        stopped, self._stopped = self._stopped, []
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
        while len(self._processes) < 2:
            process = await self._launch()
            self._processes[process.pid] = process

    async def kill(self) -> None:
        """The power of -9: nothing is flushed, nobody is told. The other one is held until `start`."""
        holder = int((self._data / "recordings" / LEASE).read_text("ascii"))
        process = self._processes.pop(holder)
        self._stopped = list(self._processes)
        for pid in self._stopped:
            os.kill(pid, signal.SIGSTOP)
        await _end(process, signal.SIGKILL)

    async def stop(self) -> None:
        """As a supervisor does it."""
        processes, self._processes = list(self._processes.values()), {}
        # Who stands by goes first and does not take over.
        for process in reversed(processes):
            await _end(process, signal.SIGTERM)

    async def _launch(self) -> asyncio.subprocess.Process:
        own = {
            "CHALKMESH_RECORDER_ICE_ADDRESSES": "127.0.0.1",
            "CHALKMESH_RECORDER_HEARTBEAT_EVERY_MS": "200",
            "CHALKMESH_RECORDER_RENDER": "false",
        }
        command = (sys.executable, "-m", "portal.cli", "recorder")
        options = ("--data", str(self._data), "--portal-url", self._portal_url)
        with self._log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *command, *options, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, env=os.environ | own
            )


async def _end(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    if process.returncode is None:
        process.send_signal(number)
        await process.wait()
