"""Signing in and out."""

import ipaddress
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.accounts import Granted, SecondStep, TooManyAttempts
from portal.answers import see_other
from portal.assets import LEAVING_ENTRY
from portal.ceremonies import CREDENTIAL, ceremony_of, passkey_script
from portal.context import person_of, portal_of
from portal.cookies import clear_cookie, cookie_name, set_cookie
from portal.failures import Unavailable
from portal.language import phrase, t
from portal.passkeys import check_passkey, credentials_of, request_options
from portal.passwords import Overloaded
from portal.request_keys import PERSON
from portal.routing import LOGIN, PUBLIC, RouteTable
from portal.schema import schools
from portal.second_factor import has_app
from portal.way_on import local_path

routes = RouteTable()

# The first that fits: Edge and Chrome both call themselves Chrome, and every one of them Safari.
_BROWSERS = (("Firefox/", "Firefox"), ("Edg/", "Edge"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_WRONG = phrase("The name and the password do not match. Check both and try again.")


@routes.get("/login", PUBLIC)
async def login_page(request: web.Request) -> web.Response:
    """The form, or the way on for somebody who is signed in already."""
    if PERSON in request:
        return web.Response(status=303, headers={"Location": local_path(request.query.get("next", "/"))})
    async with portal_of(request).database.glance() as connection:
        without_school = (await connection.execute(select(schools.c.id).limit(1))).first() is None
    return login_form(request, following=local_path(request.query.get("next", "/")), without_school=without_school)


@routes.post("/login", PUBLIC)
async def log_in(request: web.Request) -> web.Response:
    """Checks name and password; what was typed as a name is kept when they do not fit."""
    portal = portal_of(request)
    form = await request.post()
    login, password = str(form.get("login", "")), str(form.get("password", ""))
    following = local_path(str(form.get("next", "/")))
    empty = {
        field: words
        for field, value, words in (
            ("login", login.strip(), t("Enter your user name.")),
            ("password", password, t("Enter your password.")),
        )
        if not value
    }
    if empty:
        return login_form(request, login=login, errors=empty, following=following, status=400)
    try:
        granted = await portal.accounts.log_in(
            login,
            password,
            client_address(request, portal.settings.proxy_hops),
            request.cookies.get(cookie_name(portal.settings, "login")),
            portal.clock(),
            device=describe_device(request.headers.get("User-Agent", "")),
        )
    except TooManyAttempts as error:
        wait_s = max(1, round(error.wait_s))
        words = t(
            "Too many attempts from here. Wait {seconds} seconds, then try again. Your account is not locked.",
            seconds=wait_s,
        )
        page = login_form(request, login=login, errors={"form": words}, following=following, status=429)
        page.headers["Retry-After"] = str(wait_s)
        return page
    except Overloaded as error:
        raise Unavailable(t("Too many people are signing in at this moment. Try again in a few seconds.")) from error
    if granted is None:
        return login_form(request, login=login, errors={"form": t(_WRONG)}, following=following, status=401)
    return let_in(request, granted, following)


def let_in(request: web.Request, granted: Granted, following: str) -> web.Response:
    """On to `following` with the cookie of a fresh log-in, or first to the page that asks for a code."""
    portal = portal_of(request)
    if granted.awaits_code:
        response = see_other(f"/login/code?{urlencode({'next': following})}")
    else:
        response = see_other(following)
        clear_cookie(response, portal.settings, "visit")
    set_cookie(response, portal.settings, "login", granted.token, portal.settings.login_hours * 3600)
    return response


@routes.get("/login/code", PUBLIC)
async def code_page(request: web.Request) -> web.Response:
    """The second step, for whoever has taken the first."""
    portal = portal_of(request)
    token = request.cookies.get(cookie_name(portal.settings, "login"), "")
    user = await portal.accounts.awaits_code(token, portal.clock())
    if user is None:
        return see_other("/login")
    return await _code(request, user, local_path(request.query.get("next", "/")))


@routes.post("/login/code", PUBLIC)
async def enter_code(request: web.Request) -> web.Response:
    """Checks a passkey, the code of the authenticator app, or a recovery code."""
    portal = portal_of(request)
    form = await request.post()
    following = local_path(str(form.get("next", "/")))
    waiting, now_ms = request.cookies.get(cookie_name(portal.settings, "login"), ""), portal.clock()
    credential, wait_s = str(form.get(CREDENTIAL, "")), 0
    token: str | None = None
    try:
        if credential:
            token = await portal.accounts.take_step(waiting, _signed(request, credential), now_ms)
        else:
            secret = portal.keyring.link_secret
            token = await portal.accounts.give_code(waiting, str(form.get("code", "")), secret, now_ms)
    except TooManyAttempts as error:
        wait_s = max(1, round(error.wait_s))
    if token is not None:
        return let_in(request, Granted(token, awaits_code=False), following)
    user = await portal.accounts.awaits_code(waiting, now_ms)
    if user is None:
        return see_other("/login")
    if wait_s:
        words = t("Too many attempts. Wait {seconds} seconds, then try again.", seconds=wait_s)
        page = await _code(request, user, following, words, status=429)
        page.headers["Retry-After"] = str(wait_s)
        return page
    words = t("This code does not fit, or has been used. Wait for the next one.")
    if credential:
        words = t("This passkey does not fit. Try another way.")
    return await _code(request, user, following, words, status=401)


def _signed(request: web.Request, credential: str) -> SecondStep:
    portal = portal_of(request)

    async def fits(connection: AsyncConnection, user: str) -> bool:
        return await check_passkey(connection, ceremony_of(request, "code"), credential, portal.clock()) == user

    return fits


def describe_device(agent: str) -> str:
    """`Firefox on Windows`: enough to know one's own devices again, and no more."""
    browser = next((words for mark, words in _BROWSERS if mark in agent), "A browser")
    system = next((words for mark, words in _SYSTEMS if mark in agent), "")
    return f"{browser} on {system}" if system else browser


@routes.post("/logout", LOGIN)
async def log_out(request: web.Request) -> web.Response:
    """Ends this log-in, here and on the server."""
    portal = portal_of(request)
    await portal.accounts.log_out(person_of(request).actor.login, portal.clock())
    response = web.Response(status=303, headers={"Location": "/login"})
    clear_cookie(response, portal.settings, "login")
    # What the browser kept of lessons goes with the log-in: files here, databases by the script of the page that
    # follows, which leaves what was never saved. Cookies stay: the theme is no secret.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def client_address(request: web.Request, proxy_hops: int) -> str:
    """Who asks, as far as our own proxies vouch for it. Of IPv6 the /64, any address of which one person can take."""
    # Some proxies add a line of their own below the one that the client sent.
    lines = request.headers.getall("X-Forwarded-For", ())
    forwarded = [part.strip() for line in lines for part in line.split(",") if part.strip()]
    vouched = 0 < proxy_hops <= len(forwarded)
    address = forwarded[-proxy_hops][:64] if vouched else request.remote or "unknown"
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


async def _code(request: web.Request, user: str, following: str, error: str = "", status: int = 200) -> web.Response:
    portal = portal_of(request)
    async with portal.database.read() as connection:
        known = await credentials_of(connection, user)
        app = await has_app(connection, user)
    script = passkey_script(request) if known else ""
    options = request_options(ceremony_of(request, "code"), known, portal.clock()) if script else ""
    return portal.pages.respond(
        request, "code.html", status=status, following=following, error=error, app=app, options=options, script=script
    )


def login_form(
    request: web.Request,
    *,
    login: str = "",
    errors: dict[str, str] | None = None,
    following: str = "/",
    without_school: bool = False,
    status: int = 200,
) -> web.Response:
    """The page for signing in, with what was typed and what is wrong. `without_school`: nobody can sign in yet."""
    portal = portal_of(request)
    # The demo's accounts are everybody's and have none.
    script = "" if portal.demo_logins else passkey_script(request)
    return portal.pages.respond(
        request,
        "login.html",
        script=script,
        leaving=portal.assets.script(LEAVING_ENTRY),
        options=request_options(ceremony_of(request, "login"), (), portal.clock()) if script else "",
        status=status,
        login=login,
        errors=errors or {},
        following=following,
        without_school=without_school,
        demo=portal.demo_logins,
    )
