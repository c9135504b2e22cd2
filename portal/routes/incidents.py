"""Incident records: opening one, its clock, its steps, and its end."""

from aiohttp import web

from portal.answers import see_other
from portal.authorize import Action
from portal.context import person_of, portal_of
from portal.failures import NotThere
from portal.forms import Form
from portal.incidents import (
    KINDS,
    TELL_DAYS,
    IncidentRefused,
    add_entry,
    close_incident,
    load_entries,
    load_incidents,
    open_incident,
)
from portal.routing import RouteTable, may
from portal.times import local

routes = RouteTable()

_READ = may(Action.READ_INCIDENTS)
_CHANGE = may(Action.CHANGE_INCIDENTS)
_PROSE = 4000
_MOST_STUDENTS = 900_000


@routes.get("/privacy/incidents", _READ)
async def incidents_page(request: web.Request) -> web.Response:
    """The incidents of the school, and the form for a new one."""
    return await _list(request, Form())


@routes.post("/privacy/incidents", _CHANGE)
async def begin(request: web.Request) -> web.Response:
    """Opens a record, which starts the clock on the day of the finding."""
    portal, person = portal_of(request), person_of(request)
    form = await Form.read(request)
    title = form.text("title", "a title", most=200)
    records = form.text("records", "what kind of records", most=300)
    students = form.whole("students", "the number of students", least=0, most=_MOST_STUDENTS)
    found_day = form.day("found", "the day")
    words = form.prose("words", "what happened", most=_PROSE)
    if found_day is not None and found_day > local(portal.clock(), person.time_zone).date():
        form.errors["found"] = "That day is yet to come."
    if not form.good or found_day is None:
        return await _list(request, form, status=400)
    async with portal.database.write() as connection:
        now_ms = portal.clock()
        incident = await open_incident(connection, person.actor, title, records, students, found_day, words, now_ms)
    return see_other(f"/privacy/incidents/{incident}")


@routes.get("/privacy/incidents/{incident}", _READ)
async def incident_page(request: web.Request) -> web.Response:
    """One incident with its steps."""
    return await _one(request, Form())


@routes.post("/privacy/incidents/{incident}/steps", _CHANGE)
async def step(request: web.Request) -> web.Response:
    """Enters what was done, who was told, or that copies were destroyed."""
    portal, person = portal_of(request), person_of(request)
    form = await Form.read(request)
    kind = form.choice("kind", "what it is", KINDS)
    day = form.day("day", "the day")
    who = form.text("who", "who was told, or who confirms it", most=200, required=kind in ("told", "purged"))
    words = form.prose("words", "what was done", most=_PROSE)
    if day is not None and day > local(portal.clock(), person.time_zone).date():
        form.errors["day"] = "That day is yet to come."
    if form.good and day is not None:
        try:
            async with portal.database.write() as connection:
                incident, now_ms = request.match_info["incident"], portal.clock()
                await add_entry(connection, person.actor, incident, kind, day, who, words, now_ms)
        except IncidentRefused as error:
            form.errors["day"] = str(error)
    return await _done(request, form)


@routes.post("/privacy/incidents/{incident}/close", _CHANGE)
async def close(request: web.Request) -> web.Response:
    """Ends it, with what was learned."""
    portal, person = portal_of(request), person_of(request)
    form = await Form.read(request)
    learned = form.prose("learned", "what was learned", most=_PROSE)
    if form.good:
        try:
            async with portal.database.write() as connection:
                now_ms = portal.clock()
                day = local(now_ms, person.time_zone).date()
                await close_incident(connection, person.actor, request.match_info["incident"], learned, day, now_ms)
        except IncidentRefused as error:
            form.errors["learned"] = str(error)
    return await _done(request, form)


async def _done(request: web.Request, form: Form) -> web.Response:
    if not form.good:
        return await _one(request, form, status=400)
    return see_other(f"/privacy/incidents/{request.match_info['incident']}")


async def _list(request: web.Request, form: Form, status: int = 200) -> web.Response:
    portal, person = portal_of(request), person_of(request)
    today = local(portal.clock(), person.time_zone).date()
    async with portal.database.read() as connection:
        found = await load_incidents(connection, person.actor.school, today)
    return portal.pages.respond(
        request, "incidents.html", status=status, found=found, form=form, today=today, tell_days=TELL_DAYS
    )


async def _one(request: web.Request, form: Form, status: int = 200) -> web.Response:
    portal, person, wanted = portal_of(request), person_of(request), request.match_info["incident"]
    today = local(portal.clock(), person.time_zone).date()
    async with portal.database.read() as connection:
        found = await load_incidents(connection, person.actor.school, today)
        entries = await load_entries(connection, wanted)
    incident = next((each for each in found if each.id == wanted), None)
    if incident is None:
        raise NotThere
    words = {**KINDS, "closed": "Closed"}
    return portal.pages.respond(
        request,
        "incident.html",
        status=status,
        incident=incident,
        entries=entries,
        kinds=KINDS,
        words=words,
        form=form,
        today=today,
    )
