"""Where a link leads that was mailed to a point of contact: sending the school's roster in, without signing in."""

from aiohttp import web

from portal.context import portal_of
from portal.failures import NotThere
from portal.roster.links import OpenRosterLink, find_roster_link, use_roster_link
from portal.routes.roster import MAX_BODY, read_roster_file
from portal.routing import Access, Gate, RouteTable

routes = RouteTable()

_GONE = "This address has been used, taken back, is too old, or was not copied whole. Ask for a new one."


async def _link(request: web.Request) -> OpenRosterLink:
    portal = portal_of(request)
    async with portal.database.read() as connection:
        link = await find_roster_link(
            connection, portal.keyring.link_secret, request.match_info["token"], portal.clock()
        )
    if link is None:
        raise NotThere(_GONE)
    return link


# Whoever holds no link must not make us take in a large body.
_HOLDER = Access(Gate.PUBLIC, max_body_bytes=MAX_BODY, admits=_link)


@routes.get("/send-roster/{token}", _HOLDER)
async def send_page(request: web.Request) -> web.Response:
    """The form. To open it does not use the link up."""
    return _page(request, await _link(request))


@routes.post("/send-roster/{token}", _HOLDER)
async def send(request: web.Request) -> web.Response:
    """Takes the file in for a coordinator to look at; a file with errors does not use the link up."""
    portal, link = portal_of(request), await _link(request)
    sent = await read_roster_file(request)
    if isinstance(sent, str):
        return _page(request, link, error=sent, status=400)
    upload = await portal.rosters.keep(link.actor, *sent)
    facts, check = await portal.rosters.look(upload)
    if check is None or facts.state == "faulty":
        await portal.rosters.discard(link.actor, upload)
        return _page(request, link, problems=check.roster.problems if check is not None else (), status=400)
    async with portal.database.write() as connection:
        if not await use_roster_link(connection, link, upload, portal.clock()):
            raise NotThere(_GONE)
    return _page(request, link, taken=len(check.roster.students))


def _page(request: web.Request, link: OpenRosterLink, status: int = 200, **shown: object) -> web.Response:
    return portal_of(request).pages.respond(
        request,
        "send_roster.html",
        status=status,
        link=link,
        token=request.match_info["token"],
        error=shown.get("error", ""),
        problems=shown.get("problems", ()),
        taken=shown.get("taken"),
    )
