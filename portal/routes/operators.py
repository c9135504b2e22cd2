"""Pages beside the one of whoever runs the service: work behind the pages, what fills the disk, and accounts."""

from aiohttp import web

from portal.account_figures import MOST_STAFF, by_school, load_role_figures, load_staff_accounts
from portal.authorize import Action
from portal.context import person_of, portal_of
from portal.jobs import load_jobs
from portal.routing import RouteTable, may
from portal.storage import GROWTH_DAYS, Stored

routes = RouteTable()

_SCARCE = 0.1
_NEAR_DAYS = 30
_FAR_DAYS = 3650


@routes.get("/operation/jobs", may(Action.READ_OPERATION))
async def jobs_page(request: web.Request) -> web.Response:
    """What waits, runs and failed, by kind; lessons, mails and webhooks by their ids."""
    portal, now_ms = portal_of(request), portal_of(request).clock()
    async with portal.database.read() as connection:
        jobs = await load_jobs(connection, person_of(request).actor.school, now_ms)
    return portal.pages.respond(
        request, "operation_jobs.html", jobs=jobs, at_ms=now_ms, wait=lambda since_ms: _wait(now_ms - since_ms)
    )


@routes.get("/operation/storage", may(Action.READ_OPERATION))
async def storage_page(request: web.Request) -> web.Response:
    """Bytes of the host by kind, the disk, and when it will be full."""
    portal = portal_of(request)
    stored = await portal.operation.storage.look()
    return portal.pages.respond(
        request,
        "operation_storage.html",
        stored=stored,
        figures=_figures(stored),
        growth_days=GROWTH_DAYS,
        size=size_words,
    )


@routes.get("/operation/people", may(Action.READ_OPERATION))
async def people_page(request: web.Request) -> web.Response:
    """Accounts by role, and the staff with their last sign-in. No student and no guardian is named."""
    portal, school = portal_of(request), person_of(request).actor.school
    async with portal.database.read() as connection:
        figures = await load_role_figures(connection, school)
        staff = await load_staff_accounts(connection, school)
    return portal.pages.respond(
        request,
        "operation_people.html",
        roles=[figure for figure in figures if figure.school == school],
        schools=by_school(figures),
        staff=staff[:MOST_STAFF],
        more=len(staff) > MOST_STAFF,
    )


def _figures(stored: Stored) -> list[tuple[str, str, bool]]:
    """What stands above the table: name, value, and whether it wants somebody's eyes."""
    free = stored.free_bytes / stored.total_bytes if stored.total_bytes else 0.0
    if stored.growth is None:
        growth, full = "cannot be told yet", "cannot be told yet"
    elif stored.days_left is None:
        growth, full = "nothing", "not at this pace"
    else:
        growth = f"{size_words(round(stored.growth.day_bytes))} a day"
        full = "in over ten years" if stored.days_left > _FAR_DAYS else f"in {stored.days_left:,.0f} days"
    near = stored.days_left is not None and stored.days_left < _NEAR_DAYS
    return [
        ("Kept by Chalkmesh", size_words(stored.bytes), False),
        ("Free on the disk", f"{size_words(stored.free_bytes)}, {free:.0%}", free < _SCARCE),
        ("It grows by", growth, False),
        ("Full", full, near),
    ]


def size_words(size_bytes: int) -> str:
    """`1.2 GB`, `340 MB`, `12 kB`: as disks are sold, in powers of ten."""
    for limit, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size_bytes >= limit:
            value = size_bytes / limit
            return f"{value:.1f} {unit}" if value < 100 else f"{value:.0f} {unit}"
    return f"{size_bytes} bytes"


def _wait(wait_ms: int) -> str:
    minutes = max(0, wait_ms) // 60_000
    if minutes >= 2 * 24 * 60:
        return f"{minutes // (24 * 60)} days"
    if minutes >= 120:
        return f"{minutes // 60} hours"
    return "under a minute" if minutes == 0 else "a minute" if minutes == 1 else f"{minutes} minutes"
