"""Programs: the tokens by which other software reads a school's lists, and the webhooks that tell it of events."""

from aiohttp import web

from portal.answers import see_other
from portal.authorize import Action, SchoolObject, permitted
from portal.context import person_of, portal_of
from portal.forms import Form
from portal.programs import SCOPE_WORDS, Scope, TooManyPrograms, end_program, list_programs, make_program
from portal.routing import Fresh, RouteTable, may
from portal.webhooks import (
    EVENTS,
    WebhookRefused,
    check_address,
    end_webhook,
    load_webhooks,
    make_webhook,
    resume_webhook,
)

routes = RouteTable()

_LIFETIMES = {30: "30 days", 180: "half a year", 365: "a year"}
_CHANGE = may(Action.CHANGE_PROGRAMS, fresh=Fresh.CHANGE)
_END = may(Action.CHANGE_PROGRAMS)


@routes.get("/programs", may(Action.READ_PROGRAMS))
async def programs_page(request: web.Request) -> web.Response:
    """The school's tokens and webhooks."""
    return await _page(request, Form())


@routes.post("/programs", _CHANGE)
async def new_program(request: web.Request) -> web.Response:
    """Makes a token and shows it, this once."""
    portal, actor = portal_of(request), person_of(request).actor
    form = await Form.read(request)
    name = form.text("name", "a name", most=100)
    scopes = [scope for scope in Scope if form.values.get(scope.value) == "on"]
    if not scopes:
        form.errors["scopes"] = "Choose at least one."
    days = int(form.choice("days", "how long it works", [str(days) for days in _LIFETIMES]) or 0)
    if not form.good:
        return await _page(request, form, status=400)
    try:
        async with portal.database.write() as connection:
            token = await make_program(connection, actor, name, scopes, days, portal.clock())
    except TooManyPrograms:
        form.errors["name"] = "There are too many tokens already. End one that is no longer used."
        return await _page(request, form, status=409)
    # Not a redirect: the token is nowhere to be read again.
    return await _page(request, Form(), token=token)


@routes.post("/programs/end", _END)
async def stop_program(request: web.Request) -> web.Response:
    """Ends a token."""
    portal = portal_of(request)
    program = (await Form.read(request)).values.get("program", "")
    async with portal.database.write() as connection:
        await end_program(connection, person_of(request).actor, program, portal.clock())
    return see_other("/programs")


@routes.post("/programs/webhooks", _CHANGE)
async def new_webhook(request: web.Request) -> web.Response:
    """Makes a webhook."""
    portal, actor = portal_of(request), person_of(request).actor
    form = await Form.read(request)
    url = form.text("url", "an address", most=500)
    events = [event for event in EVENTS if form.values.get(event) == "on"]
    if not events:
        form.errors["events"] = "Choose at least one."
    if "url" not in form.errors:
        try:
            check_address(url, inside=portal.settings.webhooks_inside)
            if form.good:
                async with portal.database.write() as connection:
                    await make_webhook(connection, actor, url, events, portal.clock())
        except WebhookRefused as error:
            form.errors["url"] = str(error)
    if not form.good:
        return await _page(request, form, status=400)
    return see_other("/programs")


@routes.post("/programs/webhooks/end", _END)
async def stop_webhook(request: web.Request) -> web.Response:
    """Ends a webhook."""
    portal = portal_of(request)
    webhook = (await Form.read(request)).values.get("webhook", "")
    async with portal.database.write() as connection:
        await end_webhook(connection, person_of(request).actor, webhook, portal.clock())
    return see_other("/programs")


@routes.post("/programs/webhooks/resume", _END)
async def go_on_with_webhook(request: web.Request) -> web.Response:
    """Goes on with one that was paused."""
    portal = portal_of(request)
    webhook = (await Form.read(request)).values.get("webhook", "")
    async with portal.database.write() as connection:
        await resume_webhook(connection, person_of(request).actor, webhook, portal.clock())
    return see_other("/programs")


async def _page(request: web.Request, form: Form, status: int = 200, token: str | None = None) -> web.Response:
    portal, actor = portal_of(request), person_of(request).actor
    async with portal.database.read() as connection:
        programs = await list_programs(connection, actor.school, portal.clock())
        webhooks = await load_webhooks(connection, portal.keyring.link_secret, actor.school)
    response = portal.pages.respond(
        request,
        "programs.html",
        status=status,
        programs=programs,
        webhooks=webhooks,
        scopes=[(scope.value, words) for scope, words in SCOPE_WORDS.items()],
        events=list(EVENTS.items()),
        lifetimes=list(_LIFETIMES.items()),
        base=portal.post_office.portal_url,
        token=token,
        form=form,
        may_change=permitted(actor, Action.CHANGE_PROGRAMS, SchoolObject(actor.school)),
    )
    response.headers["Cache-Control"] = "no-store"
    return response
