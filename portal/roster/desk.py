"""Roster uploads from the first look to the last: kept, checked against what is known, applied whole or not at all."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor, Role
from portal.clock import Clock
from portal.database import Database
from portal.ids import new_id
from portal.ledger import audit
from portal.roster.apply import apply_plan
from portal.roster.bundle import BundleRefused, is_zip, open_bundle
from portal.roster.entries import Roster
from portal.roster.oneroster import parse_oneroster
from portal.roster.plain import parse_plain
from portal.roster.plan import KnownStudent, Plan, make_plan
from portal.schema import users
from portal.service_schema import roster_uploads, staffing_requests

MAX_UPLOAD_BYTES = 16 * 1024 * 1024


class UploadRefused(Exception):
    """The upload is in no state for this; the message is for people."""


class PlanChanged(Exception):
    """The school changed since the diff was shown, so it must be looked at again."""


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload without its content."""

    id: str
    school: str
    file_name: str
    uploaded_ms: int
    state: str
    counts: Mapping[str, int]
    applied_ms: int | None


@dataclass(frozen=True, slots=True)
class Check:
    """The dry run: the roster as read, and what it would change."""

    roster: Roster
    plan: Plan


class RosterDesk:
    """Keeps uploads and applies them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        # Parsing takes a core and memory; one at a time is enough for people.
        self._one_at_a_time = asyncio.Lock()

    async def keep(self, actor: Actor, file_name: str, content: bytes) -> str:
        """Checks a fresh upload and keeps it; returns its id."""
        check = await self._check(actor.school, file_name, content)
        upload, now_ms = new_id(), self._clock()
        faulty = bool(check.roster.problems)
        async with self._database.write() as connection:
            await connection.execute(
                insert(roster_uploads).values(
                    id=upload,
                    school=actor.school,
                    uploaded_by=actor.user,
                    uploaded_ms=now_ms,
                    file_name=shown_name(file_name),
                    digest=hashlib.sha256(content).hexdigest(),
                    content=content,
                    plan_digest=check.plan.digest,
                    state="faulty" if faulty else "checked",
                    counts=json.dumps(dict(check.plan.counts)),
                )
            )
            await audit(
                connection,
                actor.user,
                "roster.upload",
                "upload",
                upload,
                now_ms,
                {"faulty": faulty, **check.plan.counts},
            )
        return upload

    async def list(self, school: str, limit: int = 20) -> list[Upload]:
        """The latest uploads of a school."""
        columns = [column for column in roster_uploads.c if column.name != "content"]
        async with self._database.read() as connection:
            found = await connection.execute(
                select(*columns)
                .where(roster_uploads.c.school == school)
                .order_by(roster_uploads.c.uploaded_ms.desc(), roster_uploads.c.id)
                .limit(limit)
            )
            return [
                Upload(r.id, r.school, r.file_name, r.uploaded_ms, r.state, json.loads(r.counts), r.applied_ms)
                for r in found
            ]

    async def look(self, upload: str) -> tuple[Upload, Check | None]:
        """An upload with its dry run against the school as it is now; None once applied or discarded."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(roster_uploads).where(roster_uploads.c.id == upload))).one()
        facts = Upload(
            row.id, row.school, row.file_name, row.uploaded_ms, row.state, json.loads(row.counts), row.applied_ms
        )
        if row.content is None:
            return facts, None
        return facts, await self._check(row.school, row.file_name, row.content)

    async def apply(self, actor: Actor, upload: str, plan_digest: str) -> Mapping[str, int]:
        """Makes the changes that were shown, all in one transaction. Raises UploadRefused, PlanChanged."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(roster_uploads).where(roster_uploads.c.id == upload))).one()
        if row.content is None or row.state != "checked":
            raise UploadRefused("This upload has been applied or discarded, or it has errors.")
        async with self._one_at_a_time:
            roster = await asyncio.to_thread(parse_upload, row.file_name, row.content)
        now_ms = self._clock()
        async with self._database.write() as connection:
            plan = make_plan(roster, await known_students(connection, row.school))
            if plan.digest != plan_digest:
                raise PlanChanged
            taken = await connection.execute(
                update(roster_uploads)
                .where(roster_uploads.c.id == upload, roster_uploads.c.state == "checked")
                .values(state="applied", applied_ms=now_ms, content=None, counts=json.dumps(dict(plan.counts)))
            )
            if taken.rowcount == 0:
                raise UploadRefused("Somebody else has just applied or discarded this upload.")
            await apply_plan(connection, row.school, roster, plan, now_ms)
            await audit(connection, actor.user, "roster.apply", "upload", upload, now_ms, dict(plan.counts))
        return plan.counts

    async def discard(self, actor: Actor, upload: str) -> None:
        """Forgets the content of an upload that shall not be applied."""
        async with self._database.write() as connection:
            changed = await connection.execute(
                update(roster_uploads)
                .where(roster_uploads.c.id == upload, roster_uploads.c.state.in_(("checked", "faulty")))
                .values(state="discarded", content=None)
            )
            if changed.rowcount:
                await audit(connection, actor.user, "roster.discard", "upload", upload, self._clock())

    async def _check(self, school: str, file_name: str, content: bytes) -> Check:
        async with self._one_at_a_time:
            roster = await asyncio.to_thread(parse_upload, file_name, content)
        async with self._database.read() as connection:
            known = await known_students(connection, school)
        return Check(roster, make_plan(roster, known) if not roster.problems else Plan((), 0))


def parse_upload(file_name: str, content: bytes) -> Roster:
    """The roster of a file: a zip is OneRoster, anything else a plain CSV."""
    if not is_zip(content):
        return parse_plain(shown_name(file_name), content)
    try:
        return parse_oneroster(open_bundle(content))
    except BundleRefused as error:
        refused = Roster(bulk=True)
        refused.wrong(shown_name(file_name), 0, str(error))
        return refused


def shown_name(file_name: str) -> str:
    """A file's name without folders, as it may stand on a page and in the database."""
    name = file_name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in name if letter.isprintable())[:200] or "roster"


async def known_students(connection: AsyncConnection, school: str) -> dict[str, KnownStudent]:
    """Every student of a school who has an id of the school's, by that id."""
    asked = await connection.execute(
        select(staffing_requests).where(
            staffing_requests.c.school == school, staffing_requests.c.withdrawn_ms.is_(None)
        )
    )
    wanted: dict[str, dict[str, str]] = {}
    placed: dict[str, set[str]] = {}
    for row in asked:
        wanted.setdefault(row.student, {})[row.subject] = row.kind
        if row._mapping["class"] is not None:
            placed.setdefault(row.student, set()).add(row.subject)
    found = await connection.execute(
        select(users).where(users.c.school == school, users.c.role == Role.STUDENT, users.c.external_id.is_not(None))
    )
    return {
        row.external_id: KnownStudent(
            user=row.id,
            external_id=row.external_id,
            given_name=row.given_name or "",
            family_name=row.family_name or "",
            grade=row.grade or "",
            email=row.email or "",
            active=row.disabled_ms is None,
            wanted=wanted.get(row.id, {}),
            placed=frozenset(placed.get(row.id, ())),
        )
        for row in found
    }
