"""Recordings: the player's page, its data, the tracks and the MP4. Each is a read of a student's record."""

from pathlib import Path

from aiohttp import web

from portal.answers import json_answer, to_keep
from portal.assets import PLAYER_ENTRY, NotBuilt
from portal.authorize import Action, is_lesson_staff, permitted
from portal.context import lesson_of, person_of, portal_of
from portal.failures import BadRequest, Conflict, NotThere, Unavailable
from portal.playback import NoArchive, open_plain
from portal.recording_file import RecordingFile, name_of_file
from portal.recordings import Recording, RecordingState, load_recordings
from portal.redactions import Showing, find_showing
from portal.retention import find_destroyed
from portal.routes.lesson_api import NOT_BUILT
from portal.routing import Fresh, RouteTable, may
from portal.times import format_full_day
from whiteboard_crdt.errors import ProtocolError

routes = RouteTable()

_WATCH = may(Action.WATCH_RECORDING, disclosing=True)
_DOWNLOAD = may(Action.DOWNLOAD_RECORDING, disclosing=True, fresh=Fresh.FILE_OF_OTHERS)
_MEDIA_TYPES = {".webm": "video/webm", ".mkv": "video/x-matroska", ".mka": "audio/x-matroska"}
# The player asks for the same ranges again when one seeks; the browser of the person may keep them meanwhile. What is
# made of a recording can be another one tomorrow, under the same address: it is asked for again each time.
_PRIVATE = "private, max-age=3600"
_PRIVATE_FRESH = "private, no-cache"


@routes.get("/recordings/{lesson}", _WATCH)
async def player_page(request: web.Request) -> web.Response:
    """The page of the player application."""
    portal, lesson = portal_of(request), lesson_of(request)
    await check_watchable(request)
    try:
        bundle = portal.assets.bundle(PLAYER_ENTRY)
    except NotBuilt as error:
        raise Unavailable(NOT_BUILT, code="client_not_built") from error
    return portal.pages.respond(request, "player.html", bundle=bundle, lesson=lesson)


@routes.get("/api/recordings/{lesson}", _WATCH)
async def manifest(request: web.Request) -> web.Response:
    """What there is to play, as this viewer may see it."""
    portal, lesson, actor = portal_of(request), lesson_of(request), person_of(request).actor
    recording = await check_watchable(request)
    shown = await shown_of(request)
    try:
        content = await portal.playback.load_manifest(
            shown.folder,
            actor.user,
            staff=is_lesson_staff(actor, lesson.access),
            base_url=f"/api/recordings/{lesson.id}",
        )
    except NoArchive as error:
        raise _not_ready() from error
    content["viewer"] = {
        "user": actor.user,
        "continues": permitted(actor, Action.CONTINUE_LESSON, lesson.access),
        "reads_boards": permitted(actor, Action.READ_BOARDS, lesson.access),
        "reviews": permitted(actor, Action.WRITE_REVIEW, lesson.access),
        "reads_review": permitted(actor, Action.READ_REVIEW, lesson.access),
        "redacts": permitted(actor, Action.REDACT_RECORDING, lesson.access),
    }
    content["redacted"] = shown.current is not None
    content["page"] = (
        f"/api/recordings/{lesson.id}/export.html" if portal.playback.webpage(shown.folder) is not None else None
    )
    if recording.state is RecordingState.RENDERING:
        content["render"] = {"progress": recording.progress or 0.0}
    return json_answer(content)


@routes.get("/api/recordings/{lesson}/timeline", _WATCH)
async def timeline(request: web.Request) -> web.StreamResponse:
    """The board's envelopes and events in order, as a binary stream; `after` asks only for what was written since."""
    portal, lesson, actor = portal_of(request), lesson_of(request), person_of(request).actor
    await check_watchable(request)
    folder = (await shown_of(request)).folder
    staff = is_lesson_staff(actor, lesson.access)
    try:
        async with portal.playback.timeline(
            folder, actor.user, staff=staff, after=request.query.get("after", "")
        ) as pieces:
            response = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
            response.enable_compression()
            await response.prepare(request)
            if request.method != "HEAD":
                async for piece in pieces:
                    await response.write(piece)
            await response.write_eof()
            return response
    except NoArchive as error:
        raise _not_ready() from error
    except ProtocolError as error:
        raise BadRequest("The token in “after” is not one of ours.", code="bad_token") from error


@routes.get("/api/recordings/{lesson}/media/{file}", _WATCH)
async def media(request: web.Request) -> web.StreamResponse:
    """One track, with byte ranges."""
    path = portal_of(request).playback.media((await shown_of(request)).folder, request.match_info["file"])
    return _file(path, _MEDIA_TYPES.get(path.suffix, "") if path is not None else "")


@routes.get("/api/recordings/{lesson}/assets/{asset}", _WATCH)
async def asset(request: web.Request) -> web.StreamResponse:
    """A picture on the lesson's boards, named by its hash."""
    folder = (await shown_of(request)).folder
    found = await portal_of(request).playback.asset(folder, request.match_info["asset"])
    return _file(None, "") if found is None else _file(*found)


@routes.get("/api/recordings/{lesson}/export.mp4", _DOWNLOAD)
async def export(request: web.Request) -> web.StreamResponse:
    """The whole lesson as a film."""
    answer = _file(portal_of(request).playback.export((await shown_of(request)).folder), "video/mp4")
    answer.headers.update(to_keep(_name(request, "mp4")))
    return answer


@routes.get("/api/recordings/{lesson}/export.html", _DOWNLOAD)
async def webpage(request: web.Request) -> web.StreamResponse:
    """The whole lesson as a page to keep: never shown here, since it carries a script of its own."""
    answer = _file(portal_of(request).playback.webpage((await shown_of(request)).folder), "application/octet-stream")
    answer.headers.update(to_keep(_name(request, "html")))
    return answer


@routes.get("/api/recordings/{lesson}/storyboard.jpg", _WATCH)
async def storyboard(request: web.Request) -> web.StreamResponse:
    """Small pictures along the film, in one sprite."""
    return _file(portal_of(request).playback.storyboard((await shown_of(request)).folder), "image/jpeg")


@routes.get("/api/recordings/{lesson}/poster.jpg", _WATCH)
async def poster(request: web.Request) -> web.StreamResponse:
    """The picture that stands for the lesson."""
    return _file(portal_of(request).playback.poster((await shown_of(request)).folder), "image/jpeg")


async def shown_of(request: web.Request) -> Showing:
    """From where the recording is shown. Raises Conflict while something is being left out of it."""
    async with portal_of(request).database.read() as connection:
        showing = await find_showing(connection, lesson_of(request).id)
    if showing.withheld:
        raise Conflict("Something is being left out of this recording. Come back in a while.", code="redacting")
    return showing


async def check_watchable(request: web.Request) -> Recording:
    """The recording, once there is something to watch. Raises NotThere and Conflict."""
    lesson_id = lesson_of(request).id
    async with portal_of(request).database.read() as connection:
        recording = (await load_recordings(connection, [lesson_id])).get(lesson_id)
        gone = await find_destroyed(connection, lesson_id) if recording is None else None
    if gone is not None:
        day = format_full_day(gone.asked_ms, person_of(request).time_zone)
        raise NotThere(f"This recording was destroyed on {day}, by {gone.rule}.")
    if recording is None:
        raise NotThere("This lesson has no recording.")
    if not recording.watchable:
        raise _not_ready()
    return recording


def _name(request: web.Request, ending: str) -> str:
    lesson = lesson_of(request)
    return name_of_file(lesson.title, lesson.starts_ms, person_of(request).time_zone, ending)


def _not_ready() -> Conflict:
    return Conflict("There is nothing to watch yet. Try again in a moment.", code="recording_not_ready")


def _file(path: Path | None, content_type: str) -> web.StreamResponse:
    if path is None:
        raise NotThere("This recording has no such file.")
    kept = _PRIVATE if path.parent.name in ("assets", "media") else _PRIVATE_FRESH
    return RecordingFile(path, open_plain, {"Cache-Control": kept, "Content-Type": content_type})
