"""The staff: credentials, background checks and privacy training, with the dates until which they hold."""

from collections.abc import Awaitable
from datetime import timedelta

from aiohttp import web

from portal.answers import see_other
from portal.authorize import Action, Role, SchoolObject, permitted
from portal.context import person_of, portal_of
from portal.forms import Form
from portal.roster.entries import check_email
from portal.routing import Fresh, RouteTable, may
from portal.second_factor import who_has_second_factor
from portal.staff import SOON_DAYS, STAFF_ROLES, StaffRefused, add_staff, change_staff, load_staff
from portal.staff_roles import change_role, close_staff
from portal.times import local

routes = RouteTable()


@routes.get("/staff", may(Action.READ_STAFF))
async def staff_page(request: web.Request) -> web.Response:
    """Everybody who works here, and which dates are over or near."""
    return await _staff(request, Form(), "")


# The address is where a link to the account is mailed.
@routes.post("/staff/{staff}", may(Action.CHANGE_STAFF, fresh=Fresh.CHANGE))
async def change(request: web.Request) -> web.Response:
    """Enters the dates of one person."""
    portal, person, member = portal_of(request), person_of(request), request.match_info["staff"]
    form = await Form.read(request)
    email = form.text("email", "a mail address", most=254, required=False)
    if (words := check_email(email)) is not None:
        form.errors["email"] = f"This {words}."
    credentials = form.text("credentials", "the credentials", most=300, required=False)
    credentials_until = form.day("credentials_until", "the date", required=False)
    background_check_until = form.day("background_check_until", "the date", required=False)
    privacy_training_until = form.day("privacy_training_until", "the date", required=False)
    if not form.good:
        return await _staff(request, form, member, status=400)
    async with portal.database.write() as connection:
        await change_staff(
            connection,
            person.actor.user,
            member,
            email=email,
            credentials=credentials,
            credentials_until=credentials_until,
            background_check_until=background_check_until,
            privacy_training_until=privacy_training_until,
            now_ms=portal.clock(),
        )
    return see_other("/staff")


@routes.post("/staff", may(Action.CHANGE_STAFF, fresh=Fresh.CHANGE))
async def add(request: web.Request) -> web.Response:
    """Makes an account for somebody of the staff, who gets the mail with the link to it."""
    portal, person = portal_of(request), person_of(request)
    form = await Form.read(request)
    name = form.text("name", "the name", most=200)
    email = form.text("new_email", "a mail address", most=200).casefold()
    role = form.choice("role", "what they do", STAFF_ROLES)
    if email and (words := check_email(email)) is not None:
        form.errors["new_email"] = f"This {words}."
    if form.good:
        try:
            async with portal.database.write() as connection:
                await add_staff(connection, person.actor, person.school_name, name, email, Role(role), portal.clock())
        except StaffRefused as error:
            form.errors["new_email"] = str(error)
    if not form.good:
        return await _staff(request, form, "", status=400)
    portal.post_office.wake()
    return see_other("/staff")


@routes.post("/staff/{staff}/role", may(Action.CHANGE_STAFF, fresh=Fresh.CHANGE))
async def new_role(request: web.Request) -> web.Response:
    """Gives one person another role, which signs them out."""
    portal, person, member = portal_of(request), person_of(request), request.match_info["staff"]
    form = await Form.read(request)
    role = form.choice("role", "what they do", STAFF_ROLES)
    if form.good:
        async with portal.database.write() as connection:
            changing = change_role(connection, person.actor, member, Role(role), portal.clock())
            return await _done(request, form, changing)
    return await _staff(request, form, member, status=400)


@routes.post("/staff/{staff}/close", may(Action.CHANGE_STAFF, fresh=Fresh.CHANGE))
async def close(request: web.Request) -> web.Response:
    """Closes one person's account, who is out of every lesson at once."""
    portal, person, member = portal_of(request), person_of(request), request.match_info["staff"]
    form = await Form.read(request)
    async with portal.database.write() as connection:
        closing = close_staff(connection, person.actor, member, portal.clock())
        answer = await _done(request, form, closing)
    if form.good:
        await portal.removals.put_out_of_all(member, person.actor)
    return answer


async def _done(request: web.Request, form: Form, change: Awaitable[None]) -> web.Response:
    try:
        await change
    except StaffRefused as error:
        form.errors["role"] = str(error)
        return await _staff(request, form, request.match_info["staff"], status=409)
    return see_other("/staff")


async def _staff(request: web.Request, form: Form, edited: str, status: int = 200) -> web.Response:
    portal, person = portal_of(request), person_of(request)
    today = local(portal.clock(), person.time_zone).date()
    async with portal.database.read() as connection:
        members = await load_staff(connection, person.actor.school)
        with_factor = await who_has_second_factor(connection, [member.id for member in members])
    return portal.pages.respond(
        request,
        "staff.html",
        status=status,
        members=members,
        roles=[role.value for role in STAFF_ROLES],
        with_factor=with_factor,
        form=form,
        edited=edited,
        today=today,
        soon=today + timedelta(days=SOON_DAYS),
        may_change=permitted(person.actor, Action.CHANGE_STAFF, SchoolObject(person.actor.school)),
    )
