"""The one door from the portal to the recorder package: manifests and timelines of sealed lessons, and their files."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from io import BufferedReader
from pathlib import Path
from typing import Any

from portal.assets import inside
from whiteboard_crdt.assets import sniff_mime
from whiteboard_crdt.errors import SetupError

_MEDIA_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,150}\.(?:webm|mkv|mka)")
_FILM_FILE = re.compile(r"film-[a-z0-9-]{4,64}\.(?:mp4|webm)")
_ASSET = re.compile(r"[0-9a-f]{64}")
_AT_ONCE = 8


class NoArchive(Exception):
    """There is no archive that could be read."""


class Playback:
    """Reads lesson archives for people who were let in. Paths are built here and nowhere else.

    Every method takes the name of a folder: the lesson, or the copy of it that is shown (portal/redactions.py).
    """

    def __init__(self, recordings: Path) -> None:
        self._recordings = recordings
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def load_manifest(self, folder: str, user: str, *, staff: bool, base_url: str) -> dict[str, Any]:
        """The manifest as that viewer may see it. `Any`: JSON, described in docs/recording.md. Raises NoArchive."""
        async with self._slots:
            return await asyncio.to_thread(_load_manifest, self._folder(folder), user, staff, base_url)

    @asynccontextmanager
    async def timeline(self, folder: str, user: str, *, staff: bool, after: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """The viewer's timeline in pieces. The archive is read in one thread of its own, piece by piece, on demand.

        `after` is the token at the end of an earlier answer, or "". Raises NoArchive, and ProtocolError for the token.
        """
        async with self._slots:
            thread = ThreadPoolExecutor(1, thread_name_prefix="timeline")
            loop = asyncio.get_running_loop()
            try:
                pieces = await loop.run_in_executor(thread, _open_timeline, self._folder(folder), user, staff, after)
                try:
                    yield _step(loop, thread, pieces)
                finally:
                    await loop.run_in_executor(thread, _close, pieces)
            finally:
                thread.shutdown(wait=False)

    def media(self, folder: str, name: str) -> Path | None:
        """A track of the lesson, or None when the name is not one of a track or there is no such file."""
        return inside(self._folder(folder) / "media", name) if _MEDIA_FILE.fullmatch(name) else None

    async def asset(self, folder: str, name: str) -> tuple[Path, str] | None:
        """A picture of the lesson's boards by its hash, and its media type; None where there is none."""
        path = inside(self._folder(folder) / "assets", name) if _ASSET.fullmatch(name) else None
        if path is None:
            return None
        try:
            return path, await asyncio.to_thread(_sniff, path)
        except OSError:
            # Destroyed a moment ago, or its key is not here.
            return None

    def export(self, folder: str) -> Path | None:
        """The MP4, or None while there is none."""
        return inside(self._folder(folder) / "export", "lesson.mp4")

    def film(self, folder: str, name: str) -> Path | None:
        """A film as somebody wanted it (`FilmRow.file`), or None when it is not there."""
        return inside(self._folder(folder) / "export", name) if _FILM_FILE.fullmatch(name) else None

    def storyboard(self, folder: str) -> Path | None:
        """The small pictures along the film in one sprite, or None while there are none."""
        return inside(self._folder(folder) / "export", "storyboard.jpg")

    def webpage(self, folder: str) -> Path | None:
        """The lesson as a page that opens without a server, or None while there is none."""
        return inside(self._folder(folder) / "export", "lesson.html")

    async def load_captions(self, folder: str) -> list[dict[str, Any]]:
        """What the machine heard, fields as in `recorder.captions.Caption`; none while there are none."""
        return await asyncio.to_thread(_load_captions, self._folder(folder))

    async def format_vtt(self, folder: str, words: list[tuple[int, str]]) -> str:
        """WebVTT of the captions with these numbers and these words. Raises NoArchive."""
        async with self._slots:
            return await asyncio.to_thread(_format_vtt, self._folder(folder), dict(words))

    async def load_people(self, folder: str) -> list[tuple[str, str]]:
        """Who took part, recorders aside: (user, role), each once, in order of appearance. Raises NoArchive."""
        async with self._slots:
            return await asyncio.to_thread(_load_people, self._folder(folder))

    def poster(self, folder: str) -> Path | None:
        """The poster picture, or None while there is none."""
        return inside(self._folder(folder) / "export", "poster.jpg")

    def _folder(self, folder: str) -> Path:
        # It comes from the database by way of the guard, never straight from a path.
        return self._recordings / folder


# The recorder brings a raster library along; it is imported with the first recording that is opened, not at the start.
def _load_manifest(folder: Path, user: str, staff: bool, base_url: str) -> dict[str, Any]:
    from recorder.projection import Viewer, load_manifest

    try:
        return load_manifest(folder, Viewer(user, staff), base_url)
    except SetupError as error:
        raise NoArchive(folder.name) from error


def _load_captions(folder: Path) -> list[dict[str, Any]]:
    from recorder.captions import FILE, load_captions

    return [asdict(caption) for caption in load_captions(folder / "export" / FILE)]


def _format_vtt(folder: Path, words: dict[int, str]) -> str:
    from recorder.captions import FILE, format_vtt, load_captions

    manifest = _load_manifest(folder, "", False, "")
    names = {person["user"]: person["name"] for person in manifest["participants"]}
    captions = [
        replace(caption, text=words[caption.id])
        for caption in load_captions(folder / "export" / FILE)
        if words.get(caption.id)
    ]
    return format_vtt(captions, lambda user: names.get(user, ""), manifest["start_ms"])


def _load_people(folder: Path) -> list[tuple[str, str]]:
    manifest = _load_manifest(folder, "", False, "")
    return list(dict.fromkeys((person["user"], person["role"]) for person in manifest["participants"]))


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


def _sniff(path: Path) -> str:
    with open_plain(path) as file:
        return sniff_mime(file.read(16)) or "application/octet-stream"


async def _step(
    loop: asyncio.AbstractEventLoop, thread: ThreadPoolExecutor, pieces: Iterator[bytes]
) -> AsyncIterator[bytes]:
    while (piece := await loop.run_in_executor(thread, next, pieces, None)) is not None:
        yield piece


def _close(pieces: Iterator[bytes]) -> None:
    close = getattr(pieces, "close", None)
    if close is not None:
        close()
