"""The loop of whoever makes things of recordings in processes of their own: one at a time, again after a restart."""

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Table

from portal.clock import Clock
from portal.database import Database
from portal.idle_process import run_idle
from portal.logs import get_log
from portal.orders import say_progress

# What could not be made or removed is looked at again.
LOOK_AGAIN_S = 600.0


class IdleMaker(ABC):
    """Owns the process that works. `run` ends by cancellation; what was begun goes on at the next start."""

    failed_event: str
    """What the log calls a round that broke."""

    def __init__(self, database: Database, clock: Clock, recordings: Path, turn: asyncio.Lock) -> None:
        """`turn` is shared with whatever else makes films on this host: one of all of them works at a time."""
        self._database = database
        self._clock = clock
        self._recordings = recordings
        self._turn = turn
        self._news = asyncio.Event()
        self._settled = asyncio.Event()

    def wake(self) -> None:
        """There is something to make, or to remove."""
        self._settled.clear()
        self._news.set()

    async def settled(self) -> None:
        """Returns once all is made and removed that can be now."""
        await self._settled.wait()

    async def run(self) -> None:
        """Make and remove until cancelled."""
        log = get_log("portal")
        while True:
            self._news.clear()
            wait_s = LOOK_AGAIN_S
            try:
                await self.clear()
                while await self._make_next():
                    await self.clear()
                wait_s = await self._finish_round()
            except Exception:
                # The edge of this task: the next round may go better.
                log.exception(self.failed_event)
            if not self._news.is_set():
                self._settled.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._news.wait()

    @abstractmethod
    async def clear(self) -> None:
        """Removes the files that are no longer to be there."""

    @abstractmethod
    async def _make_next(self) -> bool:
        """Makes what waits longest; False when nothing waits."""

    async def _finish_round(self) -> float:
        """What comes once all is made; returns in how many seconds to look again."""
        return LOOK_AGAIN_S

    async def _work(
        self, module: str, arguments: list[str], job: dict[str, object], of: tuple[Table, str]
    ) -> str | None:
        """Runs a process when its turn comes and notes how far it is in the row `of`; what went wrong, in a line."""
        table, identifier = of

        async def say(progress: float) -> bool:
            async with self._database.write() as connection:
                return await say_progress(connection, table, identifier, progress)

        async with self._turn:
            return await run_idle(module, arguments, job, say)
