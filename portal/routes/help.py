"""The help page, with the form to ask: for everybody, signed in or not, and without script."""

from aiohttp import web

from portal.answers import see_other
from portal.context import portal_of
from portal.failures import TooMany
from portal.forms import Form
from portal.ids import is_id
from portal.language import t
from portal.questions import Asked, QuestionRefused, ask, questions_of
from portal.references import new_reference, read_reference
from portal.request_keys import PERSON
from portal.roster.entries import check_email
from portal.routes.account import client_address
from portal.routing import PUBLIC, RouteTable

routes = RouteTable()

_MOST_WORDS = 4000


@routes.get("/help", PUBLIC)
async def help_page(request: web.Request) -> web.Response:
    """How things are done, and the form. An error page leads here with its reference and where it was."""
    brought = {name: request.query.get(name, "") for name in ("reference", "lesson", "place")}
    return await _page(request, Form(brought))


@routes.post("/help", PUBLIC)
async def ask_page(request: web.Request) -> web.Response:
    """Takes a question."""
    portal, person = portal_of(request), request.get(PERSON)
    form = await Form.read(request)
    words = form.prose("words", t("what does not work"), most=_MOST_WORDS)
    name = form.text("name", t("your name"), most=200, required=False)
    address = form.text("address", t("your mail address"), most=254, required=False)
    if person is None and not name:
        form.errors["name"] = t("Say who you are, so that somebody can find you.")
    if check_email(address) is not None:
        form.errors["address"] = t("This is no mail address.")
    if not form.good:
        return await _page(request, form, status=400)
    _check_pace(request)
    lesson = form.values.get("lesson", "")
    asked = Asked(
        read_reference(form.values.get("reference", "")) or new_reference(),
        name,
        address,
        lesson if is_id(lesson) else "",
        _place(form.values.get("place", "")),
        words,
    )
    try:
        async with portal.database.write() as connection:
            await ask(connection, person.actor if person is not None else None, asked, portal.clock())
    except QuestionRefused as error:
        form.errors["words"] = str(error)
        return await _page(request, form, status=409)
    return see_other(f"/help?sent={asked.reference}")


def _check_pace(request: web.Request) -> None:
    """Raises TooMany."""
    portal, person = portal_of(request), request.get(PERSON)
    address = client_address(request, portal.settings.proxy_hops)
    user = person.actor.user if person is not None else None
    if (wait_s := portal.question_pace.wait_s(user, address, portal.clock())) > 0:
        seconds = int(wait_s) + 1
        raise TooMany(
            t("Many questions came from here just now. Try again in {seconds} seconds.", seconds=seconds),
            headers={"Retry-After": str(seconds)},
        )


def _place(text: str) -> str:
    """The path of a page of ours, or nothing."""
    return text[:200] if text.startswith("/") and text.isprintable() else ""


async def _page(request: web.Request, form: Form, status: int = 200) -> web.Response:
    portal, person = portal_of(request), request.get(PERSON)
    mine = []
    if person is not None:
        async with portal.database.read() as connection:
            mine = await questions_of(connection, person.actor.user)
    return portal.pages.respond(
        request,
        "help.html",
        status=status,
        form=form,
        mine=mine,
        reference=read_reference(form.values.get("reference", "")),
        sent=read_reference(request.query.get("sent", "")),
    )
