"""The staff: credentials, background checks and privacy training, with the dates until which they hold."""

from datetime import timedelta

from aiohttp import web

from portal.answers import see_other
from portal.authorize import Action, Role, SchoolObject, permitted
from portal.context import person_of, portal_of
from portal.forms import Form
from portal.roster.entries import check_email
from portal.routing import RouteTable, may
from portal.second_factor import who_has_second_factor
from portal.staff import SOON_DAYS, STAFF_ROLES, StaffRefused, add_staff, change_staff, load_staff
from portal.times import local

routes = RouteTable()


@routes.get("/staff", may(Action.READ_STAFF))
async def staff_page(request: web.Request) -> web.Response:
    """Everybody who works here, and which dates are over or near."""
    return await _staff(request, Form(), "")


@routes.post("/staff/{staff}", may(Action.CHANGE_STAFF))
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


@routes.post("/staff", may(Action.CHANGE_STAFF))
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
        with_factor=with_factor,
        form=form,
        edited=edited,
        today=today,
        soon=today + timedelta(days=SOON_DAYS),
        may_change=permitted(person.actor, Action.CHANGE_STAFF, SchoolObject(person.actor.school)),
    )
