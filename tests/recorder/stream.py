"""Reads the timeline stream as a player does (`docs/recording.md`, Timeline)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from whiteboard_crdt.envelope import read_docref, read_session
from whiteboard_crdt.varint import Reader


@dataclass(frozen=True, slots=True)
class Seen:
    """One record; what is not in it is empty."""

    room_ms: int
    kind: str
    session: str = ""
    doc: str = ""
    seq: int = 0
    update: bytes = b""
    text: str = ""
    data: object = None


def read_stream(pieces: Iterable[bytes]) -> list[Seen]:
    """All records. Raises ProtocolError where the stream is not what the document says."""
    reader = Reader(b"".join(pieces))
    assert reader.take(5) == b"CMTL\x01"
    found: list[Seen] = []
    room_ms = 0
    while reader.left:
        room_ms += reader.varuint()
        kind = reader.u8()
        body = Reader(reader.varbytes(1 << 20))
        if kind == 1:
            doc, session, seq = read_docref(body), read_session(body), body.varuint()
            body.varuint()
            found.append(Seen(room_ms, "update", session, doc.text, seq, body.varbytes(1 << 20)))
        elif kind == 2:
            session, page = read_session(body), body.varstring(64)
            found.append(Seen(room_ms, "cursor", session, text=page, data=(body.zigzag(), body.zigzag())))
        elif kind == 3:
            name, session = body.varstring(32), read_session(body)
            found.append(Seen(room_ms, "event", session, text=name, data=json.loads(body.varbytes(1 << 16))))
        elif kind == 4:
            session = read_session(body)
            person = (body.varstring(64), body.varstring(256), body.varstring(16), body.varuint())
            found.append(Seen(room_ms, "session", session, data=person))
        elif kind == 9:
            found.append(Seen(room_ms, "end", data=bool(body.u8()), text=body.varstring(64)))
        body.end()
    return found
