"""Webhooks of a school: which address wants to hear of which events, and what has happened since.

An event is a row of the audit log; a webhook remembers the row up to which it was told. So nothing has to be put
anywhere when something happens, nothing is lost over a restart, and a receiver hears of things in their order, each at
least once.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import case, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor
from portal.ids import new_id
from portal.ledger import audit
from portal.mails.links import WEBHOOK, token_of
from portal.program_schema import webhooks
from portal.schema import audit_log, lessons
from portal.service_schema import audit_head, roster_uploads

MOST_WEBHOOKS = 20
_NO_ADDRESS = "Enter an address such as https://school.example/chalkmesh."
# The events there are, as the audit log calls them, and what they mean.
EVENTS = {
    "lesson.live": "A lesson has begun",
    "lesson.ended": "A lesson is over",
    "lesson.call_off": "A lesson was called off",
    "lesson.substitute": "Somebody else teaches a lesson",
    "lesson.make_up": "A lesson was made up for at another time",
    "attendance.correct": "Minutes of attendance were corrected",
    "recording.sealed": "The recording of a lesson is complete",
    "recording.rendered": "The film of a lesson can be downloaded",
    "roster.apply": "A roster was applied",
}

_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
_INSIDE = (".localhost", ".local", ".internal")
_GLOBAL_IPV6 = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class WebhookRefused(Exception):
    """The address cannot be one of a webhook; the message is for people."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook that has not been ended. Times in unix ms."""

    id: str
    school: str
    url: str
    events: tuple[str, ...]
    secret: str
    made_ms: int
    told_row: int
    told_ms: int | None
    attempts: int
    next_ms: int
    detail: str
    paused_ms: int | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: a row of the audit log."""

    row: int
    at_ms: int
    event: str
    kind: str
    object: str


def check_address(url: str, *, inside: bool) -> None:
    """Raises WebhookRefused for an address that is not HTTPS, or lies within a private network without `inside`."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        valid = _is_host(host) and (parts.port is None or parts.port > 0)
    except ValueError as error:  # a port that is none, brackets around what is no address
        raise WebhookRefused(_NO_ADDRESS) from error
    if not valid or not url.isascii() or not url.isprintable() or " " in url or len(url) > 500:
        raise WebhookRefused(_NO_ADDRESS)
    if parts.scheme != "https" and not (inside and parts.scheme == "http"):
        raise WebhookRefused("The address must begin with https://.")
    if parts.username is not None or parts.fragment:
        raise WebhookRefused("Leave out a name, a password and what follows a #.")
    if not inside and (host.rstrip(".") == "localhost" or host.rstrip(".").endswith(_INSIDE) or _is_inside(host)):
        raise WebhookRefused("The address lies inside a private network.")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public network, also where an IPv4 address stands within it."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        within = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            within = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if within is not None:
            return is_public(str(within))
        if ip not in _GLOBAL_IPV6:
            return False
    return ip.is_global and not ip.is_multicast


def _is_host(host: str) -> bool:
    """A name as DNS has them, or an IP address in full: what a resolver reads otherwise, or not at all, is neither."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return _NAME.fullmatch(host) is not None and not host.rstrip(".").rpartition(".")[2].isdigit()
    return True


def _is_inside(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:
        return False


async def make_webhook(connection: AsyncConnection, actor: Actor, url: str, events: Sequence[str], now_ms: int) -> None:
    """Makes one that hears of what happens from now on. Raises WebhookRefused when there are too many."""
    count = await connection.execute(
        select(func.count())
        .select_from(webhooks)
        .where(webhooks.c.school == actor.school, webhooks.c.ended_ms.is_(None))
    )
    if count.scalar_one() >= MOST_WEBHOOKS:
        raise WebhookRefused(f"A school has at most {MOST_WEBHOOKS} webhooks. End one first.")
    made = new_id()
    await audit(connection, actor.user, "webhook.make", "webhook", made, now_ms, {"events": sorted(events)})
    head = (await connection.execute(select(func.max(audit_head.c.row)))).scalar_one()
    await connection.execute(
        insert(webhooks).values(
            id=made,
            school=actor.school,
            url=url,
            events=" ".join(sorted(events)),
            made_by=actor.user,
            made_ms=now_ms,
            told_row=head,
            attempts=0,
            next_ms=now_ms,
            detail="",
        )
    )


async def end_webhook(connection: AsyncConnection, actor: Actor, webhook: str, now_ms: int) -> None:
    """Ends a webhook of the actor's school; anything else is left as it is."""
    ended = await connection.execute(
        update(webhooks)
        .where(webhooks.c.id == webhook, webhooks.c.school == actor.school, webhooks.c.ended_ms.is_(None))
        .values(ended_ms=now_ms)
    )
    if ended.rowcount:
        await audit(connection, actor.user, "webhook.end", "webhook", webhook, now_ms)


async def resume_webhook(connection: AsyncConnection, actor: Actor, webhook: str, now_ms: int) -> None:
    """Lets a paused webhook of the actor's school hear of everything since; anything else is left as it is."""
    resumed = await connection.execute(
        update(webhooks)
        .where(
            webhooks.c.id == webhook,
            webhooks.c.school == actor.school,
            webhooks.c.ended_ms.is_(None),
            webhooks.c.paused_ms.is_not(None),
        )
        .values(paused_ms=None, attempts=0, next_ms=now_ms)
    )
    if resumed.rowcount:
        await audit(connection, actor.user, "webhook.resume", "webhook", webhook, now_ms)


async def load_webhooks(connection: AsyncConnection, secret: str, school: str | None = None) -> list[Webhook]:
    """The webhooks of a school, or of all, oldest first. `secret`: the key of which each one's own is made."""
    query = select(webhooks).where(webhooks.c.ended_ms.is_(None)).order_by(webhooks.c.made_ms, webhooks.c.id)
    if school is not None:
        query = query.where(webhooks.c.school == school)
    return [
        Webhook(
            row.id,
            row.school,
            row.url,
            tuple(row.events.split()),
            token_of(secret, row.id, WEBHOOK),
            row.made_ms,
            row.told_row,
            row.told_ms,
            row.attempts,
            row.next_ms,
            row.detail,
            row.paused_ms,
        )
        for row in await connection.execute(query)
    ]


async def events_since(connection: AsyncConnection, webhook: Webhook, row: int, limit: int) -> list[Event]:
    """What happened after a row that the webhook wants to hear of, in order."""
    school = case(
        (audit_log.c.object_kind == "lesson", lessons.c.school),
        (audit_log.c.object_kind == "upload", roster_uploads.c.school),
    )
    found = await connection.execute(
        select(audit_log)
        .outerjoin(lessons, (audit_log.c.object_kind == "lesson") & (lessons.c.id == audit_log.c.object))
        .outerjoin(roster_uploads, (audit_log.c.object_kind == "upload") & (roster_uploads.c.id == audit_log.c.object))
        .where(audit_log.c.id > row, audit_log.c.action.in_(webhook.events), school == webhook.school)
        .order_by(audit_log.c.id)
        .limit(limit)
    )
    return [Event(each.id, each.at_ms, each.action, each.object_kind, each.object) for each in found]
