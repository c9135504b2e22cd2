"""The page of the dialogue about a student."""

from aiohttp import web
from sqlalchemy import select

from portal.answers import see_other
from portal.authorize import Action, permitted
from portal.context import person_of, portal_of
from portal.dialogue import MOST_LETTERS, load_thread, note_look, write_message
from portal.forms import Form
from portal.routing import RouteTable, may
from portal.schema import users
from portal.targets import load_student_object

routes = RouteTable()


@routes.get("/students/{student}/dialogue", may(Action.READ_DIALOGUE, disclosing=True))
async def dialogue_page(request: web.Request) -> web.Response:
    """What was written, the newest last. To open it counts as having read it."""
    return await _page(request, Form())


@routes.post("/students/{student}/dialogue", may(Action.WRITE_DIALOGUE, disclosing=True))
async def write(request: web.Request) -> web.Response:
    """Adds a message."""
    portal, person, student = portal_of(request), person_of(request), request.match_info["student"]
    form = await Form.read(request)
    words = form.prose("words", "a message", most=MOST_LETTERS)
    if not form.good:
        return await _page(request, form, status=400)
    async with portal.database.write() as connection:
        await write_message(
            connection, person.actor, person.school_name, student, words, portal.post_office.portal_url, portal.clock()
        )
    portal.post_office.wake()
    return see_other(f"/students/{student}/dialogue#newest")


async def _page(request: web.Request, form: Form, status: int = 200) -> web.Response:
    portal, actor, student = portal_of(request), person_of(request).actor, request.match_info["student"]
    target = await load_student_object(portal.database, student, portal.clock())
    async with portal.database.write() as connection:
        name = (await connection.execute(select(users.c.name).where(users.c.id == student))).scalar_one()
        thread = await load_thread(connection, student, actor.user)
        await note_look(connection, student, actor.user, portal.clock())
    return portal.pages.respond(
        request,
        "dialogue.html",
        status=status,
        student=student,
        name=name,
        thread=thread,
        form=form,
        most=MOST_LETTERS,
        may_write=permitted(actor, Action.WRITE_DIALOGUE, target),
        may_read=permitted(actor, Action.READ_STUDENT, target),
    )
