"""One-use links: what a person follows to set a password. The database alone cannot make one.

The token is `<id>.<HMAC-SHA256 of the id>` under a key in DATA/keys, so that a mail can be written at the moment of
sending, and neither the outbox nor a stolen database holds anything that opens an account.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.ids import new_id
from portal.schema import users
from portal.service_schema import one_use_links
from whiteboard_crdt.keys import encode_base64url

SET_PASSWORD = "set-password"
# What a token is for is part of what is signed, so that none opens another kind of door.
ACCOUNT, ROSTER, CALENDAR, WEBHOOK = "one-use link", "roster link", "calendar", "webhook"
LIFETIME_MS = 14 * 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class OpenLink:
    """A link that can still be used, and whose it is."""

    id: str
    user: str
    login: str
    name: str


async def new_links(connection: AsyncConnection, people: Sequence[str], now_ms: int) -> dict[str, str]:
    """A fresh link for each person; returns their ids by person."""
    links = {user: new_id() for user in people}
    if links:
        times = {"purpose": SET_PASSWORD, "created_ms": now_ms, "expires_ms": now_ms + LIFETIME_MS}
        await connection.execute(
            insert(one_use_links), [{"id": link, "user": user, **times} for user, link in links.items()]
        )
    return links


def token_of(secret: str, link: str, purpose: str = ACCOUNT) -> str:
    """What stands in the address."""
    digest = hmac.digest(secret.encode(), f"{purpose} {link}".encode(), hashlib.sha256)
    return f"{link}.{encode_base64url(digest)}"


async def find_link(connection: AsyncConnection, secret: str, token: str, now_ms: int) -> OpenLink | None:
    """Whose link the token is; None when it is forged, used, too old, or its person is gone."""
    link = token.partition(".")[0][:64]
    expected = token_of(secret, link)
    if not hmac.compare_digest(token.encode("utf-8", errors="replace"), expected.encode()):
        return None
    row = (
        await connection.execute(
            select(one_use_links.c.id, one_use_links.c.user, users.c.login, users.c.name)
            .join(users, users.c.id == one_use_links.c.user)
            .where(
                one_use_links.c.id == link,
                one_use_links.c.used_ms.is_(None),
                one_use_links.c.expires_ms > now_ms,
                users.c.disabled_ms.is_(None),
            )
        )
    ).first()
    return OpenLink(row.id, row.user, row.login, row.name) if row is not None else None


async def use_link(connection: AsyncConnection, link: OpenLink, now_ms: int) -> bool:
    """Uses the link up, and with it every other of the person; False when somebody was faster."""
    used = await connection.execute(
        update(one_use_links)
        .where(one_use_links.c.id == link.id, one_use_links.c.used_ms.is_(None))
        .values(used_ms=now_ms)
    )
    if used.rowcount == 0:
        return False
    await connection.execute(
        update(one_use_links)
        .where(one_use_links.c.user == link.user, one_use_links.c.used_ms.is_(None))
        .values(used_ms=now_ms)
    )
    return True
