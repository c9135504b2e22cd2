"""The outbox as a page."""

from aiohttp import web
from sqlalchemy import select

from portal.answers import see_other
from portal.authorize import Action, Role
from portal.context import person_of, portal_of
from portal.failures import Conflict
from portal.guard import disclose_listed
from portal.ledger import audit
from portal.mails.letters import LINK, ROSTER_LINK
from portal.mails.outbox import send_again
from portal.routing import RouteTable, may
from portal.schema import users
from portal.service_schema import outbox

routes = RouteTable()

_SHOWN = 200
# Whom a mail speaks of: only of a student is it a record.
_SUBJECT = users.alias("subject")


@routes.get("/outbox", may(Action.READ_OUTBOX, listing=True))
async def outbox_page(request: web.Request) -> web.Response:
    """The latest mails and what became of them."""
    portal, person = portal_of(request), person_of(request)
    async with portal.database.read() as connection:
        mails = (
            await connection.execute(
                select(outbox, users.c.name, _SUBJECT.c.role)
                .join(users, users.c.id == outbox.c.user)
                .join(_SUBJECT, _SUBJECT.c.id == outbox.c.about)
                .where(outbox.c.school == person.actor.school)
                .order_by(outbox.c.created_ms.desc(), outbox.c.id)
                .limit(_SHOWN)
            )
        ).all()
    await disclose_listed(request, [mail.about for mail in mails if mail.role == Role.STUDENT])
    return portal.pages.respond(
        request, "outbox.html", mails=mails, leaves=portal.post_office.server is not None, shown=_SHOWN
    )


@routes.get("/outbox/{mail}", may(Action.READ_OUTBOX, listing=True))
async def mail_page(request: web.Request) -> web.Response:
    """One mail. Its one-use link is shown only in the demo: whoever follows it is that person."""
    portal = portal_of(request)
    async with portal.database.read() as connection:
        mail = (
            await connection.execute(
                select(outbox, users.c.name, _SUBJECT.c.role)
                .join(users, users.c.id == outbox.c.user)
                .join(_SUBJECT, _SUBJECT.c.id == outbox.c.about)
                .where(outbox.c.id == request.match_info["mail"])
            )
        ).one()
    await disclose_listed(request, [mail.about] if mail.role == Role.STUDENT else [])
    shows_link = person_of(request).demo and portal.settings.demo
    hidden = "(the link, which only the recipient sees)"
    body = (
        portal.post_office.body(mail.body, mail.link)
        if shows_link
        else mail.body.replace(LINK, hidden).replace(ROSTER_LINK, hidden)
    )
    return portal.pages.respond(request, "mail.html", mail=mail, body=body)


@routes.post("/outbox/{mail}/again", may(Action.CHANGE_OUTBOX))
async def again(request: web.Request) -> web.Response:
    """Sends a mail again of which nobody knows whether it arrived, or which was refused."""
    portal, mail = portal_of(request), request.match_info["mail"]
    now_ms = portal.clock()
    async with portal.database.write() as connection:
        if not await send_again(connection, mail, now_ms):
            raise Conflict("This mail waits already, or has been sent.")
        await audit(connection, person_of(request).actor.user, "mail.again", "mail", mail, now_ms)
    portal.post_office.wake()
    return see_other("/outbox")
