"""Hocuspocus' framing of an open room (rule O8): every message is prefixed with its document's key.

``varstring key, varuint type, body``. Types 0, 1 and 3 as y-websocket; 2 auth (0 token, 1 denied, 2 authenticated),
5 stateless, 7 close, 8 sync status; one lone byte 9 is a ping and 10 its answer. The key is the document's name, and
with session awareness ``name NUL session``. Source: @hocuspocus/provider 4.8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.varint import Reader, Writer

__all__ = [
    "PING", "PONG", "Auth", "Close", "Ignored", "ToRoom", "decode_hocuspocus", "encode_authenticated", "encode_closed",
    "encode_sync_status", "room_of", "with_key",
]  # fmt: skip

PING: Final = b"\x09"
PONG: Final = b"\x0a"
_KEY_BYTES: Final = 512
_TOKEN_BYTES: Final = 8_192
_AUTH, _STATELESS, _CLOSE, _STATUS = 2, 5, 7, 8
_TO_ROOM: Final = (0, 1, 3)
_TOKEN, _AUTHENTICATED = 0, 2


@dataclass(frozen=True, slots=True)
class Auth:
    """The first message of a document. Its token is the application's; open rooms ask for none."""


@dataclass(frozen=True, slots=True)
class Close:
    """The client leaves this document; its socket stays."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Stateless messages, and what only a server says: passed over."""


@dataclass(frozen=True, slots=True)
class ToRoom:
    """A y-websocket message."""

    message: bytes


def decode_hocuspocus(data: bytes) -> tuple[str, Auth | Close | Ignored | ToRoom]:
    """The document's key, and what is said. Raises ProtocolError."""
    reader = Reader(data)
    key = reader.varstring(_KEY_BYTES)
    start = reader.pos
    kind = reader.varuint()
    if kind in _TO_ROOM:
        return key, ToRoom(data[start:])
    if kind == _AUTH:
        if reader.varuint() != _TOKEN:
            raise ProtocolError("auth message that only a server sends")
        reader.varstring(_TOKEN_BYTES)
        return key, Auth()
    if kind == _CLOSE:
        return key, Close()
    if kind in (_STATELESS, _STATUS):
        return key, Ignored()
    raise ProtocolError("unknown message type")


def room_of(key: str) -> str:
    """The open room of a document's key. Raises ProtocolError."""
    name = key.split("\0", 1)[0]
    if not name or len(name.encode()) > _KEY_BYTES // 2:
        raise ProtocolError("document name")
    return name


def with_key(key: str, message: bytes) -> bytes:
    """A y-websocket message as this client wants it."""
    writer = Writer()
    writer.varstring(key)
    writer.raw(message)
    return writer.finish()


def encode_authenticated(key: str) -> bytes:
    """Let in, to read and to write."""
    return _encode(key, (_AUTH, _AUTHENTICATED), "read-write")


def encode_closed(key: str) -> bytes:
    """The answer to a close."""
    return _encode(key, (_CLOSE,), "provider_initiated")


def encode_sync_status(key: str) -> bytes:
    """One change of the client is kept."""
    return _encode(key, (_STATUS, 1), None)


def _encode(key: str, numbers: tuple[int, ...], text: str | None) -> bytes:
    writer = Writer()
    writer.varstring(key)
    for number in numbers:
        writer.varuint(number)
    if text is not None:
        writer.varstring(text)
    return writer.finish()
