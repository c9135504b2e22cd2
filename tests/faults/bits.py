"""One flipped bit in a database at rest: the room log, the portal's SQLite, a sealed archive.

What is asked is not that nothing is lost, but that nothing is *changed unnoticed*: either what comes back is what was
written, or somebody is told, by an error that the program knows.
"""

from __future__ import annotations

import asyncio
import logging
import random
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.database import Database, database_url
from portal.ledger import verify_audit
from recorder.schema import DATABASE
from recorder.seal import write_hashes
from recorder.verify import verify
from signaling.room import Room
from signaling.roomlog import RoomHistory
from signaling.roomlog_sqlite import SqliteRoomLog
from signaling.settings import RelaySettings
from tests.faults.waiting import within
from tests.portal.test_migrations import OLD_ROWS
from tests.recorder.test_archive import make_whole
from tests.signaling.drawing import draw
from tests.signaling.relay_process import relay_process
from tests.signaling.school import ROOM, School, wall_ms
from whiteboard_crdt.board import Board
from whiteboard_crdt.errors import SetupError
from whiteboard_crdt.ids import BOARD, SessionId
from whiteboard_crdt.keys import load_jwks

STROKES = 200
WAIT_S = 60.0
WRITE_S = 3.0


@dataclass
class Flips:
    """Outcome → how often. `bad`: a flip that changed something unnoticed, or met an error that nobody expects."""

    outcomes: Counter[str] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)


class _Told(logging.Handler):
    """Whether an operator was told."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += 1


def flip(path: Path, chance: random.Random) -> str:
    """Flips one bit of a byte that is not 0: what is empty anyway tells nothing. Where."""
    data = bytearray(path.read_bytes())
    at, bit = chance.choice([at for at, byte in enumerate(data) if byte]), chance.randrange(8)
    data[at] ^= 1 << bit
    path.write_bytes(data)
    return f"bit {bit} of byte {at}"


async def flip_room_log(folder: Path, flips: int, seed: int) -> Flips:
    """A stopped relay's log, with a snapshot and records after it, read again as a relay reads it."""
    school = School(folder)
    async with relay_process(folder) as relay:
        async with school.peer(school.person("ann"), relay.url) as ann:
            for _ in range(STROKES):
                draw(ann)
                ann.flush()
            await ann.saved(WAIT_S)
        await relay.terminate()
        # Once more, so that records stand after the snapshot which it made when it ended.
    async with relay_process(folder) as relay:
        async with school.peer(school.person("bob"), relay.url) as bob:
            for _ in range(STROKES):
                draw(bob)
                bob.flush()
            await bob.saved(WAIT_S)
        await relay.kill()
    origin = folder / "relay" / "rooms.sqlite"
    with closing(sqlite3.connect(origin)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    keys = load_jwks((folder / "keys" / "ticket.pub.json").read_bytes())
    wanted = await _board_of(origin, folder, keys)
    chance = random.Random(seed)
    result = Flips()
    told = _Told()
    logger = logging.getLogger("chalkmesh")
    level = logger.level
    logger.setLevel(logging.ERROR)
    logger.addHandler(told)
    try:
        for number in range(flips):
            work = folder / f"flip-{number}"
            work.mkdir()
            copy = Path(shutil.copy(origin, work))
            where = flip(copy, chance)
            told.lines = 0
            try:
                async with within(WAIT_S, f"flip {number} of seed {seed}", "the log to be read"):
                    same = await _board_of(copy, folder, keys) == wanted
            except (SetupError, sqlite3.DatabaseError):
                result.outcomes["refused in words"] += 1
            except Exception as error:
                # What a relay would only log as a fault of its own.
                result.outcomes["strange error"] += 1
                result.bad.append(f"seed {seed}, flip {number}, {where}: {type(error).__name__}: {error}")
            else:
                if told.lines:
                    result.outcomes["set aside and told" if not same else "told, all there"] += 1
                elif same:
                    result.outcomes["nothing lost"] += 1
                else:
                    result.outcomes["changed unnoticed"] += 1
                    result.bad.append(f"seed {seed}, flip {number}, {where}: changed unnoticed")
            shutil.rmtree(work)
    finally:
        logger.removeHandler(told)
        logger.setLevel(level)
    return result


async def _board_of(database: Path, folder: Path, keys: Any) -> list[object]:
    """What a relay would serve. `Any`: a JWKS of the library."""
    store = await SqliteRoomLog.open(database)
    try:
        settings = RelaySettings(data=folder)
        history = await _opened(store)
        room = Room(ROOM, history, store, keys, settings, wall_ms, time.monotonic)
        if not await room.restore(history) and history.snapshots:
            history = await store.open_room(ROOM, wall_ms(), whole=True)
            room = Room(ROOM, history, store, keys, settings, wall_ms, time.monotonic)
            await room.restore(history)
        return list(Board(room.replica.doc(BOARD), SessionId("f" * 16)).shapes(erased=True))
    finally:
        await store.close()


async def _opened(store: SqliteRoomLog) -> RoomHistory:
    """The room as it is read. Raises SetupError where the log cannot be written, and says so on /healthz."""
    try:
        async with asyncio.timeout(WRITE_S):
            return await store.open_room(ROOM, wall_ms())
    except TimeoutError:
        if store.health.ok:
            raise
        raise SetupError(store.health.detail) from None


async def flip_portal(folder: Path, flips: int, seed: int) -> Flips:
    """The portal's database: what a start says, then every row, then the chain of the audit log."""
    database = Database(database_url(folder, None))
    await database.upgrade()
    async with database.write() as connection:
        for row in OLD_ROWS[:-2]:
            await connection.execute(text(row))
    await database.close()
    origin = folder / "portal.sqlite"
    with closing(sqlite3.connect(origin)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    wanted = await _rows(origin.parent)
    chance = random.Random(seed)
    result = Flips()
    for number in range(flips):
        work = folder / f"flip-{number}"
        work.mkdir()
        where = flip(Path(shutil.copy(origin, work)), chance)
        try:
            async with within(WAIT_S, f"flip {number} of seed {seed}", "the portal's rows"):
                found = await _rows(work)
        except (SetupError, SQLAlchemyError, sqlite3.DatabaseError):
            result.outcomes["refused in words"] += 1
        except _PageFails:
            result.outcomes["one page fails"] += 1
        except Exception as error:
            # What an operator could make nothing of.
            result.outcomes["strange error"] += 1
            result.bad.append(f"seed {seed}, flip {number}, {where}: {type(error).__name__}: {error}")
        else:
            result.outcomes["nothing lost" if found == wanted else "a value changed unnoticed"] += 1
        shutil.rmtree(work)
    return result


class _PageFails(Exception):
    """One value cannot be read: the page that shows it answers 500, is logged, and the others go on."""


@asynccontextmanager
async def _reading(database: Database) -> AsyncIterator[AsyncConnection]:
    try:
        async with database.read() as connection:
            yield connection
    except UnicodeDecodeError as error:
        raise _PageFails from error


async def _rows(data: Path) -> dict[str, list[Any]]:
    database = Database(database_url(data, None))
    try:
        await database.upgrade()
        verdict = await verify_audit(database)
        if verdict.broken_at is not None:
            raise SetupError(f"the audit log is broken at {verdict.broken_at}")
        async with _reading(database) as connection:
            names = await connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
            tables = [str(name) for (name,) in names]
            return {
                name: [tuple(row) for row in await connection.execute(text(f'SELECT * FROM "{name}"'))]
                for name in tables
            }
    finally:
        await database.close()


def flip_archive(folder: Path, flips: int, seed: int) -> Flips:
    """A sealed archive: `chalkmesh verify` names each flip, in the database as in the media."""
    make_whole(folder)
    write_hashes(folder, "lesson-1")
    files = [folder / DATABASE, *sorted((folder / "media").iterdir())]
    chance = random.Random(seed)
    result = Flips()
    for number in range(flips):
        path = files[number % len(files)]
        before = path.read_bytes()
        where = flip(path, chance)
        try:
            noticed = bool(verify(folder).errors)
        except SetupError:
            noticed = True
        except Exception as error:
            # What an operator could make nothing of.
            result.outcomes["strange error"] += 1
            result.bad.append(f"seed {seed}, flip {number}, {path.name}, {where}: {type(error).__name__}: {error}")
            noticed = True
        result.outcomes["named" if noticed else "unnoticed"] += 1
        if not noticed:
            result.bad.append(f"seed {seed}, flip {number}, {path.name}, {where}: unnoticed")
        path.write_bytes(before)
    return result
