"""An answer with a file of a recording, whole or by range (RFC 9110, sections 13 and 14), encrypted on disk or not."""

import asyncio
import re
from collections.abc import Callable
from email.utils import formatdate
from io import BufferedReader
from pathlib import Path

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest

from portal.logs import get_log
from portal.times import local

_PIECE_BYTES = 256 * 1024
# What some system does not take in the name of a file.
_UNFIT = re.compile(r"[^\w -]")

Opener = Callable[[Path], BufferedReader]


def name_of_file(title: str, starts_ms: int, time_zone: str, ending: str) -> str:
    """What a file of a lesson's recording is called on the disk of whoever takes it: title and day."""
    plain = _UNFIT.sub("", title).strip() or "lesson"
    return f"{plain} {local(starts_ms, time_zone).date().isoformat()}.{ending}"


class RecordingFile(web.StreamResponse):
    """Like aiohttp's FileResponse, but for the plain bytes that `opener` gives of a file."""

    def __init__(self, path: Path, opener: Opener, headers: dict[str, str]) -> None:
        super().__init__(headers=headers)
        self._path = path
        self._opener = opener

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Sends everything: what is asked for is known only now."""
        try:
            modified_ns = self._path.stat().st_mtime_ns
            file = await asyncio.to_thread(self._opener, self._path)
        except OSError as error:
            # Between the look at the folder and now it was destroyed, or its key is not here.
            get_log("portal").warning("recording_file_unreadable", kind=type(error).__name__)
            return await self._without_body(request, 404)
        try:
            # Of the plain bytes: encryption keeps the time and the length, so what a browser holds stays good.
            size = await asyncio.to_thread(file.seek, 0, 2)
            tag = f'"{modified_ns:x}-{size:x}"'
            self.headers["ETag"] = tag
            self.headers["Last-Modified"] = changed = formatdate(modified_ns // 10**9, usegmt=True)
            self.headers["Accept-Ranges"] = "bytes"
            if tag in [each.strip() for each in request.headers.get("If-None-Match", "").split(",")]:
                return await self._without_body(request, 304)
            first, end = 0, size
            if "Range" in request.headers and request.headers.get("If-Range", tag) in (tag, changed):
                try:
                    first, end, _ = request.http_range.indices(size)
                except ValueError:
                    first = end = size
                if first >= end:
                    self.headers["Content-Range"] = f"bytes */{size}"
                    return await self._without_body(request, 416)
                self.headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
                self.set_status(206)
            self.content_length = end - first
            writer = await super().prepare(request)
            if request.method != "HEAD":
                await self._send(file, first, end)
            await self.write_eof()
            return writer
        finally:
            file.close()

    async def _send(self, file: BufferedReader, first: int, end: int) -> None:
        await asyncio.to_thread(file.seek, first)
        while first < end:
            piece = await asyncio.to_thread(file.read, min(_PIECE_BYTES, end - first))
            if not piece:
                raise ConnectionAbortedError("the file became shorter while it was sent")
            await self.write(piece)
            first += len(piece)

    async def _without_body(self, request: BaseRequest, status: int) -> AbstractStreamWriter | None:
        self.set_status(status)
        if status != 304:
            self.content_length = 0
        writer = await super().prepare(request)
        await self.write_eof()
        return writer
