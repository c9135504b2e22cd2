"""The tables of `lesson.sqlite` (`docs/recording.md`)."""

from __future__ import annotations

import sqlite3
from typing import Any, Final

SCHEMA: Final = 1
DATABASE: Final = "lesson.sqlite"
MEDIA: Final = "media"
ASSETS: Final = "assets"
MANIFEST: Final = "manifest.json"
EXPORT_FOLDER: Final = "export"
FILM: Final = "lesson.mp4"
POSTER: Final = "poster.jpg"
UNNAMED: Final = "Participant"
"""The name under which a session stands whose ticket says `unrecorded`."""

# `Any`: a column type of sqlite-utils is a Python type.
_TABLES: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "meta": ({"key": str, "value": str}, "key"),
    "sessions": (
        {
            "id": int,
            "session": str,
            "user": str,
            "name": str,
            "role": str,
            "client": int,
            "ticket": str,
            "first_ms": int,
        },
        "id",
    ),
    "streams": ({"id": int, "doc": str, "session_id": int}, "id"),
    "envelopes": (
        {"id": int, "room_ms": int, "authored_ms": int, "stream": int, "seq": int, "envelope": bytes},
        "id",
    ),
    "cursors": ({"id": int, "room_ms": int, "session_id": int, "page": str, "x10": int, "y10": int}, "id"),
    "chat": ({"message": str, "room_ms": int, "session_id": int, "text": str, "at": int}, "message"),
    "tracks": (
        {
            "id": int,
            "session_id": int,
            "kind": str,
            "codec": str,
            "file": str,
            "epoch": int,
            "start_ms": float,
            "rate": float,
            "fit_n": int,
            "fit_error_ms": float,
            "end_ms": float,
            "frames": int,
            "keyframes": int,
            "bytes": int,
            "lost": int,
            "width": int,
            "height": int,
            "closed": int,
        },
        "id",
    ),
    "coverage": (
        {"id": int, "session_id": int, "kind": str, "from_ms": int, "to_ms": int, "cause": str},
        "id",
    ),
    "events": ({"id": int, "room_ms": int, "kind": str, "session_id": int, "data": str}, "id"),
    "chapters": ({"id": int, "room_ms": int, "title": str, "kind": str, "page": str}, "id"),
    "assets": (
        {"id": int, "asset": str, "doc": str, "room_ms": int, "mime": str, "bytes": int, "held_ms": int},
        "id",
    ),
}

_UNIQUE: Final = {
    "sessions": ["session"],
    "streams": ["doc", "session_id"],
    "envelopes": ["stream", "seq"],
    "tracks": ["file"],
    "assets": ["asset"],
}

_LOG: Final = "log"
_LOG_VIEW: Final = """
select e.id, e.room_ms, e.authored_ms, t.doc, s.session, s.user, e.seq, e.envelope
from envelopes e join streams t on t.id = e.stream join sessions s on s.id = t.session_id
"""


def create_tables(conn: sqlite3.Connection) -> None:
    """Make the tables of a new archive, or those that one of an earlier version lacks, in one transaction."""
    if {name for (name,) in conn.execute("select name from sqlite_master")} >= {*_TABLES, _LOG}:
        return
    # Late: a third of a recorder's time to load and 8 MB, which none needs that stands by or takes a lesson over.
    from sqlite_utils import Database

    db = Database(conn)
    with conn:
        for name, (columns, key) in _TABLES.items():
            if db.table(name).exists():
                continue
            keys = [(column, "sessions", "id") for column in columns if column == "session_id"]
            if name == "envelopes":
                keys.append(("stream", "streams", "id"))
            db.table(name).create(columns, pk=key, foreign_keys=keys)
            if name in _UNIQUE:
                db.table(name).create_index(_UNIQUE[name], unique=True)
        db.create_view(_LOG, _LOG_VIEW, ignore=True)
