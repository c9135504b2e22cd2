"""Makes the copies that redactions ask for: one process at a time, at idle priority, again after a restart."""

import asyncio
from contextlib import suppress
from pathlib import Path

from sqlalchemy import select, update

from portal.captions import load_words
from portal.clock import Clock
from portal.database import Database
from portal.destruction import destroy_files
from portal.idle_process import run_idle
from portal.logs import get_log
from portal.redaction_schema import lost_originals, redactions
from portal.redactions import (
    ENDED,
    RedactionRow,
    fail_redaction,
    find_showing,
    finish_redaction,
    next_asked,
    say_progress,
)
from recorder.ciphered import is_ciphered
from recorder.schema import DATABASE

# What could not be removed is looked at again; nobody can watch it meanwhile.
_LOOK_AGAIN_S = 600.0
_UNREADABLE = "the recording could not be read"


class RedactionMaker:
    """Owns the process that works. `run` ends by cancellation; what was begun goes on at the next start."""

    def __init__(self, database: Database, clock: Clock, recordings: Path, turn: asyncio.Lock) -> None:
        """`turn` is shared with whatever else makes films on this host: one of all of them works at a time."""
        self._database = database
        self._clock = clock
        self._recordings = recordings
        self._turn = turn
        self._news = asyncio.Event()
        self._settled = asyncio.Event()

    def wake(self) -> None:
        """One was asked for, or taken back."""
        self._settled.clear()
        self._news.set()

    async def settled(self) -> None:
        """Returns once all is made and destroyed that was asked for."""
        await self._settled.wait()

    async def run(self) -> None:
        """Make and destroy until cancelled."""
        log = get_log("portal")
        while True:
            self._news.clear()
            try:
                while await self._make_next():
                    await self.clear()
                await self.clear()
            except Exception:
                # The edge of this task: the next round may go better.
                log.exception("redactions_failed")
            if not self._news.is_set():
                self._settled.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_AGAIN_S):
                    await self._news.wait()

    async def clear(self) -> None:
        """Destroys what is no longer to be there: copies that ended, and originals that were given up."""
        async with self._database.read() as connection:
            ended = await connection.execute(
                select(redactions.c.id).where(redactions.c.state == ENDED, redactions.c.gone_ms.is_(None))
            )
            copies = list(ended.scalars())
            lost = await connection.execute(select(lost_originals.c.lesson).where(lost_originals.c.gone_ms.is_(None)))
            originals = list(lost.scalars())
        for folder in (*copies, *originals):
            try:
                await asyncio.to_thread(destroy_files, self._recordings, folder)
            except OSError as error:
                get_log("portal").error("recording_not_destroyed", folder=folder, kind=type(error).__name__)
                continue
            async with self._database.write() as connection:
                gone = {"gone_ms": self._clock()}
                await connection.execute(update(redactions).where(redactions.c.id == folder).values(gone))
                await connection.execute(update(lost_originals).where(lost_originals.c.lesson == folder).values(gone))

    async def _make_next(self) -> bool:
        async with self._database.read() as connection:
            row = await next_asked(connection)
            showing = await find_showing(connection, row.lesson) if row is not None else None
        if row is None or showing is None:
            return False
        source = self._recordings / (row.lesson if showing.original else showing.folder)
        fault = await self._make(row, source)
        async with self._database.write() as connection:
            if fault is None:
                wanted = await finish_redaction(connection, row, self._clock())
            else:
                await fail_redaction(connection, row.id, fault)
                wanted = True
        if fault is not None:
            get_log("portal").error("redaction_failed", redaction=row.id)
        if not wanted:
            # Taken back or destroyed while it was made.
            await asyncio.to_thread(destroy_files, self._recordings, row.id)
        return True

    async def _make(self, row: RedactionRow, source: Path) -> str | None:
        """Runs the process to its end; returns what went wrong in a line."""
        try:
            encrypt = await asyncio.to_thread(is_ciphered, source / DATABASE)
        except OSError:
            return _UNREADABLE
        async with self._database.read() as connection:
            words = await load_words(connection, row.lesson)

        async def say(progress: float) -> bool:
            async with self._database.write() as connection:
                return await say_progress(connection, row.id, progress)

        arguments = [*(["--encrypt"] if encrypt else []), str(source), str(self._recordings / row.id), *row.without]
        async with self._turn:
            return await run_idle("recorder.redact", arguments, {"words": words}, say)
