"""Passkeys in requests: the ceremony of this very browser, and the script of the pages that offer one."""

from aiohttp import web

from portal.assets import PASSKEYS_ENTRY
from portal.context import portal_of
from portal.cookies import cookie_name
from portal.headers import host_name
from portal.passkeys import Ceremony
from portal.request_keys import RENEWED, VISIT

# The field of a form in which the browser's answer comes.
CREDENTIAL = "credential"


def ceremony_of(request: web.Request, purpose: str, *, asking: bool = False) -> Ceremony:
    """The exchange of this browser for that purpose: bound to its log-in, or for `login` to the visit before one.

    `asking`: the answer comes with the next request, and so with the cookie that a proof in this one has renewed.
    """
    portal = portal_of(request)
    cookie = request[VISIT] if purpose == "login" else request.cookies.get(cookie_name(portal.settings, "login"), "")
    if asking:
        cookie = request.get(RENEWED, cookie)
    return Ceremony(
        rp_id=host_name(request),
        origin=f"{'https' if portal.settings.secure else 'http'}://{request.host}",
        bound=f"{purpose} {cookie}",
        secret=portal.keyring.link_secret,
    )


def passkey_script(request: web.Request) -> str:
    """The address of the pages' script; "" without a build, and then no passkey is offered."""
    return portal_of(request).assets.script(PASSKEYS_ENTRY)
