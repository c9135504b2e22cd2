"""A student's progress: the report card with goals and weekly updates."""

import asyncio
from datetime import timedelta

from aiohttp import web
from sqlalchemy import select

from portal.amendments import load_statements
from portal.answers import download, see_other
from portal.authorize import Action, Role, permitted
from portal.classes import load_classes
from portal.context import person_of, portal_of
from portal.dialogue import students_with_news
from portal.forms import Form
from portal.guard import disclose_listed
from portal.guardians import Ward, wards_of
from portal.mails.letters import Recipient
from portal.progress import ProgressRefused, ReportCard, load_report_card, reach_goal, set_goal, write_update
from portal.report_card_file import report_card_pdf
from portal.routing import Fresh, RouteTable, may
from portal.schema import users
from portal.service_schema import classes
from portal.targets import load_student_object
from portal.times import local

routes = RouteTable()

_READ = may(Action.READ_PROGRESS, disclosing=True)
_TAKE = may(Action.READ_PROGRESS, disclosing=True, fresh=Fresh.FILE_OF_OTHERS)
_WRITE = may(Action.WRITE_PROGRESS, disclosing=True)
_PROSE = 4000


@routes.get("/progress", may(Action.LIST_PROGRESS, listing=True))
async def progress_page(request: web.Request) -> web.Response:
    """The students whose progress the reader may see: oneself, one's wards, or one's students."""
    portal, actor = portal_of(request), person_of(request).actor
    async with portal.database.read() as connection:
        if actor.role is Role.GUARDIAN:
            found = list(await wards_of(connection, actor.user))
        elif actor.role is Role.STUDENT:
            found = [Ward(actor.user, person_of(request).name, "")]
        else:
            mine = await load_classes(connection, classes.c.tutor == actor.user)
            by_id = {pupil.id: Ward(pupil.id, pupil.name, pupil.grade) for group in mine for pupil in group.students}
            found = sorted(by_id.values(), key=lambda each: each.name.casefold())
        # Students are in no dialogue.
        talks = actor.role is not Role.STUDENT
        news = await students_with_news(connection, actor.user, [each.id for each in found]) if talks else set()
    await disclose_listed(request, [each.id for each in found if each.id != actor.user])
    return portal.pages.respond(request, "progress.html", students=found, talks=talks, news=news)


@routes.get("/students/{student}/report", _READ)
async def report_page(request: web.Request) -> web.Response:
    """The report card."""
    return await _report(request, Form())


@routes.get("/students/{student}/report.pdf", _TAKE)
async def report_file(request: web.Request) -> web.Response:
    """The report card as PDF."""
    person = person_of(request)
    card, day = await _card(request), local(portal_of(request).clock(), person.time_zone).date().isoformat()
    async with portal_of(request).database.read() as connection:
        statements = await load_statements(connection, card.student)
    disputed = [(each.part, each.statement) for each in statements]
    content = await asyncio.to_thread(report_card_pdf, person.school_name, card, day, disputed)
    return download(content, "application/pdf", f"report-card-{day}.pdf")


@routes.post("/students/{student}/goals", _WRITE)
async def new_goal(request: web.Request) -> web.Response:
    """Sets a goal in the subject of a class of the student."""
    portal, student = portal_of(request), request.match_info["student"]
    form = await Form.read(request)
    card = await _card(request)
    subject = form.choice("subject", "a subject", {part.group.subject for part in card.parts})
    words = form.text("words", "the goal", most=500)
    target_day = form.day("target", "the day", required=False)
    if not form.good:
        return await _report(request, form, status=400)
    async with portal.database.write() as connection:
        actor = person_of(request).actor
        await set_goal(connection, actor, student, subject, words, target_day, portal.clock())
    return see_other(f"/students/{student}/report")


@routes.post("/students/{student}/goals/reached", _WRITE)
async def goal_reached(request: web.Request) -> web.Response:
    """Marks a goal as reached."""
    portal, student = portal_of(request), request.match_info["student"]
    goal = (await Form.read(request)).values.get("goal", "")
    if goal in {each.id for each in (await _card(request)).goals}:
        async with portal.database.write() as connection:
            await reach_goal(connection, person_of(request).actor, student, goal, portal.clock())
    return see_other(f"/students/{student}/report")


@routes.post("/students/{student}/updates", _WRITE)
async def new_update(request: web.Request) -> web.Response:
    """Keeps what the tutor wrote about a week, and mails it."""
    portal, person, student = portal_of(request), person_of(request), request.match_info["student"]
    form = await Form.read(request)
    parts = {part.group.id: part for part in (await _card(request)).parts}
    part = parts.get(form.choice("group", "a class", parts))
    day = form.day("week", "a day of the week")
    words = form.prose("told", "what the week was like", most=_PROSE)
    if day is not None and day > local(portal.clock(), person.time_zone).date():
        form.errors["week"] = "This week has not begun yet."
    if not form.good or part is None or day is None:
        return await _report(request, form, status=400)
    try:
        async with portal.database.write() as connection:
            row = (await connection.execute(select(users.c.name, users.c.email).where(users.c.id == student))).one()
            await write_update(
                connection,
                person.actor,
                person.school_name,
                part,
                Recipient(student, row.name, row.email or ""),
                day - timedelta(days=day.weekday()),
                words,
                portal.post_office.portal_url,
                portal.clock(),
            )
    except ProgressRefused as error:
        form.errors["week"] = str(error)
        return await _report(request, form, status=409)
    portal.post_office.wake()
    return see_other(f"/students/{student}/report?sent=1")


async def _card(request: web.Request) -> ReportCard:
    """The report card as far as the reader may see it: a tutor sees their own classes."""
    portal, person, student = portal_of(request), person_of(request), request.match_info["student"]
    only_tutor = person.actor.user if person.actor.role is Role.TUTOR else None
    async with portal.database.read() as connection:
        return await load_report_card(connection, student, only_tutor, person.time_zone, portal.clock())


async def _report(request: web.Request, form: Form, status: int = 200) -> web.Response:
    portal, person, student = portal_of(request), person_of(request), request.match_info["student"]
    target = await load_student_object(portal.database, student, portal.clock())
    async with portal.database.read() as connection:
        statements = await load_statements(connection, student)
    return portal.pages.respond(
        request,
        "report.html",
        status=status,
        card=await _card(request),
        form=form,
        sent="sent" in request.query,
        today=local(portal.clock(), person.time_zone).date(),
        statements=statements,
        may_follow=permitted(person.actor, Action.READ_DIALOGUE, target),
        may_amend=permitted(person.actor, Action.READ_AMENDMENTS, target),
        may_write=permitted(person.actor, Action.WRITE_PROGRESS, target),
        may_read=permitted(person.actor, Action.READ_STUDENT, target),
    )
