"""Routes that say who may use them. A route without an answer to that question cannot be made."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web

from portal.authorize import Action
from portal.programs import Scope

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Fresh(StrEnum):
    """Why a route asks for a proof of the last minutes (portal/step_up.py)."""

    CHANGE = "change"  # it may do lasting harm
    FILE = "file"  # it hands out records as a file, so that the browser stays on the page before it
    FILE_OF_OTHERS = "file_of_others"  # as FILE, but students and guardians take what is theirs without being asked


class Gate(StrEnum):
    """The kinds of access a route can have."""

    PUBLIC = "public"  # anyone
    LOGIN = "login"  # whoever is logged in, for what is theirs alone
    ACTION = "action"  # whoever `authorize` lets do the action to what the path names, or else to the school
    INTERNAL = "internal"  # relay and recorder, by the bearer secret
    PROGRAM = "program"  # a program of a school, by a token with the scope; `action` is what the log then calls it


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a route. `disclosing`: the answer shows a student's record, so it lands in the disclosure log.

    `listing`: the answer shows records of students whom only the handler knows; it must name them with
    `guard.disclose_listed`, or its answer is withheld. `max_body_bytes`: for uploads. `admits`: raises for whom the
    route is not, asked before a body is read; for routes that are open to the holders of a link. `fresh`: the person
    must have given password, code or passkey within the last minutes.
    """

    gate: Gate
    action: Action | None = None
    disclosing: bool = False
    listing: bool = False
    max_body_bytes: int | None = None
    admits: Callable[[web.Request], Awaitable[object]] | None = None
    fresh: Fresh | None = None
    scope: Scope | None = None


PUBLIC = Access(Gate.PUBLIC)
LOGIN = Access(Gate.LOGIN)
# For what is one's own, and opens something for long.
PROVED_LOGIN = Access(Gate.LOGIN, fresh=Fresh.CHANGE)
INTERNAL = Access(Gate.INTERNAL)


def may(
    action: Action,
    *,
    disclosing: bool = False,
    listing: bool = False,
    max_body_bytes: int | None = None,
    fresh: Fresh | None = None,
) -> Access:
    """Access for whoever may do `action`."""
    if fresh is not None and max_body_bytes is not None:
        raise AssertionError("a file that somebody sent cannot be carried through a page that asks for a proof")
    return Access(Gate.ACTION, action, disclosing, listing, max_body_bytes, fresh=fresh)


def with_scope(scope: Scope, action: Action, *, listing: bool = True) -> Access:
    """Access for programs whose token has the scope."""
    return Access(Gate.PROGRAM, action, listing=listing, scope=scope)


@dataclass(frozen=True, slots=True)
class Route:
    """One route with its access."""

    method: str
    path: str
    access: Access
    handler: Handler


class RouteTable:
    """Collects routes by decorator, in the order in which they are declared."""

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def get(self, path: str, access: Access) -> Callable[[Handler], Handler]:
        """Declares a GET (and HEAD) route."""
        return self._route("GET", path, access)

    def post(self, path: str, access: Access) -> Callable[[Handler], Handler]:
        """Declares a POST route."""
        return self._route("POST", path, access)

    def _route(self, method: str, path: str, access: Access) -> Callable[[Handler], Handler]:
        def declare(handler: Handler) -> Handler:
            self.routes.append(Route(method, path, access, handler))
            return handler

        return declare


class AccessBook:
    """Which access each resource and method of the router has."""

    def __init__(self) -> None:
        self._book: dict[tuple[str, str], Access] = {}

    def install(self, app: web.Application, tables: list[RouteTable]) -> None:
        """Adds the routes of the tables to the application."""
        for table in tables:
            for route in table.routes:
                for method in ("GET", "HEAD") if route.method == "GET" else (route.method,):
                    added = app.router.add_route(method, route.path, route.handler)
                    if added.resource is None:
                        raise AssertionError("a route with a path has a resource")
                    # The canonical path is what a request knows its route by: {path:.+} stands there as {path}.
                    self._book[method, added.resource.canonical] = route.access

    def access(self, request: web.Request) -> Access | None:
        """The access of the route that this request matched, or None when it matched none."""
        resource = request.match_info.route.resource
        return None if resource is None else self._book.get((request.method, resource.canonical))

    def entries(self) -> dict[tuple[str, str], Access]:
        """Every (method, path) with its access."""
        return dict(self._book)


ACCESS_BOOK = web.AppKey("access_book", AccessBook)
