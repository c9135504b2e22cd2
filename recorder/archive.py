"""The archive of one lesson as its only writer sees it (`docs/recording.md`).

Notes are taken in memory and committed in batches.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recorder.frames import Kind
from recorder.mending import Unfinished, find_unfinished, open_holes, repair_file, settle_holes
from recorder.notes import MAX_PENDING_CURSORS, Notes, merge_notes, write_notes
from recorder.schema import ASSETS, DATABASE, MEDIA, SCHEMA, UNNAMED, create_tables
from recorder.tracks import TrackState
from whiteboard_crdt.envelope import Envelope
from whiteboard_crdt.errors import SetupError
from whiteboard_crdt.ids import Capability
from whiteboard_crdt.ticket import Ticket

LATE_OPEN = "late_open"
"""In `meta` from the sealing on until the room is closed: late work may still come."""

# A cursor is kept this often at most. The relay tells them so often, some of them a little early.
CURSOR_EVERY_MS = 100
_EARLY_MS = 20


@dataclass(frozen=True, slots=True)
class LessonInfo:
    """What is known of a lesson before anything happens in it. `jwks`: the school's key set."""

    lesson: str
    room: str
    title: str
    school: str
    jwks: str


@dataclass(frozen=True, slots=True)
class StoredEnvelope:
    """An envelope that the archive already holds."""

    room_ms: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class StoredAsset:
    """A picture that a board names by its hash; `held_ms`: room time since when it is here, None while it is not."""

    asset: str
    doc: str
    room_ms: int
    bytes: int
    held_ms: int | None


@dataclass(slots=True)
class _Late:
    """A sealed archive that still takes late work: where the lesson ended, where it ends now, how many envelopes."""

    from_ms: int
    end_ms: int
    envelopes: int = 0


class Archive:
    """Taking notes and `take` belong to the event loop; `write`, `seal`, `mend` and `close` wait for the disk."""

    def __init__(self, folder: Path, conn: sqlite3.Connection, run: int) -> None:
        self.folder = folder
        self.run = run
        self._conn = conn
        self._lock = threading.Lock()
        self._notes = Notes()
        self._late: _Late | None = None
        self._sessions: dict[str, int] = {}
        self._caps: dict[str, frozenset[Capability]] = {}
        self._streams: dict[tuple[str, int], int] = {}
        self._epochs: dict[tuple[str, str], int] = {}
        self._last_cursor: dict[str, int] = {}
        for number, session in conn.execute("select id, session from sessions"):
            self._sessions[session] = number
        for number, doc, session_id in conn.execute("select id, doc, session_id from streams"):
            self._streams[doc, session_id] = number
        for session, kind, epoch in conn.execute(
            "select s.session, t.kind, max(t.epoch) from tracks t join sessions s on s.id = t.session_id group by 1, 2"
        ):
            self._epochs[session, kind] = epoch

    @property
    def media(self) -> Path:
        """The folder of the media files."""
        return self.folder / MEDIA

    @property
    def assets(self) -> Path:
        """The folder of the pictures on the boards, each named by its hash."""
        return self.folder / ASSETS

    # Notes, taken on the event loop.

    def meta(self, key: str, value: Any) -> None:
        """Set a value of the table `meta`. `Any`: whatever JSON can hold."""
        self._notes.meta[key] = json.dumps(value, ensure_ascii=False)

    def session(self, ticket: Ticket, token: str, room_ms: float) -> None:
        """A session is known from its verified ticket.

        A renewed one takes the place of the first where it allows more.
        """
        number = self._sessions.get(ticket.session)
        if number is not None:
            if ticket.caps > self._caps.setdefault(ticket.session, ticket.caps):
                self._caps[ticket.session] = ticket.caps
                self._notes.renewals.append((token, number))
            return
        number = len(self._sessions) + 1
        self._sessions[ticket.session] = number
        self._caps[ticket.session] = ticket.caps
        name = UNNAMED if ticket.unrecorded else ticket.name
        row = (ticket.session, ticket.user, name, ticket.role.value, ticket.client, token, round(room_ms))
        self._notes.sessions.append((number, *row))

    def knows(self, session: str) -> bool:
        """Whether `session` was called for that session, now or in an earlier run."""
        return session in self._sessions

    def envelope(self, envelope: Envelope, room_ms: float) -> None:
        """An envelope was applied here; its session is known. One that is held already is passed over."""
        session = self._sessions[envelope.session]
        key = (envelope.doc.text, session)
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = len(self._streams) + 1
            self._notes.streams.append((stream, *key))
        self._notes.envelopes.append((round(room_ms), envelope.authored_ms, stream, envelope.seq, envelope.raw))

    def cursor(self, session: str, page: str, x10: int, y10: int, room_ms: float) -> None:
        """Where a session's pointer is; thinned to one for every 100 ms."""
        number, at = self._sessions.get(session), round(room_ms)
        last = self._last_cursor.get(session, -CURSOR_EVERY_MS)
        if number is None or at - last < CURSOR_EVERY_MS - _EARLY_MS:
            return
        if len(self._notes.cursors) < MAX_PENDING_CURSORS:
            # The rhythm, not the moment: ten a second in the long run, however early each of them comes.
            self._last_cursor[session] = max(last + CURSOR_EVERY_MS, at - _EARLY_MS)
            self._notes.cursors.append((at, number, page, x10, y10))

    def chat(self, message: str, session: str, text: str, at: int, room_ms: float) -> None:
        """A chat message, for search; again is harmless."""
        if (number := self._sessions.get(session)) is not None:
            self._notes.chat.append((message, round(room_ms), number, text, at))

    def event(self, kind: str, session: str | None, data: dict[str, object], room_ms: float) -> None:
        """Something happened in the room."""
        number = self._sessions.get(session) if session is not None else None
        self._notes.events.append((round(room_ms), kind, number, json.dumps(data, ensure_ascii=False)))

    def chapter(self, title: str, kind: str, page: str, room_ms: float) -> None:
        """A place to jump to."""
        self._notes.chapters.append((round(room_ms), title, kind, page))

    def covered(self, session: str | None, kind: str, from_ms: float, to_ms: float, cause: str = "") -> None:
        """A stretch of time that was recorded, or with a cause was not."""
        number = self._sessions.get(session) if session is not None else None
        self._notes.coverage.append((number, kind, round(from_ms), round(to_ms), cause))

    def asset_named(self, asset: str, doc: str, room_ms: float) -> None:
        """A document names a picture."""
        self._notes.assets.append((asset, doc, round(room_ms), None, None, None))

    def asset_held(self, known: StoredAsset, mime: str, size_bytes: int, room_ms: float) -> None:
        """A picture that was named lies in the folder."""
        self._notes.assets.append((known.asset, known.doc, known.room_ms, mime, size_bytes, round(room_ms)))

    # TrackJournal

    def next_epoch(self, session: str, kind: Kind) -> int:
        """The number of the next file of that session and kind."""
        epoch = self._epochs.get((session, kind), 0) + 1
        self._epochs[session, kind] = epoch
        return epoch

    def hole(self, session: str, kind: Kind, from_ms: float, to_ms: float, cause: str) -> None:
        """Media is missing."""
        self.covered(session, kind, from_ms, to_ms, cause)

    def track(self, session: str, state: TrackState) -> None:
        """The state of a media file; only the latest before a flush is written."""
        if (number := self._sessions.get(session)) is not None:
            self._notes.tracks[state.file] = (number, state)

    # The disk

    def take(self) -> Notes:
        """All notes since the last call, to be given to `write`; of a sealed archive only late work and pictures."""
        taken, self._notes = self._notes, Notes()
        late = self._late
        if late is None:
            return taken
        notes = Notes(
            sessions=taken.sessions,
            renewals=taken.renewals,
            streams=taken.streams,
            envelopes=taken.envelopes,
            chat=taken.chat,
            assets=taken.assets,
        )
        if taken.envelopes:
            late.envelopes += len(taken.envelopes)
            last_ms = max(late.end_ms, *(envelope[0] for envelope in taken.envelopes))
            if last_ms > late.end_ms:
                notes.coverage = [(None, "board", late.end_ms, last_ms, "")]
                late.end_ms = last_ms
            facts = {"from_ms": late.from_ms, "envelopes": late.envelopes}
            notes.meta = {"end_ms": json.dumps(last_ms), "late": json.dumps(facts)}
        return notes

    def write(self, notes: Notes) -> None:
        """Commit notes. Raises sqlite3.OperationalError (disk full, …); then `restore` keeps them for the next try."""
        with self._lock, self._conn:
            write_notes(self._conn, notes)

    def restore(self, notes: Notes) -> None:
        """Notes that could not be written come first next time."""
        self._notes = merge_notes(notes, self._notes)

    def flush(self) -> None:
        """Take and commit in one. Raises sqlite3.OperationalError."""
        notes = self.take()
        try:
            self.write(notes)
        except sqlite3.OperationalError:
            self.restore(notes)
            raise

    def seal(self, end_ms: float) -> None:
        """The lesson is over and every media file closed.

        State the coverage, fold the log in, one plain file from now on. Late work is taken until `end_late`.
        """
        self.meta("end_ms", round(end_ms))
        self.meta("state", "sealed")
        self.meta(LATE_OPEN, True)
        self.meta("sealed_at", int(time.time() * 1000))
        self.flush()
        with self._lock:
            with self._conn:
                settle_holes(self._conn)
                self._conn.execute(
                    "insert into coverage (session_id, kind, from_ms, to_ms, cause)"
                    " select session_id, kind, cast(round(start_ms) as int), cast(round(end_ms) as int), '' from tracks"
                )
            self._conn.execute("pragma optimize")
            self._conn.execute("pragma journal_mode = delete")
        self._late = _Late(round(end_ms), round(end_ms))

    def end_late(self) -> None:
        """Nothing comes any more; what was noted must be written. Raises sqlite3.OperationalError."""
        with self._lock, self._conn:
            self._conn.execute("delete from meta where key = ?", [LATE_OPEN])

    def take_late_from(self, from_ms: int, end_ms: int, envelopes: int) -> None:
        """Go on taking late work after a restart: where the lesson ended, where it ends now, how many came so far."""
        self._late = _Late(from_ms, end_ms, envelopes)

    def close(self) -> None:
        """Let go of the database. Notes not flushed are lost."""
        with self._lock:
            self._conn.close()

    # What an earlier run left

    def get(self, key: str) -> Any:
        """A committed value of `meta`, None if absent. `Any`: JSON."""
        row = self._conn.execute("select value from meta where key = ?", [key]).fetchone()
        return None if row is None else json.loads(row[0])

    def last_ms(self) -> int:
        """Room time of the last thing that is committed."""
        sql = (
            "select max(coalesce(m, 0)) from (select max(room_ms) m from envelopes"
            " union all select max(room_ms) from events union all select cast(max(end_ms) as int) from tracks)"
        )
        return int(self._conn.execute(sql).fetchone()[0] or 0)

    def tickets(self) -> list[str]:
        """The tickets of all sessions that are known."""
        return [token for (token,) in self._conn.execute("select ticket from sessions order by id")]

    def envelopes(self) -> Iterator[StoredEnvelope]:
        """All envelopes in the order in which they were applied."""
        for room_ms, raw in self._conn.execute("select room_ms, envelope from envelopes order by id"):
            yield StoredEnvelope(room_ms, raw)

    def named_assets(self) -> list[StoredAsset]:
        """All pictures that were named."""
        sql = "select asset, doc, room_ms, coalesce(bytes, 0), held_ms from assets order by id"
        return [StoredAsset(*row) for row in self._conn.execute(sql)]

    def unfinished(self) -> list[Unfinished]:
        """Media files that a killed run left open; only while this run writes no media of its own."""
        with self._lock:
            return find_unfinished(self._conn, self.media)

    def close_broken_off(self) -> None:
        """Close what a full disk broke off, once all else is closed; its holes are noted. Raises as `mend`."""
        for track in self.unfinished():
            statement, parameters, _ = repair_file(track)
            with self._lock, self._conn:
                self._conn.execute(statement, parameters)

    def mend(self, tracks: Sequence[Unfinished], now_ms: float) -> None:
        """Close those files, and note the holes until now. Takes seconds after hours of media; may run beside `write`.

        Raises sqlite3.OperationalError, OSError.
        """
        with self._lock, self._conn:
            open_holes(self._conn, now_ms)
            settle_holes(self._conn)
        for track in tracks:
            statement, parameters, end_ms = repair_file(track)
            with self._lock, self._conn:
                self._conn.execute(statement, parameters)
                if end_ms is not None:
                    hole = (track.session_id, track.kind, round(end_ms), round(max(end_ms, now_ms)), "recorder")
                    sql = "insert into coverage (session_id, kind, from_ms, to_ms, cause) values (?, ?, ?, ?, ?)"
                    self._conn.execute(sql, hole)


def open_archive(folder: Path, info: LessonInfo) -> Archive:
    """Open the archive of a lesson for writing; make it if it is new.

    Raises SetupError if it is sealed or unreadable.
    """
    (folder / MEDIA).mkdir(parents=True, exist_ok=True)
    archive = _open(folder, "wal", sealed=False)
    archive.meta("schema", SCHEMA)
    archive.meta("lesson", info.lesson)
    archive.meta("room", info.room)
    archive.meta("title", info.title)
    archive.meta("school", info.school)
    archive.meta("keys", json.loads(info.jwks))
    archive.meta("state", "recording")
    archive.meta("run", archive.run)
    archive.meta("made_by", "chalkmesh")
    archive.flush()
    return archive


def open_sealed(folder: Path) -> Archive:
    """Open a sealed archive again that still takes late work.

    Raises SetupError if it is not sealed, takes none, or is unreadable.
    """
    archive = _open(folder, "delete", sealed=True)
    try:
        if not archive.get(LATE_OPEN):
            raise SetupError(f"the recording in {folder} is finished")
        end_ms, known = int(archive.get("end_ms")), archive.get("late") or {}
        archive.take_late_from(int(known.get("from_ms", end_ms)), end_ms, int(known.get("envelopes", 0)))
    except (sqlite3.DatabaseError, TypeError, ValueError, AttributeError) as error:
        archive.close()
        raise SetupError(f"the recording in {folder} cannot be opened: {error}") from None
    except SetupError:
        archive.close()
        raise
    return archive


def _open(folder: Path, journal: str, *, sealed: bool) -> Archive:
    path = folder / DATABASE
    fresh = not path.exists() or path.stat().st_size == 0
    conn = sqlite3.connect(path, check_same_thread=False, timeout=10)
    try:
        conn.execute(f"pragma journal_mode = {journal}")
        # A killed process loses nothing with NORMAL; after a power cut the room log fills the archive up again.
        conn.execute("pragma synchronous = normal")
        if fresh or not sealed:
            create_tables(conn)
        archive = Archive(folder, conn, int(archive_run(conn)) + (not sealed))
        if (archive.get("state") == "sealed") != sealed:
            raise SetupError(f"the recording in {folder} is {'not sealed' if sealed else 'sealed already'}")
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        conn.close()
        raise SetupError(f"the recording in {folder} cannot be opened: {error}") from None
    except SetupError:
        conn.close()
        raise
    return archive


def archive_run(conn: sqlite3.Connection) -> int:
    """How often this archive was opened for writing before."""
    row = conn.execute("select value from meta where key = 'run'").fetchone()
    return 0 if row is None else int(json.loads(row[0]))
