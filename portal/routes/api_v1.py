"""The API for a school's programs: what its lists say, in JSON. docs/api.md tells how to use it."""

from typing import TypeVar

from aiohttp import web

from portal.api_queries import (
    NoSuchPage,
    attendance_of_days,
    classes_page,
    lessons_page,
    one_class,
    one_lesson,
    one_person,
    people_page,
    recordings_page,
    students_of,
)
from portal.api_shapes import (
    AttendanceOfDays,
    Classes,
    DaysQuery,
    Lesson,
    Lessons,
    NoQuery,
    PageQuery,
    People,
    PeopleQuery,
    Person,
    Recordings,
    SchoolClass,
    SpanQuery,
)
from portal.authorize import Action, Role
from portal.context import portal_of
from portal.failures import Conflict, NotThere
from portal.ids import is_id
from portal.lesson_changes import ChangeRefused, call_off
from portal.open_api import PREFIX, ProgramApi, describe
from portal.program_gate import disclose_to_program
from portal.programs import Scope
from portal.request_keys import PROGRAM
from portal.routing import PUBLIC

T = TypeVar("T")
api = ProgramApi()
routes = api.routes


@routes.get(f"{PREFIX}/openapi.json", PUBLIC)
async def description(request: web.Request) -> web.Response:
    """The API in OpenAPI 3.1."""
    content = describe(tuple(api.operations), portal_of(request).post_office.portal_url)
    return web.Response(body=content, content_type="application/json")


@api.operation("GET", "/people", "Students and staff", Scope.PEOPLE, Action.READ_ROSTER, PeopleQuery, People)
async def list_people(request: web.Request, query: PeopleQuery) -> People:
    """A page of people, by id."""
    async with portal_of(request).database.read() as connection:
        page = await people_page(connection, request[PROGRAM].school, query)
    await disclose_to_program(request, [each.id for each in page.items if each.role == Role.STUDENT])
    return page


@api.operation(
    "GET",
    "/people/{person}",
    "One of them",
    Scope.PEOPLE,
    Action.READ_ROSTER,
    NoQuery,
    Person,
    refusals=(404,),
)
async def get_person(request: web.Request, query: NoQuery) -> Person:
    """One person."""
    async with portal_of(request).database.read() as connection:
        found = there(await one_person(connection, request[PROGRAM].school, named(request, "person")))
    await disclose_to_program(request, [found.id] if found.role == Role.STUDENT else [])
    return found


@api.operation("GET", "/classes", "Open classes", Scope.CLASSES, Action.LIST_CLASSES, PageQuery, Classes)
async def list_classes(request: web.Request, query: PageQuery) -> Classes:
    """A page of classes, by id."""
    async with portal_of(request).database.read() as connection:
        page = await classes_page(connection, request[PROGRAM].school, query.after, query.limit)
    await disclose_to_program(request, [student for group in page.items for student in group.students])
    return page


@api.operation(
    "GET",
    "/classes/{group}",
    "One of them",
    Scope.CLASSES,
    Action.READ_CLASSES,
    NoQuery,
    SchoolClass,
    refusals=(404,),
)
async def get_class(request: web.Request, query: NoQuery) -> SchoolClass:
    """One class."""
    async with portal_of(request).database.read() as connection:
        found = there(await one_class(connection, request[PROGRAM].school, named(request, "group")))
    await disclose_to_program(request, found.students)
    return found


@api.operation(
    "GET",
    "/lessons",
    "Lessons of a span of time",
    Scope.LESSONS,
    Action.LIST_LESSONS,
    SpanQuery,
    Lessons,
    refusals=(409,),
)
async def list_lessons(request: web.Request, query: SpanQuery) -> Lessons:
    """A page of lessons, by when they start."""
    try:
        async with portal_of(request).database.read() as connection:
            page = await lessons_page(connection, request[PROGRAM].school, query)
    except NoSuchPage as error:
        raise _no_such_page() from error
    await disclose_to_program(request, [student for lesson in page.items for student in lesson.students])
    return page


@api.operation(
    "GET",
    "/lessons/{lesson}",
    "One of them",
    Scope.LESSONS,
    Action.READ_LESSON,
    NoQuery,
    Lesson,
    refusals=(404,),
)
async def get_lesson(request: web.Request, query: NoQuery) -> Lesson:
    """One lesson."""
    found = await _lesson(request)
    await disclose_to_program(request, found.students)
    return found


@api.operation(
    "POST",
    "/lessons/{lesson}/call-off",
    "Call a lesson off that has not begun; its people get a mail",
    Scope.CHANGE_LESSONS,
    Action.PLAN_LESSON,
    NoQuery,
    Lesson,
    refusals=(404, 409),
)
async def call_lesson_off(request: web.Request, query: NoQuery) -> Lesson:
    """Calls a lesson off; one that is off stays so."""
    portal, program = portal_of(request), request[PROGRAM]
    found = await _lesson(request)
    if not found.called_off:
        try:
            async with portal.database.write() as connection:
                await call_off(connection, program.actor, found.id, portal.clock())
        except ChangeRefused as error:
            raise Conflict(str(error)) from error
        portal.post_office.wake()
    found = await _lesson(request)
    await disclose_to_program(request, found.students)
    return found


@api.operation(
    "GET",
    "/attendance",
    "Minutes of the lessons of some days",
    Scope.ATTENDANCE,
    Action.READ_ATTENDANCE,
    DaysQuery,
    AttendanceOfDays,
)
async def list_attendance(request: web.Request, query: DaysQuery) -> AttendanceOfDays:
    """The attendance of some days."""
    portal, program = portal_of(request), request[PROGRAM]
    async with portal.database.read() as connection:
        found = await attendance_of_days(
            connection, program.school, program.time_zone, query.since, query.days, query.student, portal.clock()
        )
    await disclose_to_program(request, [each.student for each in found.items])
    return found


@api.operation(
    "GET",
    "/recordings",
    "Recordings of the lessons of a span of time",
    Scope.RECORDINGS,
    Action.LIST_RECORDINGS,
    SpanQuery,
    Recordings,
    refusals=(409,),
)
async def list_recordings(request: web.Request, query: SpanQuery) -> Recordings:
    """A page of recordings, by when their lessons start."""
    portal = portal_of(request)
    try:
        async with portal.database.read() as connection:
            page = await recordings_page(connection, request[PROGRAM].school, query, portal.post_office.portal_url)
            students = await students_of(connection, [each.lesson for each in page.items])
    except NoSuchPage as error:
        raise _no_such_page() from error
    await disclose_to_program(request, students)
    return page


async def _lesson(request: web.Request) -> Lesson:
    async with portal_of(request).database.read() as connection:
        return there(await one_lesson(connection, request[PROGRAM].school, named(request, "lesson")))


def named(request: web.Request, what: str) -> str:
    """The id in the path. Raises NotThere for what can be no id."""
    name = request.match_info[what]
    if not is_id(name):
        raise NotThere("There is no such thing at this school.")
    return name


def there(found: T | None) -> T:
    """What was found. Raises NotThere for nothing."""
    if found is None:
        raise NotThere("There is no such thing at this school.")
    return found


def _no_such_page() -> Conflict:
    return Conflict("`after` is the `next` of no page of this list any more. Begin anew.", code="page_gone")
