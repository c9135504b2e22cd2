"""Enrolling a student, and the page of one: requests for lessons, the link to the account, and guardians."""

from aiohttp import web
from sqlalchemy import select

from portal.amendments import load_statements
from portal.answers import see_other
from portal.authorize import Action, StudentObject, permitted
from portal.consent import DECLINED, GIVEN, REASONS, set_consent
from portal.context import person_of, portal_of
from portal.failures import Conflict, NotThere
from portal.forms import Form
from portal.grants import grants_of
from portal.guardians import GuardianRefused, add_guardian, end_guardian, guardians_of
from portal.language import LANGUAGES
from portal.ledger import audit
from portal.mails.letters import Recipient, credentials_letter
from portal.mails.links import new_links
from portal.mails.outbox import enqueue
from portal.roster.enrolment import EnrolmentRefused, enrol_student, request_lessons
from portal.roster.entries import KINDS, RosterStudent, check_email, normal_grade
from portal.routing import Fresh, RouteTable, may
from portal.schema import users
from portal.staff import load_staff
from portal.student_page import load_student_page
from portal.times import local

routes = RouteTable()

_CHANGE = may(Action.CHANGE_ROSTER, disclosing=True)
_LET_IN = may(Action.CHANGE_ROSTER, disclosing=True, fresh=Fresh.CHANGE)
_OFFERED = (
    Action.CHANGE_ROSTER,
    Action.READ_DIALOGUE,
    Action.READ_DISCLOSURES,
    Action.EXPORT_STUDENT,
    Action.ERASE_STUDENT,
    Action.GRANT_ACCESS,
    Action.READ_AMENDMENTS,
)


@routes.get("/students/new", may(Action.CHANGE_ROSTER))
async def enrol_page(request: web.Request) -> web.Response:
    """The form with which a school enrols a student by itself."""
    return portal_of(request).pages.respond(request, "enrol.html", form=Form())


@routes.post("/students/new", may(Action.CHANGE_ROSTER))
async def enrol(request: web.Request) -> web.Response:
    """Enrols a student, asks for lessons, and leads to the student's page."""
    portal, person = portal_of(request), person_of(request)
    form = await Form.read(request)
    student = RosterStudent(
        external_id=form.text("external_id", "the school's id", most=200, required=False),
        given_name=form.text("given_name", "the given name", most=100),
        family_name=form.text("family_name", "the family name", most=100),
        grade=normal_grade(form.text("grade", "the grade", most=16)) or "",
        email=form.text("email", "a mail address", most=254, required=False),
        login="",
        subjects=frozenset({form.text("subject", "a subject", most=100)}),
        kind=form.choice("kind", "1:1 or 1:4", KINDS),
    )
    if not student.grade:
        form.errors.setdefault("grade", "This is not a grade; write K, or 1 to 12.")
    if (words := check_email(student.email)) is not None:
        form.errors["email"] = f"This {words}."
    made = ""
    if form.good:
        try:
            async with portal.database.write() as connection:
                made = await enrol_student(connection, person.actor, student, portal.clock())
        except EnrolmentRefused as error:
            form.errors["external_id"] = str(error)
    if not form.good:
        return portal.pages.respond(request, "enrol.html", status=400, form=form)
    portal.post_office.wake()
    return see_other(f"/students/{made}")


@routes.post("/students/{student}/requests", _CHANGE)
async def ask(request: web.Request) -> web.Response:
    """Asks for lessons in a subject, which starts the staffing clock."""
    portal, person, student = portal_of(request), person_of(request), request.match_info["student"]
    form = await Form.read(request)
    subject = form.text("subject", "a subject", most=100)
    kind = form.choice("kind", "1:1 or 1:4", KINDS)
    if form.good:
        try:
            async with portal.database.write() as connection:
                await request_lessons(connection, person.actor, student, subject, kind, portal.clock())
        except EnrolmentRefused as error:
            form.errors["subject"] = str(error)
    if not form.good:
        return await student_answer(request, form, status=400)
    return see_other(f"/students/{student}")


@routes.get("/students/{student}", may(Action.READ_STUDENT, disclosing=True))
async def student_page(request: web.Request) -> web.Response:
    """One student: who they are, what they asked for, their classes and minutes."""
    return await student_answer(request, Form())


@routes.post("/students/{student}/link", _LET_IN)
async def new_link(request: web.Request) -> web.Response:
    """Sends the student a fresh link to choose a password."""
    portal, person, student = portal_of(request), person_of(request), request.match_info["student"]
    now_ms = portal.clock()
    async with portal.database.write() as connection:
        row = (await connection.execute(select(users).where(users.c.id == student))).one()
        if not row.email or row.disabled_ms is not None:
            raise Conflict("There is no mail address on record for this student, or the account is closed.")
        links = await new_links(connection, [student], now_ms)
        to = Recipient(student, row.name, row.email, row.language)
        letter = credentials_letter(person.actor.school, person.school_name, to, row.login, links[student])
        await enqueue(connection, [letter], now_ms)
        await audit(connection, person.actor.user, "student.link", "student", student, now_ms)
    portal.post_office.wake()
    return see_other(f"/students/{student}?sent=1")


@routes.post("/students/{student}/guardians", _LET_IN)
async def new_guardian(request: web.Request) -> web.Response:
    """Gives a guardian access to the student's progress."""
    portal, person, student = portal_of(request), person_of(request), request.match_info["student"]
    form = await Form.read(request)
    name = form.text("name", "the name", most=200)
    email = form.text("email", "a mail address", most=200).casefold()
    if email and (words := check_email(email)) is not None:
        form.errors["email"] = f"This {words}."
    language = form.values.get("language", "")
    if form.good:
        try:
            async with portal.database.write() as connection:
                to = Recipient("", name, email, language if language in LANGUAGES else None)
                await add_guardian(connection, person.actor, person.school_name, student, to, portal.clock())
        except GuardianRefused as error:
            form.errors["email"] = str(error)
    if not form.good:
        return await student_answer(request, form, status=400)
    portal.post_office.wake()
    return see_other(f"/students/{student}")


@routes.post("/students/{student}/guardians/end", _CHANGE)
async def no_guardian(request: web.Request) -> web.Response:
    """Ends a guardian's access."""
    portal, student = portal_of(request), request.match_info["student"]
    guardian = (await Form.read(request)).values.get("guardian", "")
    async with portal.database.write() as connection:
        if not await end_guardian(connection, person_of(request).actor.user, student, guardian, portal.clock()):
            raise NotThere
    return see_other(f"/students/{student}")


@routes.post("/students/{student}/recording", _CHANGE)
async def recording(request: web.Request) -> web.Response:
    """Writes down whether the student may be recorded, from the next time that they enter a lesson."""
    portal, person, student = portal_of(request), person_of(request), request.match_info["student"]
    form = await Form.read(request)
    consent = form.choice("recording_consent", "whether to record", (GIVEN, DECLINED))
    reason = form.choice("consent_reason", "the reason", REASONS)
    if not form.good:
        return await student_answer(request, form, status=400)
    async with portal.database.write() as connection:
        await set_consent(connection, person.actor, student, consent, reason, portal.clock())
    return see_other(f"/students/{student}")


async def student_answer(request: web.Request, form: Form, status: int = 200) -> web.Response:
    """The page of the student whom the path names, with a form as it was sent."""
    portal, person, student = portal_of(request), person_of(request), request.match_info["student"]
    async with portal.database.read() as connection:
        page = await load_student_page(connection, student, person.time_zone, portal.clock())
        wards = await guardians_of(connection, student)
        today = local(portal.clock(), person.time_zone).date()
        grants = await grants_of(connection, student, today)
        statements = await load_statements(connection, student)
        staff = await load_staff(connection, person.actor.school)
    target = StudentObject(student, person.actor.school)
    return portal.pages.respond(
        request,
        "student.html",
        status=status,
        page=page,
        guardians=wards,
        grants=grants,
        consent_reasons=REASONS,
        statements=statements,
        staff=[(each.id, each.name) for each in staff],
        form=form,
        sent="sent" in request.query,
        may={action.name: permitted(person.actor, action, target) for action in _OFFERED},
    )
