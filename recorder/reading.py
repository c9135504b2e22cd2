"""Reads an archive, whatever its state: running, sealed, or damaged.

Never writes to it, and gives whatever is readable.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from recorder.ciphered import is_ciphered, open_plain
from recorder.schema import ASSETS, DATABASE, MEDIA
from recorder.sound_rows import FARTHEST_MS, SMALL, count_senseless, show_sound_rows
from whiteboard_crdt.errors import ProtocolError, SetupError
from whiteboard_crdt.ids import DocRef

_ASSET: Final = re.compile(r"[0-9a-f]{64}")
# A lesson that says it is longer is damaged; nobody waits for its film.
_LONGEST_MS: Final = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A participant's session."""

    number: int
    session: str
    user: str
    name: str
    role: str
    client: int
    ticket: str
    first_ms: int


@dataclass(frozen=True, slots=True)
class AssetRow:
    """A picture that a document names by its hash; `held_ms` None: it never came. `path`: where it is if it did."""

    asset: str
    doc: DocRef
    room_ms: int
    mime: str
    bytes: int
    held_ms: int | None
    path: Path


@dataclass(frozen=True, slots=True)
class TrackRow:
    """A media file; `present`: it is there. room_ms = start_ms + rate × t_ms."""

    number: int
    session: SessionRow
    kind: str
    codec: str
    path: Path
    start_ms: float
    rate: float
    end_ms: float
    bytes: int
    frames: int
    width: int | None
    height: int | None
    closed: bool


class ArchiveReader:
    """An open archive.

    Tables that cannot be read are reported in `problems`, one sentence each, and count as far as they went.
    """

    def __init__(self, folder: Path) -> None:
        """Raises SetupError where there is no archive at all."""
        self.folder = folder
        self.problems: list[str] = []
        path = folder / DATABASE
        if not path.is_file():
            raise SetupError(f"{folder} holds no recording: {DATABASE} is missing")
        self._conn = _open(path)
        self.meta = self._read_meta()
        if not self.meta and self.problems:
            self._conn.close()
            raise SetupError(f"the recording in {folder} cannot be read: {self.problems[0]}")
        self.leave_out(SMALL)
        self.sessions = {row.number: row for row in self._read_sessions()}

    def __enter__(self) -> ArchiveReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._conn.close()

    @property
    def sealed(self) -> bool:
        """Whether the recorder finished this archive."""
        return self.meta.get("state") == "sealed"

    def leave_out(self, tables: Iterable[str]) -> None:
        """Note the rows of these tables that make no sense; no query sees them."""
        for table, count in count_senseless(self._conn, tables).items():
            rows = "1 row" if count == 1 else f"{count} rows"
            self.problems.append(f"{rows} of table {table} {'makes' if count == 1 else 'make'} no sense")

    def rows(self, table: str, sql: str, parameters: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """Rows of a query as far as they can be read. `Any`: whatever SQLite holds."""
        try:
            yield from self._conn.execute(sql, tuple(parameters))
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            self.problems.append(f"table {table} is damaged: {error}")

    def tracks(self) -> list[TrackRow]:
        """All media files that the tables name, oldest first."""
        found: list[TrackRow] = []
        for row in self.rows(
            "tracks",
            "select id, session_id, kind, codec, file, start_ms, rate, end_ms, bytes, frames, width, height, closed"
            " from tracks order by start_ms, id",
        ):
            session = self.sessions.get(row[1])
            with suppress(TypeError, ValueError):
                name = str(row[4])
                if session is None or Path(name).name != name:
                    self.problems.append(f"track {row[0]} makes no sense")
                    continue
                found.append(
                    TrackRow(
                        int(row[0]),
                        session,
                        str(row[2]),
                        str(row[3]),
                        self.folder / MEDIA / name,
                        float(row[5]),
                        float(row[6]),
                        float(row[7]),
                        int(row[8]),
                        int(row[9]),
                        row[10],
                        row[11],
                        bool(row[12]),
                    )
                )
        return found

    def assets(self) -> list[AssetRow]:
        """The pictures that the boards name, in order; none for an archive from before there were pictures."""
        known = "select 1 from sqlite_master where type = 'table' and name = 'assets'"
        if next(self.rows("assets", known), None) is None:
            return []
        found: list[AssetRow] = []
        sql = "select id, asset, doc, room_ms, mime, bytes, held_ms from assets order by room_ms, id"
        for number, asset, doc, room_ms, mime, size, held_ms in self.rows("assets", sql):
            try:
                if not _ASSET.fullmatch(asset) or not isinstance(room_ms, int):
                    raise ProtocolError("asset")
                ref = DocRef.parse(doc)
            except (ProtocolError, TypeError, AttributeError):
                self.problems.append(f"row {number} of table assets makes no sense")
                continue
            path = self.folder / ASSETS / asset
            held = held_ms if isinstance(held_ms, int) else None
            length = size if isinstance(size, int) else 0
            found.append(AssetRow(asset, ref, room_ms, str(mime or ""), length, held, path))
        return found

    def span(self) -> tuple[int, int]:
        """Room time where watching begins and ends."""
        start, end = (_room_ms(self.meta.get(key)) for key in ("start_ms", "end_ms"))
        if start is None:
            start = min(self._times("min"), default=0)
        if end is None:
            end = max(self._times("max"), default=start)
        return start, min(max(start, end), start + _LONGEST_MS)

    def _times(self, function: str) -> list[int]:
        found: list[int] = []
        column = "end_ms" if function == "max" else "start_ms"
        for table, name in (("envelopes", "room_ms"), ("events", "room_ms"), ("tracks", column)):
            sql = f"select {function}({name}) from {table}"  # noqa: S608 - both from the line above
            found += [round(value) for (value,) in self.rows(table, sql) if isinstance(value, int | float)]
        return found

    def _read_meta(self) -> dict[str, Any]:
        meta: dict[str, Any] = {}
        for key, value in self.rows("meta", "select key, value from meta"):
            try:
                meta[str(key)] = json.loads(value)
            except (ValueError, TypeError, RecursionError):
                self.problems.append("a value of table meta is damaged")
        return meta

    def _read_sessions(self) -> Iterator[SessionRow]:
        sql = "select id, session, user, name, role, client, ticket, first_ms from sessions order by first_ms, id"
        for row in self.rows("sessions", sql):
            try:
                bytes.fromhex(row[1])
                yield SessionRow(
                    int(row[0]), row[1], str(row[2]), str(row[3]), str(row[4]), int(row[5]), str(row[6]), int(row[7])
                )
            except (TypeError, ValueError):
                self.problems.append("a row of table sessions is damaged")


def _room_ms(value: object) -> int | None:
    """A moment of the room, if it is one."""
    return value if type(value) is int and abs(value) <= FARTHEST_MS else None


def _open(path: Path) -> sqlite3.Connection:
    try:
        if is_ciphered(path):
            return _connect_ciphered(path)
        try:
            return _connect(path)
        except SetupError:
            # The worker may have put the encrypted file into the plain one's place in this very moment.
            if not is_ciphered(path):
                raise
            return _connect_ciphered(path)
    except OSError as error:
        raise SetupError(f"the recording in {path.parent} cannot be read: {error.strerror or error}") from None


def _connect_ciphered(path: Path) -> sqlite3.Connection:
    # Into memory, not into a file: plain text must not come back to the disk. An archive without its media is small.
    with open_plain(path) as file:
        content = file.read()
    conn = sqlite3.connect(":memory:", check_same_thread=False)
    try:
        conn.deserialize(content)
        conn.execute("begin")
        show_sound_rows(conn)
        conn.execute("pragma query_only = on")
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        # The second: SQLite quotes damaged bytes in what it says, and Python cannot read that.
        conn.close()
        raise SetupError(f"{path} is no SQLite database, or its beginning is damaged") from None
    return conn


def _connect(path: Path) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?mode=ro"
    conn = sqlite3.connect(uri, uri=True, check_same_thread=False, timeout=5)
    try:
        # One transaction for as long as the reader lives, so that rows of different tables fit together while more
        # come.
        conn.execute("begin")
        show_sound_rows(conn)
        conn.execute("select count(*) from sqlite_master").fetchone()
    except sqlite3.OperationalError:
        # A log beside a file on a read-only disk cannot be opened; what was folded in already can.
        conn.close()
        conn = sqlite3.connect(f"{uri}&immutable=1", uri=True, check_same_thread=False)
        show_sound_rows(conn)
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        conn.close()
        raise SetupError(f"{path} is no SQLite database, or its beginning is damaged") from None
    return conn
