"""The outbox: mails that wait, each under a key that exists once.

A mail is marked `sending`, and that is committed, before a byte of it goes out. A process that dies in between leaves
it so; the next start turns it into `unsure`, which no machine sends again: only a person who looked can. That is how
nothing is sent twice, at the price that a mail may, very rarely, wait for a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.ids import new_id
from portal.service_schema import outbox

MAX_ATTEMPTS = 8
# The kind of the letters that go out by a lane of their own.
CRISIS = "crisis"
_BACKOFF_MS = (60_000, 300_000, 900_000, 3_600_000)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it is written. `{link}` in `body` stands for the one-use link `link`."""

    dedupe_key: str
    kind: str
    school: str
    user: str
    about: str
    address: str
    subject: str
    body: str
    link: str | None = None


_FIELDS = tuple(each.name for each in fields(Letter))


async def enqueue(connection: AsyncConnection, letters: Sequence[Letter], now_ms: int) -> list[str]:
    """Puts the letters into the outbox whose keys are new, in the caller's transaction; returns those keys."""
    fresh = {letter.dedupe_key: letter for letter in letters}
    keys = list(fresh)
    for at in range(0, len(keys), 500):
        known = await connection.execute(
            select(outbox.c.dedupe_key).where(outbox.c.dedupe_key.in_(keys[at : at + 500]))
        )
        for key in known.scalars():
            del fresh[key]
    if fresh:
        state = {"state": "queued", "attempts": 0, "detail": "", "created_ms": now_ms, "next_ms": now_ms}
        waiting = list(fresh.values())
        for at in range(0, len(waiting), 1000):
            # In pieces, so that other people's requests get their turn; asdict would copy every text.
            await connection.execute(
                insert(outbox),
                [
                    {**{name: getattr(letter, name) for name in _FIELDS}, **state, "id": new_id()}
                    for letter in waiting[at : at + 1000]
                ],
            )
    return list(fresh)


async def claim(connection: AsyncConnection, now_ms: int, *, crisis: bool) -> Row[tuple[object, ...]] | None:
    """The next mail that is due, now marked as being sent; None when there is none. `crisis`: of which lane."""
    lane = outbox.c.kind == CRISIS if crisis else outbox.c.kind != CRISIS
    row = (
        await connection.execute(
            select(outbox)
            .where(outbox.c.state == "queued", outbox.c.next_ms <= now_ms, lane)
            .order_by(outbox.c.next_ms, outbox.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
    ).first()
    if row is not None:
        await connection.execute(
            update(outbox).where(outbox.c.id == row.id).values(state="sending", attempts=row.attempts + 1)
        )
    return row


async def settle_sent(connection: AsyncConnection, mail: str, now_ms: int) -> None:
    """The server took the mail."""
    await connection.execute(update(outbox).where(outbox.c.id == mail).values(state="sent", sent_ms=now_ms, detail=""))


async def settle_unsure(connection: AsyncConnection, mail: str, detail: str) -> None:
    """Nobody knows whether the server took it."""
    await connection.execute(update(outbox).where(outbox.c.id == mail).values(state="unsure", detail=detail))


async def settle_refused(
    connection: AsyncConnection, mail: str, attempts: int, detail: str, now_ms: int, *, for_good: bool
) -> None:
    """The server certainly did not take it: it is tried again later, unless it never will be taken."""
    wait_ms = _BACKOFF_MS[min(attempts, len(_BACKOFF_MS) - 1)]
    state = "failed" if for_good or attempts + 1 >= MAX_ATTEMPTS else "queued"
    await connection.execute(
        update(outbox).where(outbox.c.id == mail).values(state=state, detail=detail, next_ms=now_ms + wait_ms)
    )


async def recover(connection: AsyncConnection) -> int:
    """At a start: what was being sent when the process ended is unsure; returns how many."""
    changed = await connection.execute(
        update(outbox).where(outbox.c.state == "sending").values(state="unsure", detail="the service stopped meanwhile")
    )
    return changed.rowcount


async def send_again(connection: AsyncConnection, mail: str, now_ms: int) -> bool:
    """A person's decision to send an unsure or failed mail again; False when it is in another state."""
    changed = await connection.execute(
        update(outbox)
        .where(outbox.c.id == mail, outbox.c.state.in_(("unsure", "failed")))
        .values(state="queued", attempts=0, detail="", next_ms=now_ms)
    )
    return changed.rowcount > 0
