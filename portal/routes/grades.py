"""The grade book of a class: categories, assignments, and the scores of its students."""

from dataclasses import replace

from aiohttp import web

from portal.answers import download, see_other
from portal.authorize import Action, permitted
from portal.classes import TutoringClass, load_class
from portal.context import person_of, portal_of
from portal.failures import NotThere
from portal.forms import Form
from portal.grade_book import (
    GradeBook,
    GradeRefused,
    add_assignment,
    add_category,
    enter_scores,
    external_ids,
    load_grade_book,
)
from portal.grading import STATES, Assignment, Score
from portal.guard import disclose_listed
from portal.results_export import results_zip
from portal.routing import Fresh, RouteTable, may
from portal.targets import load_class_object
from portal.times import format_iso, local

routes = RouteTable()

_READ = may(Action.READ_GRADES, listing=True)
_EXPORT = may(Action.READ_GRADES, listing=True, fresh=Fresh.FILE)
_CHANGE = may(Action.CHANGE_GRADES, listing=True)


@routes.get("/classes/{group}/grades", _READ)
async def grades_page(request: web.Request) -> web.Response:
    """Every student's scores and averages, and the forms for more work."""
    return await _grades(request, Form())


@routes.get("/classes/{group}/grades.zip", _EXPORT)
async def results(request: web.Request) -> web.Response:
    """The grade book as OneRoster has it, with the school's own ids of the students where it has given them."""
    portal, class_id = portal_of(request), request.match_info["group"]
    async with portal.database.read() as connection:
        group = await load_class(connection, class_id)
        book = await load_grade_book(connection, class_id)
        own_ids = await external_ids(connection, {student for _, student in book.scores})
    if group is None:
        raise NotThere("This class has been closed.")
    await disclose_listed(request, {student for _, student in book.scores})
    scores = {(work, own_ids.get(student, student)): score for (work, student), score in book.scores.items()}
    content = results_zip(group, replace(book, scores=scores), format_iso(portal.clock()))
    return download(content, "application/zip", f"grades-{class_id}.zip")


@routes.post("/classes/{group}/grades/categories", _CHANGE)
async def new_category(request: web.Request) -> web.Response:
    """Adds a kind of work."""
    portal, group = portal_of(request), request.match_info["group"]
    form = await Form.read(request)
    name = form.text("name", "a name", most=100)
    weight = form.whole("weight", "the weight", least=1, most=100)
    if not form.good:
        return await _grades(request, form, status=400)
    try:
        async with portal.database.write() as connection:
            await add_category(connection, person_of(request).actor, group, name, weight, portal.clock())
    except GradeRefused as error:
        form.errors["name"] = str(error)
        return await _grades(request, form, status=409)
    return see_other(f"/classes/{group}/grades")


@routes.post("/classes/{group}/grades/assignments", _CHANGE)
async def new_assignment(request: web.Request) -> web.Response:
    """Adds a piece of work, and leads to its scores."""
    portal, group = portal_of(request), request.match_info["group"]
    form = await Form.read(request)
    title = form.text("title", "a title", most=200)
    category = form.text("category", "a category", most=64)
    most_points = form.whole("most_points", "the points", least=1, most=10_000)
    day = form.day("day", "the day")
    if not form.good or day is None:
        return await _grades(request, form, status=400)
    try:
        async with portal.database.write() as connection:
            made = await add_assignment(
                connection,
                person_of(request).actor,
                group,
                category=category,
                title=title,
                most_points=most_points,
                day=day,
                now_ms=portal.clock(),
            )
    except GradeRefused as error:
        form.errors["category"] = str(error)
        return await _grades(request, form, status=409)
    return see_other(f"/classes/{group}/grades/{made}")


@routes.get("/classes/{group}/grades/{assignment}", _CHANGE)
async def scores_page(request: web.Request) -> web.Response:
    """The form with one line for each student."""
    return await _scores(request, Form())


@routes.post("/classes/{group}/grades/{assignment}", _CHANGE)
async def enter(request: web.Request) -> web.Response:
    """Enters the scores of an assignment; a line that is left empty stays as it was."""
    portal, class_id = portal_of(request), request.match_info["group"]
    form = await Form.read(request)
    group, _, work = await _load(request)
    entered: dict[str, Score] = {}
    for pupil in group.students:
        if not (state := form.values.get(f"state-{pupil.id}", "")):
            continue
        form.choice(f"state-{pupil.id}", "what became of it", STATES)
        comment = form.text(f"comment-{pupil.id}", "a comment", most=500, required=False)
        points = form.points(f"points-{pupil.id}", most=work.most_points) if state == "scored" else None
        entered[pupil.id] = Score(state, points, comment)
    if not form.good:
        return await _scores(request, form, status=400)
    async with portal.database.write() as connection:
        await enter_scores(connection, person_of(request).actor, class_id, work.id, entered, portal.clock())
    return see_other(f"/classes/{class_id}/grades")


async def _load(request: web.Request) -> tuple[TutoringClass, GradeBook, Assignment]:
    class_id = request.match_info["group"]
    async with portal_of(request).database.read() as connection:
        group = await load_class(connection, class_id)
        book = await load_grade_book(connection, class_id)
    work = book.assignment(request.match_info["assignment"])
    if group is None or work is None:
        raise NotThere
    return group, book, work


async def _scores(request: web.Request, form: Form, status: int = 200) -> web.Response:
    group, book, work = await _load(request)
    await disclose_listed(request, [pupil.id for pupil in group.students])
    return portal_of(request).pages.respond(
        request, "scores.html", status=status, group=group, book=book, work=work, form=form
    )


async def _grades(request: web.Request, form: Form, status: int = 200) -> web.Response:
    portal, person, class_id = portal_of(request), person_of(request), request.match_info["group"]
    target = await load_class_object(portal.database, class_id)
    async with portal.database.read() as connection:
        group = await load_class(connection, class_id)
        book = await load_grade_book(connection, class_id)
    if group is None:
        raise NotThere("This class has been closed.")
    await disclose_listed(request, [pupil.id for pupil in group.students])
    return portal.pages.respond(
        request,
        "grades.html",
        status=status,
        group=group,
        book=book,
        form=form,
        may_change=target is not None and permitted(person.actor, Action.CHANGE_GRADES, target),
        today=local(portal.clock(), person.time_zone).date(),
    )
