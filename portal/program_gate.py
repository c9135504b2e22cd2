"""How a program comes in: its token in the Authorization header, the scope of the route, and not too often."""

from collections.abc import Iterable

from aiohttp import web

from portal.authorize import Action
from portal.context import Portal, portal_of
from portal.failures import NotAllowed, PortalError, TooMany
from portal.ledger import Listing, disclose
from portal.programs import TOKEN_PREFIX, find_program
from portal.request_keys import LISTED, PROGRAM
from portal.routing import ACCESS_BOOK, Access

_PREFIX = "Bearer "
_LONGEST = 100


class TokenRefused(PortalError):
    """No token, or none that works."""

    status = 401
    code = "token_refused"
    title = "A token is needed"

    def __init__(self) -> None:
        super().__init__(
            "Send a token that works: Authorization: Bearer chalkmesh_…", headers={"WWW-Authenticate": "Bearer"}
        )


async def admit_program(request: web.Request, portal: Portal, access: Access) -> None:
    """Lets the request's program in. Raises TokenRefused, TooMany, or NotAllowed when its token has not the scope."""
    given = request.headers.get("Authorization", "")
    token = given.removeprefix(_PREFIX)
    if not given.startswith(_PREFIX) or not token.startswith(TOKEN_PREFIX) or len(token) > _LONGEST:
        raise TokenRefused
    program = await find_program(portal.database, token, portal.clock())
    if program is None:
        raise TokenRefused
    request[PROGRAM] = program
    wait_s = portal.pace.wait_s(program.id, portal.clock())
    if wait_s:
        raise TooMany(
            "Too many requests of this program at once. Wait a moment.",
            code="too_many_requests",
            headers={"Retry-After": str(max(1, round(wait_s)))},
        )
    portal.pace.failed(program.id, portal.clock())
    if access.scope not in program.scopes:
        raise NotAllowed(f"This token has not the scope {access.scope}.", code="scope_missing")


async def disclose_to_program(request: web.Request, students: Iterable[str]) -> None:
    """Writes the rows for the students whose records the answer will show, before it does."""
    portal, program = portal_of(request), request[PROGRAM]
    access = request.app[ACCESS_BOOK].access(request)
    if access is None or access.action is None:
        raise AssertionError("only a route of programs discloses to them")
    action: Action = access.action
    shown = Listing(program.school, program.school, frozenset(students))
    await disclose(portal.database, program.actor, action, shown, portal.clock(), why=program.name)
    request[LISTED] = True
