"""Where a one-use link leads: choosing a password."""

from aiohttp import web
from sqlalchemy import func, update

from portal.common_passwords import is_common
from portal.context import portal_of
from portal.cookies import cookie_name
from portal.failures import NotThere, Unavailable
from portal.forms import Form
from portal.language import phrase, spoken, t
from portal.ledger import audit
from portal.mails.links import OpenLink, find_link, use_link
from portal.passwords import MAX_LENGTH, Overloaded
from portal.routes.account import describe_device, let_in
from portal.routing import PUBLIC, RouteTable
from portal.schema import logins, users

routes = RouteTable()

LEAST_LENGTH = 10
_GONE = phrase(
    "This link has been used, is too old, or was not copied whole. Ask your school's coordinator for a new one."
)


@routes.get("/welcome/{token}", PUBLIC)
async def choose_page(request: web.Request) -> web.Response:
    """The form. To open it does not use the link up: mail programs look at links by themselves."""
    return _form(request, await _link(request), Form())


@routes.post("/welcome/{token}", PUBLIC)
async def choose(request: web.Request) -> web.Response:
    """Sets the password, ends every log-in that there was, and signs in: the link has shown who it is."""
    portal, link = portal_of(request), await _link(request)
    form = await Form.read(request)
    password, again = form.values.get("password", ""), form.values.get("again", "")
    if not LEAST_LENGTH <= len(password) <= MAX_LENGTH:
        form.errors["password"] = t(
            "Choose at least {least} characters; three or four words are good.", least=LEAST_LENGTH
        )
    elif password.casefold() in (link.login, link.name.casefold()):
        form.errors["password"] = t("Choose something other than your own name.")
    elif is_common(password):
        form.errors["password"] = t(
            "This is one of the passwords that are guessed first. Three or four words are good."
        )
    elif password != again:
        form.errors["again"] = t("The two are not the same. Type it once more.")
    # A password never goes back into a page.
    form.values.clear()
    if not form.good:
        return _form(request, link, form, status=400)
    try:
        encoded = await portal.passwords.hash(password)
    except Overloaded as error:
        raise Unavailable(t("Too many people are signing in at this moment. Try again in a few seconds.")) from error
    now_ms = portal.clock()
    async with portal.database.write() as connection:
        if not await use_link(connection, link, now_ms):
            raise NotThere(t(_GONE))
        await connection.execute(
            # Who has chosen none reads on in the language of the browser that they chose it in.
            update(users)
            .where(users.c.id == link.user)
            .values(password_hash=encoded, language=func.coalesce(users.c.language, spoken()))
        )
        await connection.execute(
            update(logins).where(logins.c.user == link.user, logins.c.revoked_ms.is_(None)).values(revoked_ms=now_ms)
        )
        await audit(connection, link.user, "password.set", "user", link.user, now_ms)
        granted = await portal.accounts.begin(
            connection,
            link.user,
            request.cookies.get(cookie_name(portal.settings, "login")),
            now_ms,
            device=describe_device(request.headers.get("User-Agent", "")),
        )
    return let_in(request, granted, "/")


async def _link(request: web.Request) -> OpenLink:
    portal = portal_of(request)
    async with portal.database.read() as connection:
        link = await find_link(connection, portal.keyring.link_secret, request.match_info["token"], portal.clock())
    if link is None:
        raise NotThere(t(_GONE))
    return link


def _form(request: web.Request, link: OpenLink, form: Form, status: int = 200) -> web.Response:
    return portal_of(request).pages.respond(
        request,
        "welcome.html",
        status=status,
        link=link,
        form=form,
        token=request.match_info["token"],
        least=LEAST_LENGTH,
    )
