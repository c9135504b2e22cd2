"""The roster: uploading it, looking at what it would change, applying it; and the students of the school."""

from aiohttp import web
from aiohttp.web import FileField
from sqlalchemy import func, or_, select

from portal.answers import see_other
from portal.authorize import Action, Role, StudentObject, permitted
from portal.context import person_of, portal_of
from portal.failures import Conflict
from portal.forms import Form
from portal.guard import disclose_listed
from portal.ledger import audit
from portal.mails.letters import Recipient, credentials_letter
from portal.mails.links import new_links
from portal.mails.outbox import enqueue
from portal.roster.desk import MAX_UPLOAD_BYTES, Check, PlanChanged, Upload, UploadRefused, known_students
from portal.roster.plain import COLUMNS
from portal.routing import RouteTable, may
from portal.schema import users
from portal.service_schema import staffing_requests
from portal.staffing import load_waiting
from portal.student_page import load_student_page

routes = RouteTable()

_PAGE_SIZE = 50
# A diff of tens of thousands of lines helps nobody; the figures above it count them all.
_SHOWN_CHANGES = 500
# The file and the form around it.
_MAX_BODY = MAX_UPLOAD_BYTES + 64 * 1024


@routes.get("/roster", may(Action.READ_ROSTER))
async def roster_page(request: web.Request) -> web.Response:
    """The form for an upload, and the uploads so far. It names no student."""
    return await _roster(request, {})


@routes.post("/roster/uploads", may(Action.CHANGE_ROSTER, max_body_bytes=_MAX_BODY))
async def upload(request: web.Request) -> web.Response:
    """Takes a file in and leads to its dry run."""
    sent = (await request.post()).get("file")
    if not isinstance(sent, FileField) or not sent.filename:
        return await _roster(request, {"file": "Choose a file: a OneRoster zip or a CSV."}, status=400)
    content = sent.file.read(MAX_UPLOAD_BYTES + 1)
    if not content:
        return await _roster(request, {"file": "This file is empty."}, status=400)
    if len(content) > MAX_UPLOAD_BYTES:
        return await _roster(request, {"file": "This file is larger than 16 MB."}, status=400)
    kept = await portal_of(request).rosters.keep(person_of(request).actor, sent.filename, content)
    return see_other(f"/roster/uploads/{kept}")


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
    number = int(text) if (text := request.query.get("page", "1")).isascii() and text.isdigit() else 1
    number = min(max(number, 1), 100_000)
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
        request, "students.html", students=found, count=count, wanted=wanted, number=number, size=_PAGE_SIZE
    )


@routes.get("/requests", may(Action.READ_ROSTER, listing=True))
async def requests_page(request: web.Request) -> web.Response:
    """Students who wait for lessons, by the day until which they must have them."""
    portal, person = portal_of(request), person_of(request)
    async with portal.database.read() as connection:
        waiting = await load_waiting(connection, person.actor.school, portal.clock(), person.time_zone)
    await disclose_listed(request, [each.student for each in waiting])
    return portal.pages.respond(request, "requests.html", waiting=waiting)


@routes.get("/students/{student}", may(Action.READ_STUDENT, disclosing=True))
async def student_page(request: web.Request) -> web.Response:
    """One student: who they are, what they asked for, their classes and minutes."""
    portal, person, student = portal_of(request), person_of(request), request.match_info["student"]
    async with portal.database.read() as connection:
        page = await load_student_page(connection, student, person.time_zone, portal.clock())
    return portal.pages.respond(
        request,
        "student.html",
        page=page,
        sent="sent" in request.query,
        may={
            action.name: permitted(person.actor, action, StudentObject(student, person.actor.school))
            for action in (Action.CHANGE_ROSTER, Action.READ_DISCLOSURES, Action.EXPORT_STUDENT, Action.ERASE_STUDENT)
        },
    )


@routes.post("/students/{student}/link", may(Action.CHANGE_ROSTER, disclosing=True))
async def new_link(request: web.Request) -> web.Response:
    """Sends the student a fresh link to choose a password."""
    portal, person, student = portal_of(request), person_of(request), request.match_info["student"]
    now_ms = portal.clock()
    async with portal.database.write() as connection:
        row = (await connection.execute(select(users).where(users.c.id == student))).one()
        if not row.email or row.disabled_ms is not None:
            raise Conflict("There is no mail address on record for this student, or the account is closed.")
        links = await new_links(connection, [student], now_ms)
        to = Recipient(student, row.name, row.email)
        letter = credentials_letter(person.actor.school, person.school_name, to, row.login, links[student])
        await enqueue(connection, [letter], now_ms)
        await audit(connection, person.actor.user, "student.link", "student", student, now_ms)
    portal.post_office.wake()
    return see_other(f"/students/{student}?sent=1")


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
    uploads = await portal.rosters.list(person.actor.school)
    return portal.pages.respond(
        request, "roster.html", status=status, uploads=uploads, columns=COLUMNS, waiting=waiting, errors=errors
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
