"""Boards that go on from a moment of a lesson: the player's API, and the page that lists them."""

import asyncio
from typing import Annotated

import msgspec
from aiohttp import web

from portal.answers import json_answer, json_body
from portal.authorize import Action, Role, is_lesson_staff
from portal.context import lesson_of, person_of, portal_of
from portal.continued import (
    MOST_BYTES,
    BoardRefused,
    ContinuedBoard,
    answer,
    check_work,
    fork_board,
    hand_in,
    load_board,
    load_boards,
    load_handed_in,
    load_own_boards,
    load_work,
    remove_board,
    save_work,
    take_back,
)
from portal.failures import BadRequest, Conflict, NotAllowed, NotThere
from portal.guard import disclose_listed
from portal.routes.playback_notes import RoomTime, Words
from portal.routing import RouteTable, may

routes = RouteTable()

_READ = may(Action.READ_BOARDS, disclosing=True)
_CONTINUE = may(Action.CONTINUE_LESSON)
_ONE = "/api/recordings/{lesson}/boards/{board}"


class ForkRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The moment from which it goes on, in ms of room time."""

    room_time: RoomTime


class HandInRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The version that the page shows."""

    version: Annotated[int, msgspec.Meta(ge=0)]


class AnswerRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The tutor's words."""

    words: Words


@routes.get("/boards", may(Action.LIST_BOARDS, listing=True))
async def boards_page(request: web.Request) -> web.Response:
    """A student's own boards; for tutors what was handed in to them, for coordinators at the whole school."""
    portal, person = portal_of(request), person_of(request)
    tutor = person.actor.user if person.actor.role is Role.TUTOR else None
    async with portal.database.read() as connection:
        own = await load_own_boards(connection, person.actor.user)
        handed_in = (
            [] if person.actor.role is Role.STUDENT else await load_handed_in(connection, person.actor.school, tutor)
        )
    await disclose_listed(request, {board.owner for board in handed_in})
    return portal.pages.respond(request, "boards.html", own=own, handed_in=handed_in)


@routes.get("/api/recordings/{lesson}/boards", _READ)
async def boards(request: web.Request) -> web.Response:
    """The viewer's boards of this lesson, and for its staff those that were handed in."""
    async with portal_of(request).database.read() as connection:
        found = await load_boards(connection, person_of(request).actor, lesson_of(request).access)
    return json_answer({"boards": [_facts(request, board) for board in found]})


@routes.post("/api/recordings/{lesson}/boards", _CONTINUE)
async def fork(request: web.Request) -> web.Response:
    """Makes a board that goes on from a moment."""
    portal, wanted = portal_of(request), await json_body(request, ForkRequest)
    try:
        async with portal.database.write() as connection:
            made = await fork_board(
                connection, person_of(request).actor, lesson_of(request).id, wanted.room_time, portal.clock()
            )
    except BoardRefused as error:
        raise Conflict(str(error), code=error.code) from error
    return json_answer({"board": made})


@routes.get(_ONE, _READ)
async def one_board(request: web.Request) -> web.Response:
    """What is known of a board."""
    return await _one(request)


@routes.get(f"{_ONE}/work", _READ)
async def work(request: web.Request) -> web.Response:
    """What its owner did on it: a Yjs update over the lesson's board at that moment. `X-Version` says which version."""
    board = await _board(request)
    async with portal_of(request).database.read() as connection:
        content = await load_work(connection, board.id)
    return web.Response(
        body=content,
        content_type="application/octet-stream",
        headers={"X-Version": str(board.version), "Cache-Control": "no-store"},
    )


@routes.post(f"{_ONE}/work", may(Action.CONTINUE_LESSON, max_body_bytes=MOST_BYTES))
async def save(request: web.Request) -> web.Response:
    """Keeps the whole work; `?version=` is the version that it contains. 409 `changed` where there is a newer one."""
    portal, version = portal_of(request), request.query.get("version", "")
    if request.content_type != "application/octet-stream" or not (version.isascii() and version.isdigit()):
        raise BadRequest("Send the update as bytes, and the version that it contains.", code="bad_work")
    content = await request.read()
    board = await _board(request)
    try:
        await asyncio.to_thread(check_work, content)
        async with portal.database.write() as connection:
            saved = await save_work(
                connection, board, person_of(request).actor, content, int(version[:9]), portal.clock()
            )
    except BoardRefused as error:
        raise _refusal(error) from error
    return json_answer({"version": saved})


@routes.post(f"{_ONE}/hand-in", _CONTINUE)
async def hand_in_board(request: web.Request) -> web.Response:
    """Hands the board in to the tutor."""
    portal, wanted = portal_of(request), await json_body(request, HandInRequest)
    board = await _board(request)
    try:
        async with portal.database.write() as connection:
            await hand_in(connection, board, person_of(request).actor, wanted.version, portal.clock())
    except BoardRefused as error:
        raise _refusal(error) from error
    return await _one(request)


@routes.post(f"{_ONE}/take-back", _CONTINUE)
async def take_board_back(request: web.Request) -> web.Response:
    """Goes on with a board that was handed in."""
    portal, board = portal_of(request), await _board(request)
    try:
        async with portal.database.write() as connection:
            await take_back(connection, board, person_of(request).actor, portal.clock())
    except BoardRefused as error:
        raise _refusal(error) from error
    return await _one(request)


@routes.post(f"{_ONE}/remove", _CONTINUE)
async def remove(request: web.Request) -> web.Response:
    """Removes a board of one's own."""
    portal, board = portal_of(request), await _board(request)
    try:
        async with portal.database.write() as connection:
            await remove_board(connection, board, person_of(request).actor)
    except BoardRefused as error:
        raise _refusal(error) from error
    return json_answer({"removed": True})


@routes.post(f"{_ONE}/answer", may(Action.ANSWER_BOARDS))
async def answer_board(request: web.Request) -> web.Response:
    """The tutor's words on what was handed in."""
    portal, wanted = portal_of(request), await json_body(request, AnswerRequest)
    board = await _board(request)
    try:
        async with portal.database.write() as connection:
            await answer(connection, board, person_of(request).actor, wanted.words.strip() or "…", portal.clock())
    except BoardRefused as error:
        raise _refusal(error) from error
    return await _one(request)


async def _one(request: web.Request) -> web.Response:
    return json_answer(_facts(request, await _board(request)))


async def _board(request: web.Request) -> ContinuedBoard:
    async with portal_of(request).database.read() as connection:
        board = await load_board(
            connection, person_of(request).actor, lesson_of(request).access, request.match_info["board"]
        )
    if board is None:
        raise NotThere("There is no such board of yours.")
    return board


def _facts(request: web.Request, board: ContinuedBoard) -> dict[str, object]:
    actor = person_of(request).actor
    own = board.owner == actor.user
    return {
        "id": board.id,
        "owner": board.owner,
        "name": board.name,
        "room_time": board.room_time,
        "session": board.session,
        "version": board.version,
        "state": board.state,
        "changed_ms": board.changed_ms,
        "handed_in_ms": board.handed_in_ms,
        "answer": board.answer,
        "own": own,
        "can_answer": not own and is_lesson_staff(actor, lesson_of(request).access),
    }


def _refusal(error: BoardRefused) -> Conflict | NotAllowed | BadRequest:
    if error.code == "not_owner":
        return NotAllowed(str(error), code=error.code)
    return (
        BadRequest(str(error), code=error.code) if error.code == "bad_work" else Conflict(str(error), code=error.code)
    )
