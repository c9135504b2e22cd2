"""Waits for the disk away from the event loop: media first, then the notes that speak of it."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from typing import Final

from recorder.archive import Archive
from recorder.media_desk import TakenJob
from recorder.notes import Notes
from recorder.tracks import TrackRecorder
from signaling.disk_room import cannot_write, too_full

__all__ = ["DiskWriter"]

_ROOM_MB: Final = 16  # a minute of a full lesson

log = logging.getLogger("chalkmesh.recorder.disk")


class DiskWriter:
    """Writes one lesson, one batch at a time and in order.

    A full disk stops media first, until there is room again; notes wait for better times.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._turn = asyncio.Lock()
        self._complained = False

    async def has_room(self) -> bool:
        """Whether media that the disk refused may be tried again."""
        return await asyncio.get_running_loop().run_in_executor(None, self._look)

    async def flush(self, jobs: Sequence[TakenJob]) -> None:
        """Do the jobs, then commit all notes. Raises sqlite3.Error where the database is broken, not merely full."""
        async with self._turn:
            notes = self._archive.take()
            if not jobs and notes.empty:
                return
            work = asyncio.get_running_loop().run_in_executor(None, self._work, jobs, notes)
            cancelled: asyncio.CancelledError | None = None
            try:
                failed, written = await asyncio.shield(work)
            except asyncio.CancelledError as error:
                # What was taken must not be lost with the caller.
                cancelled = error
                failed, written = await work
        for track in failed:
            log.error("disk takes no media session=%s kind=%s", track.session, track.kind)
            track.fail()
        if not written:
            self._archive.restore(notes)
            if not self._complained:
                log.error("disk takes no notes, retrying lesson=%s", self._archive.folder.name)
        self._complained = not written
        if cancelled is not None:
            raise cancelled

    def _look(self) -> bool:
        folder = self._archive.folder
        return not too_full(folder, _ROOM_MB) and not cannot_write(folder)

    def _work(self, jobs: Sequence[TakenJob], notes: Notes) -> tuple[list[TrackRecorder], bool]:
        failed: list[TrackRecorder] = []
        for job in jobs:
            try:
                job.run()
            except OSError:
                if job.track not in failed:
                    failed.append(job.track)
        try:
            self._archive.write(notes)
        except sqlite3.OperationalError:
            return failed, False
        return failed, True
