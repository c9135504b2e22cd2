"""Work of a district's schools that is done behind the pages: what waits, what runs, what failed. Nobody is named."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Column, ColumnElement, FromClause, Select, case, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.district import schools_of_district
from portal.film_schema import film_words, films
from portal.forgotten_rooms import rooms_due
from portal.orders import ASKED, FAILED
from portal.program_schema import webhooks
from portal.recordings import RecordingState
from portal.redaction_schema import lost_originals, redactions
from portal.retention import DAY_MS, load_kept
from portal.retention_schema import destructions
from portal.schema import lessons, recordings, schools
from portal.service_schema import outbox

SOON_DAYS = 7
MOST_FAILURES = 50
_NEVER = false()
_OF_LESSONS = recordings.join(lessons, lessons.c.id == recordings.c.lesson)
_FAILED_RECORDING = recordings.c.state == RecordingState.FAILED
# The recorder says why in the detail of a sealed recording once it has given its film up.
_SEALED = recordings.c.state == RecordingState.SEALED
_FAILED_FILM = _SEALED & (recordings.c.detail != "")
_FAILED_MAIL = outbox.c.state.in_(("failed", "unsure"))
_PAUSED_HOOK = webhooks.c.ended_ms.is_(None) & webhooks.c.paused_ms.is_not(None)


@dataclass(frozen=True, slots=True)
class Job:
    """A kind of work. `since_ms`: for how long the oldest waits or runs; None when none does. `note`: for people."""

    name: str
    waiting: int
    running: int
    failed: int
    since_ms: int | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that did not go well. `object`: the id of a lesson, a mail or a webhook; `at_ms` unix ms."""

    what: str
    object: str
    at_ms: int
    detail: str


@dataclass(frozen=True, slots=True)
class Jobs:
    """What the page shows. `failures`: the latest first, at most MOST_FAILURES."""

    kinds: Sequence[Job]
    failures: Sequence[Failure]


async def load_jobs(connection: AsyncConnection, school: str, now_ms: int) -> Jobs:
    """Of all schools of this school's district. Raises SQLAlchemyError."""
    ours = schools_of_district(school)

    async def count(
        name: str,
        source: FromClause,
        of_school: Column[str],
        since: ColumnElement[int],
        *,
        waits: ColumnElement[bool] = _NEVER,
        runs: ColumnElement[bool] = _NEVER,
        failed: ColumnElement[bool] = _NEVER,
        note: str = "",
    ) -> Job:
        many = func.count()
        query = select(
            many.filter(waits), many.filter(runs), many.filter(failed), func.min(case((or_(waits, runs), since)))
        )
        row = (await connection.execute(query.select_from(source).where(of_school.in_(ours)))).one()
        return Job(name, row[0], row[1], row[2], row[3], note)

    film_lessons = films.join(lessons, lessons.c.id == films.c.lesson)
    redacted = redactions.join(lessons, lessons.c.id == redactions.c.lesson)
    worded = film_words.join(lessons, lessons.c.id == film_words.c.lesson)
    hook = webhooks.c.ended_ms.is_(None) & webhooks.c.paused_ms.is_(None)
    kinds = [
        await count(
            "Recordings of lessons", _OF_LESSONS, lessons.c.school, recordings.c.heartbeat_ms,
            runs=recordings.c.state.in_((RecordingState.JOINED, RecordingState.RECORDING))
            & lessons.c.state.in_(("open", "live")),
            failed=_FAILED_RECORDING, note="Oldest: since a recorder last said so.",
        ),
        await count(
            "Films of lessons", _OF_LESSONS, lessons.c.school, recordings.c.sealed_ms,
            waits=_SEALED & (recordings.c.detail == ""),
            runs=recordings.c.state == RecordingState.RENDERING, failed=_FAILED_FILM,
        ),
        await count(
            "Films that people asked for", film_lessons, lessons.c.school, films.c.asked_ms,
            waits=(films.c.state == ASKED) & (films.c.progress == 0),
            runs=(films.c.state == ASKED) & (films.c.progress > 0), failed=films.c.state == FAILED,
            note="One at a time on this host, redacted copies among them.",
        ),
        await count(
            "Redacted copies", redacted, lessons.c.school, redactions.c.asked_ms,
            waits=(redactions.c.state == ASKED) & (redactions.c.progress == 0),
            runs=(redactions.c.state == ASKED) & (redactions.c.progress > 0), failed=redactions.c.state == FAILED,
            note="While one waits or has failed, its recording may be withheld.",
        ),
        await count(
            "Corrected captions for films", worded, lessons.c.school, film_words.c.changed_ms,
            waits=film_words.c.made_ms.is_(None) | (film_words.c.made_ms < film_words.c.changed_ms),
        ),
        await count(
            "Mails", outbox, outbox.c.school, outbox.c.created_ms,
            waits=outbox.c.state == "queued", runs=outbox.c.state == "sending", failed=_FAILED_MAIL,
            note="Failed: refused, or perhaps sent. A coordinator sends them again.",
        ),
        await count(
            "Webhooks that are behind", webhooks, webhooks.c.school,
            case((webhooks.c.told_ms.is_not(None), webhooks.c.told_ms), else_=webhooks.c.made_ms),
            waits=hook & (webhooks.c.attempts > 0), failed=_PAUSED_HOOK,
            note="Waits: tried again by itself. Failed: paused. Oldest: since the last event that was taken.",
        ),
        await _destructions(connection, ours, now_ms),
        await _rooms(connection, ours, now_ms),
    ]  # fmt: skip
    return Jobs(kinds, await _failures(connection, ours))


async def _destructions(connection: AsyncConnection, ours: Select[tuple[str]], now_ms: int) -> Job:
    asked = (
        await connection.execute(
            select(func.count(), func.min(destructions.c.asked_ms)).where(
                destructions.c.done_ms.is_(None), destructions.c.school.in_(ours)
            )
        )
    ).one()
    originals = (
        await connection.execute(
            select(func.count(), func.min(lost_originals.c.asked_ms))
            .select_from(lost_originals.join(lessons, lessons.c.id == lost_originals.c.lesson))
            .where(lost_originals.c.gone_ms.is_(None), lessons.c.school.in_(ours))
        )
    ).one()
    soon_ms = now_ms + SOON_DAYS * DAY_MS
    due, soon, since = 0, 0, [each for each in (asked[1], originals[1]) if each is not None]
    found = await connection.execute(select(schools.c.id, schools.c.time_zone).where(schools.c.id.in_(ours)))
    for school in found.all():
        for kept in await load_kept(connection, school.id, school.time_zone, now_ms):
            if kept.due(now_ms):
                due += 1
                since.append(max(kept.expires_ms or 0, kept.ended_ms + DAY_MS))
            elif kept.hold is None and kept.expires_ms is not None and kept.expires_ms <= soon_ms:
                soon += 1
    note = f"By the retention rules; looked at once an hour. {soon} more within {SOON_DAYS} days."
    return Job("Recordings to destroy", asked[0] + originals[0] + due, 0, 0, min(since, default=None), note)


async def _rooms(connection: AsyncConnection, ours: Select[tuple[str]], now_ms: int) -> Job:
    waiting = rooms_due(now_ms).where(lessons.c.school.in_(ours)).subquery()
    count = (await connection.execute(select(func.count()).select_from(waiting))).scalar_one()
    return Job("Rooms that the relay is to erase", count, 0, 0, None, "Asked for every minute while it can be reached.")


async def _failures(connection: AsyncConnection, ours: Select[tuple[str]]) -> list[Failure]:
    found: list[Failure] = []

    async def add(
        what: str,
        columns: tuple[ColumnElement[str], ColumnElement[int], ColumnElement[str]],
        source: FromClause,
        where: ColumnElement[bool],
    ) -> None:
        query = select(*columns).select_from(source).where(where).order_by(columns[1].desc()).limit(MOST_FAILURES)
        found.extend(Failure(what, *row) for row in await connection.execute(query))

    here = lessons.c.school.in_(ours)
    of_recording = (recordings.c.lesson, recordings.c.heartbeat_ms, recordings.c.detail)
    await add("Recording of a lesson", of_recording, _OF_LESSONS, _FAILED_RECORDING & here)
    await add("Film of a lesson", of_recording, _OF_LESSONS, _FAILED_FILM & here)
    for what, table in (("Film that was asked for", films), ("Redacted copy", redactions)):
        source = table.join(lessons, lessons.c.id == table.c.lesson)
        await add(what, (table.c.lesson, table.c.asked_ms, table.c.detail), source, (table.c.state == FAILED) & here)
    # What a mail server answered may name whom the mail was for.
    words = case((outbox.c.state == "unsure", "perhaps sent"), else_="refused")
    await add(
        "Mail", (outbox.c.id, outbox.c.created_ms, words), outbox, _FAILED_MAIL & outbox.c.school.in_(ours)
    )  # fmt: skip
    await add(
        "Webhook", (webhooks.c.id, webhooks.c.paused_ms, webhooks.c.detail), webhooks,
        _PAUSED_HOOK & webhooks.c.school.in_(ours),
    )  # fmt: skip
    return sorted(found, key=lambda each: (-each.at_ms, each.what, each.object))[:MOST_FAILURES]
