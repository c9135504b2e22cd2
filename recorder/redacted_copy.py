"""A recording without what somebody asked to have left out, made from the original (`docs/recording.md`, Redaction).

The copy is an archive of its own, and everything is served from it: what is not in it can be shown by nobody.
"""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from recorder.captions import FILE as CAPTIONS
from recorder.captions import correct_captions, load_captions, save_captions
from recorder.ciphered import open_plain
from recorder.packing import pack_envelopes
from recorder.reading import ArchiveReader, SessionRow
from recorder.redacted_update import DocumentRedactor
from recorder.redaction import Part, Redaction
from recorder.schema import DATABASE, EXPORT_FOLDER, MEDIA, create_tables
from recorder.seal import write_hashes
from whiteboard_crdt.envelope import Envelope, decode_envelope, encode_body
from whiteboard_crdt.errors import ProtocolError, SetupError, UpdateRefused
from whiteboard_crdt.ids import DocKind, SessionId, session_of
from whiteboard_crdt.keys import SIGNATURE_BYTES
from whiteboard_crdt.ticket import stored_colour

__all__ = ["UNSIGNED", "is_nameless", "is_redacted", "make_redacted_copy"]

UNSIGNED: Final = bytes(SIGNATURE_BYTES)
"""In the place of the signature of an envelope from which something was taken: it is no longer what was signed."""
_COPY_BYTES: Final = 1 << 20
_PAGE: Final = "Page"

# `Any` here and below: whatever SQLite holds.
Row = tuple[Any, ...]


def make_redacted_copy(
    folder: Path,
    out: Path,
    redaction: Redaction,
    progress: Callable[[float], None] = lambda _: None,
    *,
    words: Mapping[int, str] = MappingProxyType({}),
) -> list[str]:
    """Write the copy into the new folder `out`; returns problems, a sentence each. Nothing of it is encrypted yet.

    `words`: people's corrections of the captions, by number; the copy has them in place of what the machine heard.

    `folder` holds a sealed recording, encrypted or not. The copy appears under its name when it is complete. Raises
    SetupError for one that is not sealed, for somebody who was not there and where `out` exists, and OSError.
    """
    if out.exists():
        raise SetupError(f"{out} exists already")
    part = out.with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        with ArchiveReader(folder) as archive:
            if not archive.sealed:
                raise SetupError(f"the recording in {folder} is not finished, so nothing can be left out of it yet")
            redaction.check(archive)
            (part / MEDIA).mkdir(parents=True)
            with closing(sqlite3.connect(part / DATABASE)) as conn:
                copy = _Copy(archive, conn, redaction)
                copy.write(progress)
            for path in copy.files:
                target = part / path.relative_to(folder)
                target.parent.mkdir(exist_ok=True)
                _copy_plain(path, target)
            problems = [*archive.problems, *copy.problems]
            captions = load_captions(folder / EXPORT_FOLDER / CAPTIONS)
            mask = redaction.mask(archive.sessions.values())
            kept = [
                replace(one, text=mask.text(one.text))
                for one in correct_captions(captions, words)
                if not redaction.hides(Part.VOICE, one.user)
            ]
            if captions:
                (part / EXPORT_FOLDER).mkdir()
                save_captions(part / EXPORT_FOLDER / CAPTIONS, kept, "")
            lesson = str(archive.meta.get("lesson", folder.name))
        pack_envelopes(part)
        write_hashes(part, lesson)
        part.replace(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return problems


def _copy_plain(path: Path, target: Path) -> None:
    with open_plain(path) as source, target.open("xb") as copy:
        shutil.copyfileobj(source, copy, _COPY_BYTES)


class _Copy:
    """The tables of the copy. A table that is not named here is not copied: what it holds would not be looked at."""

    def __init__(self, archive: ArchiveReader, conn: sqlite3.Connection, redaction: Redaction) -> None:
        self._archive = archive
        self._conn = conn
        self._redaction = redaction
        self._people = list(archive.sessions.values())
        silent = [row for row in self._people if redaction.hides(Part.INK, row.user)]
        self._silent = {SessionId(row.session) for row in silent}
        self._silent_numbers = {row.number for row in silent}
        self._silent_users = {row.user for row in silent}
        self._mask = redaction.mask(self._people)
        self._changed = 0
        self._shown: set[str] = set()
        self.files: list[Path] = []
        """Of the original, copied as they are: media and pictures that stay."""
        self.problems: list[str] = []

    def write(self, progress: Callable[[float], None]) -> None:
        """All of it, in one transaction."""
        create_tables(self._conn)
        with self._conn:
            self._put("sessions", 8, self._sessions())
            dropped = self._streams()
            self._put("envelopes", 6, self._envelopes(dropped, progress))
            self._put("cursors", 6, self._without_silent("cursors", "id, room_ms, session_id, page, x10, y10", 2))
            self._put("chat", 5, self._chat())
            self._tracks()
            self._put("coverage", 6, self._coverage())
            self._put(
                "events", 5, self._archive.rows("events", "select id, room_ms, kind, session_id, data from events")
            )
            self._put("chapters", 5, self._chapters())
            # After the envelopes, which say what is still shown.
            self._put("assets", 7, self._pictures())
            self._put("meta", 2, self._meta())
        self._conn.execute("pragma journal_mode = delete")

    def _put(self, table: str, columns: int, rows: Iterator[Row]) -> None:
        marks = ", ".join("?" * columns)
        names = ", ".join(name for _, name, *_ in self._conn.execute(f"pragma table_info({table})").fetchmany(columns))
        self._conn.executemany(f"insert into {table} ({names}) values ({marks})", rows)  # noqa: S608 - names of our own

    def _sessions(self) -> Iterator[Row]:
        names = self._redaction.names(self._people)
        for row in self._people:
            hides = self._redaction.hides(Part.NAME, row.user)
            # Shown, each session keeps its own name: one of a person's may be unrecorded and another not.
            ticket, name = (_nameless(row), names[row.user]) if hides else (row.ticket, row.name)
            yield row.number, row.session, row.user, name, row.role, row.client, ticket, row.first_ms

    def _streams(self) -> set[int]:
        """Copies the streams; returns those of private boards that go with their owner."""
        dropped: set[int] = set()
        kept: list[Row] = []
        for number, doc, session in self._archive.rows("streams", "select id, doc, session_id from streams"):
            kind, _, user = str(doc).partition("/")
            if kind == DocKind.DESK.name.lower() and user in self._silent_users:
                dropped.add(number)
            else:
                kept.append((number, doc, session))
        self._put("streams", 3, iter(kept))
        return dropped

    def _envelopes(self, dropped: set[int], progress: Callable[[float], None]) -> Iterator[Row]:
        redactors: dict[str, DocumentRedactor] = {}
        unread: set[int] = set()
        if self._silent or self._mask:
            for identifier, _, _, _, envelope in self._decoded(dropped):
                redactor = redactors.setdefault(envelope.doc.text, DocumentRedactor(self._silent, self._mask))
                try:
                    redactor.survey(envelope.session, envelope.update)
                except UpdateRefused:
                    # What cannot be read cannot be looked into: it goes, and so does nothing that anybody has seen.
                    unread.add(identifier)
                    self.problems.append(f"envelope {identifier} cannot be read and is left out")
        self._shown = {asset for redactor in redactors.values() for asset in redactor.assets}
        (count,) = next(self._archive.rows("envelopes", "select count(*) from envelopes"), (0,))
        for done, (identifier, room_ms, stream, seq, envelope) in enumerate(self._decoded(dropped)):
            if identifier in unread:
                continue
            raw = envelope.raw
            if redactors:
                update = redactors[envelope.doc.text].redact(envelope.session, envelope.update)
                if update is not envelope.update:
                    self._changed += 1
                    raw = _unsigned(envelope, update)
            yield identifier, room_ms, envelope.authored_ms, stream, seq, raw
            if done % 1000 == 0:
                progress(done / max(1, count))

    def _decoded(self, dropped: set[int]) -> Iterator[tuple[int, int, int, int, Envelope]]:
        sql = "select id, room_ms, stream, seq, envelope from envelopes order by id"
        for identifier, room_ms, stream, seq, raw in self._archive.rows("envelopes", sql):
            if stream in dropped:
                continue
            try:
                yield int(identifier), int(room_ms), int(stream), int(seq), decode_envelope(raw)
            except (ProtocolError, TypeError, ValueError):
                self.problems.append(f"row {identifier} of table envelopes is damaged and is left out")

    def _without_silent(self, table: str, columns: str, session_at: int) -> Iterator[Row]:
        for row in self._archive.rows(table, f"select {columns} from {table}"):  # noqa: S608 - names of our own
            if row[session_at] not in self._silent_numbers:
                yield row

    def _chat(self) -> Iterator[Row]:
        columns = "message, room_ms, session_id, text, at"
        for message, room_ms, session, text, at in self._without_silent("chat", columns, 2):
            yield message, room_ms, session, self._mask.text(str(text)), at

    def _tracks(self) -> None:
        columns = (
            "id, session_id, kind, codec, file, epoch, start_ms, rate, fit_n, fit_error_ms, end_ms, frames, keyframes,"
            " bytes, lost, width, height, closed"
        )
        kept = [
            row
            for row in self._archive.rows("tracks", f"select {columns} from tracks")  # noqa: S608
            if self._keeps_track(row[1], str(row[2])) and Path(str(row[4])).name == row[4]
        ]
        self._put("tracks", 18, iter(kept))
        for row in kept:
            if (self._archive.folder / MEDIA / row[4]).is_file():
                self.files.append(self._archive.folder / MEDIA / row[4])

    def _keeps_track(self, session: object, kind: str) -> bool:
        row = self._archive.sessions.get(session) if isinstance(session, int) else None
        if row is None:
            return False
        return not self._redaction.hides(Part.VOICE if kind == "audio" else Part.VIDEO, row.user)

    def _coverage(self) -> Iterator[Row]:
        sql = "select id, session_id, kind, from_ms, to_ms, cause from coverage"
        for row in self._archive.rows("coverage", sql):
            if row[1] is None or row[2] not in ("audio", "video") or self._keeps_track(row[1], row[2]):
                yield row

    def _chapters(self) -> Iterator[Row]:
        sql = "select id, room_ms, title, kind, page from chapters"
        for identifier, room_ms, title, kind, page in self._archive.rows("chapters", sql):
            hides = session_of(str(page)) in self._silent
            yield identifier, room_ms, _PAGE if hides else self._mask.text(str(title)), kind, page

    def _pictures(self) -> Iterator[Row]:
        for number, row in enumerate(self._archive.assets(), 1):
            if self._silent and row.asset not in self._shown:
                continue
            yield number, row.asset, row.doc.text, row.room_ms, row.mime, row.bytes, row.held_ms
            if row.path.is_file():
                self.files.append(row.path)

    def _meta(self) -> Iterator[Row]:
        for key, value in self._archive.meta.items():
            shown = self._mask.text(value) if key == "title" and isinstance(value, str) else value
            yield key, json.dumps(shown, ensure_ascii=False)
        facts = {"at": int(time.time() * 1000), "without": self._redaction.hidden, "changed": self._changed}
        yield "redacted", json.dumps(facts)


def _unsigned(envelope: Envelope, update: bytes) -> bytes:
    body = encode_body(envelope.doc, envelope.session, envelope.seq, envelope.prev, envelope.authored_ms, update)
    return body + UNSIGNED


def _nameless(row: SessionRow) -> str:
    """What is left of a ticket, which holds the name: the colour, where `stored_colour` finds it."""
    colour = stored_colour(row.ticket)
    claims = json.dumps({} if colour is None else {"colour": colour}).encode()
    return f".{base64.urlsafe_b64encode(claims).rstrip(b'=').decode()}."


def is_nameless(ticket: str) -> bool:
    """Whether this is what is left of a ticket whose name was hidden."""
    return ticket.startswith(".")


def is_redacted(meta: Mapping[str, Any]) -> bool:
    """Whether an archive with these values of `meta` is such a copy."""
    return "redacted" in meta
