"""Films of a recording as people want them: the page without script, and the same for the player."""

from dataclasses import asdict
from typing import Any, Literal

import msgspec
from aiohttp import web

from portal.answers import json_answer, json_body, see_other, to_keep
from portal.authorize import Action, is_lesson_staff
from portal.captions import load_words
from portal.context import lesson_of, person_of, portal_of
from portal.failures import Conflict, NotThere
from portal.films import (
    KEPT_DAYS,
    STANDARD,
    FilmRow,
    FilmWish,
    ask_film,
    load_films,
    load_stale,
    remove_film,
    wish_of,
)
from portal.forms import Form
from portal.orders import ASKED, DONE, FAILED, OrderRefused
from portal.playback import open_plain
from portal.recording_file import RecordingFile, name_of_file
from portal.recordings import RecordingState
from portal.routes.recording_api import check_watchable, shown_of
from portal.routing import Fresh, RouteTable, may

routes = RouteTable()

_LOOK = may(Action.WATCH_RECORDING, disclosing=True)
_ASK = may(Action.DOWNLOAD_RECORDING)
_TAKE = may(Action.DOWNLOAD_RECORDING, disclosing=True, fresh=Fresh.FILE_OF_OTHERS)
_PAGE = "/recordings/{lesson}/films"
_API = "/api/recordings/{lesson}/films"
_TYPES = {"mp4": "video/mp4", "webm": "video/webm"}
_LAYOUT_WORDS = {"tiles": "Board and cameras", "board": "Board alone", "speaker": "Board and speaker"}
# How far the film is that every lesson has, in the words of those that were asked for.
_OWN_STATES = {
    RecordingState.SEALED: ASKED,
    RecordingState.RENDERING: ASKED,
    RecordingState.FAILED: FAILED,
}
_CAPTION_WORDS = {"none": "no captions", "soft": "captions to switch on", "burnt": "captions in picture"}


class FilmRequest(msgspec.Struct, forbid_unknown_fields=True):
    """How a film is to be."""

    layout: Literal["tiles", "board", "speaker"]
    height: Literal[720, 1080]
    format: Literal["mp4", "webm"]
    captions: Literal["none", "soft", "burnt"]


@routes.get(_PAGE, _LOOK)
async def films_page(request: web.Request) -> web.Response:
    """What there is to download, what is being made, and the form for another film."""
    return await _page(request, Form())


@routes.post(_PAGE, _ASK)
async def ask(request: web.Request) -> web.Response:
    """Asks for a film."""
    await check_watchable(request)
    form = await Form.read(request)
    try:
        await _ask(request, wish_of(form.values, captions=await _has_captions(request)))
    except OrderRefused as error:
        form.errors["what"] = str(error)
        return await _page(request, form, status=409)
    return see_other(f"/recordings/{lesson_of(request).id}/films")


@routes.post(f"{_PAGE}/{{film}}/remove", _ASK)
async def remove(request: web.Request) -> web.Response:
    """Takes a film away, made or not."""
    await _remove(request)
    return see_other(f"/recordings/{lesson_of(request).id}/films")


@routes.get(_API, _LOOK)
async def films(request: web.Request) -> web.Response:
    """The same for the player."""
    return await _films(request)


@routes.post(_API, _ASK)
async def ask_from_player(request: web.Request) -> web.Response:
    """Asks for a film; answers with all of them."""
    await check_watchable(request)
    wanted = await json_body(request, FilmRequest)
    captions = wanted.captions if await _has_captions(request) else "none"
    try:
        await _ask(request, FilmWish(wanted.layout, wanted.height, wanted.format, captions))
    except OrderRefused as error:
        raise Conflict(str(error), code="film_refused") from error
    return await _films(request)


@routes.post(f"{_API}/{{film}}/remove", _ASK)
async def remove_from_player(request: web.Request) -> web.Response:
    """Takes a film away; answers with those that are left."""
    await _remove(request)
    return await _films(request)


@routes.get(f"{_API}/{{film}}", _TAKE)
async def film_file(request: web.Request) -> web.StreamResponse:
    """A film that is made, as a file to keep."""
    film = await _find(request)
    path = portal_of(request).playback.film(film.folder, film.file) if film.state == DONE else None
    if path is None:
        raise NotThere("There is no such film.")
    lesson, wish = lesson_of(request), film.wish
    ending = f"{wish.layout}-{wish.height}p.{wish.format}"
    name = name_of_file(lesson.title, lesson.starts_ms, person_of(request).time_zone, ending)
    headers = {"Cache-Control": "private, no-cache", "Content-Type": _TYPES[wish.format], **to_keep(name)}
    return RecordingFile(path, open_plain, headers)


async def _ask(request: web.Request, wish: FilmWish) -> None:
    portal, lesson = portal_of(request), lesson_of(request)
    if wish == _standard(captions=await _has_captions(request)) and await _own_film(request) is not None:
        raise OrderRefused("This film is there already: it is the one that every lesson has.")
    async with portal.database.write() as connection:
        words = await load_words(connection, lesson.id)
        await ask_film(connection, person_of(request).actor, lesson.id, wish, words, portal.clock())
    portal.films.wake()


async def _remove(request: web.Request) -> None:
    portal, actor = portal_of(request), person_of(request).actor
    film = await _find(request)
    if not _may_remove(request, film):
        raise NotThere("There is no such film that you could remove.")
    async with portal.database.write() as connection:
        await remove_film(connection, actor, film, portal.clock())
    portal.films.wake()


def _may_remove(request: web.Request, film: FilmRow) -> bool:
    actor = person_of(request).actor
    return film.asked_by == actor.user or is_lesson_staff(actor, lesson_of(request).access)


def _standard(*, captions: bool) -> FilmWish:
    return STANDARD if captions else FilmWish(STANDARD.layout, STANDARD.height, STANDARD.format, "none")


async def _found(request: web.Request) -> list[FilmRow]:
    folder = (await shown_of(request)).folder
    async with portal_of(request).database.read() as connection:
        return await load_films(connection, lesson_of(request).id, folder)


async def _find(request: web.Request) -> FilmRow:
    wanted = request.match_info["film"]
    film = next((film for film in await _found(request) if film.id == wanted), None)
    if film is None:
        raise NotThere("There is no such film.")
    return film


async def _has_captions(request: web.Request) -> bool:
    return bool(await portal_of(request).playback.load_captions((await shown_of(request)).folder))


async def _own_film(request: web.Request) -> str | None:
    """Where the film is that every lesson has."""
    there = portal_of(request).playback.export((await shown_of(request)).folder) is not None
    return f"/api/recordings/{lesson_of(request).id}/export.mp4" if there else None


async def _own_page(request: web.Request) -> str | None:
    there = portal_of(request).playback.webpage((await shown_of(request)).folder) is not None
    return f"/api/recordings/{lesson_of(request).id}/export.html" if there else None


async def _is_late(request: web.Request) -> bool:
    """Whether corrected captions are still on their way into the film."""
    folder = (await shown_of(request)).folder
    async with portal_of(request).database.read() as connection:
        return any(each.folder == folder for each in await load_stale(connection, lesson_of(request).id))


async def _films(request: web.Request) -> web.Response:
    await check_watchable(request)
    return json_answer(
        {
            "films": [_facts(request, film) for film in await _found(request)],
            "own": await _own_film(request),
            "captions": await _has_captions(request),
            "late": await _is_late(request),
            "kept_days": KEPT_DAYS,
        }
    )


def _facts(request: web.Request, film: FilmRow) -> dict[str, Any]:
    return {
        "id": film.id,
        "words": _words(film.wish),
        **asdict(film.wish),
        "state": film.state,
        "progress": film.progress,
        "detail": film.detail,
        "bytes": film.bytes,
        "file": f"/api/recordings/{film.lesson}/films/{film.id}" if film.state == DONE else None,
        "removable": _may_remove(request, film),
    }


def _words(wish: FilmWish) -> str:
    """What a film is, as people say it."""
    return f"{_LAYOUT_WORDS[wish.layout]}, {wish.height}p {_FORMAT_WORDS[wish.format]}, {_CAPTION_WORDS[wish.captions]}"


_FORMAT_WORDS = {"mp4": "MP4", "webm": "WebM"}


async def _page(request: web.Request, form: Form, status: int = 200) -> web.Response:
    portal, lesson = portal_of(request), lesson_of(request)
    recording = await check_watchable(request)
    found = await _found(request)
    captions = await _has_captions(request)
    answer = portal.pages.respond(
        request,
        "films.html",
        status=status,
        lesson=lesson,
        rows=[(_facts(request, film), film) for film in found],
        own=await _own_film(request),
        own_page=await _own_page(request),
        own_state=_OWN_STATES.get(recording.state, DONE),
        own_progress=recording.progress,
        finished=recording.sealed_ms is not None,
        late=await _is_late(request),
        captions=captions,
        form=form,
        kept_days=KEPT_DAYS,
        layouts=list(_LAYOUT_WORDS.items()),
    )
    states = [_OWN_STATES.get(recording.state), *(film.state for film in found)]
    if ASKED in states and status == 200:
        # The page works without script: it comes again by itself for as long as something is being made.
        answer.headers["Refresh"] = "3"
    return answer
