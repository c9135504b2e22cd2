"""The outermost middleware: every failure becomes a page or JSON in the product's own words, and one log line."""

import time
from urllib.parse import quote

from aiohttp import web

from portal.context import portal_of
from portal.database import is_disk_refusing
from portal.failures import LoginNeeded, NotThere, PortalError
from portal.language import phrase, t
from portal.logs import get_log
from portal.references import new_reference
from portal.request_keys import PERSON, REFERENCE
from portal.routing import Handler
from portal.step_up import bring_renewed

_log = get_log("portal")


class MethodRefused(PortalError):
    """The address exists, but not for this method."""

    status = 405
    code = "method_not_allowed"


class LibraryRefused(PortalError):
    """What aiohttp itself refuses, such as a body that is too large."""

    def __init__(self, error: web.HTTPClientError) -> None:
        super().__init__(t("The server refused this: {reason}.", reason=error.reason))
        self.status = error.status


class Broken(PortalError):
    """Our own fault."""

    status = 500
    code = "broken"
    title = phrase("Something broke on our side")

    def __init__(self) -> None:
        super().__init__(t("It has been noted. Try again in a moment; nothing that you saved is lost."))


class CannotKeep(PortalError):
    """The disk takes nothing more. What was asked for has not happened, and nothing is broken."""

    status = 503
    code = "cannot_keep"
    title = phrase("Not available right now")

    def __init__(self) -> None:
        super().__init__(
            t(
                "Nothing can be saved right now: the disk of this service is full or may not be written."
                " What was saved before is safe. Try again in a while, and tell whoever runs the service."
            )
        )


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers for whatever is raised inside; logs ids and figures of every request."""
    began = time.perf_counter()
    try:
        response = await handler(request)
    except PortalError as error:
        response = _refuse(request, error)
    except web.HTTPMethodNotAllowed as error:
        response = _refuse(
            request,
            MethodRefused(t("This address does not understand that."), headers={"Allow": error.headers["Allow"]}),
        )
    except web.HTTPNotFound:
        response = _refuse(request, NotThere())
    except web.HTTPRedirection as redirect:
        raise redirect
    except web.HTTPClientError as error:
        response = _refuse(request, LibraryRefused(error))
    except ConnectionError:
        raise
    except Exception as error:
        # The edge of this request's task.
        full = is_disk_refusing(error)
        response = _refuse(request, CannotKeep() if full else Broken())
        tell, event = (_log.error, "disk_takes_nothing") if full else (_log.exception, "request_failed")
        tell(event, method=request.method, route=_route(request), reference=request.get(REFERENCE))
    bring_renewed(request, response)
    _log.info(
        "request",
        method=request.method,
        route=_route(request),
        status=response.status,
        ms=round((time.perf_counter() - began) * 1000, 1),
        user=request[PERSON].actor.user if PERSON in request else None,
        reference=request.get(REFERENCE),
    )
    return response


def _refuse(request: web.Request, error: PortalError) -> web.Response:
    reference = request[REFERENCE] = new_reference()
    if request.path.startswith(("/api/", "/internal/")):
        return web.Response(
            body=error.body(reference), status=error.status, content_type="application/json", headers=error.headers
        )
    if isinstance(error, LoginNeeded) and request.method in ("GET", "HEAD"):
        headers = {"Location": f"/login?next={quote(request.path_qs, safe='')}"}
        return web.Response(status=303, headers=headers)
    page = portal_of(request).pages.respond(
        request,
        "error.html",
        status=error.status,
        title=error.title,
        message=error.message,
        code=error.status,
        reference=reference,
        # A path may hold a secret, such as that of a one-use link.
        place=_route(request) or "",
    )
    page.headers.update(error.headers)
    return page


def _route(request: web.Request) -> str | None:
    # The pattern, not the path: a path may hold what somebody typed.
    resource = request.match_info.route.resource
    return None if resource is None else resource.canonical
