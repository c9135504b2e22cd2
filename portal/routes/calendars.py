"""Calendars to subscribe to: the page with one's own addresses, and what each of them answers."""

from aiohttp import web

from portal.answers import see_other
from portal.calendars import list_feeds, make_feed, read_feed, revoke_feed
from portal.context import person_of, portal_of
from portal.failures import Conflict, NotThere
from portal.forms import Form
from portal.routing import LOGIN, PROVED_LOGIN, PUBLIC, RouteTable

routes = RouteTable()

_MOST_FEEDS = 5


@routes.get("/calendar", LOGIN)
async def calendar_page(request: web.Request) -> web.Response:
    """One's own addresses."""
    portal = portal_of(request)
    async with portal.database.read() as connection:
        feeds = await list_feeds(connection, portal.keyring.link_secret, person_of(request).actor.user)
    return portal.pages.respond(
        request, "calendar.html", feeds=feeds, base=portal.post_office.portal_url, most=_MOST_FEEDS
    )


@routes.post("/calendar/feeds", PROVED_LOGIN)
async def new_feed(request: web.Request) -> web.Response:
    """Makes an address."""
    portal, actor = portal_of(request), person_of(request).actor
    async with portal.database.write() as connection:
        if len(await list_feeds(connection, portal.keyring.link_secret, actor.user)) >= _MOST_FEEDS:
            raise Conflict(f"You have {_MOST_FEEDS} addresses already. End one that you no longer use.")
        await make_feed(connection, actor, portal.clock())
    return see_other("/calendar")


@routes.post("/calendar/feeds/end", LOGIN)
async def end_feed(request: web.Request) -> web.Response:
    """Ends an address."""
    portal = portal_of(request)
    feed = (await Form.read(request)).values.get("feed", "")
    async with portal.database.write() as connection:
        await revoke_feed(connection, person_of(request).actor, feed, portal.clock())
    return see_other("/calendar")


@routes.get("/calendar/{token}", PUBLIC)
async def feed(request: web.Request) -> web.Response:
    """The calendar of a secret address, as calendar programs ask for it."""
    portal = portal_of(request)
    token = request.match_info["token"].removesuffix(".ics")
    content = await read_feed(
        portal.database, portal.keyring.link_secret, token, portal.post_office.portal_url, portal.clock()
    )
    if content is None:
        raise NotThere("There is no calendar at this address, or it was ended.")
    return web.Response(body=content, content_type="text/calendar", charset="utf-8")
