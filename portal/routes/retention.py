"""How long recordings are kept: the page of a school, its policy, days of single recordings, and legal holds."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.answers import see_other
from portal.authorize import Action, Actor, SchoolObject, permitted
from portal.context import lesson_of, person_of, portal_of
from portal.forms import Form
from portal.retention import (
    GRACE_DAYS,
    RetentionRefused,
    load_destroyed,
    load_kept,
    load_policy,
    place_hold,
    release_hold,
    set_own_day,
    set_policy,
)
from portal.routing import Fresh, RouteTable, may
from portal.schema import users

routes = RouteTable()

_CHANGE = may(Action.CHANGE_RETENTION)
# What makes recordings go, or no longer keeps them from going.
_LET_GO = may(Action.CHANGE_RETENTION, fresh=Fresh.CHANGE)
_MOST_DAYS = 36_500
_SHOWN = 300


@routes.get("/retention", may(Action.READ_RETENTION))
async def retention_page(request: web.Request) -> web.Response:
    """What goes when, what is held, and what is gone. No student is named."""
    return await _page(request, Form())


@routes.post("/retention", _LET_GO)
async def change_policy(request: web.Request) -> web.Response:
    """Sets the school's policy; without a number, recordings are kept."""
    portal = portal_of(request)
    form = await Form.read(request)
    days = None
    if form.values.get("days", "").strip():
        days = form.whole("days", "days", least=1, most=_MOST_DAYS)
    if not form.good:
        return await _page(request, form, status=400)
    async with portal.database.write() as connection:
        await set_policy(connection, person_of(request).actor, days, portal.clock())
    return see_other("/retention")


@routes.post("/lessons/{lesson}/retention/day", _LET_GO)
async def change_day(request: web.Request) -> web.Response:
    """Sets the day on which this recording goes; without one, the policy counts."""
    form = await Form.read(request)
    day = form.day("day", "the day", required=False)
    if not form.good:
        return await _page(request, form, status=400)
    return await _change(request, form, "day", lambda to: set_own_day(*to.who, day, to.now_ms))


@routes.post("/lessons/{lesson}/retention/hold", _CHANGE)
async def hold(request: web.Request) -> web.Response:
    """Holds this recording."""
    form = await Form.read(request)
    reason = form.text("reason", "the reason, without names", most=500)
    until = form.day("until", "the last day", required=False)
    if not form.good:
        return await _page(request, form, status=400)
    return await _change(request, form, "until", lambda to: place_hold(*to.who, reason, until, to.now_ms))


@routes.post("/lessons/{lesson}/retention/release", _LET_GO)
async def release(request: web.Request) -> web.Response:
    """Ends the hold."""
    form = await Form.read(request)
    return await _change(request, form, "reason", lambda to: release_hold(*to.who, to.now_ms))


@dataclass(frozen=True, slots=True)
class _Change:
    """What every change of one recording begins with. `who`: the connection, who asks, and the lesson."""

    who: tuple[AsyncConnection, Actor, str]
    now_ms: int


async def _change(
    request: web.Request, form: Form, field: str, make: Callable[[_Change], Awaitable[None]]
) -> web.Response:
    portal = portal_of(request)
    try:
        async with portal.database.write() as connection:
            who = (connection, person_of(request).actor, lesson_of(request).id)
            await make(_Change(who, portal.clock()))
    except RetentionRefused as error:
        form.errors[field] = str(error)
        return await _page(request, form, status=409)
    return see_other("/retention")


async def _page(request: web.Request, form: Form, status: int = 200) -> web.Response:
    portal, person = portal_of(request), person_of(request)
    school = person.actor.school
    async with portal.database.read() as connection:
        policy = await load_policy(connection, school)
        kept = await load_kept(connection, school, person.time_zone, portal.clock())
        gone = await load_destroyed(connection, school, _SHOWN)
        staff = {each.hold.placed_by for each in kept if each.hold} | {each.decided_by for each in gone}
        found = await connection.execute(select(users.c.id, users.c.name).where(users.c.id.in_(staff)))
        names = {row.id: row.name for row in found}
    return portal.pages.respond(
        request,
        "retention.html",
        status=status,
        policy=policy,
        kept=kept[:_SHOWN],
        more=max(0, len(kept) - _SHOWN),
        gone=gone,
        names=names,
        form=form,
        about=request.match_info.get("lesson", ""),
        grace_days=GRACE_DAYS,
        may_change=permitted(person.actor, Action.CHANGE_RETENTION, SchoolObject(school)),
    )
