"""A room log whose file is damaged: what can be read of it goes into a new one, and the old one is set aside.

A damaged record is noticed by its checksum and is no matter for this; here a page of a table or of an index is broken,
so that SQLite itself refuses. Indexes are made anew, and of tables all rows but those on the broken pages are kept.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final

from whiteboard_crdt.errors import SetupError

__all__ = ["damaged_copies", "is_damage", "rebuild", "was_rebuilt_since"]

log = logging.getLogger("chalkmesh.relay.log")

_TABLES: Final = ("rooms", "records", "quarantine", "sessions", "revoked", "outbox", "present", "snapshots")
_AT_ONCE: Final = 256
_LAST_ROW: Final = 2**62
_DAMAGED: Final = ".damaged-"
Connect = Callable[[Path], sqlite3.Connection]


def is_damage(error: sqlite3.Error) -> bool:
    """Whether pages of the file are broken (and not the disk full, or away)."""
    return bool(getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CORRUPT)


def damaged_copies(path: Path) -> list[Path]:
    """The files of this log that were set aside."""
    return sorted(path.parent.glob(f"{path.name}{_DAMAGED}*"))


def was_rebuilt_since(path: Path, at_ms: int) -> bool:
    """Whether the log was rebuilt after a time: a disk that breaks it again and again needs a person."""
    stamps = (copy.name.partition(_DAMAGED)[2].partition("-")[0] for copy in damaged_copies(path))
    return any(stamp.isdecimal() and int(stamp) >= at_ms for stamp in stamps)


def rebuild(path: Path, now_ms: int, connect: Connect) -> None:
    """Put a new log in the place of a damaged one, which stays beside it as ``….damaged-<unix ms>``.

    `connect` makes an empty log. Nothing else may have the file open. Raises SetupError where nothing can be read.
    """
    fresh = path.with_name(path.name + ".rebuilt")
    for left in (fresh, *_journals(fresh)):
        left.unlink(missing_ok=True)  # of a rebuilding that was cut off
    kept: dict[str, int] = {}
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as old, closing(connect(fresh)) as new:
            old.text_factory = partial(str, encoding="utf-8", errors="replace")
            there = {name for (name,) in old.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            new.execute("BEGIN")
            for table in _TABLES:
                if table in there:
                    kept[table] = _copy(old, new, table)
            # A room whose own row is lost begins where its records say, and is open: the portal closes it again.
            new.execute(
                "INSERT OR IGNORE INTO rooms(room, started_ms, closed_ms)"
                " SELECT room, min(arrival_ms - room_ms), NULL FROM records GROUP BY room"
            )
            new.execute("COMMIT")
            new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise SetupError(f"the room log {path} is damaged, and cannot be rebuilt: {error}") from error
    aside = path.with_name(f"{path.name}{_DAMAGED}{now_ms}")
    for journal in _journals(path):
        if journal.exists():
            journal.rename(aside.with_name(aside.name + journal.name.removeprefix(path.name)))
    path.rename(aside)
    fresh.rename(path)
    number = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
    log.error(
        "room log rebuilt, the damaged one is %s rows=%s",
        aside.name, ",".join(f"{table}:{count}" for table, count in kept.items()),
    )  # fmt: skip


def _journals(path: Path) -> tuple[Path, Path]:
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def _copy(old: sqlite3.Connection, new: sqlite3.Connection, table: str) -> int:
    """The names of tables and columns are our own."""
    held = {row[1] for row in old.execute(f"PRAGMA table_info({table})")}
    columns = [row[1] for row in new.execute(f"PRAGMA table_info({table})") if row[1] in held]
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    insert = f"INSERT OR IGNORE INTO {table}({names}) VALUES({marks})"
    select = f"SELECT rowid, {names} FROM {table} NOT INDEXED WHERE rowid >= ? ORDER BY rowid LIMIT ?"  # noqa: S608
    before = new.total_changes
    for row in _readable(old, select):
        new.execute(insert, row[1:])
    return new.total_changes - before


def _readable(db: sqlite3.Connection, select: str) -> Iterator[tuple[Any, ...]]:
    """All rows that can be read, in order. (`Any`: a damaged row may hold anything.)"""

    def read(first: int, most: int) -> list[tuple[Any, ...]] | None:
        try:
            return db.execute(select, (first, most)).fetchall()
        except sqlite3.DatabaseError:
            return None

    first, most = 0, _AT_ONCE
    while True:
        rows = read(first, most)
        if rows:
            yield from rows
            first = rows[-1][0] + 1
        elif rows is not None:
            return
        elif most > 1:
            most = 1
        else:
            after = _next_readable(read, first)
            if after is None:
                return
            first, most = after, _AT_ONCE


def _next_readable(read: Callable[[int, int], list[tuple[Any, ...]] | None], broken: int) -> int | None:
    """The lowest number after a broken one from which can be read on."""
    step = 1
    while read(broken + step, 1) is None:
        step *= 2
        if step > _LAST_ROW:
            return None
    low, high = broken + step // 2, broken + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if read(middle, 1) is not None else (middle, high)
    return high
