"""The questions of a school, for whoever answers them."""

from aiohttp import web

from portal.answers import see_other
from portal.authorize import Action, SchoolObject, permitted
from portal.context import person_of, portal_of
from portal.failures import Conflict
from portal.forms import Form
from portal.guard import disclose_listed
from portal.language import t
from portal.questions import QuestionRefused, answer, close, questions_at, questions_of_nowhere, take
from portal.routing import RouteTable, may

routes = RouteTable()

_MOST_WORDS = 4000


@routes.get("/questions", may(Action.READ_QUESTIONS, listing=True))
async def questions_page(request: web.Request) -> web.Response:
    """What waits first, then the newest."""
    return await _page(request, Form())


@routes.post("/questions/take", may(Action.TAKE_QUESTION))
async def take_question(request: web.Request) -> web.Response:
    """Gives one of nowhere to the school at which the reader is."""
    portal = portal_of(request)
    question = (await Form.read(request)).values.get("question", "")
    async with portal.database.write() as connection:
        await take(connection, person_of(request).actor, question, portal.clock())
    return see_other("/questions")


@routes.post("/questions/{question}/answer", may(Action.ANSWER_QUESTION, listing=True))
async def answer_question(request: web.Request) -> web.Response:
    """Keeps the answer, and tells whoever asked."""
    portal, person, question = portal_of(request), person_of(request), request.match_info["question"]
    form = await Form.read(request)
    words = form.prose("words", t("an answer"), most=_MOST_WORDS)
    if not form.good:
        return await _page(request, form, status=400)
    try:
        async with portal.database.write() as connection:
            url = portal.post_office.portal_url
            await answer(connection, person.actor, person.school_name, question, words, url, portal.clock())
    except QuestionRefused as error:
        raise Conflict(str(error)) from error
    portal.post_office.wake()
    return see_other(f"/questions#question-{question}")


@routes.post("/questions/{question}/close", may(Action.ANSWER_QUESTION))
async def close_question(request: web.Request) -> web.Response:
    """Nothing is to be done any more."""
    portal, question = portal_of(request), request.match_info["question"]
    async with portal.database.write() as connection:
        await close(connection, person_of(request).actor, question, portal.clock())
    return see_other("/questions")


async def _page(request: web.Request, form: Form, status: int = 200) -> web.Response:
    portal, actor = portal_of(request), person_of(request).actor
    may_take = permitted(actor, Action.TAKE_QUESTION, SchoolObject(actor.school))
    async with portal.database.read() as connection:
        found = await questions_at(connection, actor.school)
        nowhere = await questions_of_nowhere(connection) if may_take else []
    await disclose_listed(request, [each.student for each in found if each.student is not None])
    return portal.pages.respond(
        request,
        "questions.html",
        status=status,
        questions=found,
        nowhere=nowhere,
        form=form,
        edited=request.match_info.get("question"),
    )
