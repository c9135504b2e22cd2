"""Looks at the portal's own logs and tells the school what is unusual there: on a page, and by mail.

One warning stands for one matter: while nobody has answered it, it is only counted up; answered, the matter must reach
the threshold again. A broken audit log is told once for the row at which it breaks.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import case, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Action, Role
from portal.clock import Clock
from portal.database import Database
from portal.failed_logins import count_failures, forget_failures
from portal.ids import new_id
from portal.ledger import verify_audit
from portal.logs import get_log
from portal.mails.letters import Recipient
from portal.mails.outbox import enqueue
from portal.mails.sender import PostOffice
from portal.mails.warning_letter import warning_letter
from portal.program_schema import programs
from portal.safety_schema import warnings
from portal.schema import disclosure_log, schools, users
from portal.settings import PortalSettings

READ_WINDOW_MS = 60 * 60 * 1000
LOGIN_WINDOW_MS = 10 * 60 * 1000
_LOOK_S = 60.0
_CHAIN_EVERY_MS = 60 * 60 * 1000


class Kind(StrEnum):
    """What a warning is about."""

    READS = "reads"
    LISTS = "lists"
    EXPORTS = "exports"
    ACCOUNT = "account"
    SCHOOL = "school"
    UNKNOWN = "unknown"
    CHAIN = "chain"


# What a page says of each; the mail says the same. `{count}` is the figure.
WORDS = {
    Kind.READS: "One person opened the records of {count} students within an hour.",
    Kind.LISTS: "One person saw the names of {count} students in lists within an hour.",
    Kind.EXPORTS: "One person exported the whole records of {count} students within an hour.",
    Kind.ACCOUNT: "{count} sign-ins at one account failed within ten minutes.",
    Kind.SCHOOL: "{count} sign-ins at accounts of the school failed within ten minutes.",
    Kind.UNKNOWN: "{count} sign-ins failed within ten minutes with user names that nobody has.",
    Kind.CHAIN: "The audit log has been changed from outside, at row {count}.",
}
_WINDOW_MS = {
    Kind.READS: READ_WINDOW_MS,
    Kind.LISTS: READ_WINDOW_MS,
    Kind.EXPORTS: READ_WINDOW_MS,
    Kind.ACCOUNT: LOGIN_WINDOW_MS,
    Kind.SCHOOL: LOGIN_WINDOW_MS,
    Kind.UNKNOWN: LOGIN_WINDOW_MS,
}


@dataclass(frozen=True, slots=True)
class Matter:
    """Something over its threshold at one school."""

    school: str
    kind: Kind
    subject: str
    count: int


class Watch:
    """The portal's own lookout. `run` owns nothing but itself; cancel it."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: PortalSettings,
        post_office: PostOffice,
    ) -> None:
        self._database = database
        self._clock = clock
        self._post_office = post_office
        self._chain_ms: int | None = None
        self._most = {
            Kind.READS: settings.warn_records_read,
            Kind.LISTS: settings.warn_records_listed,
            Kind.EXPORTS: settings.warn_exports,
            Kind.ACCOUNT: settings.warn_account_failures,
            Kind.SCHOOL: settings.warn_login_failures,
            Kind.UNKNOWN: settings.warn_login_failures,
        }

    async def run(self) -> None:
        """Looks once a minute, and along the audit log at the start and once an hour."""
        log = get_log("portal")
        while True:
            try:
                if opened := await self.look():
                    log.warning("safety_warnings", count=opened)
            except Exception:
                # The edge of this task: the next round may go better.
                log.exception("safety_watch_failed")
            await asyncio.sleep(_LOOK_S)

    async def look(self) -> int:
        """One round; returns how many warnings are new."""
        now_ms = self._clock()
        async with self._database.read() as connection:
            matters = [
                matter
                for found in (await self._reads(connection, now_ms), await self._logins(connection, now_ms))
                for matter in found
                if matter.count >= self._most[matter.kind]
            ]
        if self._chain_ms is None or now_ms - self._chain_ms >= _CHAIN_EVERY_MS:
            matters += await self._chain()
            self._chain_ms = now_ms
            async with self._database.write() as connection:
                await forget_failures(connection, now_ms - LOGIN_WINDOW_MS)
        opened = 0
        for matter in matters:
            async with self._database.write() as connection:
                opened += await self._note(connection, matter, now_ms)
        if opened:
            self._post_office.wake()
        return opened

    async def _reads(
        self, connection: AsyncConnection, now_ms: int, actor: str | None = None, since_ms: int | None = None
    ) -> list[Matter]:
        subject = users.alias("subject")
        kind = case(
            (disclosure_log.c.action == Action.EXPORT_STUDENT.value, Kind.EXPORTS.value),
            (disclosure_log.c.object_kind == "list", Kind.LISTS.value),
            else_=Kind.READS.value,
        ).label("kind")
        query = (
            select(
                disclosure_log.c.actor,
                subject.c.school,
                kind,
                func.count(disclosure_log.c.student.distinct()).label("figure"),
            )
            .join(subject, subject.c.id == disclosure_log.c.student)
            .where(
                disclosure_log.c.at_ms > (since_ms if since_ms is not None else now_ms - READ_WINDOW_MS),
                disclosure_log.c.actor != disclosure_log.c.student,
                # A program reads whole lists by its nature, within the scopes that the office gave it.
                disclosure_log.c.actor.not_in(select(programs.c.id)),
            )
            .group_by(disclosure_log.c.actor, subject.c.school, kind)
        )
        if actor is not None:
            query = query.where(disclosure_log.c.actor == actor)
        return [Matter(row.school, Kind(row.kind), row.actor, row.figure) for row in await connection.execute(query)]

    async def _logins(self, connection: AsyncConnection, now_ms: int, since_ms: int | None = None) -> list[Matter]:
        burst = await count_failures(connection, since_ms if since_ms is not None else now_ms - LOGIN_WINDOW_MS)
        matters = []
        if burst.by_user:
            found = await connection.execute(
                select(users.c.id, users.c.school).where(users.c.id.in_(list(burst.by_user)))
            )
            by_school: dict[str, int] = {}
            for row in found:
                matters.append(Matter(row.school, Kind.ACCOUNT, row.id, burst.by_user[row.id]))
                by_school[row.school] = by_school.get(row.school, 0) + burst.by_user[row.id]
            matters += [Matter(school, Kind.SCHOOL, "", count) for school, count in by_school.items()]
        if burst.unknown >= self._most[Kind.UNKNOWN]:
            # Whose names were tried, nobody can say: every school is told.
            matters += [Matter(school, Kind.UNKNOWN, "", burst.unknown) for school in await _schools(connection)]
        return matters

    async def _chain(self) -> list[Matter]:
        verdict = await verify_audit(self._database)
        if verdict.broken_at is None:
            return []
        get_log("portal").error("audit_chain_broken", row=verdict.broken_at)
        async with self._database.read() as connection:
            return [
                Matter(school, Kind.CHAIN, str(verdict.broken_at), verdict.broken_at)
                for school in await _schools(connection)
            ]

    async def _note(self, connection: AsyncConnection, matter: Matter, now_ms: int) -> int:
        """Counts an open warning up, or opens one; returns how many were opened."""
        last = (
            await connection.execute(
                select(warnings)
                .where(
                    warnings.c.school == matter.school,
                    warnings.c.kind == matter.kind.value,
                    warnings.c.subject == matter.subject,
                )
                .order_by(warnings.c.opened_ms.desc())
                .limit(1)
            )
        ).first()
        if last is not None and last.answered_ms is None:
            if matter.count > last.figure:
                await connection.execute(
                    update(warnings).where(warnings.c.id == last.id).values(figure=matter.count, last_ms=now_ms)
                )
            return 0
        if last is not None:
            if matter.kind is Kind.CHAIN:
                return 0
            if last.answered_ms > now_ms - _WINDOW_MS[matter.kind]:
                fresh = await self._again(connection, matter, last.answered_ms, now_ms)
                if fresh is None:
                    return 0
                matter = fresh
        await self._open(connection, matter, now_ms)
        return 1

    async def _again(self, connection: AsyncConnection, matter: Matter, since_ms: int, now_ms: int) -> Matter | None:
        """The matter as it is counted since it was answered; None while that is under the threshold."""
        if matter.kind in (Kind.READS, Kind.LISTS, Kind.EXPORTS):
            found = await self._reads(connection, now_ms, matter.subject, since_ms)
        else:
            found = await self._logins(connection, now_ms, since_ms)
        same = (
            each
            for each in found
            if (each.school, each.kind, each.subject) == (matter.school, matter.kind, matter.subject)
        )
        fresh = next(same, None)
        return fresh if fresh is not None and fresh.count >= self._most[matter.kind] else None

    async def _open(self, connection: AsyncConnection, matter: Matter, now_ms: int) -> None:
        warning = new_id()
        await connection.execute(
            insert(warnings).values(
                id=warning,
                school=matter.school,
                kind=matter.kind.value,
                subject=matter.subject,
                figure=matter.count,
                opened_ms=now_ms,
                last_ms=now_ms,
                note="",
            )
        )
        school_name = (
            await connection.execute(select(schools.c.name).where(schools.c.id == matter.school))
        ).scalar_one()
        letters = [
            warning_letter(
                matter.school,
                school_name,
                to,
                # Who administers several schools is told once of what concerns all of them.
                f"{matter.kind}:{matter.subject}:{now_ms}" if matter.kind in (Kind.CHAIN, Kind.UNKNOWN) else warning,
                WORDS[matter.kind].format(count=matter.count),
                self._post_office.portal_url,
            )
            for to in await _told(connection, matter)
        ]
        await enqueue(connection, letters, now_ms)


async def _schools(connection: AsyncConnection) -> Sequence[str]:
    return list((await connection.execute(select(schools.c.id).order_by(schools.c.id))).scalars())


async def _told(connection: AsyncConnection, matter: Matter) -> list[Recipient]:
    """Points of contact of the school and administrators of its district, but not whom it is about."""
    home = schools.alias("home")
    district = select(schools.c.district).where(schools.c.id == matter.school).scalar_subquery()
    found = await connection.execute(
        select(users.c.id, users.c.name, users.c.email)
        .join(home, home.c.id == users.c.school)
        .where(
            users.c.disabled_ms.is_(None),
            users.c.email.is_not(None),
            users.c.id != matter.subject,
            ((users.c.role == Role.POINT_OF_CONTACT) & (users.c.school == matter.school))
            | ((users.c.role == Role.DISTRICT_ADMIN) & ((home.c.id == matter.school) | (home.c.district == district))),
        )
        .order_by(users.c.id)
    )
    return [Recipient(row.id, row.name, row.email) for row in found]
