"""Attendance: the week as a page, CSV and PDF, and the minutes of one lesson with their corrections."""

import asyncio

from aiohttp import web

from portal.answers import download, see_other
from portal.attendance_report import MAX_MINUTES, Line, Week, correct, lesson_lines, parse_week, week_lines
from portal.authorize import Action, SchoolObject, permitted
from portal.context import lesson_of, person_of, portal_of
from portal.failures import BadRequest
from portal.forms import Form
from portal.guard import disclose_listed
from portal.pacing_file import monday_of
from portal.report_files import note, report_csv, report_pdf, totals
from portal.routing import Fresh, RouteTable, may
from portal.times import local

routes = RouteTable()

_READ = may(Action.READ_ATTENDANCE, listing=True)
_EXPORT = may(Action.READ_ATTENDANCE, listing=True, fresh=Fresh.FILE)


@routes.get("/attendance", _READ)
async def week_page(request: web.Request) -> web.Response:
    """The minutes of a week (`?week=` any day of it) by student, subject and date."""
    week, lines = await _week(request)
    return portal_of(request).pages.respond(
        request, "attendance.html", week=week, lines=lines, totals=totals(lines), note=note
    )


@routes.get("/attendance.csv", _EXPORT)
async def week_csv(request: web.Request) -> web.Response:
    """The same as CSV."""
    week, lines = await _week(request)
    return download(report_csv(lines), "text/csv", f"attendance-{week.monday}.csv")


@routes.get("/attendance.pdf", _EXPORT)
async def week_pdf(request: web.Request) -> web.Response:
    """The same as PDF."""
    week, lines = await _week(request)
    content = await asyncio.to_thread(report_pdf, person_of(request).school_name, week, lines)
    return download(content, "application/pdf", f"attendance-{week.monday}.pdf")


@routes.get("/lessons/{lesson}/attendance", may(Action.READ_ATTENDANCE, disclosing=True))
async def lesson_page(request: web.Request) -> web.Response:
    """When each student was in the lesson, and the form that corrects the minutes."""
    return await _lesson(request, Form())


@routes.post("/lessons/{lesson}/attendance", may(Action.CORRECT_ATTENDANCE, disclosing=True))
async def correct_minutes(request: web.Request) -> web.Response:
    """Sets the minutes of one student, with the reason. What was measured stays."""
    portal, person, lesson = portal_of(request), person_of(request), lesson_of(request)
    form = await Form.read(request)
    minutes = form.whole("minutes", "the minutes", least=0, most=MAX_MINUTES)
    reason = form.text("reason", "the reason", most=500)
    async with portal.database.read() as connection:
        lines = {
            line.student: line for line in await lesson_lines(connection, lesson.id, person.time_zone, portal.clock())
        }
    line = lines.get(form.values.get("student", ""))
    if line is None:
        form.errors["minutes"] = "Minutes can be corrected once the lesson is over, for students on its list."
    elif minutes > line.scheduled_minutes:
        form.errors["minutes"] = f"The lesson was planned for {line.scheduled_minutes} minutes; enter at most that."
    if not form.good or line is None:
        return await _lesson(request, form, status=400)
    async with portal.database.write() as connection:
        await correct(connection, person.actor, line, minutes, reason, portal.clock())
    return see_other(f"/lessons/{lesson.id}/attendance")


async def _lesson(request: web.Request, form: Form, status: int = 200) -> web.Response:
    portal, person, lesson = portal_of(request), person_of(request), lesson_of(request)
    async with portal.database.read() as connection:
        lines = await lesson_lines(connection, lesson.id, person.time_zone, portal.clock())
    return portal.pages.respond(
        request,
        "lesson_attendance.html",
        status=status,
        lesson=lesson,
        lines=lines,
        form=form,
        note=note,
        may_correct=permitted(person.actor, Action.CORRECT_ATTENDANCE, lesson.access),
        may_read_report=permitted(person.actor, Action.READ_ATTENDANCE, SchoolObject(person.actor.school)),
        monday=monday_of(local(lesson.starts_ms, person.time_zone).date()),
    )


async def _week(request: web.Request) -> tuple[Week, list[Line]]:
    portal, person = portal_of(request), person_of(request)
    try:
        week = parse_week(request.query.get("week", ""), portal.clock(), person.time_zone)
    except ValueError as error:
        raise BadRequest("The week is a date, such as 2026-11-23.", code="bad_week") from error
    async with portal.database.read() as connection:
        lines = await week_lines(connection, person.actor.school, week, person.time_zone, portal.clock())
    await disclose_listed(request, [line.student for line in lines])
    return week, lines
