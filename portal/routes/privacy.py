"""Duties towards a student: who read the record, a copy of everything, and erasure."""

from aiohttp import web
from sqlalchemy import func, select

from portal.answers import download, see_other
from portal.authorize import Action
from portal.context import person_of, portal_of
from portal.erasure import ErasureRefused, erase, load_certificate
from portal.forms import Form
from portal.guard import disclose_listed
from portal.ledger import audit
from portal.program_schema import programs
from portal.routing import Fresh, RouteTable, may
from portal.schema import disclosure_log, users
from portal.student_record import load_record, pack_record

routes = RouteTable()

_SHOWN = 300
# Typed by whoever erases, so that no slip of the hand does it.
_CONFIRM = "ERASE"


@routes.get("/disclosures", may(Action.READ_DISCLOSURES, listing=True))
async def disclosures_page(request: web.Request) -> web.Response:
    """Who read records of the school's students lately."""
    return await _disclosures(request, None)


@routes.get("/students/{student}/disclosures", may(Action.READ_DISCLOSURES, disclosing=True, listing=True))
async def student_disclosures(request: web.Request) -> web.Response:
    """Who read this student's record."""
    return await _disclosures(request, request.match_info["student"])


@routes.post("/students/{student}/export", may(Action.EXPORT_STUDENT, disclosing=True, fresh=Fresh.FILE))
async def export(request: web.Request) -> web.Response:
    """Everything about the student, as a zip."""
    portal, person, student = portal_of(request), person_of(request), request.match_info["student"]
    now_ms = portal.clock()
    async with portal.database.read() as connection:
        found = await load_record(connection, student, person.time_zone, now_ms)
    async with portal.database.write() as connection:
        await audit(connection, person.actor.user, "student.export", "student", student, now_ms)
    return download(pack_record(found, person.school_name, now_ms), "application/zip", f"student-{student}.zip")


@routes.get("/students/{student}/erase", may(Action.ERASE_STUDENT, disclosing=True))
async def erase_page(request: web.Request) -> web.Response:
    """What erasing means, and the form that does it."""
    return await _erase_form(request, Form())


@routes.post("/students/{student}/erase", may(Action.ERASE_STUDENT, disclosing=True, fresh=Fresh.CHANGE))
async def erase_student(request: web.Request) -> web.Response:
    """Erases, and leads to the certificate."""
    portal, person = portal_of(request), person_of(request)
    form = await Form.read(request)
    reason = form.text("reason", "the reason, without names", most=500)
    if form.values.get("confirm", "").strip() != _CONFIRM:
        form.errors["confirm"] = f"Type {_CONFIRM} in capital letters."
    if not form.good:
        return await _erase_form(request, form, status=400)
    try:
        certificate = await erase(
            portal.database,
            person.actor,
            request.match_info["student"],
            reason,
            portal.settings.recordings,
            portal.clock(),
        )
    except ErasureRefused as error:
        form.errors["confirm"] = str(error)
        return await _erase_form(request, form, status=409)
    return see_other(f"/erasures/{certificate}")


@routes.get("/erasures/{erasure}", may(Action.READ_ERASURES))
async def certificate_page(request: web.Request) -> web.Response:
    """The certificate of an erasure. It names nobody."""
    portal = portal_of(request)
    async with portal.database.read() as connection:
        certificate = await load_certificate(connection, request.match_info["erasure"])
        by = (await connection.execute(select(users.c.name).where(users.c.id == certificate.erased_by))).scalar()
    return portal.pages.respond(request, "certificate.html", certificate=certificate, by=by or "")


async def _erase_form(request: web.Request, form: Form, status: int = 200) -> web.Response:
    portal, student = portal_of(request), request.match_info["student"]
    async with portal.database.read() as connection:
        name = (await connection.execute(select(users.c.name).where(users.c.id == student))).scalar_one()
    return portal.pages.respond(
        request, "erase.html", status=status, student=student, name=name, form=form, confirm=_CONFIRM
    )


async def _disclosures(request: web.Request, student: str | None) -> web.Response:
    portal, person = portal_of(request), person_of(request)
    reader, subject = users.alias("reader"), users.alias("subject")
    where = [subject.c.school == person.actor.school]
    if student is not None:
        where.append(disclosure_log.c.student == student)
    query = (
        select(
            disclosure_log,
            func.coalesce(reader.c.name, programs.c.name).label("reader"),
            subject.c.name.label("subject"),
        )
        .join(subject, subject.c.id == disclosure_log.c.student)
        .outerjoin(reader, reader.c.id == disclosure_log.c.actor)
        .outerjoin(programs, programs.c.id == disclosure_log.c.actor)
        .where(*where)
        .order_by(disclosure_log.c.id.desc())
        .limit(_SHOWN)
    )
    async with portal.database.read() as connection:
        found = (await connection.execute(query)).all()
        name = (
            (await connection.execute(select(users.c.name).where(users.c.id == student))).scalar() if student else None
        )
    await disclose_listed(request, [row.student for row in found])
    return portal.pages.respond(request, "disclosures.html", rows=found, student=student, name=name or "", shown=_SHOWN)
