"""What y-webrtc peers publish to each other: plain JSON, or with a password lib0's `Any` under AES-256-GCM (rule O6).

Sources: y-webrtc 10.3 crypto.js and y-webrtc.js, lib0 encoding.js.
"""

from __future__ import annotations

import base64
import hashlib
import math
import os
import struct
from typing import Any, Final, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.varint import Reader, Writer

__all__ = ["Announce", "Signal", "SignalCipher", "decode_any", "derive_key", "encode_any", "parse_published"]

_ROUNDS: Final = 100_000
_ALGORITHM: Final = "AES-GCM"
_IV_BYTES: Final = 12
_LONGEST: Final = 65_536
_DEEPEST: Final = 8
_MEMBERS: Final = 256
_INTEGER: Final = 2**31 - 1  # lib0's BITS31: beyond it numbers are floats


class Announce(msgspec.Struct, tag_field="type", tag="announce", frozen=True):
    """Somebody is there; whoever hears it offers."""

    sender: str = msgspec.field(name="from")


class Signal(msgspec.Struct, tag_field="type", tag="signal", frozen=True):
    """simple-peer's own object for one other: an offer, an answer or a candidate."""

    sender: str = msgspec.field(name="from")
    to: str
    signal: dict[str, Any]  # simple-peer's own object
    token: float | None = None


def derive_key(password: str, room: str) -> bytes:
    """The key of a room: 32 bytes. Takes some 50 ms: not on an event loop."""
    return hashlib.pbkdf2_hmac("sha256", password.encode(), room.encode(), _ROUNDS, 32)


class SignalCipher:
    """Puts what is published under a key, or, without one, leaves it as it is."""

    def __init__(self, key: bytes | None) -> None:
        self._cipher = None if key is None else AESGCM(key)

    def seal(self, data: dict[str, Any]) -> dict[str, Any] | str:
        """What goes into `data` of a publish."""
        if self._cipher is None:
            return data
        iv = os.urandom(_IV_BYTES)
        writer = Writer()
        writer.varstring(_ALGORITHM)
        writer.varbytes(iv)
        writer.varbytes(self._cipher.encrypt(iv, encode_any(data), None))
        return base64.b64encode(writer.finish()).decode()

    def open(self, data: object) -> object:
        """The other way round. Raises ProtocolError, also for what another password sealed."""
        if self._cipher is None:
            return data
        if not isinstance(data, str):
            raise ProtocolError("not sealed")
        try:
            reader = Reader(base64.b64decode(data, validate=True))
        except ValueError:
            raise ProtocolError("not base64") from None
        if reader.varstring(32) != _ALGORITHM:
            raise ProtocolError("unknown cipher")
        iv = reader.varbytes(_IV_BYTES)
        sealed = reader.varbytes(_LONGEST)
        reader.end()
        if len(iv) != _IV_BYTES:
            raise ProtocolError("length of the iv")
        try:
            return decode_any(self._cipher.decrypt(iv, sealed, None))
        except InvalidTag:
            raise ProtocolError("sealed with another password") from None


def parse_published(data: object) -> Announce | Signal:
    """What a peer published, opened. Raises ProtocolError."""
    try:
        return msgspec.convert(data, Announce | Signal)
    except (msgspec.MsgspecError, RecursionError):
        raise ProtocolError("published message") from None


def encode_any(value: object) -> bytes:
    """lib0's writeAny, of what JSON holds."""
    writer = Writer()
    _write_any(writer, value)
    return writer.finish()


def _write_any(writer: Writer, value: object) -> None:
    if value is None:
        writer.u8(126)
    elif isinstance(value, bool):
        writer.u8(120 if value else 121)
    elif isinstance(value, str):
        writer.u8(119)
        writer.varstring(value)
    elif isinstance(value, int) and abs(value) <= _INTEGER:
        writer.u8(125)
        _write_varint(writer, value)
    elif isinstance(value, int | float):
        writer.u8(123)
        writer.raw(struct.pack(">d", value))
    elif isinstance(value, dict):
        writer.u8(118)
        writer.varuint(len(value))
        for key, member in value.items():
            writer.varstring(key)
            _write_any(writer, member)
    elif isinstance(value, list | tuple):
        writer.u8(117)
        writer.varuint(len(value))
        for member in value:
            _write_any(writer, member)
    else:
        raise AssertionError("not a JSON value")


def _write_varint(writer: Writer, value: int) -> None:
    """lib0's signed integer: sign in the second highest bit of the first byte."""
    rest = abs(value)
    writer.u8((0x80 if rest > 63 else 0) | (0x40 if value < 0 else 0) | (rest & 63))
    rest >>= 6
    while rest:
        writer.u8((0x80 if rest > 127 else 0) | (rest & 127))
        rest >>= 7


def decode_any(data: bytes) -> object:
    """lib0's readAny, strictly and not deep. Raises ProtocolError."""
    if len(data) > _LONGEST:
        raise ProtocolError("value too long")
    reader = Reader(data)
    value = _read_any(reader, 0)
    reader.end()
    return value


def _read_any(reader: Reader, depth: int) -> object:
    if depth > _DEEPEST:
        raise ProtocolError("value too deep")
    kind = reader.u8()
    constants: dict[int, Literal[True, False] | None] = {127: None, 126: None, 121: False, 120: True}
    if kind in constants:
        return constants[kind]
    if kind == 125:
        return _read_varint(reader)
    if kind in (124, 123):
        (number,) = struct.unpack(">f" if kind == 124 else ">d", reader.take(4 if kind == 124 else 8))
        if not math.isfinite(number):
            raise ProtocolError("number is not finite")
        return float(number)
    if kind == 119:
        return reader.varstring(_LONGEST)
    if kind == 118:
        return {reader.varstring(_LONGEST): _read_any(reader, depth + 1) for _ in range(reader.count(_MEMBERS, 2))}
    if kind == 117:
        return [_read_any(reader, depth + 1) for _ in range(reader.count(_MEMBERS, 1))]
    raise ProtocolError("unknown kind of value")


def _read_varint(reader: Reader) -> int:
    byte = reader.u8()
    value, shift, negative = byte & 63, 6, bool(byte & 0x40)
    while byte & 0x80:
        if shift > 48:
            raise ProtocolError("integer too long")
        byte = reader.u8()
        value |= (byte & 127) << shift
        shift += 7
    return -value if negative else value
