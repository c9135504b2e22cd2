"""How each server is spoken to: the way in, and how an update, presence and an acknowledgement look on the wire."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final, Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from loadtests.bench.updates import (
    client_of,
    flood_updates,
    load_history,
    load_streams,
    seal_stream,
    session_of,
    session_updates,
)
from loadtests.bench.wire import client_frame
from signaling.control import Hello, encode_control, parse_nonce
from whiteboard_crdt.ids import Capability, Role, RoomId, UserId
from whiteboard_crdt.keys import SessionKey, dump_jwks, encode_base64url, hello_text
from whiteboard_crdt.messages import EnvelopeMessage, PresenceMessage, encode_message
from whiteboard_crdt.ticket import Ticket, issue_ticket
from whiteboard_crdt.varint import Writer

__all__ = ["Dialect", "SessionDialect", "YDialect"]

PRESENCE_TAG: Final = b"#A"
_LIFETIME_MS: Final = 3_600_000
_BLOB_BYTES: Final = 55_000
_FLOOD_BYTES: Final = 60_000
_SESSION_HISTORY: Final = 150
_VERSION: Final = b"4.8.0"  # of the protocol that Hocuspocus 4.7's own provider names


class Dialect(Protocol):
    """One way of speaking. Rooms and clients are numbers."""

    subprotocol: str

    def path(self, room: str) -> str:
        """Where a room's WebSocket is."""
        ...

    def opening(self, room: str) -> Sequence[bytes]:
        """Frames to send as soon as the socket is open."""
        ...

    def answer(self, room: str, index: int, opcode: int, payload: bytes) -> Sequence[bytes]:
        """Frames to send in answer to a message of the way in."""
        ...

    def is_state(self, opcode: int, payload: bytes, room: str) -> bool:
        """Whether this message brings the whole document."""
        ...

    def is_ready(self, opcode: int, payload: bytes, room: str) -> bool:
        """Whether the client is in, and up to date."""
        ...

    def stream(self, room: str, index: int, count: int) -> list[bytes]:
        """Frames of a writer, in order."""
        ...

    def history(self, room: str) -> list[bytes]:
        """Frames that make the 8 MB board, to be sent by client 0."""
        ...

    def presence(self, room: str, index: int, clock: int) -> bytes:
        """A frame with a client's next cursor."""
        ...

    def flood(self, room: str, index: int, count: int) -> Sequence[bytes]:
        """Frames of some 60 KB from a client, each of which goes to all others and replaces the one before."""
        ...


def _varbytes(data: bytes) -> bytes:
    writer = Writer()
    writer.varbytes(data)
    return writer.finish()


def _cursor(index: int, clock: int, padding: int) -> bytes:
    return (
        b'{"user":{"name":"%s%04d","color":"#30bced"},"cursor":{"x":%d,"y":%d},"pad":"%s"}'
        % (PRESENCE_TAG, index, clock * 7 % 1999, clock * 5 % 1499, b"a" * padding)
    )  # fmt: skip


class YDialect:
    """y-protocols; `hocuspocus`: with the document's name before each message, and a token first."""

    subprotocol = ""

    def __init__(self, data: Path, prefix: str = "/", *, hocuspocus: bool = False) -> None:
        self._data = data
        self._prefix = prefix
        self._hocuspocus = hocuspocus
        self._streams: list[list[bytes]] = []

    def _head(self, room: str) -> bytes:
        return _varbytes(room.encode()) if self._hocuspocus else b""

    def path(self, room: str) -> str:
        """The room is in the path, but for Hocuspocus."""
        return "/" if self._hocuspocus else f"{self._prefix}{room}"

    def opening(self, room: str) -> Sequence[bytes]:
        """The token, or at once step 1."""
        head = self._head(room)
        if self._hocuspocus:
            return [client_frame(head + b"\x02\x00" + _varbytes(b"t") + _varbytes(_VERSION))]
        return [client_frame(b"\x00\x00\x01\x00")]

    def answer(self, room: str, index: int, opcode: int, payload: bytes) -> Sequence[bytes]:
        """Step 1 once the token was taken; an empty step 2 to the server's step 1."""
        head = self._head(room)
        kind, step = payload[len(head)], payload[len(head) + 1]
        if self._hocuspocus and kind == 2 and step == 2:
            return [client_frame(head + b"\x00\x00\x01\x00")]
        if kind == 0 and step == 0:
            return [client_frame(head + b"\x00\x01\x02\x00\x00")]
        return []

    def is_state(self, opcode: int, payload: bytes, room: str) -> bool:
        """Step 2."""
        return payload.startswith(b"\x00\x01", len(self._head(room)))

    is_ready = is_state

    def stream(self, room: str, index: int, count: int) -> list[bytes]:
        """What Yjs made, as updates."""
        if len(self._streams) <= index:
            self._streams = load_streams(self._data, index + 4)
        head = self._head(room) + b"\x00\x02"
        return [client_frame(head + _varbytes(update)) for update in self._streams[index][:count]]

    def history(self, room: str) -> list[bytes]:
        """The board in pieces."""
        head = self._head(room) + b"\x00\x02"
        return [client_frame(head + _varbytes(piece)) for piece in load_history(self._data)]

    def presence(self, room: str, index: int, clock: int) -> bytes:
        """An awareness update."""
        return self._awareness(room, index, clock, 0)

    def flood(self, room: str, index: int, count: int) -> Sequence[bytes]:
        """Big awareness: servers keep the newest."""
        return [self._awareness(room, index, clock, _FLOOD_BYTES) for clock in range(2, count + 2)]

    def _awareness(self, room: str, index: int, clock: int, padding: int) -> bytes:
        writer = Writer()
        writer.varuint(1)
        writer.varuint(client_of(index))
        writer.varuint(clock)
        writer.varbytes(_cursor(index, clock, padding))
        return client_frame(self._head(room) + b"\x01" + _varbytes(writer.finish()))


class SessionDialect:
    """The session socket: tickets, signed envelopes, acknowledgements."""

    subprotocol = "chalkmesh.v1"

    def __init__(self, data: Path) -> None:
        self._issuer = ec.derive_private_key(int.from_bytes(b"bench-relay"), ec.SECP256R1())
        self._keys: dict[int, SessionKey] = {}
        self._updates: dict[int, list[bytes]] = {}

    @cached_property
    def jwks(self) -> bytes:
        """What the relay has to be given as its school's keys."""
        return dump_jwks({"bench": self._issuer.public_key()})

    def path(self, room: str) -> str:
        """One for all rooms: the ticket names the room."""
        return "/v1/session"

    def opening(self, room: str) -> Sequence[bytes]:
        """Nothing: the relay asks first."""
        return []

    def _key(self, index: int) -> SessionKey:
        return self._keys.setdefault(index, SessionKey.generate()) if index not in self._keys else self._keys[index]

    def _token(self, room: str, index: int) -> str:
        now_ms = time.time_ns() // 1_000_000
        ticket = Ticket(
            room=RoomId(room),
            user=UserId(f"user-{index}"),
            name=f"User {index}",
            role=Role.STUDENT,
            caps=frozenset(Capability),
            session=session_of(index),
            client=client_of(index),
            key=self._key(index).public,
            issued_ms=now_ms,
            expires_ms=now_ms + _LIFETIME_MS,
        )
        return issue_ticket(ticket, self._issuer, "bench")

    def answer(self, room: str, index: int, opcode: int, payload: bytes) -> Sequence[bytes]:
        """The hello to the challenge, a pong to each ping."""
        if opcode == 1:
            control = msgspec.json.decode(payload, type=dict[str, object])
            nonce = control.get("nonce")
            if control.get("t") != "challenge" or not isinstance(nonce, str):
                return []
            token = self._token(room, index)
            proof = self._key(index).sign(hello_text(parse_nonce(nonce), token))
            hello = Hello(ticket=token, proof=encode_base64url(proof), agent="python", mode="live")
            return [client_frame(encode_control(hello), 1)]
        if payload[0] == 8:
            return [client_frame(b"\x09" + payload[1:])]
        return []

    def is_state(self, opcode: int, payload: bytes, room: str) -> bool:
        """A snapshot."""
        return opcode == 2 and payload[0] == 5

    def is_ready(self, opcode: int, payload: bytes, room: str) -> bool:
        """SYNCED."""
        return opcode == 2 and payload[0] == 11

    def stream(self, room: str, index: int, count: int) -> list[bytes]:
        """Signed envelopes; the updates in them are the same in every room."""
        updates = self._updates.get(index)
        if updates is None or len(updates) < count:
            updates = self._updates[index] = session_updates(index, count)
        sealed = seal_stream(RoomId(room), index, self._key(index), updates[:count])
        return [client_frame(encode_message(EnvelopeMessage(envelope))) for envelope in sealed]

    def history(self, room: str) -> list[bytes]:
        """Shapes with much ink."""
        updates = session_updates(0, _SESSION_HISTORY, _BLOB_BYTES)
        sealed = seal_stream(RoomId(room), 0, self._key(0), updates)
        return [client_frame(encode_message(EnvelopeMessage(envelope))) for envelope in sealed]

    def presence(self, room: str, index: int, clock: int) -> bytes:
        """PRESENCE."""
        message = PresenceMessage(session_of(index), clock, _cursor(index, clock, 0))
        return client_frame(encode_message(message))

    def flood(self, room: str, index: int, count: int) -> Sequence[bytes]:
        """Envelopes, since presence has 2 KB at most and is told 30 times a second: one field that is set anew."""
        sealed = seal_stream(RoomId(room), index, self._key(index), flood_updates(index, count, _BLOB_BYTES))
        return [client_frame(encode_message(EnvelopeMessage(envelope))) for envelope in sealed]


DIALECTS: Final[dict[str, Callable[[Path], Dialect]]] = {
    "session": SessionDialect,
    "open": lambda data: YDialect(data, "/relay/"),
    "y": YDialect,
    "hocuspocus": lambda data: YDialect(data, hocuspocus=True),
}
"""By the name that the harness gives each."""
