"""Signing in and out."""

from aiohttp import web

from portal.accounts import TooManyAttempts
from portal.context import person_of, portal_of
from portal.failures import Unavailable
from portal.guard import clear_cookie, cookie_name, local_path, set_cookie
from portal.passwords import Overloaded
from portal.request_keys import PERSON
from portal.routing import LOGIN, PUBLIC, RouteTable

routes = RouteTable()

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
        token = await portal.accounts.log_in(
            login,
            password,
            client_address(request, portal.settings.proxy_hops),
            request.cookies.get(cookie_name(portal.settings, "login")),
            portal.clock(),
        )
    except TooManyAttempts as error:
        wait_s = max(1, round(error.wait_s))
        words = f"Too many attempts from here. Wait {wait_s} seconds, then try again. Your account is not locked."
        page = _form(request, login=login, errors={"form": words}, following=following, status=429)
        page.headers["Retry-After"] = str(wait_s)
        return page
    except Overloaded as error:
        raise Unavailable("Too many people are signing in at this moment. Try again in a few seconds.") from error
    if token is None:
        return _form(request, login=login, errors={"form": _WRONG}, following=following, status=401)
    response = web.Response(status=303, headers={"Location": following})
    set_cookie(response, portal.settings, "login", token, portal.settings.login_hours * 3600)
    clear_cookie(response, portal.settings, "visit")
    return response


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
