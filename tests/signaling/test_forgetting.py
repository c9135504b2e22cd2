"""A room is erased for good: out of the log's files, out of memory, with its pictures; never while it is in use."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from signaling.asset_server import assets_url
from signaling.roomlog import LogOverflow, Record
from signaling.roomlog_sqlite import SqliteRoomLog
from signaling.server import Relay
from tests.signaling.drawing import draw
from tests.signaling.raw_client import raw_client
from tests.signaling.school import ROOM, SECRET, School
from whiteboard_crdt.assets import AssetId
from whiteboard_crdt.errors import CloseCode
from whiteboard_crdt.ids import Role

BEARER = {"Authorization": f"Bearer {SECRET}"}
MARK = b"what a child wrote "
PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)


def records(count: int, size: int) -> Iterator[Record]:
    for n in range(1, count + 1):
        yield Record("board", "aa" * 8, n, n, n, (MARK + b"%d " % n) * (size // len(MARK)))


def traces(folder: Path, mark: bytes = MARK) -> int:
    return sum(path.read_bytes().count(mark) for path in folder.iterdir())


@pytest.mark.parametrize("size_bytes", [60, 20_000])
async def test_nothing_of_a_forgotten_room_is_left_in_the_files(tmp_path: Path, size_bytes: int) -> None:
    store = await SqliteRoomLog.open(tmp_path / "rooms.sqlite")
    try:
        await store.open_room("other", 0)
        await store.append("other", Record("board", "bb" * 8, 1, 1, 1, b"stays"))
        await store.open_room(ROOM, 0)
        stored = [store.append(ROOM, record, ("aa" * 8, MARK.decode())) for record in records(200, size_bytes)]
        await stored[-1]
        for made in range(3):  # a replaced snapshot leaves nothing either
            await store.save_snapshots(ROOM, {"board": MARK * (size_bytes + made)}, made)
        await store.close_room(ROOM, 5)
        assert traces(tmp_path)
        assert await store.forget_room(ROOM, 6)
        assert traces(tmp_path) == 0
        assert [bytes(one.payload) for one in (await store.open_room("other", 0)).records] == [b"stays"]
    finally:
        await store.close()


async def test_somebody_who_reads_the_journal_puts_it_off(tmp_path: Path) -> None:
    store = await SqliteRoomLog.open(tmp_path / "rooms.sqlite")
    try:
        await store.open_room(ROOM, 0)
        stored = [store.append(ROOM, record) for record in records(5, 60)]
        await stored[-1]
        await store.close_room(ROOM, 5)
        with closing(sqlite3.connect(tmp_path / "rooms.sqlite", isolation_level=None)) as backup:
            backup.execute("BEGIN")
            backup.execute("SELECT count(*) FROM records").fetchone()
            with pytest.raises(LogOverflow):
                await store.forget_room(ROOM, 6)
        assert await store.forget_room(ROOM, 7)
        assert traces(tmp_path) == 0
    finally:
        await store.close()


async def test_the_internal_api_erases_a_closed_room_with_its_pictures(school: School, relay: Relay, url: str) -> None:
    base = f"http://127.0.0.1:{relay.port}/internal/rooms/{ROOM}"
    person = school.person("ann", Role.TUTOR)
    async with aiohttp.ClientSession() as http:
        async with school.peer(person, url) as peer:
            await peer.wait_synced()
            draw(peer)
            peer.flush()
            await peer.saved(10)
            await asyncio.to_thread(relay.lobby.assets.put, ROOM, AssetId(hashlib.sha256(PNG).hexdigest()), PNG)
            async with http.post(f"{base}/forget", headers=BEARER) as response:
                assert (response.status, (await response.json())["error"]) == (409, "room_open")
        async with http.post(f"{base}/forget", headers=BEARER) as response:
            assert response.status == 409  # nobody is there, but it is not closed
        async with http.post(f"{base}/close", headers=BEARER) as response:
            assert response.status == 200
        async with http.post(f"{base}/forget") as response:
            assert response.status == 401
        async with raw_client(url) as recorder:
            await recorder.join(school.person("rec", Role.RECORDER), mode="log")
            async with http.post(f"{base}/forget", headers=BEARER) as response:
                assert response.status == 409
        async with http.post(f"{base}/forget", headers=BEARER) as response:
            assert (response.status, await response.json()) == (200, {"state": "forgotten"})
        assert not relay.lobby.assets.folder(ROOM).exists()
        with closing(sqlite3.connect(school.data / "relay" / "rooms.sqlite")) as db:
            for table in ("records", "sessions", "snapshots", "revoked", "quarantine"):
                assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
        async with raw_client(url) as late:
            await late.hello(school.person())
            assert await late.close_code() == CloseCode.ROOM_CLOSED


async def test_a_room_that_is_being_erased_lets_nobody_in_4500(
    school: School, relay: Relay, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await relay.lobby.close_room(ROOM)
    begun, go_on = asyncio.Event(), asyncio.Event()
    forget_room = relay.lobby.store.forget_room

    async def slow(room: str, at_ms: int) -> bool:
        begun.set()
        await go_on.wait()
        return await forget_room(room, at_ms)

    monkeypatch.setattr(relay.lobby.store, "forget_room", slow)
    erasing = asyncio.create_task(relay.lobby.forget_room(ROOM))
    await begun.wait()
    assert not await relay.lobby.forget_room(ROOM)
    async with raw_client(url) as late:
        await late.hello(school.person("rec", Role.RECORDER), mode="log")
        assert await late.close_code() == CloseCode.TRY_LATER
    go_on.set()
    assert await erasing


async def test_no_picture_is_put_into_a_closed_room(school: School, relay: Relay, url: str) -> None:
    async with aiohttp.ClientSession() as http, raw_client(url) as client:
        token = (await client.join(school.person()))["assets"]["token"]
        await relay.lobby.close_room(ROOM)
        at = assets_url(url, ROOM, AssetId(hashlib.sha256(PNG).hexdigest()))
        async with http.put(at, data=PNG, headers={"Authorization": f"Bearer {token}"}) as answer:
            assert (answer.status, (await answer.json())["error"]) == (403, "room_closed")
