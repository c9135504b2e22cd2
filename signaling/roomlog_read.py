"""Reading the SQLite room log: what a room is rebuilt from, stretches of streams, and the checksums of both."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from typing import Any, Final

from signaling.roomlog import Record, Revocation, RoomHistory

__all__ = ["read_page", "read_room", "read_stretch", "record_checksum", "snapshot_checksum"]

_RECORDS: Final = "SELECT n, doc, session, seq, room_ms, arrival_ms, payload, crc32 FROM records"
_PAGE_RECORDS: Final = 256
Damaged = list[int]


def record_checksum(room: str, record: Record) -> int:
    """CRC-32 over all columns of a record, so that a moved or edited row is noticed and not only a damaged blob."""
    head = f"{room}\0{record.doc}\0{record.session}\0{record.seq}\0{record.room_ms}\0{record.arrival_ms}\0"
    return zlib.crc32(record.payload, zlib.crc32(head.encode()))


def snapshot_checksum(room: str, doc: str, payload: bytes) -> int:
    """CRC-32 over a snapshot and whose it is."""
    return zlib.crc32(payload, zlib.crc32(f"{room}\0{doc}\0".encode()))


def read_room(db: sqlite3.Connection, room: str, *, whole: bool) -> tuple[RoomHistory, Damaged, bool]:
    """A room as it is rebuilt, the numbers of damaged records, and whether its snapshots were damaged.

    One read transaction: snapshots and the records after them belong together.
    """
    db.execute("BEGIN")
    try:
        return _read_room(db, room, whole=whole)
    finally:
        db.execute("ROLLBACK")  # it only read


def _read_room(db: sqlite3.Connection, room: str, *, whole: bool) -> tuple[RoomHistory, Damaged, bool]:
    started_ms, closed_ms = db.execute("SELECT started_ms, closed_ms FROM rooms WHERE room = ?", (room,)).fetchone()
    kept = db.execute("SELECT doc, upto, payload, crc32 FROM snapshots WHERE room = ? ORDER BY doc", (room,)).fetchall()
    broken = any(not isinstance(blob, bytes) or snapshot_checksum(room, doc, blob) != crc for doc, _, blob, crc in kept)
    if whole or broken or len({upto for _, upto, _, _ in kept}) > 1:
        kept = []
    upto = kept[0][1] if kept else 0
    records: list[Record] = []
    damaged: Damaged = []
    rows = db.execute(_RECORDS + " WHERE room = ? AND n > ? ORDER BY n", (room, upto))
    for _, record in _checked(room, rows, damaged):
        records.append(record)
    heads = db.execute("SELECT doc, session, max(seq) FROM records WHERE room = ? GROUP BY doc, session", (room,))
    last = db.execute("SELECT room_ms FROM records WHERE room = ? ORDER BY n DESC LIMIT 1", (room,)).fetchone()
    history = RoomHistory(
        started_ms,
        closed_ms is not None,
        records,
        [row[0] for row in db.execute("SELECT ticket FROM sessions WHERE room = ? ORDER BY rowid", (room,))],
        [
            Revocation(*row)
            for row in db.execute(
                "SELECT session, user, at_ms, token FROM revoked WHERE room = ? ORDER BY rowid", (room,)
            )
        ],
        len(damaged),
        [payload for _, _, payload, _ in kept],
        {(doc, session): seq for doc, session, seq in heads},
        max([record.room_ms for record in records] + ([last[0]] if last else [0])),
    )
    return history, damaged, broken


def read_stretch(
    db: sqlite3.Connection, room: str, doc: str, session: str, first: int, last: int
) -> tuple[list[Record], Damaged]:
    """The records `first` to `last` of a stream, in order, and the numbers of damaged ones."""
    damaged: Damaged = []
    rows = db.execute(
        _RECORDS + " WHERE room = ? AND doc = ? AND session = ? AND seq BETWEEN ? AND ? ORDER BY seq",
        (room, doc, session, first, last),
    ).fetchall()
    return [record for _, record in _checked(room, rows, damaged)], damaged


def read_page(db: sqlite3.Connection, room: str, after: int) -> tuple[list[Record], Damaged, int | None]:
    """The next records of a room after number `after`, and the number to go on from; None at the end."""
    damaged: Damaged = []
    rows = db.execute(
        _RECORDS + " WHERE room = ? AND n > ? ORDER BY n LIMIT ?", (room, after, _PAGE_RECORDS)
    ).fetchall()
    return [record for _, record in _checked(room, rows, damaged)], damaged, rows[-1][0] if rows else None


def _checked(room: str, rows: Any, damaged: Damaged) -> Iterator[tuple[int, Record]]:
    """`Any`: rows of sqlite3 have no types, and a damaged row may hold anything."""
    for n, doc, session, seq, room_ms, arrival_ms, payload, crc32 in rows:
        record = Record(doc, session, seq, room_ms, arrival_ms, payload)
        if isinstance(payload, bytes) and record_checksum(room, record) == crc32:
            yield n, record
        else:
            damaged.append(n)
