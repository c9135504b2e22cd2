"""Passkeys: signing in with one alone, and one's own list of them."""

from collections.abc import Sequence

from aiohttp import web
from sqlalchemy import select

from portal.answers import see_other
from portal.ceremonies import CREDENTIAL, ceremony_of, passkey_script
from portal.context import person_of, portal_of
from portal.cookies import cookie_name
from portal.failures import NotThere, TooMany
from portal.forms import Form
from portal.language import t
from portal.passkeys import (
    PasskeyRefused,
    add_passkey,
    check_passkey,
    creation_options,
    remove_passkey,
    rename_passkey,
)
from portal.request_keys import PERSON
from portal.routes.account import client_address, describe_device, let_in, login_form
from portal.routes.security import check_may_have_factor
from portal.routing import LOGIN, PROVED_LOGIN, PUBLIC, RouteTable
from portal.schema import users
from portal.way_on import local_path

routes = RouteTable()

_MOST_NAME = 60


@routes.post("/login/passkey", PUBLIC)
async def log_in(request: web.Request) -> web.Response:
    """Signs in whoever's passkey signed: it is two factors in one. One answer for whatever does not fit."""
    portal = portal_of(request)
    sent = await request.post()
    following = local_path(str(sent.get("next", "/")))
    if PERSON in request:
        return see_other(following)
    credential = str(sent.get(CREDENTIAL, ""))
    if not credential:
        return login_form(request, following=following, status=400)
    address, now_ms = client_address(request, portal.settings.proxy_hops), portal.clock()
    if (wait_s := portal.accounts.passkey_wait_s(address, now_ms)) > 0:
        raise TooMany(
            "Too many attempts from here. Wait a moment, then try again.",
            headers={"Retry-After": str(max(1, round(wait_s)))},
        )
    async with portal.database.write() as connection:
        ceremony = ceremony_of(request, "login")
        user = await check_passkey(connection, ceremony, credential, now_ms)
        if user is not None:
            granted = await portal.accounts.begin(
                connection,
                user,
                request.cookies.get(cookie_name(portal.settings, "login")),
                now_ms,
                device=describe_device(request.headers.get("User-Agent", "")),
                proved=True,
            )
            return let_in(request, granted, following)
    await portal.accounts.passkey_failed(address, now_ms)
    words = "This passkey does not fit. Sign in with your password."
    return login_form(request, errors={"form": words}, following=following, status=401)


@routes.post("/security/passkeys/new", PROVED_LOGIN)
async def begin(request: web.Request) -> web.Response:
    """The page on which the browser makes one."""
    return await _new(request, Form())


@routes.post("/security/passkeys", PROVED_LOGIN)
async def add(request: web.Request) -> web.Response:
    """Keeps what the browser made; recovery codes are shown where there were none.

    Proved like the page before it, since what does not fit is answered with that page.
    """
    portal, actor = portal_of(request), person_of(request).actor
    await check_may_have_factor(request)
    form = await Form.read(request)
    name = form.text("name", t("a name"), most=_MOST_NAME)
    codes: Sequence[str] = ()
    if form.good:
        try:
            async with portal.database.write() as connection:
                ceremony, credential = ceremony_of(request, "register"), form.values.get(CREDENTIAL, "")
                codes = await add_passkey(connection, ceremony, actor.user, name, credential, portal.clock())
        except PasskeyRefused as error:
            form.errors["name"] = str(error)
    if not form.good:
        return await _new(request, form, status=400)
    if codes:
        return portal.pages.respond(request, "recovery_codes.html", codes=codes)
    return see_other("/security")


@routes.post("/security/passkeys/rename", LOGIN)
async def rename(request: web.Request) -> web.Response:
    """Calls one of one's own otherwise."""
    portal = portal_of(request)
    form = await Form.read(request)
    name = form.text("name", t("a name"), most=_MOST_NAME)
    if form.good:
        async with portal.database.write() as connection:
            passkey = form.values.get("passkey", "")
            if not await rename_passkey(connection, person_of(request).actor.user, passkey, name):
                raise NotThere
    return see_other("/security")


@routes.post("/security/passkeys/remove", PROVED_LOGIN)
async def remove(request: web.Request) -> web.Response:
    """Removes one of one's own."""
    portal = portal_of(request)
    passkey = (await Form.read(request)).values.get("passkey", "")
    async with portal.database.write() as connection:
        if not await remove_passkey(connection, person_of(request).actor.user, passkey, portal.clock()):
            raise NotThere
    return see_other("/security")


async def _new(request: web.Request, form: Form, status: int = 200) -> web.Response:
    portal, person = portal_of(request), person_of(request)
    await check_may_have_factor(request)
    options, user = "", person.actor.user
    try:
        async with portal.database.read() as connection:
            login = (await connection.execute(select(users.c.login).where(users.c.id == user))).scalar_one()
            ceremony = ceremony_of(request, "register", asking=True)
            options = await creation_options(connection, ceremony, user, str(login), person.name, portal.clock())
    except PasskeyRefused as error:
        form.errors["name"] = str(error)
    return portal.pages.respond(
        request, "new_passkey.html", status=status, form=form, options=options, script=passkey_script(request)
    )
