"""The one way in: who asks, whether the form is theirs, whether they may, and a log row before anything is shown."""

import hmac
import secrets

from aiohttp import web

from portal.authorize import Forbidden, SchoolObject, authorize
from portal.context import Portal, portal_of
from portal.failures import BadRequest, LoginNeeded, NotAllowed, NotThere, PortalError
from portal.ids import is_id
from portal.ledger import disclose
from portal.lessons import load_lesson
from portal.request_keys import LESSON, PERSON, VISIT
from portal.routing import ACCESS_BOOK, Access, Gate, Handler
from portal.settings import PortalSettings

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def cookie_name(settings: PortalSettings, what: str) -> str:
    """`__Host-` binds a cookie to this very host and to HTTPS; browsers refuse the prefix without HTTPS."""
    return f"__Host-chalkmesh-{what}" if settings.secure else f"chalkmesh-{what}"


def set_cookie(response: web.StreamResponse, settings: PortalSettings, what: str, value: str, max_age_s: int) -> None:
    """A cookie that no script reads and no foreign form sends."""
    response.set_cookie(
        cookie_name(settings, what),
        value,
        max_age=max_age_s,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=settings.secure,
    )


def clear_cookie(response: web.StreamResponse, settings: PortalSettings, what: str) -> None:
    """Takes a cookie back."""
    response.del_cookie(cookie_name(settings, what), path="/", httponly=True, samesite="Lax", secure=settings.secure)


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
    await _recognize(request, portal)
    if access.gate is not Gate.PUBLIC and PERSON not in request:
        raise LoginNeeded
    if request.method not in _SAFE:
        await _check_csrf(request)
    if access.gate is Gate.ACTION:
        await _authorize(request, portal, access)
    response = await handler(request)
    if (
        VISIT in request
        and not response.prepared
        and request.cookies.get(cookie_name(portal.settings, "visit")) != request[VISIT]
    ):
        set_cookie(response, portal.settings, "visit", request[VISIT], max_age_s=3600)
    return response


async def _recognize(request: web.Request, portal: Portal) -> None:
    token = request.cookies.get(cookie_name(portal.settings, "login"))
    person = await portal.accounts.person(token, portal.clock()) if token else None
    if person is not None:
        request[PERSON] = person
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


async def _authorize(request: web.Request, portal: Portal, access: Access) -> None:
    if access.action is None:
        raise AssertionError("an action gate without an action")
    actor = request[PERSON].actor
    lesson_id = request.match_info.get("lesson")
    try:
        if lesson_id is None:
            authorize(actor, access.action, SchoolObject(actor.school))
            return
        lesson = await load_lesson(portal.database, lesson_id) if is_id(lesson_id) else None
        if lesson is None or lesson.school != actor.school:
            # Another school's lesson and no lesson at all look the same.
            raise NotThere("There is no such lesson.")
        authorize(actor, access.action, lesson.access)
    except Forbidden as error:
        raise NotAllowed from error
    request[LESSON] = lesson
    if access.disclosing:
        await disclose(portal.database, actor, access.action, lesson.access, portal.clock())


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


def local_path(wanted: str) -> str:
    """Where to go on to: a path of this very site, or the start page. Never another host."""
    if not wanted.startswith("/") or wanted.startswith(("//", "/\\")) or any(ord(letter) < 33 for letter in wanted):
        return "/"
    return wanted
