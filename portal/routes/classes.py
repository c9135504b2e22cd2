"""Classes: who is in them, who teaches them, and when they meet."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from sqlalchemy import ColumnElement, select

from portal.answers import see_other
from portal.authorize import Action, Actor, Role, SchoolObject, permitted
from portal.classes import TutoringClass, load_class, load_classes, suggest_students
from portal.context import person_of, portal_of
from portal.failures import NotThere
from portal.forms import Form
from portal.guard import disclose_listed
from portal.lesson_changes import lessons_of_class
from portal.pacing import lessons_held, load_present_guide, pace_of
from portal.pacing_file import monday_of
from portal.placement import NewClass, PlacementRefused
from portal.roster.entries import CAPACITY, normal_grade
from portal.routing import RouteTable, may
from portal.service_schema import classes, enrollments
from portal.staff import load_staff
from portal.targets import load_class_object
from portal.times import local
from portal.timetable import DAY_MINUTES, WEEKDAYS

routes = RouteTable()

_SHOWN_LESSONS = 12
# Of what a request asks for, as the form for a new class takes it from the address.
_MOST_ASKED = 100
_SHOWN_BACK_MS = 7 * 24 * 60 * 60 * 1000


@routes.get("/classes", may(Action.LIST_CLASSES, listing=True))
async def classes_page(request: web.Request) -> web.Response:
    """The classes of the school, or one's own, with their people and hours, and the form for a new one."""
    asked = {name: request.query[name][:_MOST_ASKED] for name in ("subject", "kind") if name in request.query}
    return await _classes(request, Form(asked))


@routes.post("/classes", may(Action.CHANGE_CLASSES, listing=True))
async def create(request: web.Request) -> web.Response:
    """Makes a class, and leads to it."""
    form = await Form.read(request)
    new = NewClass(
        title=form.text("title", "a name for the class", most=200),
        subject=form.text("subject", "a subject", most=100),
        grade=form.text("grade", "a grade", most=16, required=False),
        kind=form.choice("kind", "1:1 or 1:4", CAPACITY),
        teacher_of_record=form.text("teacher", "the teacher of record", most=200, required=False),
    )
    if (grade := normal_grade(new.grade)) is None:
        form.errors["grade"] = "This is not a grade; write K, or 1 to 12, or leave it empty."
    if not form.good or grade is None:
        return await _classes(request, form, status=400)
    new = NewClass(new.title, new.subject, grade, new.kind, new.teacher_of_record)
    return see_other(f"/classes/{await portal_of(request).placement.create(person_of(request).actor, new)}")


@routes.get("/classes/{group}", may(Action.READ_CLASSES, listing=True))
async def class_page(request: web.Request) -> web.Response:
    """One class, and who could join it."""
    return await _class(request, Form())


@routes.post("/classes/{group}/students", may(Action.CHANGE_CLASSES, listing=True))
async def place(request: web.Request) -> web.Response:
    """Places a student."""
    return await _change(request, portal_of(request).placement.place, "student", "a student")


@routes.post("/classes/{group}/students/remove", may(Action.CHANGE_CLASSES, listing=True))
async def remove(request: web.Request) -> web.Response:
    """Takes a student out."""
    return await _change(request, portal_of(request).placement.remove, "student", "a student")


@routes.post("/classes/{group}/tutor", may(Action.CHANGE_CLASSES, listing=True))
async def assign(request: web.Request) -> web.Response:
    """Assigns the tutor."""
    return await _change(request, portal_of(request).placement.assign, "tutor", "a tutor")


@routes.post("/classes/{group}/hours", may(Action.CHANGE_CLASSES, listing=True))
async def add_hour(request: web.Request) -> web.Response:
    """Adds a weekly hour."""
    form = await Form.read(request)
    weekday = form.choice("weekday", "a day of the week", [str(n) for n in range(7)])
    start_minute = form.minute("start", "the beginning")
    length_min = form.whole("length", "the minutes", least=15, most=240)
    from_day = form.day("from", "the first day")
    until_day = form.day("until", "the last day")
    if from_day is not None and until_day is not None and not 0 <= (until_day - from_day).days <= 400:
        form.errors["until"] = "The last day comes after the first, within 400 days."
    if start_minute + length_min > DAY_MINUTES:
        form.errors["length"] = "A lesson ends on the day on which it begins."
    if not form.good or from_day is None or until_day is None:
        return await _class(request, form, status=400)
    adding = portal_of(request).placement.add_hour(
        person_of(request).actor,
        request.match_info["group"],
        weekday=int(weekday),
        start_minute=start_minute,
        length_min=length_min,
        from_day=from_day,
        until_day=until_day,
    )
    return await _do(request, form, "weekday", adding)


@routes.post("/classes/{group}/hours/end", may(Action.CHANGE_CLASSES, listing=True))
async def end_hour(request: web.Request) -> web.Response:
    """Ends a weekly hour."""
    return await _change(request, portal_of(request).placement.end_hour, "hour", "a weekly hour", told_at="weekday")


_ById = Callable[[Actor, str, str], Awaitable[None]]
"""A change of a class (second) by the id (third) of whom or what it is about."""


async def _change(
    request: web.Request, change: _ById, field: str, what: str, *, told_at: str | None = None
) -> web.Response:
    """Does what the form's one field says; a refusal is told beside `told_at`, or else beside that field."""
    form = await Form.read(request)
    named = form.text(field, what, most=64)
    changing = change(person_of(request).actor, request.match_info["group"], named)
    return await _do(request, form, told_at or field, changing)


async def _do(request: web.Request, form: Form, field: str, change: Awaitable[None]) -> web.Response:
    try:
        await change
    except PlacementRefused as error:
        form.errors[field] = str(error)
        return await _class(request, form, status=409)
    portal_of(request).post_office.wake()
    return see_other(f"/classes/{request.match_info['group']}")


async def _classes(request: web.Request, form: Form, status: int = 200) -> web.Response:
    portal, person = portal_of(request), person_of(request)
    async with portal.database.read() as connection:
        found = await load_classes(connection, _whose(person.actor))
    wanted = request.query.get("subject", "")[:_MOST_ASKED]
    # A student sees when the own classes meet, and nobody's name but the tutor's.
    named = person.actor.role is not Role.STUDENT
    await disclose_listed(request, [pupil.id for group in found for pupil in group.students if named])
    return portal.pages.respond(
        request,
        "classes.html",
        status=status,
        classes=found,
        fitting=[group for group in found if group.subject == wanted and group.kind == form.values.get("kind")],
        wanted=wanted,
        form=form,
        named=named,
        may_make=permitted(person.actor, Action.CHANGE_CLASSES, SchoolObject(person.actor.school)),
    )


def _whose(actor: Actor) -> ColumnElement[bool]:
    """The classes that this person's list shows."""
    if actor.role is Role.TUTOR:
        return classes.c.tutor == actor.user
    if actor.role is Role.STUDENT:
        mine = select(enrollments.c["class"]).where(
            enrollments.c.student == actor.user, enrollments.c.ended_ms.is_(None)
        )
        return classes.c.id.in_(mine)
    return classes.c.school == actor.school


async def _class(request: web.Request, form: Form, status: int = 200) -> web.Response:
    portal, person = portal_of(request), person_of(request)
    class_id = request.match_info["group"]
    target = await load_class_object(portal.database, class_id)
    may_change = target is not None and permitted(person.actor, Action.CHANGE_CLASSES, target)
    today = local(portal.clock(), person.time_zone).date()
    async with portal.database.read() as connection:
        group: TutoringClass | None = await load_class(connection, class_id)
        if group is None:
            raise NotThere("This class has been closed.")
        waiting = await suggest_students(connection, group) if may_change else []
        tutors = await load_staff(connection, group.school, Role.TUTOR) if may_change else []
        planned = await lessons_of_class(connection, class_id, portal.clock() - _SHOWN_BACK_MS, _SHOWN_LESSONS)
        guide, monday = await load_present_guide(connection, class_id), monday_of(today)
        held = await lessons_held(connection, class_id, [monday], person.time_zone)
    await disclose_listed(request, [pupil.id for pupil in (*group.students, *waiting)])
    return portal.pages.respond(
        request,
        "class.html",
        status=status,
        group=group,
        form=form,
        waiting=waiting,
        tutors=[(tutor, tutor.hindrance(today)) for tutor in tutors],
        may_change=may_change,
        planned=planned,
        this_week=guide.of(monday) if guide is not None else None,
        pace=pace_of(guide, monday) if guide is not None else None,
        held=held[monday],
        weekdays=tuple(enumerate(WEEKDAYS)),
        today=today,
    )
