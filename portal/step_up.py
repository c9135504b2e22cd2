"""Asks again who sits there before what may do lasting harm, and then goes on with what was typed.

A form that comes too long after the last proof is answered by a page that asks for it and carries the form's own
fields along; sent again with the proof, it reaches its handler as if nothing had been in between. The proof itself
never gets there. An answer that is a file leaves the browser where it is, so there one more press begins it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from portal.accounts import TooManyAttempts
from portal.authorize import Role
from portal.ceremonies import ceremony_of, passkey_script
from portal.context import person_of, portal_of
from portal.cookies import set_cookie
from portal.failures import NotAllowed, Unavailable
from portal.passkeys import request_options
from portal.passwords import Overloaded
from portal.request_keys import RENEWED
from portal.routing import Fresh
from portal.way_on import local_path, page_before

_MINUTE_MS = 60_000
PASSWORD, CODE, BACK = "proof-password", "proof-code", "proof-back"
PASSKEY = "proof-passkey"
# Who gets at nobody's record but the own, or that of whom they answer for.
_OF_THEIR_OWN = frozenset({Role.STUDENT, Role.GUARDIAN})
_OWN = frozenset({"csrf", PASSWORD, CODE, PASSKEY, BACK})


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be done once the proof is there. `carried`: fields of its form, in their order."""

    path: str
    method: str
    carried: Sequence[tuple[str, str]]
    back: str


def is_fresh(request: web.Request) -> bool:
    """Whether the last proof is of the last minutes."""
    portal = portal_of(request)
    # With no time at all a file could never be taken after its proof.
    within_ms = max(1, portal.settings.proof_minutes) * _MINUTE_MS
    return portal.clock() - person_of(request).proved_ms < within_ms


async def ask_for_proof(request: web.Request, fresh: Fresh) -> web.Response | None:
    """None when the handler may go on: the proof is fresh, or came with this form and fits. Else the page to answer."""
    if is_fresh(request) or (fresh is Fresh.FILE_OF_OTHERS and person_of(request).actor.role in _OF_THEIR_OWN):
        return None
    if request.method not in ("GET", "HEAD") and request.content_type not in (
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ):
        raise NotAllowed("Show once more that it is you: give your password again.", code="proof_needed")
    if request.method == "POST":
        sent = await request.post()
        asked = Asked(
            request.path_qs,
            "post",
            [(name, value) for name, value in sent.items() if name not in _OWN and isinstance(value, str)],
            local_path(str(sent[BACK])) if BACK in sent else page_before(request),
        )
        if not {PASSWORD, CODE, PASSKEY} & set(sent):
            return await proof_page(request, asked)
        if (refused := await take_proof(request, asked)) is not None:
            return refused
        return None if fresh is Fresh.CHANGE else confirmed_page(request, asked)
    return await proof_page(request, Asked(request.path_qs, "get", (), page_before(request)))


async def take_proof(request: web.Request, asked: Asked) -> web.Response | None:
    """Renews the log-in by the proof in the form, and then is None; otherwise the page that says what is wrong."""
    portal, person, sent = portal_of(request), person_of(request), await request.post()
    now_ms = portal.clock()
    credential = str(sent.get(PASSKEY, ""))
    try:
        if credential:
            token = await portal.proofs.give_passkey(person, ceremony_of(request, "proof"), credential, now_ms)
        else:
            password, code = str(sent.get(PASSWORD, "")), str(sent.get(CODE, ""))
            token = await portal.proofs.give(person, password, code, now_ms)
    except TooManyAttempts as error:
        wait_s = max(1, round(error.wait_s))
        page = await proof_page(request, asked, f"Too many attempts. Wait {wait_s} seconds, then try again.", 429)
        page.headers["Retry-After"] = str(wait_s)
        return page
    except Overloaded as error:
        raise Unavailable("Too many people are signing in at this moment. Try again in a few seconds.") from error
    if token is None:
        return await proof_page(request, asked, "This does not fit. Type it once more.", 403)
    request[RENEWED] = token
    return None


async def proof_page(request: web.Request, asked: Asked, error: str = "", status: int = 403) -> web.Response:
    """Asks for password or code."""
    portal, person = portal_of(request), person_of(request)
    ways = await portal.proofs.ways(person.actor.user)
    script = passkey_script(request) if ways.passkeys else ""
    options = request_options(ceremony_of(request, "proof"), ways.passkeys, portal.clock()) if script else ""
    return portal.pages.respond(
        request,
        "proof.html",
        status=status,
        asked=asked,
        error=error,
        ways=ways,
        options=options,
        script=script,
        minutes=portal.settings.proof_minutes,
        fields={"password": PASSWORD, "code": CODE, "back": BACK, "passkey": PASSKEY},
        demo_password=portal.demo_logins[0].password if portal.demo_logins else "",
    )


def confirmed_page(request: web.Request, asked: Asked) -> web.Response:
    """The press that begins a file, and the way back."""
    return portal_of(request).pages.respond(request, "confirmed.html", asked=asked)


def bring_renewed(request: web.Request, response: web.StreamResponse) -> None:
    """Puts the renewed log-in's cookie on the answer, whatever that is: the old one is worth nothing any more."""
    if (token := request.get(RENEWED)) is not None and not response.prepared:
        settings = portal_of(request).settings
        set_cookie(response, settings, "login", token, settings.login_hours * 3600)
