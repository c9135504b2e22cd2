"""The tables of the SQLite room log, and how its file is opened."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from functools import partial
from pathlib import Path

from whiteboard_crdt.errors import SetupError

__all__ = ["SCHEMA_VERSION", "open_database"]

SCHEMA_VERSION = 3

_VERSION_1 = """
CREATE TABLE rooms(room TEXT PRIMARY KEY, started_ms INTEGER NOT NULL, closed_ms INTEGER);
CREATE TABLE records(
  n INTEGER PRIMARY KEY AUTOINCREMENT, room TEXT NOT NULL, doc TEXT NOT NULL, session TEXT NOT NULL,
  seq INTEGER NOT NULL, room_ms INTEGER NOT NULL, arrival_ms INTEGER NOT NULL,
  payload BLOB NOT NULL, crc32 INTEGER NOT NULL);
CREATE UNIQUE INDEX records_stream ON records(room, doc, session, seq);
CREATE INDEX records_room ON records(room, n);
CREATE TABLE quarantine(
  n INTEGER PRIMARY KEY, room TEXT, doc TEXT, session TEXT, seq INTEGER, room_ms INTEGER, arrival_ms INTEGER,
  payload BLOB, crc32 INTEGER, found_ms INTEGER NOT NULL);
CREATE TABLE sessions(room TEXT NOT NULL, session TEXT NOT NULL, ticket TEXT NOT NULL, UNIQUE(room, session));
CREATE TABLE revoked(
  room TEXT NOT NULL, session TEXT NOT NULL, user TEXT NOT NULL, at_ms INTEGER NOT NULL, UNIQUE(room, session, user));
CREATE TABLE outbox(
  n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, room TEXT NOT NULL, user TEXT NOT NULL,
  session TEXT NOT NULL, kind TEXT NOT NULL, at_ms INTEGER NOT NULL);
CREATE TABLE present(
  room TEXT NOT NULL, session TEXT NOT NULL, user TEXT NOT NULL, seen_ms INTEGER NOT NULL, UNIQUE(room, session));
"""

# `upto` is the last record (its `n`) that the snapshots of a room cover. A record that was set aside leaves its place
# to the one that comes again, found by its stream.
_VERSION_2 = """
CREATE TABLE snapshots(
  room TEXT NOT NULL, doc TEXT NOT NULL, upto INTEGER NOT NULL, made_ms INTEGER NOT NULL, payload BLOB NOT NULL,
  crc32 INTEGER NOT NULL, UNIQUE(room, doc));
CREATE INDEX quarantine_stream ON quarantine(room, doc, session, seq);
"""
# What the school signed (T5); empty for the relay's own decision.
_VERSION_3 = """
ALTER TABLE revoked ADD COLUMN token TEXT NOT NULL DEFAULT '';
"""
_STEPS = (_VERSION_1, _VERSION_2, _VERSION_3)


def open_database(path: Path) -> sqlite3.Connection:
    """Open (or create) a room log for one thread, durable and in autocommit mode.

    Raises SetupError when the folder, the file or its format cannot be used.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(f"the folder {path.parent} cannot be made: {error.strerror}") from error
    try:
        db = sqlite3.connect(path, isolation_level=None, timeout=10.0)
    except sqlite3.Error as error:
        raise SetupError(f"the room log {path} cannot be opened: {error}") from error
    try:
        # A damaged row may hold any bytes in any column: it has to be read to be set aside.
        db.text_factory = partial(str, encoding="utf-8", errors="replace")
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        # What is deleted is overwritten with zeros: replaced snapshots, and rooms that are forgotten.
        db.execute("PRAGMA secure_delete=ON")
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise SetupError(
                f"the room log {path} is of version {version}; this release reads version {SCHEMA_VERSION}"
            )
        if version < SCHEMA_VERSION:
            _upgrade(db)
            _make_name_durable(path)
    except sqlite3.Error as error:
        db.close()
        raise SetupError(f"the room log {path} cannot be read: {error}") from error
    except SetupError:
        db.close()
        raise
    return db


def _upgrade(db: sqlite3.Connection) -> None:
    """Make what is missing, once, also when two threads or processes open the file at the same moment."""
    db.execute("BEGIN IMMEDIATE")
    try:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        for step in _STEPS[version:]:
            for statement in step.split(";\n"):
                if statement.strip():
                    db.execute(statement)
        db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _make_name_durable(path: Path) -> None:
    """SQLite syncs the folder for its journal files, and never for the database itself: a new one needs it once."""
    for folder in (path.parent, path.parent.parent):
        with contextlib.suppress(OSError):  # a file system that cannot sync folders needs no such thing
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
