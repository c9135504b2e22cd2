"""What happened in a lesson, in order: as records for the renderer, and as the binary stream for players.

The stream is described in `docs/recording.md`, Timeline. Desks of others are left out here and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from recorder.reading import ArchiveReader, SessionRow
from whiteboard_crdt.envelope import Envelope, decode_envelope, write_docref
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ids import DocKind, DocRef
from whiteboard_crdt.varint import MAX_VARUINT, MAX_ZIGZAG, Writer

MAGIC = b"CMTL\x01"
UPDATE, CURSOR, EVENT, SESSION, END = 1, 2, 3, 4, 9
_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: a user id, and whether that user is staff of the lesson."""

    user: str
    staff: bool


# The film shows what everybody saw.
PUBLIC = Viewer("", False)


@dataclass(frozen=True, slots=True)
class UpdateRecord:
    """An envelope as it arrived."""

    room_ms: int
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class CursorRecord:
    """A pointer, tenths of a board px."""

    room_ms: int
    session: str
    page: str
    x10: int
    y10: int


@dataclass(frozen=True, slots=True)
class EventRecord:
    """Something that happened; `session` is empty for the room itself, `data` is JSON text."""

    room_ms: int
    kind: str
    session: str
    data: str


Record = UpdateRecord | CursorRecord | EventRecord


def may_see(viewer: Viewer, doc: DocRef) -> bool:
    """A desk is for its owner and for staff."""
    return doc.kind is not DocKind.DESK or viewer.staff or doc.user == viewer.user


def read_records(archive: ArchiveReader, viewer: Viewer, after: tuple[int, int, int] = (0, 0, 0)) -> Iterator[Record]:
    """What happened, in order of room time; only rows after the given ids of envelopes, cursors and events."""
    streams = {
        number: (archive.sessions.get(session), doc)
        for number, doc, session in archive.rows("streams", "select id, doc, session_id from streams")
    }
    sql = (
        "select room_ms, 1 as part, id, stream, envelope, '', 0, 0 from envelopes where id > ?"
        " union all select room_ms, 2, id, session_id, page, '', x10, y10 from cursors where id > ?"
        " union all select room_ms, 3, id, session_id, data, kind, 0, 0 from events where id > ?"
        " order by 1, 2, 3"
    )
    for room_ms, part, identifier, number, content, kind, x10, y10 in archive.rows("envelopes", sql, after):
        try:
            if part == 1:
                envelope = decode_envelope(content)
                session, doc = streams[number]
                if session is None or session.session != envelope.session or doc != envelope.doc.text:
                    raise ProtocolError("an envelope in a foreign stream")
                if may_see(viewer, envelope.doc):
                    yield UpdateRecord(_time(room_ms), envelope)
                continue
            row = archive.sessions.get(number)
            if part == 2:
                if row is not None and max(abs(x10), abs(y10)) <= MAX_ZIGZAG:
                    yield CursorRecord(_time(room_ms), row.session, str(content), x10, y10)
            else:
                json.loads(content)
                yield EventRecord(_time(room_ms), str(kind), row.session if row is not None else "", content)
        except (ProtocolError, KeyError, TypeError, ValueError, RecursionError):
            archive.problems.append(
                f"row {identifier} of table {('envelopes', 'cursors', 'events')[part - 1]} is damaged"
            )


def _time(room_ms: object) -> int:
    if not isinstance(room_ms, int) or not 0 <= room_ms <= MAX_VARUINT:
        raise ValueError("room time")
    return room_ms


def parse_token(token: str) -> tuple[int, int, int]:
    """The ids in a token of an `end` record. Raises ProtocolError."""
    parts = token.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) <= 15 for part in parts):
        raise ProtocolError("token of a timeline")
    return int(parts[0]), int(parts[1]), int(parts[2])


def encode_timeline(folder: Path, viewer: Viewer, after: str = "") -> Iterator[bytes]:
    """The timeline stream in pieces of some 64 KiB.

    Raises SetupError (no archive) and ProtocolError (token) at once.
    """
    start = parse_token(after) if after else (0, 0, 0)
    archive = ArchiveReader(folder)
    return _encode(archive, viewer, start)


def _encode(archive: ArchiveReader, viewer: Viewer, after: tuple[int, int, int]) -> Iterator[bytes]:
    with archive:
        token = ".".join(
            str(max([seen, *(value for (value,) in archive.rows(table, f"select max(id) from {table}") if value)]))  # noqa: S608
            for table, seen in zip(("envelopes", "cursors", "events"), after, strict=True)
        )
        by_session = {row.session: row for row in archive.sessions.values()}
        named: set[str] = set()
        out = Writer()
        out.raw(MAGIC)
        last_ms = 0
        for record in read_records(archive, viewer, after):
            session = record.envelope.session if isinstance(record, UpdateRecord) else record.session
            if session and session not in named:
                named.add(session)
                _put(out, record.room_ms - last_ms, SESSION, _session_body(by_session[session]))
                last_ms = record.room_ms
            kind, body = _body(record)
            _put(out, record.room_ms - last_ms, kind, body)
            last_ms = record.room_ms
            if len(out) >= _CHUNK_BYTES:
                yield out.finish()
                out = Writer()
        end = Writer()
        end.u8(0 if archive.sealed else 1)
        end.varstring(token)
        _put(out, 0, END, end.finish())
        yield out.finish()


def _put(out: Writer, delta_ms: int, kind: int, body: bytes) -> None:
    out.varuint(delta_ms)
    out.u8(kind)
    out.varbytes(body)


def _session_body(row: SessionRow) -> bytes:
    body = Writer()
    body.raw(bytes.fromhex(row.session))
    for text in (row.user, row.name, row.role):
        body.varstring(text)
    body.varuint(row.client)
    return body.finish()


def _body(record: Record) -> tuple[int, bytes]:
    body = Writer()
    if isinstance(record, UpdateRecord):
        envelope = record.envelope
        write_docref(body, envelope.doc)
        body.raw(bytes.fromhex(envelope.session))
        body.varuint(envelope.seq)
        body.varuint(envelope.authored_ms)
        body.varbytes(envelope.update)
        return UPDATE, body.finish()
    if isinstance(record, CursorRecord):
        body.raw(bytes.fromhex(record.session))
        body.varstring(record.page)
        body.zigzag(record.x10)
        body.zigzag(record.y10)
        return CURSOR, body.finish()
    body.varstring(record.kind)
    body.raw(bytes.fromhex(record.session) if record.session else bytes(8))
    body.varbytes(record.data.encode())
    return EVENT, body.finish()
