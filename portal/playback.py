"""The one door from the portal to the recorder package: manifests and timelines of sealed lessons, and their files."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any

from portal.assets import inside
from whiteboard_crdt.errors import SetupError

_MEDIA_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,150}\.(?:webm|mkv|mka)")
_AT_ONCE = 8


class NoArchive(Exception):
    """There is no archive that could be read."""


class Playback:
    """Reads lesson archives for people who were let in. Paths are built here and nowhere else."""

    def __init__(self, recordings: Path) -> None:
        self._recordings = recordings
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def load_manifest(self, lesson: str, user: str, *, staff: bool, base_url: str) -> dict[str, Any]:
        """The manifest as that viewer may see it. `Any`: JSON, described in docs/recording.md. Raises NoArchive."""
        async with self._slots:
            return await asyncio.to_thread(_load_manifest, self._folder(lesson), user, staff, base_url)

    @asynccontextmanager
    async def timeline(self, lesson: str, user: str, *, staff: bool, after: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """The viewer's timeline in pieces. The archive is read in one thread of its own, piece by piece, on demand.

        `after` is the token at the end of an earlier answer, or "". Raises NoArchive, and ProtocolError for the token.
        """
        async with self._slots:
            thread = ThreadPoolExecutor(1, thread_name_prefix="timeline")
            loop = asyncio.get_running_loop()
            try:
                pieces = await loop.run_in_executor(thread, _open_timeline, self._folder(lesson), user, staff, after)
                try:
                    yield _step(loop, thread, pieces)
                finally:
                    await loop.run_in_executor(thread, _close, pieces)
            finally:
                thread.shutdown(wait=False)

    def media(self, lesson: str, name: str) -> Path | None:
        """A track of the lesson, or None when the name is not one of a track or there is no such file."""
        return inside(self._folder(lesson) / "media", name) if _MEDIA_FILE.fullmatch(name) else None

    def export(self, lesson: str) -> Path | None:
        """The MP4, or None while there is none."""
        return inside(self._folder(lesson) / "export", "lesson.mp4")

    def storyboard(self, lesson: str) -> Path | None:
        """The small pictures along the film in one sprite, or None while there are none."""
        return inside(self._folder(lesson) / "export", "storyboard.jpg")

    def webpage(self, lesson: str) -> Path | None:
        """The lesson as a page that opens without a server, or None while there is none."""
        return inside(self._folder(lesson) / "export", "lesson.html")

    def poster(self, lesson: str) -> Path | None:
        """The poster picture, or None while there is none."""
        return inside(self._folder(lesson) / "export", "poster.jpg")

    def _folder(self, lesson: str) -> Path:
        # `lesson` comes from the database by way of the guard, never straight from a path.
        return self._recordings / lesson


# The recorder brings a raster library along; it is imported with the first recording that is opened, not at the start.
def _load_manifest(folder: Path, user: str, staff: bool, base_url: str) -> dict[str, Any]:
    from recorder.projection import Viewer, load_manifest

    try:
        return load_manifest(folder, Viewer(user, staff), base_url)
    except SetupError as error:
        raise NoArchive(folder.name) from error


def _open_timeline(folder: Path, user: str, staff: bool, after: str) -> Iterator[bytes]:
    from recorder.projection import Viewer, encode_timeline

    viewer = Viewer(user, staff)
    try:
        return encode_timeline(folder, viewer, after)
    except SetupError as error:
        raise NoArchive(folder.name) from error


def open_plain(path: Path) -> BufferedReader:
    """A file of a recording for its plain bytes, encrypted on disk or not. Raises OSError."""
    from recorder.ciphered import open_plain

    return open_plain(path)


async def _step(
    loop: asyncio.AbstractEventLoop, thread: ThreadPoolExecutor, pieces: Iterator[bytes]
) -> AsyncIterator[bytes]:
    while (piece := await loop.run_in_executor(thread, next, pieces, None)) is not None:
        yield piece


def _close(pieces: Iterator[bytes]) -> None:
    close = getattr(pieces, "close", None)
    if close is not None:
        close()
