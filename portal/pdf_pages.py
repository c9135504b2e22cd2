"""Pages of PDFs as pictures, drawn by a process that can do nothing else (`portal.pdf_child`). What it says is read as
hostile too: a PDF may have taken it over.
"""

import asyncio
import struct
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Annotated, Final
from weakref import WeakValueDictionary

import msgspec

from portal.logs import get_log

# What one PDF may have, and how many pages come onto a board at once: a board of more is no lesson.
MAX_PDF_PAGES: Final = 200
MAX_PAGES_AT_ONCE: Final = 60
# The sheet that everybody starts with is 1,600 × 900 px; a page on it stands at twice that density.
SHEET_PX: Final = (3080, 1732)
SHEET_LEAST_PX: Final = 2200
THUMBNAIL_PX: Final = (240, 240)
# Processor time is bounded in the child; this is for one that waits for ever, on a machine that may be busy.
_PAGE_S: Final = 45.0
_BROKEN_PAGES: Final = 3
_PROCESSES: Final = 2
_WAITING: Final = 8
_HEADER_BYTES: Final = 8_192
_BODY_BYTES: Final = 10 * 1024 * 1024
_LENGTHS: Final = struct.Struct(">II")
_PICTURES: Final = (b"\x89PNG\r\n\x1a\n", b"RIFF")


class PdfRefused(Exception):
    """A PDF that cannot be used; the message is for whoever chose it, `code` for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class _Header(msgspec.Struct):
    count: Annotated[int, msgspec.Meta(ge=0, le=10_000_000)] | None = None
    page: int = 0
    width: Annotated[int, msgspec.Meta(ge=0, le=20_000)] = 0
    height: Annotated[int, msgspec.Meta(ge=0, le=20_000)] = 0
    ratio: Annotated[float, msgspec.Meta(ge=0.0)] = 0.0
    words: Annotated[str, msgspec.Meta(max_length=400)] = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class DrawnPage:
    """A page as PNG or WebP; `words`: the beginning of what is written on it. `failure`: a sentence, and no picture."""

    page: int
    width_px: int = 0
    height_px: int = 0
    words: str = ""
    picture: bytes = b""
    failure: str = ""


class PdfPages:
    """Draws for the whole portal: two processes at a time, one a person, a few waiting; more is refused as `busy`."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(_PROCESSES)
        self._waiting = 0
        self._people: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._log = get_log("portal")

    async def count(self, content: bytes, person: str) -> int:
        """How many pages it has. Raises PdfRefused."""
        async with self._turn(person), _Child(content, [], words=False, thumbnails=True) as child:
            count = await child.first()
        if count == 0:
            raise PdfRefused("empty", "This PDF has no pages.")
        if count > MAX_PDF_PAGES:
            raise PdfRefused(
                "too_many_pages",
                f"This PDF has {count:,} pages; at most {MAX_PDF_PAGES} can be opened, and {MAX_PAGES_AT_ONCE} brought"
                " in at once. Save the pages that you need as a PDF of their own.",
            )
        return count

    async def draw(
        self, content: bytes, pages: Sequence[int], person: str, *, thumbnails: bool = False
    ) -> AsyncGenerator[DrawnPage, None]:
        """The pages (counted from 1) in that order, each as soon as it is drawn. Raises PdfRefused.

        A page that cannot be drawn costs nothing but itself; after three the rest is given up.
        """
        left = list(pages)
        failed = 0
        async with self._turn(person):
            while left:
                try:
                    async with _Child(content, left, words=not thumbnails, thumbnails=thumbnails) as child:
                        await child.first()
                        while left:
                            page = await child.next(left[0])
                            del left[0]
                            yield page
                except _ChildLost:
                    failed += 1
                    lost = left.pop(0)
                    self._log.warning("pdf_page_lost", page=lost)
                    yield DrawnPage(lost, failure=f"Page {lost} is too much to draw.")
                    if failed == _BROKEN_PAGES:
                        for page_number in left:
                            yield DrawnPage(page_number, failure=f"Page {page_number} was not tried any more.")
                        return

    @asynccontextmanager
    async def _turn(self, person: str) -> AsyncGenerator[None, None]:
        if self._waiting >= _WAITING:
            raise PdfRefused("busy", "Many PDFs are being brought in at this moment. Try again in a minute.")
        self._waiting += 1
        mine = self._people.setdefault(person, asyncio.Lock())
        async with AsyncExitStack() as turn:
            try:
                await turn.enter_async_context(mine)
                await turn.enter_async_context(self._turns)
            finally:
                self._waiting -= 1
            yield


class _ChildLost(Exception):
    """The process ended, hung, or said what it must not."""


class _Child:
    """One drawing process, from its start to its end."""

    def __init__(self, content: bytes, pages: Sequence[int], *, words: bool, thumbnails: bool) -> None:
        box, least = (THUMBNAIL_PX, 0) if thumbnails else (SHEET_PX, SHEET_LEAST_PX)
        order = {"pages": list(pages), "box_px": box, "least_px": least, "words": words}
        self._input = msgspec.json.encode(order) + b"\n" + content
        self._process: asyncio.subprocess.Process
        self._feeding: asyncio.Task[None]

    async def __aenter__(self) -> "_Child":
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-m", "portal.pdf_child",
            stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL, env={}, cwd="/",
        )  # fmt: skip
        self._feeding = asyncio.create_task(self._feed(), name="pdf-feed")
        return self

    async def __aexit__(self, *error: object) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        self._feeding.cancel()
        with suppress(asyncio.CancelledError):
            await self._feeding
        await self._process.wait()

    async def _feed(self) -> None:
        pipe = self._process.stdin
        if pipe is None:
            raise AssertionError("a pipe was asked for")
        with suppress(ConnectionError):  # It has ended, which whoever reads it learns.
            pipe.write(self._input)
            await pipe.drain()
            pipe.close()

    async def first(self) -> int:
        """How many pages there are. Raises PdfRefused."""
        try:
            header, _ = await self._frame()
        except _ChildLost:
            raise PdfRefused(
                "too_much", "This PDF is too much to read. Print it into a new PDF, and try that."
            ) from None
        if header.error == "locked":
            raise PdfRefused("locked", "This PDF is locked with a password. Save it without one, and try again.")
        if header.error or header.count is None:
            raise PdfRefused("broken", "This PDF is damaged, or is none. Print it into a new PDF, and try that.")
        return header.count

    async def next(self, page: int) -> DrawnPage:
        """The next page, which must be that one. Raises _ChildLost."""
        header, body = await self._frame()
        if header.page != page:
            raise _ChildLost
        if header.error == "size":
            return DrawnPage(page, failure=f"Page {page} is too long, too narrow or too large for a board.")
        if header.error:
            return DrawnPage(page, failure=f"Page {page} is damaged.")
        if not body.startswith(_PICTURES) or not header.width or not header.height:
            raise _ChildLost
        return DrawnPage(page, header.width, header.height, header.words, body)

    async def _frame(self) -> tuple[_Header, bytes]:
        pipe = self._process.stdout
        if pipe is None:
            raise AssertionError("a pipe was asked for")
        try:
            async with asyncio.timeout(_PAGE_S):
                head, body = _LENGTHS.unpack(await pipe.readexactly(_LENGTHS.size))
                if head > _HEADER_BYTES or body > _BODY_BYTES:
                    raise _ChildLost
                return msgspec.json.decode(await pipe.readexactly(head), type=_Header), await pipe.readexactly(body)
        except (TimeoutError, asyncio.IncompleteReadError, msgspec.DecodeError) as error:
            raise _ChildLost from error
