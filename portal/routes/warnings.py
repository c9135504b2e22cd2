"""Warnings: what the portal itself found unusual, and what somebody found out about it."""

from aiohttp import web

from portal.answers import see_other
from portal.authorize import Action
from portal.context import person_of, portal_of
from portal.forms import Form
from portal.routing import RouteTable, may
from portal.warning_desk import WarningRefused, answer_warning, load_warnings

routes = RouteTable()


@routes.get("/privacy/warnings", may(Action.READ_WARNINGS))
async def warnings_page(request: web.Request) -> web.Response:
    """The warnings of the school, the open ones first."""
    return await _page(request, Form())


@routes.post("/privacy/warnings/{warning}/answer", may(Action.ANSWER_WARNING))
async def answer(request: web.Request) -> web.Response:
    """Closes one, with what was found."""
    portal = portal_of(request)
    form = await Form.read(request)
    note = form.text("note", "what you found", most=500)
    if not form.good:
        return await _page(request, form, status=400)
    try:
        async with portal.database.write() as connection:
            actor, warning = person_of(request).actor, request.match_info["warning"]
            await answer_warning(connection, actor, warning, note, portal.clock())
    except WarningRefused as error:
        form.errors["note"] = str(error)
        return await _page(request, form, status=409)
    return see_other("/privacy/warnings")


async def _page(request: web.Request, form: Form, status: int = 200) -> web.Response:
    portal, person = portal_of(request), person_of(request)
    async with portal.database.read() as connection:
        found = await load_warnings(connection, person.actor.school)
    return portal.pages.respond(
        request,
        "warnings.html",
        status=status,
        found=found,
        form=form,
        edited=request.match_info.get("warning", ""),
    )
