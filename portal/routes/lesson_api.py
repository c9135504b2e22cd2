"""The classroom's JSON API, and the page that carries the classroom application."""

from typing import Annotated, Literal

import msgspec
from aiohttp import web

from portal.answers import json_answer, json_body
from portal.assets import CLASSROOM_ENTRY, NotBuilt
from portal.authorize import Action
from portal.classroom import LessonRefused
from portal.consent import is_declined
from portal.context import lesson_of, person_of, portal_of
from portal.failures import BadRequest, Conflict, NotAllowed, Unavailable
from portal.headers import internal_relay_url, relay_url
from portal.lessons import Lesson
from portal.removals import RemovalRefused
from portal.routing import RouteTable, may
from portal.school import School, load_school
from portal.tickets import RECORDER_HOLDER, Holder, TicketRefused, room_role
from portal.times import format_iso
from portal.turn import PREFLIGHT_LIFETIME_S, ice_servers
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ids import Role
from whiteboard_crdt.keys import decode_base64url
from whiteboard_crdt.ticket import Ticket

routes = RouteTable()

NOT_BUILT = (
    "The web client has not been built yet. Run “npm ci” and “npm run build” in portal/web, then reload this page."
)


class TicketRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The public key of a page's session (base64url of 65 bytes) and its Yjs client id."""

    key: Annotated[str, msgspec.Meta(max_length=100)]
    client: Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]


class RenewRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The session to renew."""

    session: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")]


class PersonRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Whom it is about: a user's id, as it stands in their ticket."""

    user: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class RemovalRequest(PersonRequest, forbid_unknown_fields=True):
    """Who is put out, and why: one of these codes."""

    reason: Literal["removed", "disruptive", "not_invited", "asked_to_leave", "technical"] = "removed"


@routes.get("/lessons/{lesson}/room", may(Action.JOIN_LESSON, disclosing=True))
async def room_page(request: web.Request) -> web.Response:
    """The page of the classroom application."""
    portal, lesson = portal_of(request), lesson_of(request)
    try:
        portal.classrooms.check_door(lesson)
    except LessonRefused as error:
        raise Conflict(str(error), code=error.code) from error
    try:
        bundle = portal.assets.bundle(CLASSROOM_ENTRY)
    except NotBuilt as error:
        raise Unavailable(NOT_BUILT, code="client_not_built") from error
    return portal.pages.respond(request, "classroom.html", bundle=bundle, lesson=lesson)


@routes.get("/api/lessons/{lesson}", may(Action.READ_LESSON, disclosing=True))
async def lesson_facts(request: web.Request) -> web.Response:
    """What the classroom shows of its lesson, and who asks."""
    portal, lesson, person = portal_of(request), lesson_of(request), person_of(request)
    school, role = await load_school(portal.database, lesson.school), room_role(person.actor, lesson)
    async with portal.database.read() as connection:
        unrecorded = role is Role.STUDENT and await is_declined(connection, person.actor.user)
    return json_answer(
        {
            "lesson": lesson.id,
            "title": lesson.title,
            "subject": lesson.subject,
            "room": lesson.room,
            "state": lesson.state.value,
            "starts_at": format_iso(lesson.starts_ms),
            "ends_at": format_iso(lesson.ends_ms),
            "time_zone": school.time_zone,
            "me": {"user": person.actor.user, "name": person.name, "role": role.value},
            "school": school.name,
            "demo": lesson.demo,
            "recording": lesson.recording,
            "unrecorded": unrecorded,
            "notice": school.notice,
            "notice_acknowledged": await portal.classrooms.has_acknowledged(lesson, person.actor.user),
        }
    )


@routes.get("/api/lessons/{lesson}/preflight", may(Action.JOIN_LESSON, disclosing=True))
async def preflight(request: web.Request) -> web.Response:
    """What the device check tries before there is a ticket: the relay's address, and TURN for a look at the network."""
    portal = portal_of(request)
    return json_answer(
        {
            "relay_url": relay_url(request, portal.settings),
            "ice_servers": ice_servers(
                portal.settings.turn_urls,
                portal.settings.turn_secret,
                "preflight",
                portal.clock(),
                lifetime_s=PREFLIGHT_LIFETIME_S,
            ),
        }
    )


@routes.post("/api/lessons/{lesson}/ticket", may(Action.JOIN_LESSON, disclosing=True))
async def ticket(request: web.Request) -> web.Response:
    """A ticket for a new session; the first one opens the lesson."""
    portal, lesson, person = portal_of(request), lesson_of(request), person_of(request)
    wanted = await json_body(request, TicketRequest)
    _check_door(request, lesson)
    await _check_not_removed(request, lesson)
    if await portal.waiting.must_wait(lesson, person.actor.user):
        raise Conflict("Your tutor will let you in.", code="waiting")
    answer = await give_ticket(request, lesson, _holder(request, lesson), wanted)
    await portal.classrooms.open(lesson, person.actor.user)
    return answer


@routes.post("/api/lessons/{lesson}/renew", may(Action.JOIN_LESSON, disclosing=True))
async def renew(request: web.Request) -> web.Response:
    """A fresh ticket for a session that this person already has here."""
    lesson = lesson_of(request)
    wanted = await json_body(request, RenewRequest)
    _check_door(request, lesson)
    return await renew_ticket(request, lesson, _holder(request, lesson), wanted)


@routes.post("/api/lessons/{lesson}/notice", may(Action.JOIN_LESSON))
async def notice(request: web.Request) -> web.Response:
    """Stores that the person has read the notice about the recording."""
    portal, lesson = portal_of(request), lesson_of(request)
    school = await load_school(portal.database, lesson.school)
    await portal.classrooms.acknowledge_notice(lesson, person_of(request).actor.user, school.notice)
    return json_answer({"acknowledged": True})


@routes.post("/api/lessons/{lesson}/start", may(Action.START_LESSON))
async def start(request: web.Request) -> web.Response:
    """Takes the lesson live, once it is being recorded."""
    try:
        state = await portal_of(request).classrooms.start(lesson_of(request), person_of(request).actor.user)
    except LessonRefused as error:
        raise Conflict(str(error), code=error.code) from error
    return json_answer({"state": state.value})


@routes.post("/api/lessons/{lesson}/end", may(Action.END_LESSON))
async def end(request: web.Request) -> web.Response:
    """Ends the lesson for everyone."""
    state = await portal_of(request).classrooms.end(lesson_of(request).id, person_of(request).actor.user)
    return json_answer({"state": state.value})


@routes.post("/api/lessons/{lesson}/remove", may(Action.REMOVE_FROM_LESSON))
async def remove(request: web.Request) -> web.Response:
    """Puts a person out. The answer holds the signed revocation (T5), for direct links; the relay is told by us."""
    wanted = await json_body(request, RemovalRequest)
    try:
        token = await portal_of(request).removals.remove(
            lesson_of(request), wanted.user, person_of(request).actor, wanted.reason
        )
    except RemovalRefused as error:
        raise Conflict(str(error), code=error.code) from error
    return json_answer({"token": token})


@routes.post("/api/lessons/{lesson}/readmit", may(Action.REMOVE_FROM_LESSON))
async def readmit(request: web.Request) -> web.Response:
    """Lets a person in again who was put out."""
    wanted = await json_body(request, PersonRequest)
    await portal_of(request).removals.readmit(lesson_of(request), wanted.user, person_of(request).actor)
    return json_answer({"readmitted": True})


@routes.post("/api/lessons/{lesson}/knock", may(Action.JOIN_LESSON))
async def knock(request: web.Request) -> web.Response:
    """Somebody is at the door: whether they may come in. A page that waits asks again every two seconds."""
    portal, lesson = portal_of(request), lesson_of(request)
    _check_door(request, lesson)
    await _check_not_removed(request, lesson)
    return json_answer({"admitted": await portal.waiting.knock(lesson, person_of(request).actor.user)})


@routes.get("/api/lessons/{lesson}/door", may(Action.ADMIT_TO_LESSON, disclosing=True))
async def door(request: web.Request) -> web.Response:
    """For whoever leads the lesson: who waits at the door, and who was put out and may be let in again."""
    portal, lesson = portal_of(request), lesson_of(request)
    return json_answer(
        {
            "waiting": await portal.waiting.at_the_door(lesson),
            "removed": await portal.removals.removed(lesson),
        }
    )


@routes.post("/api/lessons/{lesson}/admit", may(Action.ADMIT_TO_LESSON))
async def admit(request: web.Request) -> web.Response:
    """Lets in who waits."""
    wanted = await json_body(request, PersonRequest)
    if not await portal_of(request).waiting.admit(lesson_of(request), wanted.user, person_of(request).actor):
        raise Conflict("This person is not waiting.", code="not_waiting")
    return json_answer({"admitted": True})


async def _check_not_removed(request: web.Request, lesson: Lesson) -> None:
    if await portal_of(request).removals.is_removed(lesson, person_of(request).actor.user):
        raise NotAllowed("You were put out of this lesson. Ask your tutor to let you in again.", code="removed")


async def give_ticket(request: web.Request, lesson: Lesson, holder: Holder, wanted: TicketRequest) -> web.Response:
    """Issues a ticket for whoever was let in, and answers with all that a session needs to connect."""
    portal = portal_of(request)
    school = await load_school(portal.database, lesson.school)
    try:
        issued = await portal.tickets.issue(
            lesson,
            holder,
            _decode_key(wanted.key),
            wanted.client,
            portal.clock(),
            relay_only=_relay_only(school, holder),
            desks=school.desks,
        )
    except TicketRefused as error:
        if error.code == "client_taken":
            raise Conflict(str(error), code=error.code) from error
        raise BadRequest(str(error), code=error.code) from error
    relay = internal_relay_url(portal.settings) if holder is RECORDER_HOLDER else None
    return _ticket_answer(request, lesson, school, *issued, relay=relay)


async def renew_ticket(request: web.Request, lesson: Lesson, holder: Holder, wanted: RenewRequest) -> web.Response:
    """As `give_ticket`, for a session that this holder already has here."""
    portal = portal_of(request)
    school = await load_school(portal.database, lesson.school)
    try:
        issued = await portal.tickets.renew(
            lesson,
            holder,
            wanted.session,
            portal.clock(),
            relay_only=_relay_only(school, holder),
            desks=school.desks,
        )
    except TicketRefused as error:
        raise NotAllowed(str(error), code=error.code) from error
    relay = internal_relay_url(portal.settings) if holder is RECORDER_HOLDER else None
    return _ticket_answer(request, lesson, school, *issued, relay=relay)


def _relay_only(school: School, holder: Holder) -> bool:
    """Whether nobody may learn the holder's network address. The recorder's is the school's own."""
    return school.ice_policy == "relay" and holder is not RECORDER_HOLDER


def _ticket_answer(
    request: web.Request, lesson: Lesson, school: School, ticket: Ticket, token: str, *, relay: str | None = None
) -> web.Response:
    portal = portal_of(request)
    return json_answer(
        {
            "ticket": token,
            "room": lesson.room,
            "relay_url": relay or relay_url(request, portal.settings),
            "jwks": msgspec.Raw(portal.keyring.jwks),
            "ice_servers": ice_servers(
                portal.settings.turn_urls, portal.settings.turn_secret, ticket.session, portal.clock()
            ),
            "ice_policy": "relay" if ticket.relay_only else "all",
            "expires_ms": ticket.expires_ms,
            "alert_key": portal.crisis.public_key,
        }
    )


def _holder(request: web.Request, lesson: Lesson) -> Holder:
    person = person_of(request)
    return Holder(person.actor.user, person.name, room_role(person.actor, lesson))


def _check_door(request: web.Request, lesson: Lesson) -> None:
    try:
        portal_of(request).classrooms.check_door(lesson)
    except LessonRefused as error:
        raise Conflict(str(error), code=error.code) from error


def _decode_key(text: str) -> bytes:
    try:
        return decode_base64url(text)
    except ProtocolError as error:
        raise BadRequest("The session key is not base64url.", code="bad_key") from error
