"""The portal's migrations, killed at each of their statements: the next start must find the old schema or the new."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import event, text

from portal.database import Database, database_url, upgrade_to
from portal.ledger import verify_audit
from tests.portal.test_migrations import OLD_ROWS
from tests.signaling.relay_process import ROOT

_NAME = "portal.sqlite"
# What SQLite leaves beside the database, and a kill with it.
_FILES = (_NAME, f"{_NAME}-wal", f"{_NAME}-shm")
Schema = list[tuple[str, str]]


@dataclass
class Migrations:
    """`kills`: how many statements there were, each of which was the last of one run."""

    kills: int = 0
    faults: list[str] = field(default_factory=list)


async def kill_migrations(folder: Path) -> Migrations:
    """Kills a migration of an empty database, and of one of the first version with rows in it, at each statement."""
    result = Migrations()
    await _kill_each(folder, "empty", _nothing, result)
    await _kill_each(folder, "first", _first_version, result)
    return result


async def _kill_each(folder: Path, name: str, prepare: Callable[[Path], Any], result: Migrations) -> None:
    origin = folder / name
    origin.mkdir()
    await prepare(origin)
    whole = folder / f"{name}-whole"
    shutil.copytree(origin, whole)
    await _upgrade(whole)
    wanted = _content(whole)
    statement = 0
    while True:
        statement += 1
        work = folder / f"{name}-{statement}"
        shutil.copytree(origin, work)
        if not await asyncio.to_thread(_upgrade_and_die, work, statement):
            shutil.rmtree(work)
            return
        result.kills += 1
        fault = await _fault(work, wanted)
        if fault:
            result.faults.append(f"from {name}, killed at statement {statement}: {fault}")
        shutil.rmtree(work)


async def _nothing(_: Path) -> None:
    return


async def _first_version(data: Path) -> None:
    database = Database(database_url(data, None))
    async with database.write() as connection:
        await connection.run_sync(upgrade_to, "0001")
        for row in OLD_ROWS:
            await connection.execute(text(row))
    await database.close()


async def _upgrade(data: Path) -> None:
    database = Database(database_url(data, None))
    try:
        await database.upgrade()
    finally:
        await database.close()


def _upgrade_and_die(data: Path, statement: int) -> bool:
    """Upgrades in a process of its own, which dies before a statement. False: it had done all before that."""
    command = [sys.executable, "-m", "tests.faults.migration", str(data), str(statement)]
    code = subprocess.run(command, cwd=ROOT, timeout=60, check=False).returncode
    if code not in (0, -signal.SIGKILL):
        raise RuntimeError(f"the migration ended with {code}")
    return code != 0


async def _counted(data: Path, statement: int) -> None:
    database = Database(database_url(data, None))
    seen = 0

    def before(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    def commit(_: object) -> None:
        # The last statement is none of SQLAlchemy's.
        before()

    event.listen(database.engine.sync_engine, "before_cursor_execute", before)
    event.listen(database.engine.sync_engine, "commit", commit)
    await database.upgrade()
    await database.close()


async def _fault(data: Path, wanted: object) -> str:
    """What is wrong with the database after the next start; empty when nothing is."""
    try:
        await _upgrade(data)
    except Exception as error:
        # Whatever it is: a portal that does not start is the finding.
        return f"does not start again: {type(error).__name__}: {error}"
    found = _content(data)
    if found != wanted:
        return "schema or rows are not those of a migration that was left alone"
    database = Database(database_url(data, None))
    try:
        verdict = await verify_audit(database)
    finally:
        await database.close()
    return "" if verdict.broken_at is None else f"the audit log is broken at {verdict.broken_at}"


def _content(data: Path) -> tuple[Schema, dict[str, list[Any]]]:
    """The schema and all rows. Raises AssertionError where SQLite itself finds a fault."""
    with closing(sqlite3.connect(data / _NAME)) as db:
        (sound,) = db.execute("PRAGMA integrity_check").fetchone()
        assert sound == "ok", sound
        assert not db.execute("PRAGMA foreign_key_check").fetchall()
        schema = db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: sorted(db.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr) for name in tables}
    return schema, rows


if __name__ == "__main__":
    asyncio.run(_counted(Path(sys.argv[1]), int(sys.argv[2])))
