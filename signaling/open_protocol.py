"""The messages of an open room (protocol section O): y-protocols as y-websocket speaks them, read strictly.

One binary message is ``varuint type`` and a body: sync 0 (0 step 1: state vector; 1 step 2 and 2 update: an update),
awareness 1 (``varbytes`` of ``n, n × (client, clock, varstring JSON)``), auth 2, query awareness 3.
Sources: yjs/y-protocols PROTOCOL.md, awareness.js and y-websocket 3.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.spec import UpdateLimits
from whiteboard_crdt.varint import Reader, Writer

__all__ = [
    "AWARENESS_BYTES", "MESSAGE_BYTES", "OPEN_LIMITS", "AwarenessEntry", "AwarenessMessage", "OpenMessage",
    "QueryAwareness", "Step1", "UpdateMessage", "decode_open_message", "decode_updates", "encode_awareness",
    "encode_state_vector", "encode_step1", "encode_step2", "encode_update", "encode_updates", "short_update",
]  # fmt: skip

MESSAGE_BYTES: Final = 4 * 1024 * 1024
"""Longest message of a client: what one can bring back from an offline time in one step 2."""
AWARENESS_BYTES: Final = 65_536
OPEN_LIMITS: Final = UpdateLimits(
    bytes=MESSAGE_BYTES,
    clients=1024,
    structs=200_000,
    ranges=200_000,
    clock=2**31 - 1,
    client=2**53 - 1,  # yjs makes 32 bits, pycrdt 53
    depth=16,
    values=400_000,
    string=1_048_576,
)
_SYNC, _AWARENESS, _QUERY = 0, 1, 3
_STEP1, _STEP2, _UPDATE = 0, 1, 2
_STATE_BYTES: Final = 65_536
_AWARENESS_ENTRIES: Final = 1024
_NULL: Final = b"null"
_SHORT_AT: Final = 3  # type, step and a length of one byte


@dataclass(frozen=True, slots=True)
class Step1:
    """What the client holds: client id → number of clocks."""

    held: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class UpdateMessage:
    """An update, not looked into; `step2`: the answer to our step 1, which repeats things we hold."""

    update: bytes
    step2: bool


@dataclass(frozen=True, slots=True)
class AwarenessEntry:
    """One client's awareness; `state` is JSON text, ``null`` when it left."""

    client: int
    clock: int
    state: bytes

    @property
    def gone(self) -> bool:
        """Whether this says that the client left."""
        return self.state == _NULL


@dataclass(frozen=True, slots=True)
class AwarenessMessage:
    """Awareness of some clients."""

    entries: tuple[AwarenessEntry, ...]


@dataclass(frozen=True, slots=True)
class QueryAwareness:
    """Asks for all awareness."""


OpenMessage = Step1 | UpdateMessage | AwarenessMessage | QueryAwareness


def decode_open_message(data: bytes, longest: int = MESSAGE_BYTES) -> OpenMessage:
    """Reads one message of a client; its update has at most `longest` bytes and is not checked yet.

    Raises ProtocolError.
    """
    reader = Reader(data)
    kind = reader.varuint()
    message: OpenMessage
    if kind == _SYNC:
        step = reader.varuint()
        if step == _STEP1:
            message = Step1(_read_state_vector(reader.varbytes(_STATE_BYTES)))
        elif step in (_STEP2, _UPDATE):
            message = UpdateMessage(reader.varbytes(longest), step == _STEP2)
        else:
            raise ProtocolError("unknown sync step")
    elif kind == _AWARENESS:
        message = AwarenessMessage(_read_awareness(reader.varbytes(AWARENESS_BYTES)))
    elif kind == _QUERY:
        message = QueryAwareness()
    else:
        raise ProtocolError("unknown message type")
    reader.end()
    return message


def short_update(data: bytes) -> bytes | None:
    """The update in a message that tells of one shorter than 128 bytes, as nearly all are; None for any other."""
    if len(data) > _SHORT_AT and data[0] == _SYNC and data[1] == _UPDATE and len(data) == _SHORT_AT + data[2] < 0x83:
        return data[_SHORT_AT:]
    return None


def encode_updates(updates: Iterable[bytes]) -> bytes:
    """Several updates as one record of the log."""
    writer = Writer()
    for update in updates:
        writer.varbytes(update)
    return writer.finish()


def decode_updates(data: bytes) -> list[bytes]:
    """What `encode_updates` made. Raises ProtocolError."""
    reader = Reader(data)
    updates = []
    while reader.left:
        updates.append(reader.varbytes(len(data)))
    return updates


def _read_state_vector(data: bytes) -> dict[int, int]:
    reader = Reader(data)
    held: dict[int, int] = {}
    for _ in range(reader.count(_STATE_BYTES, 2)):
        client = reader.varuint()
        held[client] = reader.varuint()
    reader.end()
    return held


def _read_awareness(data: bytes) -> tuple[AwarenessEntry, ...]:
    reader = Reader(data)
    entries = []
    for _ in range(reader.count(_AWARENESS_ENTRIES, 3)):
        client, clock = reader.varuint(), reader.varuint()
        if client > OPEN_LIMITS.client:
            raise ProtocolError("client id too high")
        state = reader.varstring(AWARENESS_BYTES).encode()
        try:
            msgspec.json.decode(state)
        except (msgspec.MsgspecError, RecursionError):
            raise ProtocolError("awareness is not JSON") from None
        entries.append(AwarenessEntry(client, clock, state.strip()))
    reader.end()
    return tuple(entries)


def _sync(step: int, body: bytes) -> bytes:
    writer = Writer()
    writer.varuint(_SYNC)
    writer.varuint(step)
    writer.varbytes(body)
    return writer.finish()


def encode_step1(state_vector: bytes) -> bytes:
    """Asks a client for what we lack."""
    return _sync(_STEP1, state_vector)


def encode_step2(update: bytes) -> bytes:
    """Answers a client's step 1."""
    return _sync(_STEP2, update)


def encode_update(update: bytes) -> bytes:
    """Tells a client of an update."""
    return _sync(_UPDATE, update)


def encode_state_vector(held: Mapping[int, int]) -> bytes:
    """A state vector in our own words: the bytes of a client never reach the CRDT library (P9)."""
    writer = Writer()
    writer.varuint(len(held))
    for client, clocks in held.items():
        writer.varuint(client)
        writer.varuint(clocks)
    return writer.finish()


def encode_awareness(entries: Iterable[AwarenessEntry]) -> bytes:
    """Awareness of some clients, perhaps of none (a keep-alive for y-websocket's 30 s watchdog)."""
    listed = tuple(entries)
    body = Writer()
    body.varuint(len(listed))
    for entry in listed:
        body.varuint(entry.client)
        body.varuint(entry.clock)
        body.varbytes(entry.state)
    writer = Writer()
    writer.varuint(_AWARENESS)
    writer.varbytes(body.finish())
    return writer.finish()
