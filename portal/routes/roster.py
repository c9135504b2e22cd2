"""The roster: uploading it, looking at what it would change, applying it; and the students of the school."""

from aiohttp import web
from aiohttp.web import FileField
from sqlalchemy import func, or_, select

from portal.answers import see_other
from portal.authorize import Action, Role, SchoolObject, permitted
from portal.context import person_of, portal_of
from portal.failures import Conflict
from portal.forms import Form, page_of
from portal.guard import disclose_listed
from portal.roster.desk import MAX_UPLOAD_BYTES, Check, PlanChanged, Upload, UploadRefused, known_students
from portal.roster.links import LinkRefused, list_links, make_link, revoke_link
from portal.roster.plain import COLUMNS
from portal.routing import Fresh, RouteTable, may
from portal.schema import users
from portal.service_schema import staffing_requests
from portal.staff import load_staff
from portal.staffing import load_waiting

routes = RouteTable()

_PAGE_SIZE = 50
# A diff of tens of thousands of lines helps nobody; the figures above it count them all.
_SHOWN_CHANGES = 500
# The file and the form around it.
MAX_BODY = MAX_UPLOAD_BYTES + 64 * 1024


@routes.get("/roster", may(Action.READ_ROSTER))
async def roster_page(request: web.Request) -> web.Response:
    """The form for an upload, and the uploads so far. It names no student."""
    return await _roster(request, {})


@routes.post("/roster/uploads", may(Action.CHANGE_ROSTER, max_body_bytes=MAX_BODY))
async def upload(request: web.Request) -> web.Response:
    """Takes a file in and leads to its dry run."""
    sent = await read_roster_file(request)
    if isinstance(sent, str):
        return await _roster(request, {"file": sent}, status=400)
    kept = await portal_of(request).rosters.keep(person_of(request).actor, *sent)
    return see_other(f"/roster/uploads/{kept}")


async def read_roster_file(request: web.Request) -> tuple[str, bytes] | str:
    """The name and content of the file that a form carries, or what is wrong with it."""
    sent = (await request.post()).get("file")
    if not isinstance(sent, FileField) or not sent.filename:
        return "Choose a file: a OneRoster zip or a CSV."
    content = sent.file.read(MAX_UPLOAD_BYTES + 1)
    if not content:
        return "This file is empty."
    return "This file is larger than 16 MB." if len(content) > MAX_UPLOAD_BYTES else (sent.filename, content)


@routes.post("/roster/links", may(Action.CHANGE_ROSTER, fresh=Fresh.CHANGE))
async def new_roster_link(request: web.Request) -> web.Response:
    """Mails a point of contact an address for one file."""
    portal, person = portal_of(request), person_of(request)
    contact = (await Form.read(request)).values.get("contact", "")
    try:
        async with portal.database.write() as connection:
            await make_link(connection, person.actor, person.school_name, contact, portal.clock())
    except LinkRefused as error:
        return await _roster(request, {"contact": str(error)}, status=409)
    portal.post_office.wake()
    return see_other("/roster")


@routes.post("/roster/links/revoke", may(Action.CHANGE_ROSTER))
async def take_link_back(request: web.Request) -> web.Response:
    """Takes such an address back."""
    portal = portal_of(request)
    link = (await Form.read(request)).values.get("link", "")
    async with portal.database.write() as connection:
        await revoke_link(connection, person_of(request).actor, link, portal.clock())
    return see_other("/roster")


@routes.get("/roster/uploads/{upload}", may(Action.READ_ROSTER, listing=True))
async def upload_page(request: web.Request) -> web.Response:
    """The dry run: what is wrong in the file, or what it would change."""
    facts, check = await portal_of(request).rosters.look(request.match_info["upload"])
    return await _upload(request, facts, check)


@routes.post("/roster/uploads/{upload}/apply", may(Action.CHANGE_ROSTER))
async def apply(request: web.Request) -> web.Response:
    """Makes the changes that were shown."""
    portal, upload_id = portal_of(request), request.match_info["upload"]
    form = await Form.read(request)
    try:
        await portal.rosters.apply(person_of(request).actor, upload_id, form.values.get("plan", ""))
    except UploadRefused as error:
        raise Conflict(str(error)) from error
    except PlanChanged:
        return see_other(f"/roster/uploads/{upload_id}?changed=1")
    portal.post_office.wake()
    return see_other(f"/roster/uploads/{upload_id}")


@routes.post("/roster/uploads/{upload}/discard", may(Action.CHANGE_ROSTER))
async def discard(request: web.Request) -> web.Response:
    """Forgets the file."""
    await portal_of(request).rosters.discard(person_of(request).actor, request.match_info["upload"])
    return see_other("/roster")


@routes.get("/students", may(Action.READ_ROSTER, listing=True))
async def students_page(request: web.Request) -> web.Response:
    """The students of the school, a page at a time, with a search by name or the school's id."""
    portal, person = portal_of(request), person_of(request)
    wanted = " ".join(request.query.get("q", "").split())[:100]
    number = page_of(request) or 1
    where = [users.c.school == person.actor.school, users.c.role == Role.STUDENT, users.c.erased_ms.is_(None)]
    if wanted:
        like = f"%{wanted.replace('%', '').replace('_', '')}%"
        where.append(or_(users.c.name.ilike(like), users.c.external_id == wanted))
    async with portal.database.read() as connection:
        count = (await connection.execute(select(func.count()).select_from(users).where(*where))).scalar_one()
        found = (
            await connection.execute(
                select(users)
                .where(*where)
                .order_by(users.c.family_name, users.c.name, users.c.id)
                .offset((number - 1) * _PAGE_SIZE)
                .limit(_PAGE_SIZE)
            )
        ).all()
    await disclose_listed(request, [row.id for row in found])
    return portal.pages.respond(
        request,
        "students.html",
        students=found,
        count=count,
        wanted=wanted,
        number=number,
        size=_PAGE_SIZE,
        may_change=permitted(person.actor, Action.CHANGE_ROSTER, SchoolObject(person.actor.school)),
    )


@routes.get("/requests", may(Action.READ_ROSTER, listing=True))
async def requests_page(request: web.Request) -> web.Response:
    """Students who wait for lessons, by the day until which they must have them."""
    portal, person = portal_of(request), person_of(request)
    async with portal.database.read() as connection:
        waiting = await load_waiting(connection, person.actor.school, portal.clock(), person.time_zone)
    await disclose_listed(request, [each.student for each in waiting])
    may_place = permitted(person.actor, Action.CHANGE_CLASSES, SchoolObject(person.actor.school))
    return portal.pages.respond(request, "requests.html", waiting=waiting, may_place=may_place)


async def _roster(request: web.Request, errors: dict[str, str], status: int = 200) -> web.Response:
    portal, person = portal_of(request), person_of(request)
    async with portal.database.read() as connection:
        waiting = (
            await connection.execute(
                select(func.count())
                .select_from(staffing_requests)
                .where(
                    staffing_requests.c.school == person.actor.school,
                    staffing_requests.c.fulfilled_ms.is_(None),
                    staffing_requests.c.withdrawn_ms.is_(None),
                )
            )
        ).scalar_one()
        links = await list_links(connection, person.actor.school)
        contacts = await load_staff(connection, person.actor.school, Role.POINT_OF_CONTACT)
    uploads = await portal.rosters.list(person.actor.school)
    return portal.pages.respond(
        request,
        "roster.html",
        status=status,
        uploads=uploads,
        columns=COLUMNS,
        waiting=waiting,
        errors=errors,
        links=links,
        contacts=[each for each in contacts if each.email],
        now_ms=portal.clock(),
        may_send=person.actor.role is Role.COORDINATOR,
    )


async def _upload(request: web.Request, facts: Upload, check: Check | None) -> web.Response:
    portal, person = portal_of(request), person_of(request)
    shown = check.plan.changes[:_SHOWN_CHANGES] if check is not None else ()
    async with portal.database.read() as connection:
        known = await known_students(connection, person.actor.school) if shown else {}
    await disclose_listed(request, [known[change.external_id].user for change in shown if change.external_id in known])
    return portal.pages.respond(
        request, "upload.html", upload=facts, check=check, shown=shown, changed="changed" in request.query
    )
