"""Opening one student's record to somebody of the staff for a time; the forms stand on the student's page."""

from aiohttp import web

from portal.answers import see_other
from portal.authorize import Action
from portal.context import person_of, portal_of
from portal.failures import NotThere
from portal.forms import Form
from portal.grants import GrantRefused, end_access, give_access
from portal.routes.students import student_answer
from portal.routing import Fresh, RouteTable, may

routes = RouteTable()


@routes.post("/students/{student}/access", may(Action.GRANT_ACCESS, disclosing=True, fresh=Fresh.CHANGE))
async def give(request: web.Request) -> web.Response:
    """Gives access through a day."""
    portal, student = portal_of(request), request.match_info["student"]
    form = await Form.read(request)
    user = form.text("access_user", "a person", most=64)
    reason = form.text("access_reason", "the reason", most=300)
    until = form.day("access_until", "the last day")
    if form.good and until is not None:
        try:
            async with portal.database.write() as connection:
                actor = person_of(request).actor
                await give_access(connection, actor, student, user, reason, until, portal.clock())
        except GrantRefused as error:
            form.errors["access_until" if "day" in str(error) else "access_user"] = str(error)
    if not form.good:
        return await student_answer(request, form, status=400)
    return see_other(f"/students/{student}")


@routes.post("/students/{student}/access/end", may(Action.GRANT_ACCESS, disclosing=True))
async def end(request: web.Request) -> web.Response:
    """Ends it before its day."""
    portal, student = portal_of(request), request.match_info["student"]
    grant = (await Form.read(request)).values.get("grant", "")
    async with portal.database.write() as connection:
        if not await end_access(connection, person_of(request).actor, student, grant, portal.clock()):
            raise NotThere
    return see_other(f"/students/{student}")
