"""Links at which a point of contact sends a roster in without signing in: one school, one file, for a few days.

The token is an HMAC of the link's id, so the database that holds the ids cannot open anything.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor, Role
from portal.ids import new_id
from portal.ledger import audit
from portal.mails.letters import Recipient, roster_link_letter
from portal.mails.links import ROSTER, token_of
from portal.mails.outbox import enqueue
from portal.schema import schools, users
from portal.school_schema import roster_links

LIFETIME_MS = 3 * 24 * 60 * 60 * 1000


class LinkRefused(Exception):
    """No link can be made; the message is for people."""


@dataclass(frozen=True, slots=True)
class RosterLink:
    """A link as the list shows it."""

    id: str
    contact: str
    created_ms: int
    expires_ms: int
    used_ms: int | None
    upload: str | None
    revoked_ms: int | None

    def state(self, now_ms: int) -> str:
        """used | revoked | expired | open."""
        if self.used_ms is not None:
            return "used"
        if self.revoked_ms is not None:
            return "revoked"
        return "expired" if self.expires_ms <= now_ms else "open"


@dataclass(frozen=True, slots=True)
class OpenRosterLink:
    """A link that can be used now. `actor`: in whose name the file comes."""

    id: str
    actor: Actor
    school_name: str


async def make_link(connection: AsyncConnection, actor: Actor, school_name: str, contact: str, now_ms: int) -> None:
    """Makes a link for a point of contact and mails it. Raises LinkRefused for anybody else."""
    row = (
        await connection.execute(
            select(users.c.name, users.c.email).where(
                users.c.id == contact,
                users.c.school == actor.school,
                users.c.role == Role.POINT_OF_CONTACT,
                users.c.disabled_ms.is_(None),
            )
        )
    ).first()
    if row is None or not row.email:
        raise LinkRefused("Choose a point of contact of this school who has a mail address on record.")
    link = new_id()
    await connection.execute(
        insert(roster_links).values(
            id=link,
            school=actor.school,
            contact=contact,
            made_by=actor.user,
            created_ms=now_ms,
            expires_ms=now_ms + LIFETIME_MS,
        )
    )
    to = Recipient(contact, row.name, row.email)
    await enqueue(connection, [roster_link_letter(actor.school, school_name, to, link)], now_ms)
    await audit(connection, actor.user, "roster_link.make", "school", actor.school, now_ms, {"link": link})


async def list_links(connection: AsyncConnection, school: str, limit: int = 10) -> Sequence[RosterLink]:
    """The latest links of a school."""
    found = await connection.execute(
        select(roster_links, users.c.name)
        .join(users, users.c.id == roster_links.c.contact)
        .where(roster_links.c.school == school)
        .order_by(roster_links.c.created_ms.desc(), roster_links.c.id)
        .limit(limit)
    )
    return [
        RosterLink(row.id, row.name, row.created_ms, row.expires_ms, row.used_ms, row.upload, row.revoked_ms)
        for row in found
    ]


async def find_roster_link(connection: AsyncConnection, secret: str, token: str, now_ms: int) -> OpenRosterLink | None:
    """Whose link the token is; None when it is forged, used, revoked or too old, or its person is gone."""
    link = token.partition(".")[0][:64]
    expected = token_of(secret, link, ROSTER)
    if not hmac.compare_digest(token.encode("utf-8", errors="replace"), expected.encode()):
        return None
    row = (
        await connection.execute(
            select(roster_links.c.school, roster_links.c.contact, schools.c.name)
            .join(users, users.c.id == roster_links.c.contact)
            .join(schools, schools.c.id == roster_links.c.school)
            .where(
                roster_links.c.id == link,
                roster_links.c.used_ms.is_(None),
                roster_links.c.revoked_ms.is_(None),
                roster_links.c.expires_ms > now_ms,
                users.c.disabled_ms.is_(None),
                # Who is something else by now sends no roster any more.
                users.c.role == Role.POINT_OF_CONTACT,
            )
        )
    ).first()
    if row is None:
        return None
    return OpenRosterLink(link, Actor(row.contact, row.school, Role.POINT_OF_CONTACT, f"link-{link}"), row.name)


async def use_roster_link(connection: AsyncConnection, link: OpenRosterLink, upload: str, now_ms: int) -> bool:
    """Uses the link up for a file that could be read; False when somebody was faster."""
    used = await connection.execute(
        update(roster_links)
        .where(roster_links.c.id == link.id, roster_links.c.used_ms.is_(None), roster_links.c.revoked_ms.is_(None))
        .values(used_ms=now_ms, upload=upload)
    )
    if used.rowcount == 0:
        return False
    detail = {"link": link.id, "upload": upload}
    await audit(connection, link.actor.user, "roster_link.use", "school", link.actor.school, now_ms, detail)
    return True


async def revoke_link(connection: AsyncConnection, actor: Actor, link: str, now_ms: int) -> None:
    """Takes a link back; one that is used or another school's is left as it is."""
    done = await connection.execute(
        update(roster_links)
        .where(
            roster_links.c.id == link,
            roster_links.c.school == actor.school,
            roster_links.c.used_ms.is_(None),
            roster_links.c.revoked_ms.is_(None),
        )
        .values(revoked_ms=now_ms)
    )
    if done.rowcount:
        await audit(connection, actor.user, "roster_link.revoke", "school", actor.school, now_ms, {"link": link})
