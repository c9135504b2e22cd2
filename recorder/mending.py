"""Goes on with an archive whose last recorder was killed or stopped: whole media files, and holes that say how long."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from recorder.ebml import MalformedMedia
from recorder.matroska_read import repair

# A track that goes on later than this after the recorder's return was silent for a reason of its own.
_RETURN_MS = 10_000
# A shorter one between two files of a connection and its successor is no hole that anybody would hear or see.
_LINK_MS = 250
_LONGEST_LINK_MS = 60_000


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A media file that a killed run left open. room_ms = start_ms + rate × t_ms."""

    number: int
    session_id: int
    kind: str
    path: Path
    start_ms: float
    rate: float


def find_unfinished(conn: sqlite3.Connection, media: Path) -> list[Unfinished]:
    """What is to be mended. Quick, and to be called before this run writes media of its own.

    Files made in the last half second before the kill, which no table knows, are removed; their numbers come again.
    """
    known = {name for (name,) in conn.execute("select file from tracks")}
    for path in media.iterdir():
        if path.name not in known:
            path.unlink()
    sql = "select id, session_id, kind, file, start_ms, rate from tracks where not closed"
    return [
        Unfinished(number, session_id, kind, media / name, start_ms, rate)
        for number, session_id, kind, name, start_ms, rate in conn.execute(sql)
    ]


def repair_file(track: Unfinished) -> tuple[str, tuple[object, ...], float | None]:
    """Close a file.

    Returns the statement for its row, with parameters, and the room time where its media ends: None where the process
    was killed before the header was written, so that there is no media in it. Raises OSError where the disk is full:
    what is in the file is not given up for that, the next try closes it.
    """
    try:
        found = repair(track.path)
    except (FileNotFoundError, MalformedMedia):
        track.path.unlink(missing_ok=True)
        return "delete from tracks where id = ?", (track.number,), None
    end_ms = track.start_ms + track.rate * found.index.end_ms
    return (
        "update tracks set closed = 1, end_ms = ?, frames = ?, keyframes = ?, bytes = ? where id = ?",
        (end_ms, found.blocks, found.keyframes, found.size_bytes, track.number),
        end_ms,
    )


def open_holes(conn: sqlite3.Connection, now_ms: float) -> None:
    """The holes that a stopping run could only begin last at least until now, room time."""
    conn.execute(
        "update coverage set to_ms = max(to_ms, ?) where cause = 'recorder' and to_ms = from_ms"
        " and kind in ('audio', 'video')",
        [round(now_ms)],
    )


def settle_holes(conn: sqlite3.Connection) -> None:
    """Let every hole of the recorder's last until its track went on, and state those that a lost connection left."""
    conn.execute(
        "update coverage set to_ms = coalesce((select cast(round(min(t.start_ms)) as int) from tracks t"
        " where t.session_id = coverage.session_id and t.kind = coverage.kind and t.start_ms >= coverage.from_ms"
        " and t.start_ms <= coverage.to_ms + ?), to_ms) where cause = 'recorder' and kind in ('audio', 'video')",
        [_RETURN_MS],
    )
    conn.execute(
        "insert into coverage (session_id, kind, from_ms, to_ms, cause)"
        " select session_id, kind, cast(round(ended) as int), cast(round(begun) as int),"
        " case when begun - ended <= ? then 'link' else 'paused' end"
        " from (select session_id, kind, end_ms ended, lead(start_ms) over"
        "   (partition by session_id, kind order by start_ms) begun from tracks) pair"
        " where begun - ended > ? and not exists (select 1 from coverage c where c.cause != ''"
        "   and c.session_id = pair.session_id and c.kind = pair.kind and c.from_ms < begun and c.to_ms > ended)",
        [_LONGEST_LINK_MS, _LINK_MS],
    )
