"""The pages people start from: today's lessons, and the recordings."""

from aiohttp import web

from portal.agenda import build_agenda, build_library
from portal.authorize import Action, Actor, Role
from portal.context import person_of, portal_of
from portal.routing import RouteTable, may

routes = RouteTable()

# They look after a whole school; everybody else sees their own lessons.
_SEE_ALL = frozenset({Role.COORDINATOR, Role.REVIEWER})


@routes.get("/", may(Action.LIST_LESSONS))
async def today(request: web.Request) -> web.Response:
    """Today's lessons in the school's own time, and what comes in the next days."""
    portal, person = portal_of(request), person_of(request)
    agenda = await build_agenda(portal.database, portal.playback, person, _only(person.actor), portal.clock())
    return portal.pages.respond(request, "today.html", agenda=agenda, sees_all=_only(person.actor) is None)


@routes.get("/recordings", may(Action.LIST_RECORDINGS))
async def recordings(request: web.Request) -> web.Response:
    """The recorded lessons, newest first, with the state of each."""
    portal, person = portal_of(request), person_of(request)
    entries = await build_library(portal.database, portal.playback, person, _only(person.actor), portal.clock())
    return portal.pages.respond(request, "recordings.html", entries=entries, sees_all=_only(person.actor) is None)


def _only(actor: Actor) -> str | None:
    return None if actor.role in _SEE_ALL else actor.user
