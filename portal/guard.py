"""The one way in: who asks, whether the form is theirs, whether they may, and a log row before anything is shown."""

import hmac
import secrets
from collections.abc import Iterable

from aiohttp import web

from portal.authorize import Action, Forbidden, SchoolObject, Target, TrainingLapsed, authorize
from portal.context import Portal, portal_of
from portal.cookies import cookie_name, set_cookie
from portal.failures import BadRequest, LoginNeeded, NotAllowed, NotThere, PortalError
from portal.ids import is_id
from portal.language import speak
from portal.ledger import Listing, disclose
from portal.lessons import load_lesson
from portal.program_gate import admit_program
from portal.request_keys import LESSON, LISTED, PERSON, VISIT
from portal.routing import ACCESS_BOOK, Access, Gate, Handler
from portal.step_up import ask_for_proof
from portal.targets import LOADERS

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def csrf_token(request: web.Request) -> str:
    """The token that a form on this page must carry: of the log-in, or of the visit before there is one."""
    person = request.get(PERSON)
    return person.csrf if person is not None else request[VISIT]


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Applies the access of the route. A route that is not in the book is refused, whatever it is."""
    access = request.app[ACCESS_BOOK].access(request)
    portal = portal_of(request)
    if access is None:
        if request.match_info.http_exception is None:
            raise AssertionError("a route that says nothing about who may use it")
        # The router's own 404 or 405; its page still knows who is signed in.
        await _recognize(request, portal)
        return await handler(request)
    if access.gate is Gate.INTERNAL:
        _check_bearer(request, portal)
        return await handler(request)
    if access.gate is Gate.PROGRAM:
        await admit_program(request, portal, access)
        return _with_its_disclosure(request, access, await handler(request))
    await _recognize(request, portal)
    if access.gate is not Gate.PUBLIC and PERSON not in request:
        raise LoginNeeded
    target = await _authorize(request, portal, access) if access.gate is Gate.ACTION else None
    if access.admits is not None:
        await access.admits(request)
    if access.max_body_bytes is not None:
        # Only now, so that nobody else can make us take in a large body.
        request = request.clone(client_max_size=access.max_body_bytes)
    if request.method not in _SAFE:
        await _check_csrf(request)
    if access.fresh is not None and (asked := await ask_for_proof(request, access.fresh)) is not None:
        return asked
    if target is not None and access.disclosing:
        await disclose(
            portal.database, request[PERSON].actor, _action(access), target, portal.clock(), why=reason_of(request)
        )
    response = _with_its_disclosure(request, access, await handler(request))
    if (
        VISIT in request
        and not response.prepared
        and request.cookies.get(cookie_name(portal.settings, "visit")) != request[VISIT]
    ):
        set_cookie(response, portal.settings, "visit", request[VISIT], max_age_s=3600)
    return response


def _with_its_disclosure(request: web.Request, access: Access, response: web.StreamResponse) -> web.StreamResponse:
    if access.listing and response.status != 303 and LISTED not in request:
        raise AssertionError("a list of students' records without its disclosure")
    return response


async def _recognize(request: web.Request, portal: Portal) -> None:
    token = request.cookies.get(cookie_name(portal.settings, "login"))
    person = await portal.accounts.person(token, portal.clock()) if token else None
    if person is not None:
        request[PERSON] = person
        if person.language is not None:
            speak(person.language)
        return
    visit = request.cookies.get(cookie_name(portal.settings, "visit"), "")
    request[VISIT] = visit if len(visit) == 43 and visit.isascii() else secrets.token_urlsafe(32)


async def _check_csrf(request: web.Request) -> None:
    given = request.headers.get("X-CSRF-Token")
    if given is None and request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        given = str((await request.post()).get("csrf", ""))
    expected = csrf_token(request)
    if not hmac.compare_digest((given or "").encode("utf-8", errors="replace"), expected.encode()):
        raise NotAllowed("This form is no longer valid. Go back, reload the page and try again.", code="csrf")


def _check_bearer(request: web.Request, portal: Portal) -> None:
    given = request.headers.get("Authorization", "").encode("utf-8", errors="replace")
    if not hmac.compare_digest(given, f"Bearer {portal.keyring.internal_secret}".encode()):
        raise BearerRefused


class BearerRefused(PortalError):
    """An internal call without the secret."""

    status = 401
    code = "bearer_refused"

    def __init__(self) -> None:
        super().__init__("The internal secret is missing or wrong.", headers={"WWW-Authenticate": "Bearer"})


def _action(access: Access) -> Action:
    if access.action is None:
        raise AssertionError("an action gate without an action")
    return access.action


def reason_of(request: web.Request) -> str:
    """Why the person reads a record, where they say so (`?reason=`); at most 150 characters."""
    return " ".join(request.query.get("reason", "").split())[:150]


async def disclose_listed(request: web.Request, students: Iterable[str], action: Action | None = None) -> None:
    """Writes the rows for a list that the handler is about to show; for routes with `listing`.

    `action`: what the log calls it, where that is not the route's.
    """
    portal, access = portal_of(request), request.app[ACCESS_BOOK].access(request)
    if access is None or not access.listing:
        raise AssertionError("only a listing route discloses by itself")
    actor = request[PERSON].actor
    shown = Listing(actor.school, actor.school, frozenset(students))
    await disclose(portal.database, actor, action or _action(access), shown, portal.clock(), why=reason_of(request))
    request[LISTED] = True


async def _authorize(request: web.Request, portal: Portal, access: Access) -> Target:
    """What the path names, once the person may do this to it. Another school's thing and no thing look the same."""
    actor = request[PERSON].actor
    target = await _find(request, portal)
    if target is None or (not isinstance(target, SchoolObject) and target.school != actor.school):
        raise NotThere("There is no such thing at your school.")
    try:
        authorize(actor, _action(access), target)
    except TrainingLapsed as error:
        raise NotAllowed(
            "Your training in student privacy is over, so records of students are closed to you. Renew it, and ask a"
            " coordinator to enter the new date.",
            code="training_lapsed",
        ) from error
    except Forbidden as error:
        raise NotAllowed from error
    return target


async def _find(request: web.Request, portal: Portal) -> Target | None:
    lesson_id = request.match_info.get("lesson")
    if lesson_id is not None:
        lesson = await load_lesson(portal.database, lesson_id) if is_id(lesson_id) else None
        if lesson is None:
            return None
        request[LESSON] = lesson
        return lesson.access
    for part, load in LOADERS.items():
        if part in request.match_info:
            name = request.match_info[part]
            return await load(portal.database, name, portal.clock()) if is_id(name) else None
    return SchoolObject(request[PERSON].actor.school)


async def read_json(request: web.Request, limit_bytes: int = 65_536) -> bytes:
    """The body of a JSON request. Raises BadRequest when it is too long or not declared as JSON."""
    if request.content_type != "application/json":
        raise BadRequest("The body must be JSON.", code="not_json")
    if request.content_length is not None and request.content_length > limit_bytes:
        raise BadRequest("The body is too long.", code="too_long")
    body = await request.content.read(limit_bytes + 1)
    while len(body) <= limit_bytes and (more := await request.content.read(limit_bytes + 1 - len(body))):
        body += more
    if len(body) > limit_bytes:
        raise BadRequest("The body is too long.", code="too_long")
    return body
