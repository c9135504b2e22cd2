"""The binary messages (protocol section B), on the session socket and on data channels alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from whiteboard_crdt.alert import ALERT_ID_BYTES, ALERT_RECEIPT_BYTES, ALERT_SEALED_BYTES
from whiteboard_crdt.envelope import HASH_BYTES, Envelope, decode_envelope, read_docref, read_session, write_docref
from whiteboard_crdt.errors import CloseCode, ProtocolError
from whiteboard_crdt.ids import DocRef, SessionId
from whiteboard_crdt.presence import LiveMessage, PresenceMessage, read_live, write_live
from whiteboard_crdt.spec import LIMITS
from whiteboard_crdt.varint import Reader, Writer

__all__ = [
    "AckEntry", "AckMessage", "AlertMessage", "EnvelopeMessage", "HaveMessage", "Head", "LiveMessage", "LoggedMessage",
    "Message", "MessageType", "PingMessage", "PongMessage", "PresenceMessage", "RefusedMessage", "RevocationMessage",
    "SnapshotHead", "SnapshotMessage", "SyncedMessage", "TicketMessage", "WantMessage", "decode_message",
    "encode_message",
]  # fmt: skip

_REASON_BYTES: Final = 200
_ACK_BYTES: Final = 10  # of one element, at least: docref, session, seq
_SNAPSHOT_HEAD_BYTES: Final = 25
_HEAD_BYTES: Final = 26


class MessageType(IntEnum):
    """The first byte of a binary message (`spec/messages.json`)."""

    ENVELOPE = 1
    ACK = 2
    HAVE = 3
    WANT = 4
    SNAPSHOT = 5
    PRESENCE = 6
    LIVE = 7
    PING = 8
    PONG = 9
    TICKET = 10
    SYNCED = 11
    LOGGED = 12
    REFUSED = 13
    REVOCATION = 14
    ALERT = 15


@dataclass(frozen=True, slots=True)
class Head:
    """How far a stream is held without a hole, and the hash of its last envelope (16 bytes)."""

    doc: DocRef
    session: SessionId
    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class AckEntry:
    """A stream is held durably up to `seq` (B1)."""

    doc: DocRef
    session: SessionId
    seq: int


@dataclass(frozen=True, slots=True)
class SnapshotHead:
    """How far a snapshot holds a session's stream."""

    session: SessionId
    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class EnvelopeMessage:
    """ENVELOPE."""

    envelope: Envelope


@dataclass(frozen=True, slots=True)
class AckMessage:
    """ACK (B1)."""

    entries: tuple[AckEntry, ...]


@dataclass(frozen=True, slots=True)
class HaveMessage:
    """HAVE (B2); `reply`: the receiver first answers with its own."""

    heads: tuple[Head, ...]
    reply: bool = False


@dataclass(frozen=True, slots=True)
class WantMessage:
    """WANT (B5): the envelopes `first` to `last` of a stream, both included."""

    doc: DocRef
    session: SessionId
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class SnapshotMessage:
    """SNAPSHOT: a whole document as one update, and how far it holds each stream."""

    doc: DocRef
    heads: tuple[SnapshotHead, ...]
    update: bytes


@dataclass(frozen=True, slots=True)
class PingMessage:
    """PING; `nonce` is a u64."""

    nonce: int


@dataclass(frozen=True, slots=True)
class PongMessage:
    """PONG with the nonce of the PING."""

    nonce: int


@dataclass(frozen=True, slots=True)
class TicketMessage:
    """TICKET: a compact ticket, not checked yet."""

    token: str


@dataclass(frozen=True, slots=True)
class SyncedMessage:
    """SYNCED: the relay sent what it had of these documents."""

    docs: tuple[DocRef, ...]


@dataclass(frozen=True, slots=True)
class LoggedMessage:
    """LOGGED: an envelope and when the relay logged it, by the room's clock."""

    room_ms: int
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class RefusedMessage:
    """REFUSED: the relay did not take an envelope; `code` is a close code of section X."""

    doc: DocRef
    session: SessionId
    seq: int
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class RevocationMessage:
    """REVOCATION: a compact revocation (T5), not checked yet."""

    token: str


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """ALERT (C1): a sealed alert on its way to the portal, or (`receipt`) the portal's receipt on its way back."""

    id: bytes
    content: bytes
    receipt: bool = False


Message = (
    EnvelopeMessage
    | AckMessage
    | HaveMessage
    | WantMessage
    | SnapshotMessage
    | PresenceMessage
    | LiveMessage
    | PingMessage
    | PongMessage
    | TicketMessage
    | SyncedMessage
    | LoggedMessage
    | RefusedMessage
    | RevocationMessage
    | AlertMessage
)


def decode_message(data: bytes, limit: int) -> Message:
    """Reads one whole message of at most `limit` bytes (W5, W7). Raises ProtocolError 4400 or 4407."""
    if len(data) > limit:
        raise ProtocolError("message too long", CloseCode.OVERSIZED)
    reader = Reader(data)
    kind = reader.u8()
    read = _READERS.get(kind)
    if read is None:
        raise ProtocolError("unknown message type")
    message = read(reader)
    reader.end()
    return message


def encode_message(message: Message) -> bytes:
    """The bytes of a message."""
    if type(message) is EnvelopeMessage:
        return b"\x01" + message.envelope.raw
    kind, write = _WRITERS[type(message)]
    writer = Writer()
    writer.u8(kind)
    write(writer, message)
    return writer.finish()


def _read_seq(reader: Reader) -> int:
    seq = reader.varuint()
    if not seq:
        raise ProtocolError("numbers of envelopes begin at 1")
    return seq


def _read_envelope(reader: Reader) -> EnvelopeMessage:
    return EnvelopeMessage(decode_envelope(reader.take(reader.left)))


def _read_ack(reader: Reader) -> AckMessage:
    count = reader.count(LIMITS.socket_message_bytes, _ACK_BYTES)
    return AckMessage(
        tuple(AckEntry(read_docref(reader), read_session(reader), _read_seq(reader)) for _ in range(count))
    )


def _write_ack(writer: Writer, message: AckMessage) -> None:
    writer.varuint(len(message.entries))
    for entry in message.entries:
        _write_stream(writer, entry.doc, entry.session)
        writer.varuint(entry.seq)


def _read_have(reader: Reader) -> HaveMessage:
    flags = reader.u8()
    if flags > 1:
        raise ProtocolError("flags of a HAVE")
    count = reader.count(LIMITS.have_entries, _HEAD_BYTES)
    heads = tuple(
        Head(read_docref(reader), read_session(reader), _read_seq(reader), reader.take(HASH_BYTES))
        for _ in range(count)
    )
    return HaveMessage(heads, bool(flags))


def _write_have(writer: Writer, message: HaveMessage) -> None:
    if len(message.heads) > LIMITS.have_entries:
        raise AssertionError("too many heads for one HAVE")
    writer.u8(int(message.reply))
    writer.varuint(len(message.heads))
    for head in message.heads:
        _write_stream(writer, head.doc, head.session)
        writer.varuint(head.seq)
        writer.raw(head.hash)


def _read_want(reader: Reader) -> WantMessage:
    want = WantMessage(read_docref(reader), read_session(reader), _read_seq(reader), _read_seq(reader))
    if not 0 <= want.last - want.first <= LIMITS.want_span:
        raise ProtocolError("range of a WANT")
    return want


def _write_want(writer: Writer, message: WantMessage) -> None:
    if not 0 <= message.last - message.first <= LIMITS.want_span:
        raise AssertionError("range of a WANT")
    _write_stream(writer, message.doc, message.session)
    writer.varuint(message.first)
    writer.varuint(message.last)


def _read_snapshot(reader: Reader) -> SnapshotMessage:
    doc = read_docref(reader)
    count = reader.count(LIMITS.snapshot_bytes, _SNAPSHOT_HEAD_BYTES)
    heads = tuple(SnapshotHead(read_session(reader), _read_seq(reader), reader.take(HASH_BYTES)) for _ in range(count))
    return SnapshotMessage(doc, heads, reader.varbytes(LIMITS.snapshot_bytes))


def _write_snapshot(writer: Writer, message: SnapshotMessage) -> None:
    write_docref(writer, message.doc)
    writer.varuint(len(message.heads))
    for head in message.heads:
        writer.raw(bytes.fromhex(head.session))
        writer.varuint(head.seq)
        writer.raw(head.hash)
    writer.varbytes(message.update)


def _read_presence(reader: Reader) -> PresenceMessage:
    return PresenceMessage(read_session(reader), reader.varuint(), reader.varbytes(LIMITS.presence_bytes))


def _write_presence(writer: Writer, message: PresenceMessage) -> None:
    writer.raw(bytes.fromhex(message.session))
    writer.varuint(message.version)
    writer.varbytes(message.state)


def _read_ping(reader: Reader) -> PingMessage:
    return PingMessage(reader.u64())


def _read_pong(reader: Reader) -> PongMessage:
    return PongMessage(reader.u64())


def _write_nonce(writer: Writer, message: PingMessage | PongMessage) -> None:
    writer.u64(message.nonce)


def _read_ticket(reader: Reader) -> TicketMessage:
    return TicketMessage(reader.varstring(LIMITS.ticket_bytes))


def _read_revocation(reader: Reader) -> RevocationMessage:
    return RevocationMessage(reader.varstring(LIMITS.ticket_bytes))


def _write_token(writer: Writer, message: TicketMessage | RevocationMessage) -> None:
    writer.varstring(message.token)


def _read_synced(reader: Reader) -> SyncedMessage:
    return SyncedMessage(tuple(read_docref(reader) for _ in range(reader.count(LIMITS.have_entries, 1))))


def _write_synced(writer: Writer, message: SyncedMessage) -> None:
    writer.varuint(len(message.docs))
    for doc in message.docs:
        write_docref(writer, doc)


def _read_logged(reader: Reader) -> LoggedMessage:
    return LoggedMessage(reader.varuint(), decode_envelope(reader.varbytes(LIMITS.socket_message_bytes)))


def _write_logged(writer: Writer, message: LoggedMessage) -> None:
    writer.varuint(message.room_ms)
    writer.varbytes(message.envelope.raw)


def _read_refused(reader: Reader) -> RefusedMessage:
    doc, session, seq = read_docref(reader), read_session(reader), _read_seq(reader)
    return RefusedMessage(doc, session, seq, reader.u16(), reader.varstring(_REASON_BYTES))


def _write_refused(writer: Writer, message: RefusedMessage) -> None:
    _write_stream(writer, message.doc, message.session)
    writer.varuint(message.seq)
    writer.u16(message.code)
    writer.varstring(message.reason)


def _read_alert(reader: Reader) -> AlertMessage:
    alert_id = reader.take(ALERT_ID_BYTES)
    kind = reader.u8()
    content = reader.varbytes(ALERT_SEALED_BYTES)
    if kind > 1 or not content or (kind == 1 and len(content) != ALERT_RECEIPT_BYTES):
        raise ProtocolError("kind of an ALERT")
    return AlertMessage(alert_id, content, kind == 1)


def _write_alert(writer: Writer, message: AlertMessage) -> None:
    writer.raw(message.id)
    writer.u8(int(message.receipt))
    writer.varbytes(message.content)


def _write_stream(writer: Writer, doc: DocRef, session: SessionId) -> None:
    write_docref(writer, doc)
    writer.raw(bytes.fromhex(session))


_READERS: Final[dict[int, Callable[[Reader], Message]]] = {
    MessageType.ENVELOPE: _read_envelope,
    MessageType.ACK: _read_ack,
    MessageType.HAVE: _read_have,
    MessageType.WANT: _read_want,
    MessageType.SNAPSHOT: _read_snapshot,
    MessageType.PRESENCE: _read_presence,
    MessageType.LIVE: read_live,
    MessageType.PING: _read_ping,
    MessageType.PONG: _read_pong,
    MessageType.TICKET: _read_ticket,
    MessageType.SYNCED: _read_synced,
    MessageType.LOGGED: _read_logged,
    MessageType.REFUSED: _read_refused,
    MessageType.REVOCATION: _read_revocation,
    MessageType.ALERT: _read_alert,
}

# `Any`: a table cannot say that each writer takes the message type of its own row.
_WRITERS: Final[dict[type, tuple[MessageType, Callable[[Writer, Any], None]]]] = {
    AckMessage: (MessageType.ACK, _write_ack),
    HaveMessage: (MessageType.HAVE, _write_have),
    WantMessage: (MessageType.WANT, _write_want),
    SnapshotMessage: (MessageType.SNAPSHOT, _write_snapshot),
    PresenceMessage: (MessageType.PRESENCE, _write_presence),
    LiveMessage: (MessageType.LIVE, write_live),
    PingMessage: (MessageType.PING, _write_nonce),
    PongMessage: (MessageType.PONG, _write_nonce),
    TicketMessage: (MessageType.TICKET, _write_token),
    SyncedMessage: (MessageType.SYNCED, _write_synced),
    LoggedMessage: (MessageType.LOGGED, _write_logged),
    RefusedMessage: (MessageType.REFUSED, _write_refused),
    RevocationMessage: (MessageType.REVOCATION, _write_token),
    AlertMessage: (MessageType.ALERT, _write_alert),
}
