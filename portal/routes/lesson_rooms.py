"""What a school wants of its lesson rooms: desks, the waiting room. Holds for tickets that are given from then on."""

from aiohttp import web
from sqlalchemy import update

from portal.answers import see_other
from portal.authorize import Action, SchoolObject, permitted
from portal.context import person_of, portal_of
from portal.forms import Form
from portal.ledger import audit
from portal.routing import RouteTable, may
from portal.schema import schools
from portal.school import load_school

routes = RouteTable()

_SWITCHES = ("desks", "waiting_room")


@routes.get("/lesson-rooms", may(Action.READ_ROOM_RULES))
async def rules_page(request: web.Request) -> web.Response:
    """What holds in this school's lessons."""
    portal, person = portal_of(request), person_of(request)
    return portal.pages.respond(
        request,
        "lesson_rooms.html",
        school=await load_school(portal.database, person.actor.school),
        may_change=permitted(person.actor, Action.CHANGE_ROOM_RULES, SchoolObject(person.actor.school)),
    )


@routes.post("/lesson-rooms", may(Action.CHANGE_ROOM_RULES))
async def change_rules(request: web.Request) -> web.Response:
    """Sets the switches; one that is not in the form is off, as browsers send it."""
    portal, person = portal_of(request), person_of(request)
    form = await Form.read(request)
    wanted = {switch: form.values.get(switch) == "on" for switch in _SWITCHES}
    async with portal.database.write() as connection:
        await connection.execute(update(schools).where(schools.c.id == person.actor.school).values(wanted))
        await audit(
            connection, person.actor.user, "school.room_rules", "school", person.actor.school, portal.clock(), wanted
        )
    return see_other("/lesson-rooms")
