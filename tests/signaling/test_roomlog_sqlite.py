"""What only the log on disk can suffer: full disks, damaged records, unreadable files, more than it can queue."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from signaling import group_commit, roomlog_schema
from signaling.roomlog import LogOverflow, Record
from signaling.roomlog_schema import open_database
from signaling.roomlog_sqlite import SqliteRoomLog
from whiteboard_crdt.errors import SetupError

ROOM = "lesson-1"


def record(seq: int) -> Record:
    return Record("board", "aa" * 8, seq, seq, seq, b"envelope %d" % seq)


class FaultyConnection(sqlite3.Connection):
    """A connection whose disk is full while `full` is set. `failed` fires at each refused commit."""

    full = threading.Event()
    failed = threading.Event()

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:  # as sqlite3 has it
        if sql == "COMMIT" and self.full.is_set():
            self.failed.set()
            raise sqlite3.OperationalError("database or disk is full")
        return super().execute(sql, parameters)


def faulty(path: Path) -> sqlite3.Connection:
    open_database(path).close()
    db = sqlite3.connect(path, isolation_level=None, factory=FaultyConnection)
    db.execute("PRAGMA synchronous=FULL")
    return db


async def test_nothing_is_durable_while_the_disk_is_full_and_all_is_after_B1(tmp_path: Path) -> None:
    FaultyConnection.full.clear()
    FaultyConnection.failed.clear()
    store = await SqliteRoomLog.open(tmp_path / "rooms.sqlite", faulty)
    await store.open_room(ROOM, 0)
    FaultyConnection.full.set()
    waiting = [store.append(ROOM, record(n)) for n in range(1, 4)]
    assert await asyncio.to_thread(FaultyConnection.failed.wait, 5)
    FaultyConnection.failed.clear()
    assert await asyncio.to_thread(FaultyConnection.failed.wait, 5), "it is tried again"
    assert not store.health.ok
    assert "full" in store.health.detail
    assert not any(future.done() for future in waiting)
    async with asyncio.timeout(10):
        assert (await store.open_room(ROOM, 0)).records == [], "a room that is there can be read"
    FaultyConnection.full.clear()
    async with asyncio.timeout(10):
        await asyncio.gather(*waiting)
    assert (await store.open_room(ROOM, 0)).damaged == 0
    healed = store.health
    assert healed.ok
    assert len((await store.open_room(ROOM, 0)).records) == 3
    await store.close()


async def test_a_log_that_closes_on_a_full_disk_resolves_nothing(tmp_path: Path) -> None:
    FaultyConnection.full.clear()
    FaultyConnection.failed.clear()
    store = await SqliteRoomLog.open(tmp_path / "rooms.sqlite", faulty)
    await store.open_room(ROOM, 0)
    FaultyConnection.full.set()
    future = store.append(ROOM, record(1))
    assert await asyncio.to_thread(FaultyConnection.failed.wait, 5)
    await store.close()
    FaultyConnection.full.clear()
    with pytest.raises(asyncio.CancelledError):
        await future


async def test_a_damaged_record_is_set_aside_and_told_by_ids_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "rooms.sqlite"
    store = await SqliteRoomLog.open(path)
    await store.open_room(ROOM, 0)
    await asyncio.gather(*(store.append(ROOM, record(n)) for n in range(1, 6)))
    await store.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE records SET payload = ? WHERE seq = 2", (b"envelope 7",))
        db.execute("UPDATE records SET room_ms = 77 WHERE seq = 4")
    db.close()
    store = await SqliteRoomLog.open(path)
    with caplog.at_level(logging.ERROR):
        history = await store.open_room(ROOM, 0)
    assert [item.seq for item in history.records] == [1, 3, 5]
    assert history.damaged == 2
    assert [message for message in caplog.messages if "damaged" in message] == [
        "record damaged, set aside room=lesson-1 n=2",
        "record damaged, set aside room=lesson-1 n=4",
    ]
    await store.append(ROOM, record(2))
    again = await store.open_room(ROOM, 0)
    assert again.damaged == 0
    assert [item.seq for item in again.records] == [1, 2, 3, 5], "what was lost comes again, in its place"
    await store.close()
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT seq FROM quarantine ORDER BY n").fetchall() == [(2,), (4,)]
    db.close()


@pytest.mark.parametrize("content", [b"this is no database at all" * 100, b"SQLite format 3\0" + bytes(200)])
async def test_an_unreadable_file_is_one_clear_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rooms.sqlite"
    path.write_bytes(content)
    with pytest.raises(SetupError, match=r"the room log .*rooms\.sqlite cannot be read: ") as caught:
        await SqliteRoomLog.open(path)
    assert "\n" not in str(caught.value)


async def test_a_folder_that_cannot_be_made_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SetupError, match="cannot be made"):
        await SqliteRoomLog.open(tmp_path / "file" / "relay" / "rooms.sqlite")


async def test_a_log_of_a_later_version_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "rooms.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(SetupError, match="version 99"):
        await SqliteRoomLog.open(path)


async def test_the_queue_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "QUEUE_WRITES", 4)
    FaultyConnection.full.clear()
    FaultyConnection.failed.clear()
    store = await SqliteRoomLog.open(tmp_path / "rooms.sqlite", faulty)
    await store.open_room(ROOM, 0)
    FaultyConnection.full.set()
    first = store.append(ROOM, record(1))
    assert await asyncio.to_thread(FaultyConnection.failed.wait, 5)
    waiting = [store.append(ROOM, record(n)) for n in range(2, 6)]
    with pytest.raises(LogOverflow):
        store.append(ROOM, record(6))
    FaultyConnection.full.clear()
    async with asyncio.timeout(10):
        await asyncio.gather(first, *waiting)
    await store.close()


async def test_many_writers_share_one_fsync(tmp_path: Path) -> None:
    """Natural group commit: while one commit runs, the next group gathers."""
    store = await SqliteRoomLog.open(tmp_path / "rooms.sqlite")
    await store.open_room(ROOM, 0)
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    await asyncio.gather(*(store.append(ROOM, record(n)) for n in range(1, 2_001)))
    assert loop.time() - started_s < 10
    assert len((await store.open_room(ROOM, 0)).records) == 2_000
    await store.close()


async def test_a_damaged_snapshot_gives_way_to_the_whole_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "rooms.sqlite"
    store = await SqliteRoomLog.open(path)
    await store.open_room(ROOM, 0)
    await asyncio.gather(*(store.append(ROOM, record(n)) for n in range(1, 6)))
    await store.save_snapshots(ROOM, {"board": b"state of the board"}, 10)
    await store.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE snapshots SET payload = ?", (b"state of the bored",))
    db.close()
    store = await SqliteRoomLog.open(path)
    with caplog.at_level(logging.ERROR):
        history = await store.open_room(ROOM, 0)
    assert history.snapshots == []
    assert len(history.records) == 5
    assert caplog.messages == ["snapshots damaged, the whole log is read room=lesson-1"]
    await store.close()
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*) FROM snapshots").fetchone() == (0,)
    db.close()


async def test_bytes_that_are_no_text_are_set_aside_like_any_damage(tmp_path: Path) -> None:
    path = tmp_path / "rooms.sqlite"
    store = await SqliteRoomLog.open(path)
    await store.open_room(ROOM, 0)
    await asyncio.gather(*(store.append(ROOM, record(n)) for n in range(1, 4)))
    await store.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE records SET payload = CAST(x'fffe80' AS TEXT) WHERE seq = 2")
    db.close()
    store = await SqliteRoomLog.open(path)
    assert [item.seq for item in store.stretch(ROOM, "board", "aa" * 8, 1, 3)] == [1, 3]
    assert (await store.open_room(ROOM, 0)).damaged == 0, "it was set aside by the first who saw it"
    await store.close()


async def test_a_log_of_version_1_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "rooms.sqlite"
    with sqlite3.connect(path) as db:
        db.executescript(roomlog_schema._VERSION_1 + "PRAGMA user_version=1;")
        db.execute("INSERT INTO rooms VALUES(?, 7, NULL)", (ROOM,))
    db.close()
    store = await SqliteRoomLog.open(path)
    assert (await store.open_room(ROOM, 99)).started_ms == 7
    await store.save_snapshots(ROOM, {"board": b"state"}, 1)
    await store.close()


async def test_the_queue_is_bounded_in_bytes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "QUEUE_BYTES", 39)
    FaultyConnection.full.clear()
    store = await SqliteRoomLog.open(tmp_path / "rooms.sqlite", faulty)
    await store.open_room(ROOM, 0)
    FaultyConnection.full.set()
    waiting = [store.append(ROOM, record(n)) for n in range(1, 4)]
    with pytest.raises(LogOverflow):
        store.append(ROOM, record(4))
    FaultyConnection.full.clear()
    async with asyncio.timeout(10):
        await asyncio.gather(*waiting)
    await store.append(ROOM, record(4))
    await store.close()


async def test_a_file_broken_in_the_middle_turns_health_red_and_other_rooms_go_on(tmp_path: Path) -> None:
    path = tmp_path / "rooms.sqlite"
    store = await SqliteRoomLog.open(path)
    for room in ("early", ROOM):
        await store.open_room(room, 0)
        await asyncio.gather(*(store.append(room, Record("board", "a", n, n, n, bytes(500))) for n in range(1, 400)))
    await store.close()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size - 20 * 4096)
        file.write(b"\xff" * 8192)
    store = await SqliteRoomLog.open(path)
    with pytest.raises(sqlite3.DatabaseError, match="malformed"):
        await store.open_room(ROOM, 0)
    assert not store.health.ok
    assert store.health.detail == "the room log cannot be read: database disk image is malformed"
    assert len((await store.open_room("early", 0)).records) == 399
    await store.close()
