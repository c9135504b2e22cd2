"""The privacy report of a school: where its data are, how long they stay, who may see them, and what is to be done."""

from aiohttp import web

from portal.access_review import due_day, is_overdue, load_reviews
from portal.amendments import load_undecided
from portal.authorize import Action, SchoolObject, permitted
from portal.context import person_of, portal_of
from portal.grants import grants_at
from portal.guard import disclose_listed
from portal.incidents import load_incidents
from portal.retention import load_policy
from portal.routing import RouteTable, may
from portal.times import local
from portal.warning_desk import count_open

routes = RouteTable()


@routes.get("/privacy", may(Action.READ_PRIVACY, listing=True))
async def privacy_page(request: web.Request) -> web.Response:
    """What is due at the top, then the facts."""
    portal, person = portal_of(request), person_of(request)
    school, now_ms = person.actor.school, portal.clock()
    today = local(now_ms, person.time_zone).date()
    async with portal.database.read() as connection:
        undecided = await load_undecided(connection, school)
        grants = await grants_at(connection, school, today)
        reviews = await load_reviews(connection, school)
        incidents = await load_incidents(connection, school, today)
        warnings = await count_open(connection, school)
        policy = await load_policy(connection, school)
    await disclose_listed(request, [each.student for each in undecided] + [each.student for each in grants])
    return portal.pages.respond(
        request,
        "privacy.html",
        undecided=undecided,
        grants=grants,
        review_due=due_day(reviews, person.time_zone, now_ms),
        review_overdue=is_overdue(reviews, person.time_zone, now_ms),
        reviews=reviews,
        open_incidents=[each for each in incidents if each.closed_ms is None],
        warnings=warnings,
        policy=policy,
        region=portal.settings.storage_region,
        today=today,
        may_warn=permitted(person.actor, Action.READ_WARNINGS, SchoolObject(school)),
    )
