"""Notes on a recording: the player's JSON API."""

from typing import Annotated, Literal

import msgspec
from aiohttp import web

from portal.answers import json_answer, json_body
from portal.authorize import Action, is_lesson_staff
from portal.context import lesson_of, person_of, portal_of
from portal.failures import Conflict, NotThere
from portal.notes import Note, NoteRefused, change_note, load_notes, may_address_class, remove_note, write_note
from portal.routing import RouteTable, may

routes = RouteTable()

_WRITE = may(Action.WRITE_NOTES)

Words = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
RoomTime = Annotated[int, msgspec.Meta(ge=0, le=10**12)]


class NoteChange(msgspec.Struct, forbid_unknown_fields=True):
    """What a note says, and to whom."""

    words: Words
    audience: Literal["private", "class", "chapter"]


class NewNote(NoteChange, forbid_unknown_fields=True):
    """A note at a moment, in ms of room time."""

    room_time: RoomTime


@routes.get("/api/recordings/{lesson}/notes", may(Action.READ_NOTES, disclosing=True))
async def notes(request: web.Request) -> web.Response:
    """The viewer's own notes, and those for the class."""
    return await _notes(request)


@routes.post("/api/recordings/{lesson}/notes", _WRITE)
async def write(request: web.Request) -> web.Response:
    """Adds a note; answers with all of them."""
    portal, wanted = portal_of(request), await json_body(request, NewNote)
    try:
        async with portal.database.write() as connection:
            await write_note(
                connection,
                person_of(request).actor,
                lesson_of(request).access,
                wanted.room_time,
                wanted.audience,
                _plain(wanted.words),
                portal.clock(),
            )
    except NoteRefused as error:
        raise Conflict(str(error), code="note_refused") from error
    return await _notes(request)


@routes.post("/api/recordings/{lesson}/notes/{note}", _WRITE)
async def change(request: web.Request) -> web.Response:
    """Changes a note of one's own."""
    portal, wanted = portal_of(request), await json_body(request, NoteChange)
    try:
        async with portal.database.write() as connection:
            changed = await change_note(
                connection,
                person_of(request).actor,
                lesson_of(request).access,
                request.match_info["note"],
                wanted.audience,
                _plain(wanted.words),
                portal.clock(),
            )
    except NoteRefused as error:
        raise Conflict(str(error), code="note_refused") from error
    if not changed:
        raise NotThere("There is no such note of yours.")
    return await _notes(request)


@routes.post("/api/recordings/{lesson}/notes/{note}/remove", _WRITE)
async def remove(request: web.Request) -> web.Response:
    """Removes a note of one's own; whoever leads the lesson also removes others' notes for the class."""
    portal = portal_of(request)
    async with portal.database.write() as connection:
        removed = await remove_note(
            connection, person_of(request).actor, lesson_of(request).access, request.match_info["note"], portal.clock()
        )
    if not removed:
        raise NotThere("There is no such note that you could remove.")
    return await _notes(request)


async def _notes(request: web.Request) -> web.Response:
    portal, actor, lesson = portal_of(request), person_of(request).actor, lesson_of(request).access
    async with portal.database.read() as connection:
        found: list[Note] = await load_notes(connection, actor, lesson)
    return json_answer(
        {
            "notes": found,
            "class_allowed": may_address_class(actor, lesson),
            "chapters_allowed": is_lesson_staff(actor, lesson),
        }
    )


def _plain(words: str) -> str:
    return words.replace("\r\n", "\n").strip() or "…"
