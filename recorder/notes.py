"""Notes for `lesson.sqlite` that are not committed yet, and how they are written: in one transaction."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from recorder.tracks import TrackState

# Cursors that are kept while the disk takes nothing; envelopes are never dropped (and the relay has them too).
MAX_PENDING_CURSORS = 20_000


@dataclass(slots=True)
class Notes:
    """Rows by table; in the order of the columns."""

    meta: dict[str, str] = field(default_factory=dict)
    sessions: list[tuple[int, str, str, str, str, int, str, int]] = field(default_factory=list)
    renewals: list[tuple[str, int]] = field(default_factory=list)
    streams: list[tuple[int, str, int]] = field(default_factory=list)
    envelopes: list[tuple[int, int, int, int, bytes]] = field(default_factory=list)
    cursors: list[tuple[int, int, str, int, int]] = field(default_factory=list)
    chat: list[tuple[str, int, int, str, int]] = field(default_factory=list)
    tracks: dict[str, tuple[int, TrackState]] = field(default_factory=dict)
    coverage: list[tuple[int | None, str, int, int, str]] = field(default_factory=list)
    events: list[tuple[int, str, int | None, str]] = field(default_factory=list)
    chapters: list[tuple[int, str, str, str]] = field(default_factory=list)
    assets: list[tuple[str, str, int, str | None, int | None, int | None]] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not any(getattr(self, name) for name in self.__slots__)


def write_notes(conn: sqlite3.Connection, notes: Notes) -> None:
    """Put everything into the tables. Raises sqlite3.OperationalError."""
    conn.executemany("insert or replace into meta values (?, ?)", list(notes.meta.items()))
    conn.executemany("insert or ignore into sessions values (?, ?, ?, ?, ?, ?, ?, ?)", notes.sessions)
    conn.executemany("update sessions set ticket = ? where id = ?", notes.renewals)
    conn.executemany("insert or ignore into streams values (?, ?, ?)", notes.streams)
    conn.executemany(
        "insert or ignore into envelopes (room_ms, authored_ms, stream, seq, envelope) values (?, ?, ?, ?, ?)",
        notes.envelopes,
    )
    conn.executemany("insert into cursors (room_ms, session_id, page, x10, y10) values (?, ?, ?, ?, ?)", notes.cursors)
    conn.executemany("insert or ignore into chat values (?, ?, ?, ?, ?)", notes.chat)
    conn.executemany(
        "insert into tracks (session_id, kind, codec, file, epoch, start_ms, rate, fit_n, fit_error_ms, end_ms, frames,"
        " keyframes, bytes, lost, width, height, closed) values (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
        " on conflict (file) do update set start_ms = excluded.start_ms, rate = excluded.rate, fit_n = excluded.fit_n,"
        " fit_error_ms = excluded.fit_error_ms, end_ms = excluded.end_ms, frames = excluded.frames,"
        " keyframes = excluded.keyframes, bytes = excluded.bytes, lost = excluded.lost, closed = excluded.closed",
        [(number, *_track_row(state)) for number, state in notes.tracks.values()],
    )
    conn.executemany(
        "insert into coverage (session_id, kind, from_ms, to_ms, cause) values (?, ?, ?, ?, ?)", notes.coverage
    )
    conn.executemany("insert into events (room_ms, kind, session_id, data) values (?, ?, ?, ?)", notes.events)
    conn.executemany("insert into chapters (room_ms, title, kind, page) values (?, ?, ?, ?)", notes.chapters)
    conn.executemany(
        "insert into assets (asset, doc, room_ms, mime, bytes, held_ms) values (?, ?, ?, ?, ?, ?)"
        " on conflict (asset) do update set doc = excluded.doc, mime = coalesce(excluded.mime, mime),"
        " bytes = coalesce(excluded.bytes, bytes), held_ms = coalesce(excluded.held_ms, held_ms)",
        notes.assets,
    )


def _track_row(state: TrackState) -> tuple[object, ...]:
    return (
        state.kind,
        state.codec,
        state.file,
        state.epoch,
        state.start_ms,
        state.rate,
        state.fit_n,
        state.fit_error_ms,
        state.end_ms,
        state.frames,
        state.keyframes,
        state.bytes,
        state.lost,
        state.width,
        state.height,
        int(state.closed),
    )


def merge_notes(older: Notes, newer: Notes) -> Notes:
    """Notes that could not be written, and those that came since."""
    return Notes(
        meta=older.meta | newer.meta,
        sessions=older.sessions + newer.sessions,
        renewals=older.renewals + newer.renewals,
        streams=older.streams + newer.streams,
        envelopes=older.envelopes + newer.envelopes,
        cursors=(older.cursors + newer.cursors)[-MAX_PENDING_CURSORS:],
        chat=older.chat + newer.chat,
        tracks=older.tracks | newer.tracks,
        coverage=older.coverage + newer.coverage,
        events=older.events + newer.events,
        chapters=older.chapters + newer.chapters,
        assets=older.assets + newer.assets,
    )
