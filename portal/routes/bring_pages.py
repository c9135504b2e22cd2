"""Pages for a lesson's board out of PDFs and the class's material; for whoever may write in the lesson."""

import asyncio
import re
import struct
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import msgspec
from aiohttp import ClientConnectionResetError, web
from sqlalchemy import select

from portal.answers import json_answer
from portal.authorize import Action
from portal.context import lesson_of, person_of, portal_of
from portal.failures import BadRequest, NotThere, PortalError, Unavailable
from portal.file_kinds import CONTENT_TYPES
from portal.materials import Material, list_materials
from portal.page_imports import MAX_PDF_BYTES, PageImport
from portal.pdf_pages import MAX_PAGES_AT_ONCE, DrawnPage, PdfRefused
from portal.routing import RouteTable, may
from portal.schema import lessons

routes = RouteTable()

_BRING = may(Action.BRING_PAGES)
_ONE = "/api/lessons/{lesson}/materials/{material}"
_NUMBERS: Final = re.compile(r"[1-9][0-9]{0,2}(,[1-9][0-9]{0,2})*")
_LENGTHS: Final = struct.Struct(">II")


class _PageHeader(msgspec.Struct):
    """What stands before the bytes of a page. `failure`: why there are none, in words."""

    page: int
    width: int
    height: int
    words: str
    failure: str


@routes.get("/api/lessons/{lesson}/materials", _BRING)
async def materials(request: web.Request) -> web.Response:
    """What the lesson's class has ready, the newest version of each."""
    newest: dict[str, Material] = {}
    for each in await _of_class(request):
        newest.setdefault(each.title, each)
    return json_answer(
        {
            "materials": [
                {"id": each.id, "title": each.title, "kind": each.kind, "size_bytes": each.size_bytes}
                for each in newest.values()
            ]
        }
    )


@routes.get(_ONE, _BRING)
async def picture(request: web.Request) -> web.StreamResponse:
    """A picture of the class's material. PDFs are opened instead: their bytes are not for browsers."""
    found = await _material(request)
    path = portal_of(request).settings.materials / found.digest
    if found.kind == "pdf" or not path.is_file():
        raise NotThere
    return web.FileResponse(path, headers={"Content-Type": CONTENT_TYPES[found.kind], "Cache-Control": "no-store"})


@routes.post(_ONE + "/open", _BRING)
async def open_material(request: web.Request) -> web.Response:
    """Opens a PDF of the class's material."""
    portal, found = portal_of(request), await _material(request)
    path = portal.settings.materials / found.digest
    if found.kind != "pdf" or not path.is_file():
        raise NotThere
    pages = await _count(request, await asyncio.to_thread(path.read_bytes))
    opened = portal.page_imports.point(lesson_of(request).id, person_of(request).actor.user, path, pages)
    return json_answer({"import": opened.id, "pages": pages, "most": MAX_PAGES_AT_ONCE})


@routes.post("/api/lessons/{lesson}/imports", may(Action.BRING_PAGES, max_body_bytes=MAX_PDF_BYTES))
async def open_upload(request: web.Request) -> web.Response:
    """Takes in a PDF from somebody's computer."""
    portal = portal_of(request)
    try:
        content = await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise _TooLarge from error
    if b"%PDF-" not in content[:1024]:
        raise BadRequest("This is no PDF. The name of a file does not count, only what is in it.", code="not_a_pdf")
    pages = await _count(request, content)
    kept = await portal.page_imports.keep(lesson_of(request).id, person_of(request).actor.user, content, pages)
    return json_answer({"import": kept.id, "pages": pages, "most": MAX_PAGES_AT_ONCE})


@routes.get("/api/lessons/{lesson}/imports/{opened}/pages", _BRING)
async def pages(request: web.Request) -> web.StreamResponse:
    """The pages `numbers` as pictures, one after the other as they are drawn; `size=thumbnail` for choosing.

    Each: `u32 header length, u32 picture length`, a header (JSON: page, width, height, words, failure), the picture.
    """
    portal, lesson, user = portal_of(request), lesson_of(request).id, person_of(request).actor.user
    opened = portal.page_imports.get(lesson, user, request.match_info["opened"])
    if opened is None:
        raise NotThere("This PDF is not kept any more. Choose it again.")
    numbers = _numbers(request, opened)
    content = await asyncio.to_thread(opened.path.read_bytes)
    thumbnails = request.query.get("size") == "thumbnail"
    async with aclosing(portal.pdf_pages.draw(content, numbers, user, thumbnails=thumbnails)) as drawn:
        return await _stream(request, drawn)


async def _stream(request: web.Request, drawn: AsyncGenerator[DrawnPage, None]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/octet-stream", "Cache-Control": "no-store"})
    try:
        async for page in drawn:
            if not response.prepared:
                await response.prepare(request)
            head = msgspec.json.encode(_PageHeader(page.page, page.width_px, page.height_px, page.words, page.failure))
            await response.write(_LENGTHS.pack(len(head), len(page.picture)) + head + page.picture)
        await response.write_eof()
    except PdfRefused as error:
        raise _refusal(error) from error  # nothing was sent yet: a PDF is refused before its first page
    except ClientConnectionResetError:
        pass  # Whoever asked has gone; the drawing ends with `drawn`.
    return response


class _TooLarge(PortalError):
    status = 413
    code = "too_large"
    title = "Too large"

    def __init__(self) -> None:
        super().__init__(f"This PDF is larger than {MAX_PDF_BYTES // 1024 // 1024} MB. Save the pages you need.")


def _refusal(error: PdfRefused) -> PortalError:
    if error.code == "busy":
        return Unavailable(str(error), code=error.code)
    return BadRequest(str(error), code=error.code)


async def _count(request: web.Request, content: bytes) -> int:
    try:
        return await portal_of(request).pdf_pages.count(content, person_of(request).actor.user)
    except PdfRefused as error:
        raise _refusal(error) from error


def _numbers(request: web.Request, opened: PageImport) -> list[int]:
    text = request.query.get("numbers", "")
    numbers = [int(each) for each in text.split(",")] if len(text) <= 400 and _NUMBERS.fullmatch(text) else []
    if not numbers or max(numbers) > opened.pages:
        raise BadRequest("There are no such pages.", code="no_such_page")
    if len(numbers) > MAX_PAGES_AT_ONCE:
        raise BadRequest(f"At most {MAX_PAGES_AT_ONCE} pages can be brought in at once.", code="too_many_pages")
    return numbers


async def _of_class(request: web.Request) -> list[Material]:
    async with portal_of(request).database.read() as connection:
        found = await connection.execute(select(lessons.c["class"]).where(lessons.c.id == lesson_of(request).id))
        group = found.scalar()
        return [] if group is None else list(await list_materials(connection, group))


async def _material(request: web.Request) -> Material:
    wanted = request.match_info["material"]
    found = next((each for each in await _of_class(request) if each.id == wanted), None)
    if found is None:
        raise NotThere
    return found
