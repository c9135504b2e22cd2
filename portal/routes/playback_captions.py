"""Captions of a recording: the player's JSON API, and the same as a WebVTT file."""

from typing import Annotated

import msgspec
from aiohttp import web

from portal.answers import json_answer, json_body, to_keep
from portal.authorize import Action, permitted
from portal.captions import MOST_WORDS, ShownCaption, change_caption, merge_captions
from portal.context import lesson_of, person_of, portal_of
from portal.failures import NotThere
from portal.recording_file import name_of_file
from portal.routes.recording_api import check_watchable, shown_of
from portal.routing import Fresh, RouteTable, may

routes = RouteTable()

_TAKE = may(Action.DOWNLOAD_RECORDING, disclosing=True, fresh=Fresh.FILE_OF_OTHERS)

_READ = may(Action.WATCH_RECORDING, disclosing=True)


class CaptionChange(msgspec.Struct, forbid_unknown_fields=True):
    """What a caption says; null for what the machine heard."""

    words: Annotated[str, msgspec.Meta(max_length=MOST_WORDS)] | None


@routes.get("/api/recordings/{lesson}/captions", _READ)
async def captions(request: web.Request) -> web.Response:
    """All captions, and whether this viewer may correct them."""
    return await _captions(request)


@routes.post("/api/recordings/{lesson}/captions/{caption}", may(Action.EDIT_CAPTIONS))
async def change(request: web.Request) -> web.Response:
    """Corrects one; answers with all of them."""
    portal, lesson, wanted = portal_of(request), lesson_of(request), await json_body(request, CaptionChange)
    number = request.match_info["caption"]
    known = {str(one.id): one.id for one in await _load(request)}
    if number not in known:
        raise NotThere("There is no such caption.")
    words = None if wanted.words is None else " ".join(wanted.words.split())
    async with portal.database.write() as connection:
        await change_caption(connection, person_of(request).actor, lesson.id, known[number], words, portal.clock())
    portal.films.wake()
    return await _captions(request)


@routes.get("/api/recordings/{lesson}/captions.vtt", _TAKE)
async def vtt(request: web.Request) -> web.Response:
    """The captions as a file, with people's corrections."""
    shown = await _load(request)
    folder = (await shown_of(request)).folder
    lesson = lesson_of(request)
    name = name_of_file(lesson.title, lesson.starts_ms, person_of(request).time_zone, "vtt")
    text = await portal_of(request).playback.format_vtt(folder, [(one.id, one.text) for one in shown])
    return web.Response(
        text=text,
        content_type="text/vtt",
        headers={"Cache-Control": "private, no-cache", **to_keep(name)},
    )


async def _captions(request: web.Request) -> web.Response:
    may_edit = permitted(person_of(request).actor, Action.EDIT_CAPTIONS, lesson_of(request).access)
    return json_answer({"captions": await _load(request), "editable": may_edit})


async def _load(request: web.Request) -> list[ShownCaption]:
    portal, lesson = portal_of(request), lesson_of(request)
    await check_watchable(request)
    heard = await portal.playback.load_captions((await shown_of(request)).folder)
    async with portal.database.read() as connection:
        return await merge_captions(connection, lesson.id, heard)
