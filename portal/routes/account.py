"""Signing in and out."""

from urllib.parse import urlencode

from aiohttp import web

from portal.accounts import Granted, TooManyAttempts
from portal.answers import see_other
from portal.context import person_of, portal_of
from portal.failures import Unavailable
from portal.guard import clear_cookie, cookie_name, local_path, set_cookie
from portal.passwords import Overloaded
from portal.request_keys import PERSON
from portal.routing import LOGIN, PUBLIC, RouteTable

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
_WRONG = "The name and the password do not match. Check both and try again."


@routes.get("/login", PUBLIC)
async def login_page(request: web.Request) -> web.Response:
    """The form, or the way on for somebody who is signed in already."""
    if PERSON in request:
        return web.Response(status=303, headers={"Location": local_path(request.query.get("next", "/"))})
    return _form(request, following=local_path(request.query.get("next", "/")))


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
            ("login", login.strip(), "Enter your user name."),
            ("password", password, "Enter your password."),
        )
        if not value
    }
    if empty:
        return _form(request, login=login, errors=empty, following=following, status=400)
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
        words = f"Too many attempts from here. Wait {wait_s} seconds, then try again. Your account is not locked."
        page = _form(request, login=login, errors={"form": words}, following=following, status=429)
        page.headers["Retry-After"] = str(wait_s)
        return page
    except Overloaded as error:
        raise Unavailable("Too many people are signing in at this moment. Try again in a few seconds.") from error
    if granted is None:
        return _form(request, login=login, errors={"form": _WRONG}, following=following, status=401)
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
    if not await portal.accounts.awaits_code(token, portal.clock()):
        return see_other("/login")
    return _code(request, local_path(request.query.get("next", "/")))


@routes.post("/login/code", PUBLIC)
async def enter_code(request: web.Request) -> web.Response:
    """Checks the code of the authenticator app, or a recovery code."""
    portal = portal_of(request)
    form = await request.post()
    following = local_path(str(form.get("next", "/")))
    waiting = request.cookies.get(cookie_name(portal.settings, "login"), "")
    try:
        token = await portal.accounts.give_code(
            waiting, str(form.get("code", "")), portal.keyring.link_secret, portal.clock()
        )
    except TooManyAttempts as error:
        wait_s = max(1, round(error.wait_s))
        page = _code(request, following, f"Too many attempts. Wait {wait_s} seconds, then try again.", status=429)
        page.headers["Retry-After"] = str(wait_s)
        return page
    if token is None:
        if not await portal.accounts.awaits_code(waiting, portal.clock()):
            return see_other("/login")
        words = "This code does not fit, or has been used. Wait for the next one."
        return _code(request, following, words, status=401)
    return let_in(request, Granted(token, awaits_code=False), following)


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
    # What the browser kept of lessons goes with the log-in. Cookies stay: the theme is no secret.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def client_address(request: web.Request, proxy_hops: int) -> str:
    """Who asks, as far as our own proxies vouch for it."""
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if 0 < proxy_hops <= len(forwarded):
        return forwarded[-proxy_hops][:64]
    return request.remote or "unknown"


def _code(request: web.Request, following: str, error: str = "", status: int = 200) -> web.Response:
    return portal_of(request).pages.respond(request, "code.html", status=status, following=following, error=error)


def _form(
    request: web.Request,
    *,
    login: str = "",
    errors: dict[str, str] | None = None,
    following: str = "/",
    status: int = 200,
) -> web.Response:
    portal = portal_of(request)
    return portal.pages.respond(
        request,
        "login.html",
        status=status,
        login=login,
        errors=errors or {},
        following=following,
        demo=portal.demo_logins,
    )
