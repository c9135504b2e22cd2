"""What of an archive's rows makes sense: rows of a damaged or foreign one hold whatever SQLite holds.

Every reader sees the tables through views of the same names, in which a column has the type and the range that
`docs/recording.md` gives it. A row that makes no sense is left out and counted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final

from recorder.packing import show_envelopes

__all__ = ["FARTHEST_MS", "LARGE", "SMALL", "count_senseless", "show_sound_rows"]

# No lesson's room is older: a number beyond is damage, and would be a film of so many years.
FARTHEST_MS: Final = 400 * 24 * 60 * 60 * 1000
_TEXT: Final = "typeof({0}) = 'text'"
_WHOLE: Final = "typeof({0}) = 'integer'"
_SMALL: Final = "typeof({0}) = 'integer' and abs({0} / 2) < 1 << 30"
_MS: Final = f"typeof({{0}}) = 'integer' and {{0}} between -{FARTHEST_MS} and {FARTHEST_MS}"
_PLACE_MS: Final = f"typeof({{0}}) in ('real', 'integer') and {{0}} between -{FARTHEST_MS} and {FARTHEST_MS}"
_RATE: Final = "typeof({0}) in ('real', 'integer') and {0} between 0.9 and 1.1"

# Table → rule → columns; in brackets those that may be null.
_RULES: Final[dict[str, dict[str, str]]] = {
    "sessions": {_WHOLE: "id client", _TEXT: "session user name role ticket", _MS: "first_ms"},
    "streams": {_WHOLE: "id session_id", _TEXT: "doc"},
    "envelopes": {_WHOLE: "id stream seq authored_ms", _MS: "room_ms"},
    "cursors": {_WHOLE: "id session_id", _MS: "room_ms", _TEXT: "page", _SMALL: "x10 y10"},
    "chat": {_WHOLE: "session_id at", _MS: "room_ms", _TEXT: "message text"},
    "tracks": {
        _WHOLE: "id session_id", _TEXT: "kind codec file", _PLACE_MS: "start_ms end_ms", _RATE: "rate",
        _SMALL: "epoch frames keyframes lost closed [width] [height]",
    },
    "coverage": {_WHOLE: "id [session_id]", _TEXT: "kind cause", _MS: "from_ms to_ms"},
    "events": {_WHOLE: "id [session_id]", _MS: "room_ms", _TEXT: "kind data"},
    "chapters": {_WHOLE: "id", _MS: "room_ms", _TEXT: "title kind [page]"},
}  # fmt: skip
# Those of a long lesson take a moment to go through.
LARGE: Final = ("envelopes", "cursors")
SMALL: Final = tuple(table for table in _RULES if table not in LARGE)


def show_sound_rows(conn: sqlite3.Connection) -> None:
    """Let the tables of this connection look as if they held nothing else, and nothing packed.

    A table or column that is missing shows when it is read. Raises sqlite3.DatabaseError.
    """
    is_packed = show_envelopes(conn, _condition("envelopes"))
    for table in _RULES:
        if table != "envelopes" or not is_packed:
            conn.execute(f"create temp view {table} as select * from main.{table} where {_condition(table)}")  # noqa: S608 - names are those above


def count_senseless(conn: sqlite3.Connection, tables: Iterable[str]) -> dict[str, int]:
    """How many rows of these tables are left out; of a table that cannot be read nothing is said."""
    found: dict[str, int] = {}
    for table in tables:
        try:
            sql = f"select count(*) from main.{table} where ({_condition(table)}) is not true"  # noqa: S608 - names are those above
            (count,) = conn.execute(sql).fetchone()
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            # Whoever reads the table hears of it.
            continue
        if count:
            found[table] = count
    return found


def _condition(table: str) -> str:
    said = []
    for rule, columns in _RULES[table].items():
        for column in columns.split():
            name = column.strip("[]")
            sound = rule.format(name)
            said.append(sound if name == column else f"({name} is null or {sound})")
    return " and ".join(said)
