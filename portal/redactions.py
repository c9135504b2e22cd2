"""What is left out of recordings: asked for by staff, made by a process of its own, shown in the recording's place.

The copy is an archive without the data (`recorder.redacted_copy`); player, film and page are all served from it. From
the moment in which it is asked for until it is there, nobody watches the recording.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor
from portal.ids import new_id
from portal.ledger import audit
from portal.orders import ASKED, DONE, ENDED, FAILED, OrderRefused, check_finished, finish_order, next_order
from portal.redaction_schema import lost_originals, redactions
from portal.retention import load_holds
from portal.retention_schema import destructions
from portal.schema import lesson_members, lessons, schools, users
from recorder.naming import NameMask

SHOWN, COPY = "shown", "copy"
PARTS = ("voice", "video", "ink", "name")
EVERYBODY = "*"
NAMELESS = "a participant"
_UNDER_WAY = (ASKED, FAILED)


@dataclass(frozen=True, slots=True)
class RedactionRow:
    """One redaction. `without`: "what:user", all that is left out; `progress` 0 to 1. Times in unix ms."""

    id: str
    lesson: str
    audience: str
    without: tuple[str, ...]
    reason: str
    destroys_original: bool
    asked_by: str
    asked_ms: int
    state: str
    progress: float
    detail: str
    done_ms: int | None
    ended_ms: int | None

    @property
    def is_copy(self) -> bool:
        """Whether it is a film to hand on, beside the recording."""
        return self.audience == COPY

    @property
    def hidden(self) -> frozenset[tuple[str, str]]:
        """(what, user) of all that is left out."""
        return frozenset((what, user) for what, _, user in (word.partition(":") for word in self.without))

    def users_without(self, what: str) -> frozenset[str]:
        """The people of whom this is left out; `*` for all."""
        return frozenset(user for part, user in self.hidden if part == what)


@dataclass(frozen=True, slots=True)
class Showing:
    """What people see of a recording. `folder`: among the recordings; `current`: what was left out, if anything.

    `withheld`: a redaction is asked for and not there yet. `original`: still there.
    """

    folder: str
    current: RedactionRow | None
    withheld: bool
    original: bool


async def load_redactions(connection: AsyncConnection, lesson: str) -> list[RedactionRow]:
    """All redactions of a lesson's recording, the latest first."""
    found = await connection.execute(
        select(redactions)
        .where(redactions.c.lesson == lesson)
        .order_by(redactions.c.asked_ms.desc(), redactions.c.id.desc())
    )
    return [_row(row) for row in found]


async def find_showing(connection: AsyncConnection, lesson: str) -> Showing:
    """From which folder a lesson is shown."""
    rows = [row for row in await load_redactions(connection, lesson) if not row.is_copy and row.state != ENDED]
    current = next((row for row in rows if row.state == DONE), None)
    lost = await connection.execute(select(lost_originals.c.lesson).where(lost_originals.c.lesson == lesson))
    return Showing(
        current.id if current is not None else lesson,
        current,
        any(row.state in _UNDER_WAY for row in rows),
        lost.first() is None,
    )


async def load_name_mask(connection: AsyncConnection, lesson: str, showing: Showing) -> NameMask:
    """Finds the names that are left out, in what people write beside the recording."""
    hidden = showing.current.users_without("name") if showing.current is not None else frozenset()
    if not hidden:
        return NameMask()
    asked = select(users.c.id, users.c.name).join(lesson_members, lesson_members.c.user == users.c.id)
    found = await connection.execute(asked.where(lesson_members.c.lesson == lesson))
    return NameMask({row.name: NAMELESS for row in found if row.id in hidden or EVERYBODY in hidden})


async def ask_redaction(
    connection: AsyncConnection,
    actor: Actor,
    lesson: str,
    *,
    audience: str,
    words: Collection[str],
    reason: str,
    destroys_original: bool,
    now_ms: int,
) -> str:
    """Asks for one; what is left out already stays out. Returns its id. Raises OrderRefused."""
    if not words:
        raise OrderRefused("Choose what to leave out, and of whom.")
    await check_finished(connection, lesson)
    showing = await find_showing(connection, lesson)
    if showing.withheld:
        raise OrderRefused("Something is being left out of this recording just now. Wait until it is done.")
    destroys_original = destroys_original and audience == SHOWN and showing.original
    if destroys_original and await _is_held(connection, lesson, now_ms):
        raise OrderRefused("This recording is under a legal hold, so its original stays. Keep it, or release it.")
    without = {*words, *(showing.current.without if showing.current is not None else ())}
    identifier = new_id()
    await connection.execute(
        insert(redactions).values(
            id=identifier, lesson=lesson, audience=audience, without=json.dumps(sorted(without)), reason=reason,
            destroys_original=destroys_original, asked_by=actor.user, asked_ms=now_ms, state=ASKED, progress=0.0,
            detail="",
        )
    )  # fmt: skip
    detail = {"redaction": identifier, "without": sorted(words), "audience": audience, "destroys": destroys_original}
    await audit(connection, actor.user, "recording.redact", "lesson", lesson, now_ms, detail)
    return identifier


async def end_redaction(connection: AsyncConnection, actor: Actor, lesson: str, identifier: str, now_ms: int) -> None:
    """Takes one back: the original is shown again, or the copy is destroyed. Raises OrderRefused."""
    row = await _find(connection, lesson, identifier)
    if row is None or row.state == ENDED:
        raise OrderRefused("It is not there any more.")
    if not row.is_copy and row.state == DONE and not (await find_showing(connection, lesson)).original:
        raise OrderRefused("The original was destroyed, so what was left out cannot be put back.")
    await _end(connection, [identifier], actor.user, now_ms)
    await audit(connection, actor.user, "recording.redaction_end", "lesson", lesson, now_ms, {"redaction": identifier})


async def try_again(connection: AsyncConnection, actor: Actor, lesson: str, identifier: str, now_ms: int) -> None:
    """Lets a failed one be made again. Raises OrderRefused."""
    changed = await connection.execute(
        update(redactions)
        .where(redactions.c.id == identifier, redactions.c.lesson == lesson, redactions.c.state == FAILED)
        .values(state=ASKED, detail="", progress=0.0)
    )
    if not changed.rowcount:
        raise OrderRefused("It has not failed.")
    await audit(
        connection, actor.user, "recording.redaction_again", "lesson", lesson, now_ms, {"redaction": identifier}
    )


async def next_asked(connection: AsyncConnection) -> RedactionRow | None:
    """The one that waits longest."""
    row = await next_order(connection, redactions)
    return _row(row) if row is not None else None


async def finish_redaction(connection: AsyncConnection, row: RedactionRow, now_ms: int) -> bool:
    """The copy is complete: from now on it is shown, and the one before goes. False when it is no longer wanted."""
    destroyed = await connection.execute(select(destructions.c.lesson).where(destructions.c.lesson == row.lesson))
    if destroyed.first() is not None:
        return False
    if not await finish_order(connection, redactions, row.id, now_ms):
        return False
    if not row.is_copy:
        before = [
            other.id
            for other in await load_redactions(connection, row.lesson)
            if not other.is_copy and other.state == DONE and other.id != row.id
        ]
        await _end(connection, before, row.asked_by, now_ms)
    # A hold that came since it was asked for goes before; the page then says that the original is still there.
    if row.destroys_original and not await _is_held(connection, row.lesson, now_ms):
        await connection.execute(
            insert(lost_originals).values(lesson=row.lesson, redaction=row.id, asked_ms=now_ms, gone_ms=None)
        )
        detail = {"redaction": row.id}
        await audit(connection, row.asked_by, "recording.original_destroy", "lesson", row.lesson, now_ms, detail)
    await audit(connection, row.asked_by, "recording.redacted", "lesson", row.lesson, now_ms, {"redaction": row.id})
    return True


async def end_all(connection: AsyncConnection, lesson: str, user: str, now_ms: int) -> None:
    """The recording is destroyed: so are its copies."""
    rows = await load_redactions(connection, lesson)
    await _end(connection, [row.id for row in rows if row.state != ENDED], user, now_ms)


async def folders_of(connection: AsyncConnection, lesson: str) -> list[str]:
    """The folders that a recording has: of every copy that was ever asked for, and its own."""
    return [*(row.id for row in await load_redactions(connection, lesson)), lesson]


async def _end(connection: AsyncConnection, identifiers: Sequence[str], user: str, now_ms: int) -> None:
    await connection.execute(
        update(redactions).where(redactions.c.id.in_(identifiers)).values(state=ENDED, ended_by=user, ended_ms=now_ms)
    )


async def _find(connection: AsyncConnection, lesson: str, identifier: str) -> RedactionRow | None:
    return next((row for row in await load_redactions(connection, lesson) if row.id == identifier), None)


async def _is_held(connection: AsyncConnection, lesson: str, now_ms: int) -> bool:
    zone = await connection.execute(
        select(schools.c.time_zone).join(lessons, lessons.c.school == schools.c.id).where(lessons.c.id == lesson)
    )
    return bool(await load_holds(connection, [lesson], str(zone.scalar_one()), now_ms))


def _row(row: Row[tuple[object, ...]]) -> RedactionRow:
    return RedactionRow(
        row.id, row.lesson, row.audience, tuple(json.loads(row.without)), row.reason, row.destroys_original,
        row.asked_by, row.asked_ms, row.state, row.progress, row.detail, row.done_ms, row.ended_ms,
    )  # fmt: skip
