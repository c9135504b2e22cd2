"""The queue of films to be made: one worker process at a time, at idle priority; what waits is known from the disk."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections import deque
from collections.abc import Container
from pathlib import Path

from recorder.ciphered import is_encrypted
from recorder.portal_client import PortalAway, PortalClient, RecordingStatus
from recorder.reading import ArchiveReader
from recorder.schema import DATABASE, EXPORT_FOLDER, FILM
from whiteboard_crdt.errors import SetupError

__all__ = ["RenderQueue"]

log = logging.getLogger("chalkmesh.recorder.render")

_TRIES = 3
_TRIES_FILE = "tries"
# There when the portal knows of the film: a kill between the film and the report must not hide it for ever.
_TOLD_FILE = "told"
_REPORT_EVERY_S = 1.0
_TELL_TRIES = 30
_TELL_PAUSE_S = 2.0
_LINE_BYTES = 64 * 1024


class RenderQueue:
    """Films wait here by folder. At most `capacity` are remembered; over it they are found again by `rescan`."""

    def __init__(
        self,
        recordings: Path,
        portal: PortalClient,
        capacity: int,
        recorded: Container[str] = frozenset(),
        *,
        encrypt: bool = False,
        captions: str | None = None,
    ) -> None:
        """`recorded`: the lessons that are still written to; they are not found before they are put here.

        `captions`: as in `load_recogniser`.
        """
        self._encrypt = encrypt
        self._captions = captions
        self._recordings = recordings
        self._recorded = recorded
        self._portal = portal
        self._capacity = capacity
        self._waiting: deque[Path] = deque()
        self._overflowed = False
        self._news = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many films are remembered."""
        return len(self._waiting)

    def put(self, folder: Path) -> None:
        """A lesson was sealed."""
        if folder in self._waiting:
            return
        if len(self._waiting) >= self._capacity:
            self._overflowed = True
        else:
            self._waiting.append(folder)
        self._news.set()

    def rescan(self) -> None:
        """Find sealed lessons without a film, or with one that the portal was not told of; oldest first."""
        self._overflowed = False
        for path in sorted(self._recordings.glob(f"*/{DATABASE}"), key=lambda found: found.stat().st_mtime):
            folder = path.parent
            if folder.name in self._recorded:
                continue
            if (folder / EXPORT_FOLDER / _TOLD_FILE).exists() or not _is_worth_it(folder):
                continue
            if (folder / EXPORT_FOLDER / FILM).exists() or _tries(folder) < _TRIES:
                self.put(folder)

    async def run(self) -> None:
        """Make films until cancelled."""
        await asyncio.to_thread(self.rescan)
        while True:
            while not self._waiting:
                if self._overflowed:
                    await asyncio.to_thread(self.rescan)
                    continue
                self._news.clear()
                await self._news.wait()
            folder = self._waiting[0]
            try:
                await self._make(folder)
            except OSError as error:
                # One lesson's folder is in disorder; the others' films are still wanted.
                log.error("film not made lesson=%s error=%s", folder.name, error.strerror)
            self._waiting.popleft()

    async def _make(self, folder: Path) -> None:
        lesson = folder.name
        if (folder / EXPORT_FOLDER / FILM).exists() and not await asyncio.to_thread(self._lies_open, folder):
            await self._tell_made(folder)
            return
        if not await asyncio.to_thread(_is_worth_it, folder):
            return
        _count_try(folder)
        await self._tell(lesson, "rendering", progress=0.0, insist=False)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "recorder.worker",
            *(["--encrypt"] if self._encrypt else []),
            *(["--captions", self._captions] if self._captions else []),
            str(folder),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LINE_BYTES,
        )
        try:
            await self._follow(lesson, process)
            fault = (await process.stderr.read(_LINE_BYTES)).decode("utf-8", "replace") if process.stderr else ""
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()
        if code == 0:
            await self._tell_made(folder)
        elif _tries(folder) < _TRIES:
            log.warning("film not made lesson=%s code=%d", lesson, code)
            self._overflowed = True
        else:
            log.error("film given up lesson=%s code=%d", lesson, code)
            last_line = fault.strip().rsplit("\n", 1)[-1]
            await self._tell(lesson, "sealed", detail=f"the film could not be made: {last_line}")

    def _lies_open(self, folder: Path) -> bool:
        """Whether a worker that was to encrypt was killed before it had."""
        return self._encrypt and _tries(folder) < _TRIES and not is_encrypted(folder)

    async def _follow(self, lesson: str, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        loop = asyncio.get_running_loop()
        told_s = 0.0
        async for line in process.stdout:
            try:
                progress = json.loads(line).get("progress")
            except (ValueError, AttributeError):
                continue
            if isinstance(progress, int | float) and loop.time() - told_s >= _REPORT_EVERY_S:
                told_s = loop.time()
                await self._tell(lesson, "rendering", progress=float(progress), insist=False)

    async def _tell_made(self, folder: Path) -> None:
        if await self._tell(folder.name, "rendered", progress=1.0):
            (folder / EXPORT_FOLDER / _TOLD_FILE).touch()

    async def _tell(
        self,
        lesson: str,
        state: RecordingStatus,
        *,
        detail: str = "",
        progress: float | None = None,
        insist: bool = True,
    ) -> bool:
        for _ in range(_TELL_TRIES if insist else 1):
            try:
                await self._portal.status(lesson, state, detail=detail, progress=progress)
            except PortalAway as error:
                if error.unknown_lesson:
                    return True
                if insist:
                    log.info("portal does not hear of a film lesson=%s: %s", lesson, error)
                    await asyncio.sleep(_TELL_PAUSE_S)
            else:
                return True
        return False


def _is_worth_it(folder: Path) -> bool:
    try:
        with ArchiveReader(folder) as archive:
            start, end = archive.span()
            # What the portal made without somebody's part has its film from there.
            wanted = "start_ms" in archive.meta and "redacted" not in archive.meta
            return archive.sealed and wanted and end > start
    except SetupError:
        return False


def _tries(folder: Path) -> int:
    try:
        return int((folder / EXPORT_FOLDER / _TRIES_FILE).read_text("ascii"))
    except (OSError, ValueError):
        return 0


def _count_try(folder: Path) -> None:
    path = folder / EXPORT_FOLDER / _TRIES_FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(str(_tries(folder) + 1), "ascii")
