"""Destroys recordings: asked for in a transaction that leaves a record, then done, again after a crash until it is.

From the moment in which it is asked for, nobody can watch the recording. Then its key goes, which makes every copy of
an encrypted recording unreadable, and then its files.
"""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.caption_schema import caption_edits
from portal.clock import Clock
from portal.database import Database
from portal.film_schema import film_words, films
from portal.ids import is_id
from portal.ledger import audit
from portal.logs import get_log
from portal.playback_schema import continued_boards, notes
from portal.redactions import end_all, folders_of
from portal.retention import load_kept, load_policy
from portal.retention_schema import destructions, recording_expiries
from portal.schema import recordings, schools
from recorder.custody import destroy_key, has_key, keys_beside

RETENTION = "retention"


async def apply_retention(database: Database, clock: Clock, folder: Path) -> int:
    """Destroys what is due at every school; returns how many recordings. `folder`: that of all recordings."""
    async with database.read() as connection:
        found = (await connection.execute(select(schools.c.id, schools.c.time_zone))).all()
    for school in found:
        async with database.read() as connection:
            kept = await load_kept(connection, school.id, school.time_zone, clock())
        for each in kept:
            if each.due(clock()):
                await _ask_if_due(database, clock, folder, school.id, school.time_zone, each.lesson)
    return await finish_destructions(database, clock, folder)


async def finish_destructions(database: Database, clock: Clock, folder: Path) -> int:
    """Does what was asked for and not done yet; returns how many."""
    async with database.read() as connection:
        found = await connection.execute(
            select(destructions.c.lesson).where(destructions.c.done_ms.is_(None)).order_by(destructions.c.asked_ms)
        )
        waiting = list(found.scalars())
    done = 0
    for lesson in waiting:
        try:
            async with database.read() as connection:
                folders = await folders_of(connection, lesson)
            for name in folders:
                await asyncio.to_thread(destroy_files, folder, name)
        except OSError as error:
            # The others are still to go; this one is tried again with the next look.
            get_log("portal").error("recording_not_destroyed", lesson=lesson, kind=type(error).__name__)
            continue
        async with database.write() as connection:
            await connection.execute(
                update(destructions).where(destructions.c.lesson == lesson).values(done_ms=clock())
            )
            await audit(connection, RETENTION, "recording.destroyed", "lesson", lesson, clock())
        done += 1
    return done


async def ask_destruction(
    connection: AsyncConnection,
    folder: Path,
    lesson: str,
    *,
    school: str,
    basis: str,
    days: int | None,
    decided_by: str,
    now_ms: int,
) -> None:
    """Takes a recording out of everybody's sight and leaves the record of it; what lies on the disk goes later.

    Notes on it and boards that go on from it go with it: they say nothing without it.
    """
    folders = await folders_of(connection, lesson)
    encrypted, files, size = await asyncio.to_thread(_measure, folder, folders)
    await end_all(connection, lesson, decided_by, now_ms)
    for table in (caption_edits, films, film_words, notes, continued_boards, recording_expiries, recordings):
        await connection.execute(delete(table).where(table.c.lesson == lesson))
    values = {"basis": basis, "days": days, "encrypted": encrypted, "files": files, "bytes": size}
    await connection.execute(
        insert(destructions).values(
            lesson=lesson, school=school, decided_by=decided_by, asked_ms=now_ms, done_ms=None, **values
        )
    )
    await audit(connection, decided_by, "recording.destroy", "lesson", lesson, now_ms, values)


def destroy_files(folder: Path, lesson: str) -> None:
    """The key first, then the files, of a recording or of a copy. Raises OSError; then it can be called again."""
    if not is_id(lesson):
        return
    destroy_key(keys_beside(folder / lesson), lesson)
    # The second is what a copy is called until it is complete.
    for name in (lesson, f".{lesson}.part"):
        if (folder / name).exists():
            shutil.rmtree(folder / name)


async def _ask_if_due(database: Database, clock: Clock, folder: Path, school: str, time_zone: str, lesson: str) -> None:
    async with database.write() as connection:
        # Looked at again inside the transaction, with the row locked: a hold may have come in between.
        await connection.execute(select(recordings.c.lesson).where(recordings.c.lesson == lesson).with_for_update())
        kept = await load_kept(connection, school, time_zone, clock(), only=lesson)
        if not kept or not kept[0].due(clock()):
            return
        policy = await load_policy(connection, school)
        await ask_destruction(
            connection,
            folder,
            lesson,
            school=school,
            basis=kept[0].basis,
            days=policy.days if policy is not None and kept[0].basis == "policy" else None,
            decided_by=kept[0].decided_by,
            now_ms=clock(),
        )


def _measure(folder: Path, names: Sequence[str]) -> tuple[bool, int, int]:
    sizes = [path.stat().st_size for name in names for path in (folder / name).rglob("*") if path.is_file()]
    return any(has_key(keys_beside(folder / name), name) for name in names), len(sizes), sum(sizes)
