"""Hours that the school has bought, and what has been used of them. Sums only: no student is named."""

from aiohttp import web

from portal.answers import download, see_other
from portal.authorize import Action, SchoolObject, permitted
from portal.context import person_of, portal_of
from portal.forms import Form
from portal.hours import NO_SHOW, Account, Contract, ContractRefused, end_contract, enter_contract, load_accounts
from portal.ids import new_id
from portal.report_files import write_csv
from portal.routing import RouteTable, may

routes = RouteTable()

_MOST_HOURS = 100_000
_COLUMNS = (
    "Contract",
    "Subject",
    "From",
    "Until",
    "Bought minutes",
    "Used minutes",
    "No-shows",
    "No-show minutes",
    "No-shows count",
    "Left minutes",
    "Planned minutes ahead",
)


@routes.get("/hours", may(Action.READ_HOURS))
async def hours_page(request: web.Request) -> web.Response:
    """Each contract with what was used, what is planned and what is left."""
    return await _hours(request, Form())


@routes.get("/hours.csv", may(Action.READ_HOURS))
async def hours_csv(request: web.Request) -> web.Response:
    """The same as CSV."""
    rows: list[tuple[object, ...]] = []
    for each in await _accounts(request):
        of = each.contract
        facts = (of.title, of.subject, of.from_day, of.until_day, of.minutes) if of else ("No contract", "", "", "", 0)
        counts = "yes" if of is None or of.no_show == "used" else "no"
        rows.append((*facts, each.used, each.no_shows, each.no_show, counts, each.left, each.ahead))
    return download(write_csv(_COLUMNS, rows), "text/csv", "hours.csv")


@routes.post("/hours", may(Action.CHANGE_HOURS))
async def enter(request: web.Request) -> web.Response:
    """Enters a contract."""
    portal = portal_of(request)
    form = await Form.read(request)
    title = form.text("title", "a name", most=200)
    subject = form.text("subject", "a subject", most=100, required=False)
    hours = form.whole("hours", "the hours", least=1, most=_MOST_HOURS)
    from_day, until_day = form.day("from", "the first day"), form.day("until", "the last day")
    no_show = form.choice("no_show", "what a no-show means", NO_SHOW)
    if from_day is not None and until_day is not None and until_day < from_day:
        form.errors["until"] = "The last day comes after the first."
    if not form.good or from_day is None or until_day is None:
        return await _hours(request, form, status=400)
    contract = Contract(new_id(), title, subject, hours * 60, from_day, until_day, no_show)
    try:
        async with portal.database.write() as connection:
            await enter_contract(connection, person_of(request).actor, contract, portal.clock())
    except ContractRefused as error:
        form.errors["subject"] = str(error)
        return await _hours(request, form, status=409)
    return see_other("/hours")


@routes.post("/hours/end", may(Action.CHANGE_HOURS))
async def end(request: web.Request) -> web.Response:
    """Takes a contract out of the account."""
    portal = portal_of(request)
    contract = (await Form.read(request)).values.get("contract", "")
    async with portal.database.write() as connection:
        await end_contract(connection, person_of(request).actor, contract, portal.clock())
    return see_other("/hours")


async def _accounts(request: web.Request) -> list[Account]:
    portal, person = portal_of(request), person_of(request)
    async with portal.database.read() as connection:
        return await load_accounts(connection, person.actor.school, person.time_zone, portal.clock())


async def _hours(request: web.Request, form: Form, status: int = 200) -> web.Response:
    person = person_of(request)
    return portal_of(request).pages.respond(
        request,
        "hours.html",
        status=status,
        accounts=await _accounts(request),
        form=form,
        may_change=permitted(person.actor, Action.CHANGE_HOURS, SchoolObject(person.actor.school)),
    )
