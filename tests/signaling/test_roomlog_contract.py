"""What every RoomLog promises (protocol B1): one suite for each implementation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from signaling.roomlog import AttendanceEvent, Record, Revocation, RoomLog
from signaling.roomlog_sqlite import SqliteRoomLog
from tests.signaling.memory_log import MemoryRoomLog

Reopen = Callable[[], Awaitable[RoomLog]]
ROOM = "lesson-1"


@pytest.fixture(params=["sqlite", "memory"])
async def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Reopen]:
    """Opens the same log again, as after a restart."""
    opened: list[RoomLog] = []
    memory = MemoryRoomLog()

    async def again() -> RoomLog:
        if opened:
            await opened.pop().close()
        store: RoomLog = memory if request.param == "memory" else await SqliteRoomLog.open(tmp_path / "rooms.sqlite")
        opened.append(store)
        return store

    yield again
    for store in opened:
        await store.close()


def record(seq: int, payload: bytes = b"envelope", *, doc: str = "board", session: str = "aa" * 8) -> Record:
    return Record(doc, session, seq, seq * 10, 1_000 + seq, payload)


async def test_a_new_room_starts_now_and_keeps_its_start(reopen: Reopen) -> None:
    store = await reopen()
    assert (await store.open_room(ROOM, 5_000)).started_ms == 5_000
    assert (await store.open_room(ROOM, 9_000)).started_ms == 5_000
    assert (await (await reopen()).open_room(ROOM, 9_999)).started_ms == 5_000


async def test_durable_records_come_back_in_order_after_a_restart_B1(reopen: Reopen) -> None:
    store = await reopen()
    await store.open_room(ROOM, 0)
    wanted = [record(n, bytes([n]) * n) for n in range(1, 40)]
    for item in wanted[:-1]:
        store.append(ROOM, item)
    await store.append(ROOM, wanted[-1])
    history = await (await reopen()).open_room(ROOM, 0)
    assert list(history.records) == wanted
    assert history.damaged == 0


async def test_a_record_already_held_is_kept_as_it_was(reopen: Reopen) -> None:
    store = await reopen()
    await store.open_room(ROOM, 0)
    await store.append(ROOM, record(1, b"first"))
    await store.append(ROOM, record(1, b"second"))
    assert [item.payload for item in (await store.open_room(ROOM, 0)).records] == [b"first"]


async def test_rooms_and_streams_do_not_mix(reopen: Reopen) -> None:
    store = await reopen()
    for room in ("one", "two"):
        await store.open_room(room, 0)
        await store.append(room, record(1, room.encode()))
    await store.append("one", record(1, b"chat", doc="chat"))
    assert [item.payload for item in (await store.open_room("one", 0)).records] == [b"one", b"chat"]
    assert [(row.room, row.records, row.closed) for row in await store.rooms()] == [
        ("one", 2, False),
        ("two", 1, False),
    ]


async def test_the_newest_ticket_of_a_session_is_kept(reopen: Reopen) -> None:
    store = await reopen()
    await store.open_room(ROOM, 0)
    await store.append(ROOM, record(1), ("s1", "old"))
    await store.append(ROOM, record(2), ("s2", "other"))
    await store.append(ROOM, record(3), ("s1", "new"))
    assert sorted((await (await reopen()).open_room(ROOM, 0)).tickets) == ["new", "other"]


async def test_revocations_and_closing_survive(reopen: Reopen) -> None:
    store = await reopen()
    await store.open_room(ROOM, 0)
    await store.revoke(ROOM, Revocation("s1", "", 10))
    await store.revoke(ROOM, Revocation("", "user", 20))
    await store.close_room(ROOM, 30)
    await store.close_room("never-opened", 40)
    store = await reopen()
    history = await store.open_room(ROOM, 99)
    assert set(history.revoked) == {Revocation("s1", "", 10), Revocation("", "user", 20)}
    assert history.closed
    assert (await store.open_room("never-opened", 99)).closed


async def test_a_forgotten_room_is_empty_and_stays_closed_and_others_keep_theirs(reopen: Reopen) -> None:
    store = await reopen()
    for room in (ROOM, "other"):
        await store.open_room(room, 0)
        await store.append(room, record(1), ("s1", "ticket"))
        await store.save_snapshots(room, {"board": b"snapshot"}, 5)
        await store.append(room, record(2))
        await store.revoke(room, Revocation("s1", "", 10))
    event = AttendanceEvent("e1", ROOM, "user", "s1", "join", 3)
    await store.attend(event)
    assert not await store.forget_room(ROOM, 20)
    assert len((await store.open_room(ROOM, 0)).records) == 1
    await store.close_room(ROOM, 30)
    assert await store.forget_room(ROOM, 40)
    assert await store.forget_room(ROOM, 41)
    assert await store.forget_room("never-opened", 50)
    store = await reopen()
    history = await store.open_room(ROOM, 99)
    assert history.closed
    assert (history.records, history.tickets, history.revoked, history.snapshots) == ([], [], [], [])
    assert (dict(history.heads), history.last_room_ms, list(store.walk(ROOM))) == ({}, 0, [])
    assert (await store.open_room("never-opened", 99)).closed
    other = await store.open_room("other", 99)
    assert (len(other.records), other.tickets, other.snapshots) == (1, ["ticket"], [b"snapshot"])
    assert await store.pending_events(10) == [event]


async def test_what_the_school_signed_takes_the_place_of_the_relays_own_and_of_what_is_older_T5(reopen: Reopen) -> None:
    store = await reopen()
    await store.open_room(ROOM, 0)
    signed, newer = Revocation("", "user", 20, "a.b.c"), Revocation("", "user", 30, "d.e.f")
    for one in (Revocation("s1", "", 10), Revocation("s1", "", 5, "g.h.i"), Revocation("s1", "", 40)):
        await store.revoke(ROOM, one)
    for one in (signed, newer, signed):
        await store.revoke(ROOM, one)
    history = await (await reopen()).open_room(ROOM, 99)
    assert set(history.revoked) == {Revocation("s1", "", 5, "g.h.i"), newer}


async def test_events_wait_until_the_portal_confirms_them(reopen: Reopen) -> None:
    store = await reopen()
    events = [AttendanceEvent(f"e{n}", ROOM, "u", "s", "join" if n == 0 else "leave", n) for n in range(2)]
    for event in events:
        await store.attend(event)
    await store.attend(events[0])
    store = await reopen()
    assert list(await store.pending_events(10)) == events
    await store.confirm_events(["e0"])
    assert [event.id for event in await store.pending_events(10)] == ["e1"]


async def test_whom_a_dead_relay_left_present_leaves_at_the_time_last_seen(reopen: Reopen) -> None:
    store = await reopen()
    for session in ("s1", "s2"):
        await store.attend(AttendanceEvent(session, ROOM, "u" + session, session, "join", 100))
    await store.attend(AttendanceEvent("s2-leave", ROOM, "us2", "s2", "leave", 150))
    await store.still_present([(ROOM, "s1")], 180)
    store = await reopen()
    assert await store.recover_attendance() == 1
    assert await store.recover_attendance() == 0
    last = list(await store.pending_events(10))[-1]
    assert (last.session, last.user, last.kind, last.at_ms) == ("s1", "us1", "leave", 180)


async def test_a_snapshot_stands_for_everything_before_it_and_the_whole_log_stays(reopen: Reopen) -> None:
    store = await reopen()
    await store.open_room(ROOM, 0)
    for n in range(1, 5):
        store.append(ROOM, record(n))
    store.save_snapshots(ROOM, {"board": b"old state"}, 90)
    for n in range(5, 9):
        store.append(ROOM, record(n))
    store.append(ROOM, record(1, doc="chat"))
    store.save_snapshots(ROOM, {"board": b"state", "chat": b"words"}, 100)
    await store.append(ROOM, record(9))
    store = await reopen()
    history = await store.open_room(ROOM, 0)
    assert sorted(history.snapshots) == [b"state", b"words"]
    assert [item.seq for item in history.records] == [9]
    assert history.heads == {("board", "aa" * 8): 9, ("chat", "aa" * 8): 1}
    assert history.last_room_ms == 90
    whole = await store.open_room(ROOM, 0, whole=True)
    assert whole.snapshots == []
    assert len(whole.records) == 10


async def test_stretches_and_walks_read_what_is_durable(reopen: Reopen) -> None:
    store = await reopen()
    await store.open_room(ROOM, 0)
    wanted = [record(n, bytes([n % 256])) for n in range(1, 700)]
    await [store.append(ROOM, item) for item in wanted][-1]
    assert list(store.walk(ROOM)) == wanted
    assert store.stretch(ROOM, "board", "aa" * 8, 3, 5) == wanted[2:5]
    assert store.stretch(ROOM, "board", "aa" * 8, 698, 900) == wanted[697:]
    assert store.stretch(ROOM, "chat", "aa" * 8, 1, 9) == []
    assert list(store.walk("another")) == []
