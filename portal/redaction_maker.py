"""Makes the copies that redactions ask for: one process at a time, at idle priority, again after a restart."""

import asyncio
from pathlib import Path

from sqlalchemy import select, update

from portal.captions import load_words
from portal.destruction import destroy_files
from portal.idle_maker import IdleMaker
from portal.logs import get_log
from portal.orders import ENDED, fail_order
from portal.redaction_schema import lost_originals, redactions
from portal.redactions import RedactionRow, find_showing, finish_redaction, next_asked
from recorder.ciphered import is_ciphered
from recorder.schema import DATABASE

_UNREADABLE = "the recording could not be read"


class RedactionMaker(IdleMaker):
    """Awake when something is to be left out, and when that was taken back."""

    failed_event = "redactions_failed"

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
                await fail_order(connection, redactions, row.id, fault)
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

        arguments = [*(["--encrypt"] if encrypt else []), str(source), str(self._recordings / row.id), *row.without]
        return await self._work("recorder.redact", arguments, {"words": words}, (redactions, row.id))
