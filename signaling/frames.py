"""WebSocket frames built once and written to many sockets (RFC 6455, server to client: not masked, not compressed)."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["binary_frame", "binary_head", "close_frame", "payloads", "ping_frame", "pong_frame", "text_frame"]

_BINARY = 0x82
_TEXT = 0x81
_CLOSE = 0x88
_PING = 0x89
_PONG = 0x8A
_REASON_BYTES = 123


_SHORT_BINARY = tuple(bytes((_BINARY, length)) for length in range(126))


def _head(opcode: int, length: int) -> bytes:
    if length < 126:
        return bytes((opcode, length))
    if length < 65_536:
        return bytes((opcode, 126)) + length.to_bytes(2, "big")
    return bytes((opcode, 127)) + length.to_bytes(8, "big")


def _frame(opcode: int, payload: bytes) -> bytes:
    return _head(opcode, len(payload)) + payload


def binary_head(length: int) -> bytes:
    """What goes before a binary message of some length: for big ones, which are not to be copied."""
    return _head(_BINARY, length)


def binary_frame(payload: bytes) -> bytes:
    """One whole binary message as it goes to any client's transport."""
    length = len(payload)
    return _SHORT_BINARY[length] + payload if length < 126 else _head(_BINARY, length) + payload


def payloads(frames: bytes) -> Iterator[bytes]:
    """The payloads of frames that were built here and joined: for clients that no WebSocket carries."""
    pos = 0
    while pos < len(frames):
        length, start = frames[pos + 1], pos + 2
        if length >= 126:
            start += 2 if length == 126 else 8
            length = int.from_bytes(frames[pos + 2 : start], "big")
        yield frames[start : start + length]
        pos = start + length


def text_frame(payload: bytes) -> bytes:
    """One whole text message (UTF-8) as it goes to any client's transport."""
    return _frame(_TEXT, payload)


def ping_frame() -> bytes:
    """A ping of the WebSocket itself, which browsers answer by themselves."""
    return _frame(_PING, b"")


def pong_frame(payload: bytes) -> bytes:
    """The answer to a ping."""
    return _frame(_PONG, payload)


def close_frame(code: int, reason: str) -> bytes:
    """A close frame; the reason is our own words, in ASCII."""
    return _frame(_CLOSE, code.to_bytes(2, "big") + reason.encode("ascii")[:_REASON_BYTES])
