"""One lesson put right by hand, and the days on which a school has none."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.answers import see_other
from portal.authorize import Action, Actor, Role, SchoolObject, permitted
from portal.context import lesson_of, person_of, portal_of
from portal.forms import Form
from portal.lesson_changes import ChangeRefused, call_off, make_up, substitute
from portal.lessons import LessonState
from portal.lessons_ahead import add_holiday, remove_holiday
from portal.routing import RouteTable, may
from portal.schema import lessons
from portal.service_schema import classes, holidays
from portal.staff import load_staff
from portal.times import local

routes = RouteTable()

_PLAN = may(Action.PLAN_LESSON, disclosing=True)
_MOST_DAYS = 60
# Changes the lesson, for somebody and at a moment. Raises ChangeRefused.
_Change = Callable[[AsyncConnection, Actor, str, int], Awaitable[object]]


@routes.get("/lessons/{lesson}/plan", _PLAN)
async def plan_page(request: web.Request) -> web.Response:
    """Who teaches this lesson, and whether it is held."""
    return await _plan(request, Form())


@routes.post("/lessons/{lesson}/substitute", _PLAN)
async def stand_in(request: web.Request) -> web.Response:
    """Lets somebody else teach this lesson."""
    form = await Form.read(request)
    tutor = form.text("tutor", "a tutor", most=64)

    def standing_in(connection: AsyncConnection, actor: Actor, lesson: str, now_ms: int) -> Awaitable[None]:
        return substitute(connection, actor, lesson, tutor, now_ms)

    return await _change(request, form, "tutor", standing_in)


@routes.post("/lessons/{lesson}/call-off", _PLAN)
async def not_held(request: web.Request) -> web.Response:
    """Calls this lesson off."""
    return await _change(request, await Form.read(request), "call_off", call_off)


@routes.post("/lessons/{lesson}/make-up", _PLAN)
async def another_time(request: web.Request) -> web.Response:
    """Plans a lesson that makes up for this one."""
    form = await Form.read(request)
    day = form.day("day", "the day") or date.min
    start_minute = form.minute("start", "the beginning")
    length_min = form.whole("length", "the minutes", least=15, most=240)

    def making(connection: AsyncConnection, actor: Actor, lesson: str, now_ms: int) -> Awaitable[str]:
        return make_up(connection, actor, lesson, day, start_minute, length_min, now_ms)

    return await _change(request, form, "day", making)


@routes.get("/holidays", may(Action.READ_CLASSES))
async def holidays_page(request: web.Request) -> web.Response:
    """Days without lessons."""
    return await _holidays(request, Form())


@routes.post("/holidays", may(Action.CHANGE_CLASSES))
async def new_holidays(request: web.Request) -> web.Response:
    """Adds a day, or all from one to another; lessons of weekly hours on them are taken back."""
    portal = portal_of(request)
    form = await Form.read(request)
    first, last = form.day("first", "the first day"), form.day("last", "the last day", required=False)
    name = form.text("name", "a name", most=100)
    last = last or first
    if first is not None and last is not None and not 0 <= (last - first).days < _MOST_DAYS:
        form.errors["last"] = f"The last day comes after the first, within {_MOST_DAYS} days."
    if not form.good or first is None or last is None:
        return await _holidays(request, form, status=400)
    async with portal.database.write() as connection:
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            await add_holiday(connection, person_of(request).actor, day, name, portal.clock())
    return see_other("/holidays")


@routes.post("/holidays/remove", may(Action.CHANGE_CLASSES))
async def no_holiday(request: web.Request) -> web.Response:
    """Takes a day back; its lessons are made again."""
    portal = portal_of(request)
    day = (form := await Form.read(request)).day("day", "a day")
    if not form.good or day is None:
        return await _holidays(request, form, status=400)
    async with portal.database.write() as connection:
        await remove_holiday(connection, person_of(request).actor, day, portal.clock())
    return see_other("/holidays")


async def _change(request: web.Request, form: Form, field: str, change: _Change) -> web.Response:
    """Makes a change, and shows the lesson; what is wrong with the form or the change is said beside its field."""
    portal = portal_of(request)
    if not form.good:
        return await _plan(request, form, status=400)
    try:
        async with portal.database.write() as connection:
            await change(connection, person_of(request).actor, lesson_of(request).id, portal.clock())
    except ChangeRefused as error:
        form.errors[field] = str(error)
        return await _plan(request, form, status=409)
    portal.post_office.wake()
    return see_other(f"/lessons/{lesson_of(request).id}/plan")


async def _plan(request: web.Request, form: Form, status: int = 200) -> web.Response:
    portal, person, lesson = portal_of(request), person_of(request), lesson_of(request)
    now_ms = portal.clock()
    today: date = local(now_ms, person.time_zone).date()
    async with portal.database.read() as connection:
        tutors = await load_staff(connection, lesson.school, Role.TUTOR)
        group = (
            await connection.execute(
                select(classes.c.id, classes.c.title)
                .join(lessons, lessons.c["class"] == classes.c.id)
                .where(lessons.c.id == lesson.id)
            )
        ).one_or_none()
    return portal.pages.respond(
        request,
        "lesson_plan.html",
        status=status,
        lesson=lesson,
        group=group,
        form=form,
        tutors=[(tutor, tutor.hindrance(today)) for tutor in tutors if tutor.id not in lesson.access.tutors],
        ahead=lesson.state is LessonState.SCHEDULED and lesson.starts_ms > now_ms,
        length=(lesson.ends_ms - lesson.starts_ms) // 60_000,
    )


async def _holidays(request: web.Request, form: Form, status: int = 200) -> web.Response:
    portal, person = portal_of(request), person_of(request)
    today = local(portal.clock(), person.time_zone).date()
    async with portal.database.read() as connection:
        found = (
            await connection.execute(
                select(holidays)
                .where(holidays.c.school == person.actor.school, holidays.c.day >= today)
                .order_by(holidays.c.day)
            )
        ).all()
    school = SchoolObject(person.actor.school)
    return portal.pages.respond(
        request,
        "holidays.html",
        status=status,
        days=found,
        form=form,
        may_change=permitted(person.actor, Action.CHANGE_CLASSES, school),
    )
