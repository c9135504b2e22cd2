"""Crisis alerts: brought by whoever has a way to us, shown to the on-call people, acknowledged and closed there."""

from typing import Annotated

import msgspec
from aiohttp import web

from portal.answers import json_answer, json_body, see_other
from portal.assets import ALERTS_ENTRY, NotBuilt
from portal.authorize import Action
from portal.context import lesson_of, person_of, portal_of
from portal.crisis import AlertRefused, ShownAlert
from portal.failures import BadRequest, NotThere
from portal.forms import Form
from portal.ids import is_id
from portal.lessons import Lesson, load_lesson
from portal.routing import INTERNAL, RouteTable, may
from portal.tickets import RECORDER_HOLDER
from portal.times import format_iso

routes = RouteTable()

_MAX_WAIT_S = 25.0


class BroughtAlert(msgspec.Struct, forbid_unknown_fields=True):
    """An alert as it lies in an ALERT message: its id in hex, and what is sealed in base64url."""

    id: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
    sealed: Annotated[str, msgspec.Meta(min_length=1, max_length=1400)]


@routes.post("/api/lessons/{lesson}/alerts", may(Action.JOIN_LESSON))
async def bring(request: web.Request) -> web.Response:
    """Takes an alert from anybody of the lesson: who pressed is known by the signature inside."""
    return await _take(request, lesson_of(request), person_of(request).actor.user)


@routes.post("/internal/lessons/{lesson}/alerts", INTERNAL)
async def bring_by_recorder(request: web.Request) -> web.Response:
    """As from a browser, for a presser whose own way to us is gone."""
    lesson_id = request.match_info["lesson"]
    lesson = await load_lesson(portal_of(request).database, lesson_id) if is_id(lesson_id) else None
    if lesson is None:
        raise NotThere("There is no such lesson.")
    return await _take(request, lesson, RECORDER_HOLDER.user)


async def _take(request: web.Request, lesson: Lesson, carrier: str) -> web.Response:
    brought = await json_body(request, BroughtAlert)
    try:
        receipt, acknowledged = await portal_of(request).crisis.receive(lesson, brought.id, brought.sealed, carrier)
    except AlertRefused as error:
        raise BadRequest("This alert was not made in this lesson.", code="bad_alert") from error
    return json_answer({"receipt": receipt, "acknowledged": acknowledged})


@routes.get("/alerts", may(Action.READ_ALERTS))
async def alerts_page(request: web.Request) -> web.Response:
    """The alerts of the school. Keeps itself up to date, rings where it may, and works without script by reloading."""
    return await _page(request, Form(), "")


@routes.get("/api/alerts", may(Action.READ_ALERTS))
async def alerts_feed(request: web.Request) -> web.Response:
    """The same as JSON; waits up to `wait_s` for a version other than `since`."""
    portal, person = portal_of(request), person_of(request)
    try:
        since = int(request.query.get("since", "-1"))
        wait_s = min(_MAX_WAIT_S, max(0.0, float(request.query.get("wait_s", "0"))))
    except ValueError as error:
        raise BadRequest("since and wait_s are numbers.") from error
    version = await portal.crisis.wait(since, wait_s)
    alerts = await portal.crisis.shown(person.actor.school)
    return json_answer({"version": version, "alerts": [_as_json(alert) for alert in alerts]})


@routes.post("/alerts/{alert}/acknowledge", may(Action.ANSWER_ALERT))
async def acknowledge(request: web.Request) -> web.Response:
    """“I have it”: nobody else is called."""
    await portal_of(request).crisis.acknowledge(request.match_info["alert"], person_of(request).actor)
    return see_other("/alerts")


@routes.post("/alerts/{alert}/close", may(Action.ANSWER_ALERT))
async def close(request: web.Request) -> web.Response:
    """It is over: what was done."""
    alert = request.match_info["alert"]
    form = await Form.read(request)
    note = form.text("note", "what was done", most=2000)
    if form.good and not await portal_of(request).crisis.close_alert(alert, note, person_of(request).actor):
        form.errors["note"] = "Only an alert that somebody has in hand, and that is not closed yet, can be closed."
    if not form.good:
        return await _page(request, form, alert, status=400)
    return see_other("/alerts")


async def _page(request: web.Request, form: Form, edited: str, status: int = 200) -> web.Response:
    portal, person = portal_of(request), person_of(request)
    try:
        bundle = portal.assets.bundle(ALERTS_ENTRY)
    except NotBuilt:
        bundle = None  # the page is whole without its script
    version = await portal.crisis.wait(-1, 0)
    alerts = await portal.crisis.shown(person.actor.school)
    return portal.pages.respond(
        request,
        "alerts.html",
        status=status,
        bundle=bundle,
        script=bundle.script if bundle is not None else None,
        alerts=alerts,
        version=version,
        form=form,
        edited=edited,
    )


def _as_json(alert: ShownAlert) -> dict[str, object]:
    return {
        "id": alert.id,
        "lesson": alert.lesson,
        "received_at": format_iso(alert.received_ms),
        "open": alert.is_open,
        "closed": alert.closed_ms is not None,
    }
