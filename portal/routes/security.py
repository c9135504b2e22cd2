"""One's own sign-in: where one is signed in, and the second factor."""

from aiohttp import web

from portal.accounts import TooManyAttempts
from portal.answers import see_other
from portal.authorize import Action, Role
from portal.context import person_of, portal_of
from portal.cookies import clear_cookie
from portal.failures import NotAllowed
from portal.forms import Form
from portal.passkeys import list_passkeys, remove_passkeys
from portal.qr_code import qr_code
from portal.routing import LOGIN, PROVED_LOGIN, Fresh, RouteTable, may
from portal.second_factor import begin, codes_left, confirm, has_app, remove
from portal.step_up import BACK, Asked, confirmed_page, is_fresh, take_proof
from portal.totp import app_address, format_secret
from portal.way_on import local_path

routes = RouteTable()

_WRONG = "This code does not fit. Wait for the next one and type it at once."


@routes.get("/security", LOGIN)
async def security_page(request: web.Request) -> web.Response:
    """Where one is signed in, and whether a second factor is asked for."""
    return await _security(request, Form())


@routes.post("/prove", LOGIN)
async def prove(request: web.Request) -> web.Response:
    """Takes the proof for a file that is asked for by its address, and then offers the file."""
    sent = await request.post()
    asked = Asked(local_path(str(sent.get("next", "/"))), "get", (), local_path(str(sent.get(BACK, "/"))))
    refused = None if is_fresh(request) else await take_proof(request, asked)
    return refused or confirmed_page(request, asked)


@routes.post("/security/sessions/end", LOGIN)
async def end_session(request: web.Request) -> web.Response:
    """Ends one of one's own log-ins."""
    portal, actor = portal_of(request), person_of(request).actor
    session = (await Form.read(request)).values.get("session", "")
    await portal.accounts.revoke_login(actor.user, session, portal.clock())
    return see_other("/security")


@routes.post("/security/sessions/end-all", LOGIN)
async def end_all(request: web.Request) -> web.Response:
    """Signs out everywhere, also here."""
    portal = portal_of(request)
    await portal.accounts.revoke_user(person_of(request).actor.user, portal.clock())
    response = see_other("/login")
    clear_cookie(response, portal.settings, "login")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@routes.post("/security/factor", PROVED_LOGIN)
async def begin_factor(request: web.Request) -> web.Response:
    """Shows the secret for the authenticator app."""
    await check_may_have_factor(request)
    return await _security(request, Form(), setting_up=True)


@routes.post("/security/factor/confirm", PROVED_LOGIN)
async def confirm_factor(request: web.Request) -> web.Response:
    """Puts the second factor to work, and shows the recovery codes this once.

    Proved like the step before it, since a code that does not fit is answered with the secret.
    """
    portal, actor = portal_of(request), person_of(request).actor
    await check_may_have_factor(request)
    form = await Form.read(request)
    async with portal.database.write() as connection:
        secret = portal.keyring.link_secret
        codes = await confirm(connection, secret, actor.user, form.values.get("code", ""), portal.clock())
    if not codes:
        form.errors["code"] = _WRONG
        return await _security(request, form, setting_up=True, status=400)
    return portal.pages.respond(request, "recovery_codes.html", codes=codes)


@routes.post("/security/factor/remove", LOGIN)
async def remove_factor(request: web.Request) -> web.Response:
    """Takes the second factor off, with a code of it."""
    portal, actor = portal_of(request), person_of(request).actor
    form = await Form.read(request)
    secret, now_ms = portal.keyring.link_secret, portal.clock()
    try:
        async with portal.database.write() as connection:
            fits = await portal.accounts.fits_code(connection, actor.user, form.values.get("code", ""), secret, now_ms)
            if fits:
                await remove(connection, actor.user, actor.user, now_ms)
    except TooManyAttempts as error:
        form.errors["code"] = f"Too many attempts. Wait {max(1, round(error.wait_s))} seconds, then try again."
        return await _security(request, form, status=429)
    if not fits:
        form.errors["code"] = _WRONG
        return await _security(request, form, status=400)
    return see_other("/security")


@routes.post("/staff/{staff}/second-factor/remove", may(Action.CHANGE_STAFF, fresh=Fresh.CHANGE))
async def remove_factor_of(request: web.Request) -> web.Response:
    """Takes the second factor off the account of somebody who lost app and codes; they are signed out everywhere."""
    portal, member = portal_of(request), request.match_info["staff"]
    async with portal.database.write() as connection:
        actor = person_of(request).actor.user
        await remove_passkeys(connection, actor, member, portal.clock())
        await remove(connection, actor, member, portal.clock())
    await portal.accounts.revoke_user(member, portal.clock())
    return see_other("/staff")


async def check_may_have_factor(request: web.Request) -> None:
    """Raises NotAllowed for whom a second factor is not."""
    person = person_of(request)
    if person.actor.role in (Role.STUDENT, Role.GUARDIAN):
        raise NotAllowed("A second factor is for the staff.")
    if person.demo:
        # The next visitor has the same account and not the same phone.
        raise NotAllowed("The accounts of the demo are everybody's, so they get no second factor.")


async def _security(request: web.Request, form: Form, *, setting_up: bool = False, status: int = 200) -> web.Response:
    portal, person = portal_of(request), person_of(request)
    user = person.actor.user
    secret = b""
    async with portal.database.read() as connection:
        on = await has_app(connection, user)
        left = await codes_left(connection, user)
        passkeys = await list_passkeys(connection, user)
    if setting_up and not on:
        async with portal.database.write() as connection:
            secret = await begin(connection, portal.keyring.link_secret, user, portal.clock())
    address = app_address(secret, person.name) if secret else ""
    return portal.pages.respond(
        request,
        "security.html",
        status=status,
        sessions=await portal.accounts.list(user, portal.clock()),
        form=form,
        factor=on,
        left=left,
        passkeys=passkeys,
        offered=person.actor.role not in (Role.STUDENT, Role.GUARDIAN),
        secret=format_secret(secret) if secret else "",
        address=address,
        picture=qr_code(address) if address else "",
    )
