"""The yearly access review: who may see what, and the signature of whoever looked through it."""

from aiohttp import web

from portal.access_review import ReviewRefused, covered_by, due_day, is_overdue, load_report, load_reviews, sign_report
from portal.answers import see_other
from portal.authorize import Action, SchoolObject, permitted
from portal.context import person_of, portal_of
from portal.failures import NotThere
from portal.forms import Form
from portal.routing import RouteTable, may

routes = RouteTable()


@routes.get("/privacy/access", may(Action.READ_PRIVACY))
async def access_page(request: web.Request) -> web.Response:
    """Who has access now, and the reviews that were signed."""
    return await _page(request, Form())


@routes.post("/privacy/access", may(Action.REVIEW_ACCESS))
async def sign(request: web.Request) -> web.Response:
    """Signs the report that the page showed."""
    portal, person = portal_of(request), person_of(request)
    form = await Form.read(request)
    note = form.text("note", "what came of it", most=500)
    if form.values.get("looked") != "yes":
        form.errors["looked"] = "Confirm that you looked through every account."
    if form.good:
        try:
            async with portal.database.write() as connection:
                school, region = person.actor.school, portal.settings.storage_region
                report = await load_report(connection, school, person.time_zone, region, portal.clock())
                covers = form.values.get("covers", "")
                await sign_report(connection, person.actor, report, covers, note, portal.clock())
        except ReviewRefused as error:
            form.errors["looked"] = str(error)
    if not form.good:
        return await _page(request, form, status=400)
    return see_other("/privacy/access")


@routes.get("/privacy/access/{review}", may(Action.READ_PRIVACY))
async def signed_page(request: web.Request) -> web.Response:
    """A report as it was signed."""
    portal, person = portal_of(request), person_of(request)
    async with portal.database.read() as connection:
        reviews = await load_reviews(connection, person.actor.school)
    signed = next((each for each in reviews if each.id == request.match_info["review"]), None)
    if signed is None:
        raise NotThere
    return portal.pages.respond(request, "access_signed.html", signed=signed)


async def _page(request: web.Request, form: Form, status: int = 200) -> web.Response:
    portal, person = portal_of(request), person_of(request)
    school, now_ms = person.actor.school, portal.clock()
    async with portal.database.read() as connection:
        report = await load_report(connection, school, person.time_zone, portal.settings.storage_region, now_ms)
        reviews = await load_reviews(connection, school)
    return portal.pages.respond(
        request,
        "access_review.html",
        status=status,
        report=report,
        covers=covered_by(report),
        reviews=reviews,
        due=due_day(reviews, person.time_zone, now_ms),
        overdue=is_overdue(reviews, person.time_zone, now_ms),
        form=form,
        may_sign=permitted(person.actor, Action.REVIEW_ACCESS, SchoolObject(school)),
    )
