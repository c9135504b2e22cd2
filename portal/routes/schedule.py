"""The pages people start from: today's lessons, and the recordings."""

from collections.abc import Iterable

from aiohttp import web

from portal.agenda import Entry, build_agenda, build_library
from portal.authorize import Action, Actor, Role
from portal.context import person_of, portal_of
from portal.forms import page_of
from portal.guard import disclose_listed
from portal.guardians import Ward, wards_of
from portal.pacing import topics_of_tutor
from portal.pacing_file import monday_of
from portal.pages import WITHOUT_LESSONS
from portal.routing import RouteTable, may
from portal.times import local
from portal.waiting_work import Step, Waiting, load_first_steps, load_waiting

routes = RouteTable()

# They look after a whole school; everybody else sees their own lessons.
_SEE_ALL = frozenset({Role.COORDINATOR, Role.REVIEWER})


@routes.get("/", may(Action.LIST_LESSONS, listing=True))
async def today(request: web.Request) -> web.Response:
    """Today's lessons in the school's own time, and what comes in the next days."""
    portal, person = portal_of(request), person_of(request)
    user, page = _only(person.actor), page_of(request)
    agenda = await build_agenda(portal.database, portal.playback, person, user, portal.clock(), page)
    topics: list[tuple[str, str, str]] = []
    waiting: list[Waiting] = []
    steps: list[Step] = []
    wards: tuple[Ward, ...] = ()
    if person.actor.role is Role.TUTOR:
        monday = monday_of(local(agenda.now_ms, person.time_zone).date())
        async with portal.database.glance() as connection:
            topics = await topics_of_tutor(connection, person.actor.user, monday)
    # Students have nothing but their lessons here, and there are many of them.
    if person.actor.role is not Role.STUDENT:
        # Indexes of the school find all of it; through the driver's thread it would cost a fifth of the page.
        async with portal.database.glance() as connection:
            waiting = await load_waiting(connection, person.actor)
            if not agenda.count:
                steps = await load_first_steps(connection, person.actor)
            if person.actor.role is Role.GUARDIAN:
                wards = tuple(await wards_of(connection, person.actor.user))
    shown = [*agenda.today, *(entry for _, entries in agenda.days for entry in entries)]
    if wards:
        await disclose_listed(request, [ward.id for ward in wards], Action.LIST_PROGRESS)
    else:
        await _disclose(request, shown)
    return portal.pages.respond(
        request,
        "today.html",
        agenda=agenda,
        ahead=[entry for entry in agenda.today if not entry.is_over],
        over=[entry for entry in agenda.today if entry.is_over],
        sees_all=_only(person.actor) is None,
        has_lessons=person.actor.role not in WITHOUT_LESSONS,
        topics=topics,
        waiting=waiting,
        steps=steps,
        wards=wards,
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
