"""Requests to amend a student's record: asking, deciding, and the statement after a refusal."""

from aiohttp import web
from sqlalchemy import select

from portal.amendments import (
    AmendmentRefused,
    ask_amendment,
    decide_amendment,
    load_amendments,
    state_disagreement,
)
from portal.answers import see_other
from portal.authorize import Action, permitted
from portal.context import person_of, portal_of
from portal.forms import Form
from portal.language import t
from portal.routing import RouteTable, may
from portal.schema import users
from portal.targets import load_student_object
from portal.times import local

routes = RouteTable()

_PROSE = 4000
_DECISIONS = {"granted": True, "refused": False}


@routes.get("/students/{student}/amendments", may(Action.READ_AMENDMENTS, disclosing=True))
async def amendments_page(request: web.Request) -> web.Response:
    """What was asked, decided and stated about this record."""
    return await _page(request, Form())


@routes.post("/students/{student}/amendments", may(Action.ASK_AMENDMENT, disclosing=True))
async def ask(request: web.Request) -> web.Response:
    """Asks for an amendment."""
    portal, person, student = portal_of(request), person_of(request), request.match_info["student"]
    form = await Form.read(request)
    part = form.text("part", t("which part of the record"), most=200)
    words = form.prose("words", t("what is wrong, and how it should read"), most=_PROSE)
    if form.good:
        try:
            async with portal.database.write() as connection:
                days, url = portal.settings.amendment_days, portal.post_office.portal_url
                await ask_amendment(connection, person.actor, student, part, words, days, url, portal.clock())
        except AmendmentRefused as error:
            form.errors["part"] = str(error)
    return await _done(request, form)


@routes.post("/students/{student}/amendments/{amendment}/decide", may(Action.DECIDE_AMENDMENT, disclosing=True))
async def decide(request: web.Request) -> web.Response:
    """Amends or refuses, with the reason."""
    portal, person, student = portal_of(request), person_of(request), request.match_info["student"]
    form = await Form.read(request)
    decision = form.choice("decision", "what you decided", _DECISIONS)
    reason = form.prose("reason", "the reason", most=_PROSE)
    if form.good:
        try:
            async with portal.database.write() as connection:
                amendment, url = request.match_info["amendment"], portal.post_office.portal_url
                granted, now_ms = _DECISIONS[decision], portal.clock()
                await decide_amendment(connection, person.actor, student, amendment, granted, reason, url, now_ms)
        except AmendmentRefused as error:
            form.errors["reason"] = str(error)
    return await _done(request, form)


@routes.post("/students/{student}/amendments/{amendment}/statement", may(Action.ASK_AMENDMENT, disclosing=True))
async def state(request: web.Request) -> web.Response:
    """Attaches a statement after a refusal."""
    portal, person, student = portal_of(request), person_of(request), request.match_info["student"]
    form = await Form.read(request)
    statement = form.prose("statement", t("your statement"), most=_PROSE)
    if form.good:
        try:
            async with portal.database.write() as connection:
                amendment = request.match_info["amendment"]
                await state_disagreement(connection, person.actor, student, amendment, statement, portal.clock())
        except AmendmentRefused as error:
            form.errors["statement"] = str(error)
    return await _done(request, form)


async def _done(request: web.Request, form: Form) -> web.Response:
    if not form.good:
        return await _page(request, form, status=400)
    portal_of(request).post_office.wake()
    return see_other(f"/students/{request.match_info['student']}/amendments")


async def _page(request: web.Request, form: Form, status: int = 200) -> web.Response:
    portal, person, student = portal_of(request), person_of(request), request.match_info["student"]
    target = await load_student_object(portal.database, student, portal.clock())
    async with portal.database.read() as connection:
        found = await load_amendments(connection, student)
        name = (await connection.execute(select(users.c.name).where(users.c.id == student))).scalar_one()
    return portal.pages.respond(
        request,
        "amendments.html",
        status=status,
        student=student,
        name=name,
        found=found,
        form=form,
        edited=request.match_info.get("amendment", ""),
        may_ask=permitted(person.actor, Action.ASK_AMENDMENT, target),
        may_decide=permitted(person.actor, Action.DECIDE_AMENDMENT, target),
        days=portal.settings.amendment_days,
        today=local(portal.clock(), person.time_zone).date(),
    )
