"""Rooms out of their snapshots: what is loaded, what stays on the disk, and what happens when the two disagree."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from signaling.roomlog import RoomHistory
from signaling.roomlog_sqlite import SqliteRoomLog
from signaling.server import Relay
from signaling.settings import RelaySettings
from tests.signaling.conftest import session_url
from tests.signaling.drawing import content, draw
from tests.signaling.school import ROOM, Person, School
from whiteboard_crdt.ids import BOARD, Role

STROKES = 250


async def lesson(school: School, person: Person, strokes: int) -> None:
    """One relay's life: somebody draws, each stroke an envelope."""
    relay = Relay(RelaySettings(data=school.data, port=0))
    await relay.start()
    async with school.peer(person, session_url(relay)) as peer:
        await peer.wait_synced()
        for _ in range(strokes):
            draw(peer)
            peer.flush()
        await peer.saved(30)
    await relay.stop()


async def stored(data: Path) -> RoomHistory:
    store = await SqliteRoomLog.open(data / "relay" / "rooms.sqlite")
    try:
        return await store.open_room(ROOM, 0)
    finally:
        await store.close()


async def test_a_relay_that_stops_leaves_a_snapshot_and_the_next_reads_only_what_follows(school: School) -> None:
    await lesson(school, school.person("ann"), STROKES)
    await lesson(school, school.person("bob"), 5)
    history = await stored(school.data)
    assert len(history.snapshots) >= 1
    assert len(history.records) == 5
    relay = Relay(RelaySettings(data=school.data, port=0))
    await relay.start()
    try:
        url = session_url(relay)
        async with (
            school.peer(school.person("late"), url) as late,
            school.peer(school.person("rec", Role.RECORDER), url, mode="log") as recorder,
        ):
            await late.wait_synced()
            await recorder.wait_synced()
            assert len(late.board.shapes()) == STROKES + 5
            assert content(recorder) == content(late)
            room = await relay.lobby.enter(ROOM)
            relay.lobby.entered(ROOM)
            assert 0 < room.in_memory_bytes < 5_000
            assert sum(head.seq for head in room.replica.heads(BOARD)) == STROKES + 5
    finally:
        await relay.stop()


async def test_a_snapshot_that_claims_more_than_it_holds_is_found_out_by_the_heads(school: School) -> None:
    await lesson(school, school.person("ann"), STROKES)
    await lesson(school, school.person("bob"), 5)
    with closing(sqlite3.connect(school.data / "relay" / "rooms.sqlite")) as db:
        db.execute("UPDATE snapshots SET upto = (SELECT max(n) FROM records)")
        db.commit()
    assert (await stored(school.data)).records == []
    relay = Relay(RelaySettings(data=school.data, port=0))
    await relay.start()
    try:
        async with school.peer(school.person("late"), session_url(relay)) as late:
            await late.wait_synced()
            assert len(late.board.shapes()) == STROKES + 5
    finally:
        await relay.stop()
