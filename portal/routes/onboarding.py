"""The onboarding checklist of a school, and the district that several schools belong to."""

from datetime import date

from aiohttp import web

from portal.answers import see_other
from portal.authorize import Action, SchoolObject, permitted
from portal.context import person_of, portal_of
from portal.district import go_to_school, load_district
from portal.failures import NotThere
from portal.forms import Form
from portal.onboarding import STEPS, Done, Plan, enter_plan, load_checklist, take_step
from portal.routing import RouteTable, may
from portal.times import local

routes = RouteTable()

_CHANGE = may(Action.CHANGE_ONBOARDING)


@routes.get("/onboarding", may(Action.READ_ONBOARDING))
async def onboarding_page(request: web.Request) -> web.Response:
    """The steps, when each is due, and what is overdue."""
    return await _onboarding(request, Form())


@routes.post("/onboarding", _CHANGE)
async def plan(request: web.Request) -> web.Response:
    """Enters the days of the contract and of the first lesson."""
    portal = portal_of(request)
    form = await Form.read(request)
    contract_day, start_day = form.day("contract", "the day"), form.day("start", "the day")
    responsible = form.text("responsible", "the name", most=200)
    if contract_day is not None and start_day is not None and start_day <= contract_day:
        form.errors["start"] = "The first lesson comes after the contract."
    if not form.good or contract_day is None or start_day is None:
        return await _onboarding(request, form, status=400)
    async with portal.database.write() as connection:
        entered = Plan(contract_day, start_day, responsible)
        await enter_plan(connection, person_of(request).actor, entered, portal.clock())
    return see_other("/onboarding")


@routes.post("/onboarding/steps", _CHANGE)
async def step(request: web.Request) -> web.Response:
    """Notes that a step was taken."""
    portal = portal_of(request)
    form = await Form.read(request)
    name = form.choice("step", "a step", STEPS)
    day = form.day("day", "the day")
    note = form.text("note", "what was agreed", most=500, required=False)
    if day is not None and day > _today(request):
        form.errors["day"] = "This day has not come yet."
    async with portal.database.read() as connection:
        known = await load_checklist(connection, person_of(request).actor.school, _today(request))
    if not form.good or day is None or known is None:
        return await _onboarding(request, form, status=400)
    async with portal.database.write() as connection:
        await take_step(connection, person_of(request).actor, name, Done(day, note), portal.clock())
    return see_other("/onboarding")


@routes.get("/district", may(Action.READ_DISTRICT))
async def district_page(request: web.Request) -> web.Response:
    """The schools of the district in figures."""
    portal, person = portal_of(request), person_of(request)
    async with portal.database.read() as connection:
        found = await load_district(connection, person.actor, portal.clock())
    return portal.pages.respond(request, "district.html", schools=found)


@routes.post("/district/school", may(Action.READ_DISTRICT))
async def go(request: web.Request) -> web.Response:
    """Goes to another school of the district with this log-in."""
    portal = portal_of(request)
    school = (await Form.read(request)).values.get("school", "")
    async with portal.database.write() as connection:
        if not await go_to_school(connection, person_of(request).actor, school, portal.clock()):
            raise NotThere("This school is not of your district.")
    return see_other("/onboarding")


def _today(request: web.Request) -> date:
    return local(portal_of(request).clock(), person_of(request).time_zone).date()


async def _onboarding(request: web.Request, form: Form, status: int = 200) -> web.Response:
    portal, person = portal_of(request), person_of(request)
    async with portal.database.read() as connection:
        found = await load_checklist(connection, person.actor.school, _today(request))
    return portal.pages.respond(
        request,
        "onboarding.html",
        status=status,
        list=found,
        form=form,
        today=_today(request),
        may_change=permitted(person.actor, Action.CHANGE_ONBOARDING, SchoolObject(person.actor.school)),
    )
