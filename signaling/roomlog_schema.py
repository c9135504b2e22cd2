"""The tables of the SQLite room log, and how its file is opened."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from whiteboard_crdt.errors import SetupError

__all__ = ["SCHEMA_VERSION", "open_database"]

SCHEMA_VERSION = 1

SCHEMA = """
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
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            _create(db)
        elif version != SCHEMA_VERSION:
            raise SetupError(
                f"the room log {path} is of version {version}; this release reads version {SCHEMA_VERSION}"
            )
    except sqlite3.Error as error:
        db.close()
        raise SetupError(f"the room log {path} cannot be read: {error}") from error
    except SetupError:
        db.close()
        raise
    return db


def _create(db: sqlite3.Connection) -> None:
    """Make the tables once, also when two processes open a new file at the same moment."""
    db.execute("BEGIN IMMEDIATE")
    try:
        if db.execute("PRAGMA user_version").fetchone() == (0,):
            for statement in SCHEMA.split(";\n"):
                if statement.strip():
                    db.execute(statement)
            db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise
