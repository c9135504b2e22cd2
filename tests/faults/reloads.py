"""How long a room with a long lesson takes to load, from its snapshot and from its whole log."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from signaling.room import Room
from signaling.roomlog import Record, RoomHistory
from signaling.roomlog_sqlite import SqliteRoomLog
from signaling.settings import RelaySettings
from tests.signaling.school import ROOM, School, wall_ms
from whiteboard_crdt.board import Board
from whiteboard_crdt.ids import BOARD, MAIN_PAGE
from whiteboard_crdt.ink import InkPoint
from whiteboard_crdt.replica import OwnSession, Replica
from whiteboard_crdt.shape import ShapeType


@dataclass(frozen=True)
class Reload:
    envelopes: int
    whole_s: float
    snapshot_s: float
    in_memory_bytes: int
    log_bytes: int
    equal: bool


async def measure_reload(folder: Path, envelopes: int) -> Reload:
    """Writes a lesson of that many envelopes into a log, loads it both ways, and compares."""
    school = School(folder)
    person = school.person()
    ticket = person.ticket
    author = Replica(ROOM, OwnSession(ticket.session, ticket.client, person.key.sign), school.jwks)
    author.admit_ticket(person.token)
    board = Board(author.doc(BOARD), ticket.session)
    store = await SqliteRoomLog.open(folder / "rooms.sqlite")
    try:
        await store.open_room(ROOM, wall_ms())
        size = 0
        last = None
        for number in range(envelopes):
            points = [InkPoint(float(number % 900 + k), float(k), 128) for k in range(8)]
            board.add_stroke(MAIN_PAGE, points, ShapeType.DRAW, "black", 4.0, 1)
            for envelope in author.flush_local(1):
                size += len(envelope.raw)
                record = Record("board", str(ticket.session), envelope.seq, number, number, envelope.raw)
                last = store.append(ROOM, record, (str(ticket.session), person.token) if envelope.seq == 1 else None)
            if number % 500 == 0 and last is not None:
                await last
        if last is not None:
            await last
        whole, whole_s = await _load(folder, store, school, await store.open_room(ROOM, wall_ms()))
        whole.checkpoint(leaving=True)
        again = await store.open_room(ROOM, wall_ms())
        assert again.snapshots
        quick, snapshot_s = await _load(folder, store, school, again)
        equal = quick.replica.heads() == whole.replica.heads() and (
            quick.replica.doc(BOARD).get_state() == whole.replica.doc(BOARD).get_state()
        )
        return Reload(envelopes, whole_s, snapshot_s, whole.in_memory_bytes, size, equal)
    finally:
        await store.close()


async def _load(folder: Path, store: SqliteRoomLog, school: School, history: RoomHistory) -> tuple[Room, float]:
    room = Room(ROOM, history, store, school.jwks, RelaySettings(data=folder), wall_ms, time.monotonic)
    await asyncio.sleep(0)
    began_s = time.perf_counter()
    assert await room.restore(history)
    return room, time.perf_counter() - began_s
