"""The pages people start from: today's lessons, and the recordings."""

from collections.abc import Iterable

from aiohttp import web

from portal.agenda import Entry, build_agenda, build_library
from portal.authorize import Action, Actor, Role
from portal.context import person_of, portal_of
from portal.forms import page_of
from portal.guard import disclose_listed
from portal.pacing import topics_of_tutor
from portal.pacing_file import monday_of
from portal.routing import RouteTable, may
from portal.times import local

routes = RouteTable()

# They look after a whole school; everybody else sees their own lessons.
_SEE_ALL = frozenset({Role.COORDINATOR, Role.REVIEWER})


@routes.get("/", may(Action.LIST_LESSONS, listing=True))
async def today(request: web.Request) -> web.Response:
    """Today's lessons in the school's own time, and what comes in the next days."""
    portal, person = portal_of(request), person_of(request)
    user, page = _only(person.actor), page_of(request)
    agenda = await build_agenda(portal.database, portal.playback, person, user, portal.clock(), page)
    await _disclose(request, [*agenda.today, *(entry for _, entries in agenda.days for entry in entries)])
    topics: list[tuple[str, str, str]] = []
    if person.actor.role is Role.TUTOR:
        monday = monday_of(local(agenda.now_ms, person.time_zone).date())
        async with portal.database.glance() as connection:
            topics = await topics_of_tutor(connection, person.actor.user, monday)
    return portal.pages.respond(
        request, "today.html", agenda=agenda, sees_all=_only(person.actor) is None, topics=topics
    )


@routes.get("/recordings", may(Action.LIST_RECORDINGS, listing=True))
async def recordings(request: web.Request) -> web.Response:
    """The recorded lessons, newest first, with the state of each."""
    portal, person = portal_of(request), person_of(request)
    entries = await build_library(portal.database, portal.playback, person, _only(person.actor), portal.clock())
    await _disclose(request, entries)
    return portal.pages.respond(request, "recordings.html", entries=entries, sees_all=_only(person.actor) is None)


async def _disclose(request: web.Request, entries: Iterable[Entry]) -> None:
    """Names on the lessons of others are a read of those students' records; those on one's own lessons are not."""
    oversees = _only(person_of(request).actor) is None
    shown = {member.user for entry in entries for member in entry.students} if oversees else set()
    await disclose_listed(request, shown)


def _only(actor: Actor) -> str | None:
    return None if actor.role in _SEE_ALL else actor.user
