"""What is left out of a recording: the page on which staff ask for it, and the copies that were made to hand on."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.answers import see_other, to_keep
from portal.authorize import Action, permitted
from portal.context import lesson_of, person_of, portal_of
from portal.failures import NotThere
from portal.forms import Form
from portal.orders import ASKED, DONE, OrderRefused
from portal.playback import NoArchive, open_plain
from portal.recording_file import RecordingFile, name_of_file
from portal.redactions import (
    COPY,
    EVERYBODY,
    PARTS,
    SHOWN,
    RedactionRow,
    ask_redaction,
    end_redaction,
    find_showing,
    load_redactions,
    try_again,
)
from portal.routing import Fresh, RouteTable, may
from portal.schema import users

routes = RouteTable()

_REDACT = may(Action.REDACT_RECORDING)
# It may destroy the original.
_ASK = may(Action.REDACT_RECORDING, fresh=Fresh.CHANGE)
_TAKE = may(Action.REDACT_RECORDING, disclosing=True, fresh=Fresh.FILE)
_PATH = "/recordings/{lesson}/redactions"
_PART_WORDS = {"voice": "voice", "video": "camera", "ink": "drawing, writing and chat", "name": "name"}
_PRIVATE = "private, no-cache"
_ERASED = "Somebody who was erased"


@routes.get(_PATH, may(Action.REDACT_RECORDING, disclosing=True))
async def redactions_page(request: web.Request) -> web.Response:
    """What was left out, what is being left out, and the form for more."""
    return await _page(request, Form())


@routes.post(_PATH, _ASK)
async def ask(request: web.Request) -> web.Response:
    """Asks for something to be left out."""
    portal, actor, lesson = portal_of(request), person_of(request).actor, lesson_of(request)
    form = await Form.read(request)
    people = await _people(request)
    chosen = [
        f"{part}:{user}"
        for user in (EVERYBODY, *(user for user, _, _ in people))
        for part in PARTS
        if form.values.get(f"{part}:{user}") == "on"
    ]
    reason = form.text("reason", "the reason, without names", most=500)
    audience = form.choice("audience", "for whom", (SHOWN, COPY))
    original = form.choice("original", "what becomes of the original", ("keep", "destroy"))
    if original == "destroy" and not permitted(actor, Action.CHANGE_RETENTION, lesson.access):
        form.errors["original"] = "Only a coordinator decides that an original goes."
    if not form.good:
        return await _page(request, form, status=400)

    def asking(connection: AsyncConnection) -> Awaitable[str]:
        return ask_redaction(
            connection, actor, lesson.id, audience=audience, words=chosen, reason=reason,
            destroys_original=original == "destroy", now_ms=portal.clock(),
        )  # fmt: skip

    return await _done(request, form, asking)


@routes.post(f"{_PATH}/{{redaction}}/end", _REDACT)
async def end(request: web.Request) -> web.Response:
    """Shows the original again, or destroys a copy."""
    portal, actor, lesson = portal_of(request), person_of(request).actor, lesson_of(request)
    form = await Form.read(request)
    identifier = request.match_info["redaction"]
    return await _done(request, form, lambda open_: end_redaction(open_, actor, lesson.id, identifier, portal.clock()))


@routes.post(f"{_PATH}/{{redaction}}/again", _REDACT)
async def again(request: web.Request) -> web.Response:
    """Tries one that failed once more."""
    portal, actor, lesson = portal_of(request), person_of(request).actor, lesson_of(request)
    form = await Form.read(request)
    identifier = request.match_info["redaction"]
    return await _done(request, form, lambda open_: try_again(open_, actor, lesson.id, identifier, portal.clock()))


@routes.get(f"{_PATH}/{{redaction}}/film.mp4", _TAKE)
async def film(request: web.Request) -> web.StreamResponse:
    """The film of a copy, as a file to hand on."""
    path = portal_of(request).playback.export(await _copy(request))
    if path is None:
        raise NotThere("This copy has no film.")
    return _file(request, path, "video/mp4", "mp4")


@routes.get(f"{_PATH}/{{redaction}}/page.html", _TAKE)
async def webpage(request: web.Request) -> web.StreamResponse:
    """The page of a copy, as a file to hand on: never shown here, since it carries a script of its own."""
    path = portal_of(request).playback.webpage(await _copy(request))
    if path is None:
        raise NotThere("This copy has no page.")
    return _file(request, path, "application/octet-stream", "html")


def _file(request: web.Request, path: Path, kind: str, ending: str) -> RecordingFile:
    lesson = lesson_of(request)
    name = name_of_file(lesson.title, lesson.starts_ms, person_of(request).time_zone, ending)
    return RecordingFile(path, open_plain, {"Cache-Control": _PRIVATE, "Content-Type": kind, **to_keep(name)})


async def _copy(request: web.Request) -> str:
    async with portal_of(request).database.read() as connection:
        rows = await load_redactions(connection, lesson_of(request).id)
    wanted = request.match_info["redaction"]
    if not any(row.id == wanted and row.state == DONE for row in rows):
        raise NotThere("There is no such copy.")
    return wanted


async def _people(request: web.Request) -> list[tuple[str, str, str]]:
    """Who took part: (user, name, role)."""
    portal, lesson = portal_of(request), lesson_of(request)
    async with portal.database.read() as connection:
        showing = await find_showing(connection, lesson.id)
    try:
        # The original knows everybody; a copy knows the same people.
        found = await portal.playback.load_people(lesson.id if showing.original else showing.folder)
    except NoArchive:
        return []
    names = await _names(request, [user for user, _ in found])
    return [(user, names.get(user, _ERASED), role) for user, role in found]


async def _names(request: web.Request, wanted: list[str]) -> Mapping[str, str]:
    async with portal_of(request).database.read() as connection:
        rows = await connection.execute(select(users.c.id, users.c.name).where(users.c.id.in_(wanted)))
        return {row.id: row.name for row in rows}


async def _done(
    request: web.Request, form: Form, change: Callable[[AsyncConnection], Awaitable[object]]
) -> web.Response:
    try:
        async with portal_of(request).database.write() as connection:
            await change(connection)
    except OrderRefused as error:
        form.errors["what"] = str(error)
        return await _page(request, form, status=409)
    portal_of(request).redactions.wake()
    # The original may be shown again, whose film lacks words.
    portal_of(request).films.wake()
    return see_other(f"/recordings/{lesson_of(request).id}/redactions")


async def _page(request: web.Request, form: Form, status: int = 200) -> web.Response:
    portal, person, lesson = portal_of(request), person_of(request), lesson_of(request)
    async with portal.database.read() as connection:
        rows = await load_redactions(connection, lesson.id)
        showing = await find_showing(connection, lesson.id)
    people = await _people(request)
    names = {user: name for user, name, _ in people}
    askers = await _names(request, [row.asked_by for row in rows])
    waiting = any(row.state == ASKED for row in rows)
    answer = portal.pages.respond(
        request,
        "redactions.html",
        status=status,
        lesson=lesson,
        people=people,
        rows=[(row, _words(row, names), askers.get(row.asked_by, "")) for row in rows],
        showing=showing,
        form=form,
        parts=[(part, _PART_WORDS[part]) for part in PARTS],
        may_destroy=permitted(person.actor, Action.CHANGE_RETENTION, lesson.access),
        waiting=waiting,
    )
    if waiting and status == 200:
        # The page works without script: it comes again by itself for as long as something is being made.
        answer.headers["Refresh"] = "3"
    return answer


def _words(row: RedactionRow, names: Mapping[str, str]) -> list[str]:
    """What is left out, a line a person."""
    lines = []
    for user in dict.fromkeys(user for _, user in sorted(row.hidden, key=lambda each: each[1])):
        parts = [_PART_WORDS[part] for part in PARTS if (part, user) in row.hidden]
        who = "Everybody" if user == EVERYBODY else names.get(user, _ERASED)
        lines.append(f"{who}: {', '.join(parts)}")
    return lines
