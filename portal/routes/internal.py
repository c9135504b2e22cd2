"""What relay and recorder ask and tell, with the bearer secret of the data folder."""

from typing import Annotated, Literal

import msgspec
from aiohttp import web

from portal.answers import json_answer, json_body
from portal.attendance import RelayEvent, store_relay_events
from portal.context import portal_of
from portal.failures import BadRequest, NotThere
from portal.ids import is_id
from portal.lessons import Lesson, load_lesson
from portal.operation import Ways
from portal.recordings import RecordingState
from portal.routes.lesson_api import RenewRequest, TicketRequest, give_ticket, renew_ticket
from portal.routing import INTERNAL, RouteTable
from portal.tickets import RECORDER_HOLDER

routes = RouteTable()

_MAX_WAIT_S = 30.0


class WaysReport(msgspec.Struct, forbid_unknown_fields=True):
    """How a room's edits reach its recorder, for whoever looks after the service."""

    links: Annotated[int, msgspec.Meta(ge=0, le=1000)]
    relay: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
    mesh: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class StatusReport(msgspec.Struct, forbid_unknown_fields=True):
    """A recorder's report on one lesson; `duration_ms` and `progress` (0..1) where they are known."""

    state: Literal["joined", "recording", "sealed", "rendering", "rendered", "failed"]
    detail: Annotated[str, msgspec.Meta(max_length=500)] = ""
    duration_ms: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)] | None = None
    progress: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    ways: WaysReport | None = None


class RelayEvents(msgspec.Struct, forbid_unknown_fields=True):
    """A batch of joins and leaves, as the relay saw them."""

    events: Annotated[list[RelayEvent], msgspec.Meta(max_length=1000)]


@routes.get("/internal/recordings", INTERNAL)
async def wanted_recordings(request: web.Request) -> web.Response:
    """The lessons that need a recorder; waits up to `wait_s` for a version other than `since`."""
    portal = portal_of(request)
    try:
        since = int(request.query.get("since", "-1"))
        wait_s = min(_MAX_WAIT_S, max(0.0, float(request.query.get("wait_s", "0"))))
    except ValueError as error:
        raise BadRequest("since and wait_s are numbers.") from error
    portal.desk.recorder_asked(portal.clock())
    version = await portal.desk.wait(since, wait_s)
    return json_answer({"version": version, "lessons": await portal.desk.wanted(portal.clock())})


@routes.post("/internal/recordings/{lesson}/ticket", INTERNAL)
async def recorder_ticket(request: web.Request) -> web.Response:
    """A ticket of role `recorder`, also for a lesson that has ended but is not sealed."""
    lesson = await _lesson(request)
    return await give_ticket(request, lesson, RECORDER_HOLDER, await json_body(request, TicketRequest))


@routes.post("/internal/recordings/{lesson}/renew", INTERNAL)
async def recorder_renewal(request: web.Request) -> web.Response:
    """A fresh ticket for a recorder's session: a lesson outlasts its first ticket."""
    lesson = await _lesson(request)
    return await renew_ticket(request, lesson, RECORDER_HOLDER, await json_body(request, RenewRequest))


@routes.post("/internal/recordings/{lesson}/status", INTERNAL)
async def recording_status(request: web.Request) -> web.Response:
    """Stores a report; it is also the recorder's heartbeat."""
    portal = portal_of(request)
    lesson = await _lesson(request)
    report = await json_body(request, StatusReport)
    await portal.desk.report(
        lesson.id,
        RecordingState(report.state),
        detail=report.detail,
        duration_ms=report.duration_ms,
        progress=report.progress,
        now_ms=portal.clock(),
    )
    if report.ways is not None:
        portal.operation.note_ways(lesson.id, Ways(report.ways.links, report.ways.relay, report.ways.mesh))
    if report.state == "sealed":
        portal.classrooms.sweep_soon()
    return json_answer({"ok": True})


@routes.post("/internal/relay/events", INTERNAL)
async def relay_events(request: web.Request) -> web.Response:
    """Stores joins and leaves; the same event twice is one event."""
    portal = portal_of(request)
    batch = await json_body(request, RelayEvents)
    stored = await store_relay_events(portal.database, batch.events, portal.clock())
    return json_answer({"stored": stored})


@routes.get("/internal/recorder", INTERNAL)
async def recorder_seen(request: web.Request) -> web.Response:
    """Whether a recorder follows the feed: what the supervisor waits for before it calls the service ready."""
    portal = portal_of(request)
    return json_answer({"following": portal.desk.recorder_follows(portal.clock())})


async def _lesson(request: web.Request) -> Lesson:
    lesson_id = request.match_info["lesson"]
    lesson = await load_lesson(portal_of(request).database, lesson_id) if is_id(lesson_id) else None
    if lesson is None:
        raise NotThere("There is no such lesson.")
    return lesson
