"""Pages of the room log's file that are broken: joins are not held up, and the log is rebuilt with the next start."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from signaling.roomlog import LogOverflow, Record
from signaling.roomlog_salvage import damaged_copies, rebuild, was_rebuilt_since
from signaling.roomlog_schema import open_database
from signaling.roomlog_sqlite import SqliteRoomLog
from signaling.server import EXIT_REBUILD
from tests.signaling.drawing import draw
from tests.signaling.raw_client import raw_client
from tests.signaling.relay_process import relay_process
from tests.signaling.school import ROOM, School
from whiteboard_crdt.errors import CloseCode, SetupError

ROWS = 400


def record(seq: int) -> Record:
    return Record("board", "aa" * 8, seq, seq, seq, b"envelope %d " % seq * 20)


async def filled(path: Path) -> None:
    store = await SqliteRoomLog.open(path)
    await store.open_room(ROOM, 0)
    stored = [store.append(ROOM, record(seq), ("aa" * 8, "ticket")) for seq in range(1, ROWS + 1)]
    await stored[-1]
    await store.close()


def pages_of(path: Path, name: str, kind: int) -> list[int]:
    """The pages (from 1) of a table or an index that have this type byte: 13 and 10 are leaves."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    data = path.read_bytes()
    size = int.from_bytes(data[16:18], "big")

    def below(page: int) -> list[int]:
        at = (page - 1) * size
        if data[at] in (13, 10):
            return [page]
        cells = int.from_bytes(data[at + 3 : at + 5], "big")
        children = [int.from_bytes(data[at + 8 : at + 12], "big")]
        for cell in range(cells):
            where = at + int.from_bytes(data[at + 12 + 2 * cell : at + 14 + 2 * cell], "big")
            children.append(int.from_bytes(data[where : where + 4], "big"))
        return [leaf for child in children for leaf in below(child)]

    return sorted(page for page in below(root) if data[(page - 1) * size] == kind)


def flip(path: Path, page: int) -> None:
    """One bit of a page's type: SQLite then refuses the page."""
    data = bytearray(path.read_bytes())
    size = int.from_bytes(data[16:18], "big")
    data[(page - 1) * size] ^= 0x40
    path.write_bytes(data)


def flip_all(path: Path, name: str, kind: int) -> None:
    for page in pages_of(path, name, kind):
        flip(path, page)


async def test_every_record_survives_a_broken_index(tmp_path: Path) -> None:
    path = tmp_path / "rooms.sqlite"
    await filled(path)
    flip_all(path, "records_stream", 10)
    store = await SqliteRoomLog.open(path)
    told = asyncio.Event()
    store.on_damage = told.set
    with pytest.raises(sqlite3.DatabaseError):
        await store.open_room(ROOM, 0)
    await told.wait()
    assert (store.health.ok, "cannot be read" in store.health.detail) == (False, True)
    await store.close()
    store = await SqliteRoomLog.open(path)
    history = await store.open_room(ROOM, 0)
    assert [one.seq for one in history.records] == list(range(1, ROWS + 1))
    assert (history.tickets, store.health.ok) == (["ticket"], True)
    await store.close()
    assert len(damaged_copies(path)) == 1


async def test_only_what_stood_on_a_broken_page_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "rooms.sqlite"
    await filled(path)
    leaves = pages_of(path, "records", 13)
    flip(path, leaves[len(leaves) // 2])
    rebuild(path, 5, open_database)
    store = await SqliteRoomLog.open(path)
    kept = [one.seq for one in (await store.open_room(ROOM, 0)).records]
    await store.close()
    lost = sorted(set(range(1, ROWS + 1)) - set(kept))
    assert 0 < len(lost) < 2 * ROWS // len(leaves) + 2
    assert lost == list(range(lost[0], lost[-1] + 1))
    assert (was_rebuilt_since(path, 5), was_rebuilt_since(path, 6)) == (True, False)


async def test_a_room_whose_own_row_is_lost_begins_where_its_records_say(tmp_path: Path) -> None:
    path = tmp_path / "rooms.sqlite"
    await filled(path)
    flip_all(path, "rooms", 13)
    rebuild(path, 5, open_database)
    store = await SqliteRoomLog.open(path)
    history = await store.open_room(ROOM, 99)
    await store.close()
    assert (history.started_ms, len(history.records)) == (0, ROWS)


async def test_a_file_of_which_nothing_can_be_read_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "rooms.sqlite"
    path.write_bytes(b"no database " * 1_000)
    (tmp_path / "rooms.sqlite.damaged").touch()
    with pytest.raises(SetupError, match="cannot be rebuilt"):
        await SqliteRoomLog.open(path)
    assert path.read_bytes().startswith(b"no database")


async def test_a_new_room_is_refused_at_once_where_it_cannot_be_written_and_a_known_one_opened(tmp_path: Path) -> None:
    path = tmp_path / "rooms.sqlite"
    await filled(path)
    store = await SqliteRoomLog.open(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("CREATE TRIGGER broken BEFORE INSERT ON rooms BEGIN SELECT RAISE(ABORT, 'broken'); END")
    async with asyncio.timeout(5):
        assert len((await store.open_room(ROOM, 0)).records) == ROWS
        with pytest.raises(LogOverflow):
            await store.open_room("another", 0)
    assert not store.health.ok
    await store.close()


async def test_a_relay_with_a_broken_page_refuses_at_once_ends_and_comes_back_whole(tmp_path: Path) -> None:
    school = School(tmp_path)
    path = tmp_path / "relay" / "rooms.sqlite"
    async with relay_process(tmp_path) as relay:
        async with school.peer(school.person("ann"), relay.url) as ann:
            for _ in range(20):
                draw(ann)
                ann.flush()
            await ann.saved(10)
        await relay.kill()
    flip_all(path, "records_stream", 10)
    async with asyncio.timeout(10), relay_process(tmp_path) as relay:
        async with raw_client(relay.url) as first:
            await first.hello(school.person("bob"))
            assert await first.close_code() == CloseCode.TRY_LATER
        assert await relay.process.wait() == EXIT_REBUILD
    async with relay_process(tmp_path) as relay:
        async with school.peer(school.person("late"), relay.url) as late:
            await late.wait_synced()
            assert len(late.board.shapes()) == 20
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{relay.port}/healthz") as answer:
            assert answer.status == 200
