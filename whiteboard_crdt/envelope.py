"""Signed envelopes (protocol section E): one update of one session in one document, and its place in the stream."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final, NamedTuple

from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ids import BOARD, CHAT, DESK_USER_BYTES, STAGE, DocKind, DocRef, RoomId, SessionId
from whiteboard_crdt.keys import SIGNATURE_BYTES, PublicKey, Sign, verify_signature
from whiteboard_crdt.spec import LIMITS
from whiteboard_crdt.varint import Reader, Writer

__all__ = [
    "FIRST_PREV", "HASH_BYTES", "Envelope", "decode_envelope", "encode_body", "envelope_hash", "read_docref",
    "read_session", "seal", "signed_text", "verify", "write_docref",
]  # fmt: skip

HASH_BYTES: Final = 16
FIRST_PREV: Final = bytes(HASH_BYTES)
"""`prev` of seq 1 (E4)."""
_VERSION: Final = 1
_SHARED: Final = (BOARD, STAGE, CHAT)


class Envelope(NamedTuple):
    """A decoded envelope (E1): `raw` = `body` `sig`; `prev` 16 bytes, `sig` 64; `authored_ms` by the room's clock."""

    doc: DocRef
    session: SessionId
    seq: int
    prev: bytes
    authored_ms: int
    update: bytes
    sig: bytes
    raw: bytes
    body: bytes


def read_docref(reader: Reader) -> DocRef:
    """A docref (D1)."""
    kind = reader.u8()
    if kind < len(_SHARED):
        return _SHARED[kind]
    if kind != DocKind.DESK:
        raise ProtocolError("unknown document")
    return DocRef.desk(reader.varstring(DESK_USER_BYTES))


def write_docref(writer: Writer, doc: DocRef) -> None:
    """A docref (D1)."""
    writer.u8(doc.kind)
    if doc.kind is DocKind.DESK:
        writer.varstring(doc.user)


def read_session(reader: Reader) -> SessionId:
    """A session id (W4)."""
    return SessionId(reader.take(8).hex())


def decode_envelope(raw: bytes) -> Envelope:
    """Reads one envelope and nothing after it. Raises ProtocolError; the update and signature are not looked into."""
    reader = Reader(raw)
    if reader.u8() != _VERSION:
        raise ProtocolError("version of an envelope")
    doc = read_docref(reader)
    session = read_session(reader)
    seq = reader.varuint()
    prev = reader.take(HASH_BYTES)
    authored_ms = reader.varuint()
    update = reader.varbytes(LIMITS.update_bytes)
    body_bytes = reader.pos
    sig = reader.take(SIGNATURE_BYTES)
    reader.end()
    if seq == 0 or not update:
        raise ProtocolError("envelope without number or update")
    return Envelope(doc, session, seq, prev, authored_ms, update, sig, raw, raw[:body_bytes])


def encode_body(doc: DocRef, session: SessionId, seq: int, prev: bytes, authored_ms: int, update: bytes) -> bytes:
    """The part of an envelope that is signed (E1)."""
    if seq < 1 or len(prev) != HASH_BYTES or not 1 <= len(update) <= LIMITS.update_bytes:
        raise AssertionError("fields of an envelope")
    writer = Writer()
    writer.u8(_VERSION)
    write_docref(writer, doc)
    writer.raw(bytes.fromhex(session))
    writer.varuint(seq)
    writer.raw(prev)
    writer.varuint(authored_ms)
    writer.varbytes(update)
    return writer.finish()


def signed_text(room: RoomId, body: bytes) -> bytes:
    """What the signature covers, and what the hash is taken of (E2, E3)."""
    return _prefix(room) + body


@lru_cache(maxsize=1024)
def _prefix(room: RoomId) -> bytes:
    writer = Writer()
    writer.raw(b"chalkmesh/envelope/1\n")
    writer.varstring(room)
    return writer.finish()


def envelope_hash(room: RoomId, body: bytes) -> bytes:
    """First 16 bytes of SHA-256 of the signed text (E3)."""
    return hashlib.sha256(signed_text(room, body)).digest()[:HASH_BYTES]


def seal(
    room: RoomId, doc: DocRef, session: SessionId, seq: int, prev: bytes, authored_ms: int, update: bytes, sign: Sign
) -> Envelope:
    """Makes and signs an envelope."""
    body = encode_body(doc, session, seq, prev, authored_ms, update)
    sig = sign(signed_text(room, body))
    return Envelope(doc, session, seq, prev, authored_ms, update, sig, body + sig, body)


def verify(room: RoomId, envelope: Envelope, public_key: PublicKey) -> bool:
    """Whether the signature holds (E2)."""
    return verify_signature(public_key, envelope.sig, signed_text(room, envelope.body))
