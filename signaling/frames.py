"""WebSocket frames built once and written to many sockets (RFC 6455, server to client: not masked, not compressed)."""

from __future__ import annotations

__all__ = ["binary_frame", "close_frame", "text_frame"]

_BINARY = 0x82
_TEXT = 0x81
_CLOSE = 0x88
_REASON_BYTES = 123


def _frame(opcode: int, payload: bytes) -> bytes:
    length = len(payload)
    if length < 126:
        return bytes((opcode, length)) + payload
    if length < 65_536:
        return bytes((opcode, 126)) + length.to_bytes(2, "big") + payload
    return bytes((opcode, 127)) + length.to_bytes(8, "big") + payload


def binary_frame(payload: bytes) -> bytes:
    """One whole binary message as it goes to any client's transport."""
    return _frame(_BINARY, payload)


def text_frame(payload: bytes) -> bytes:
    """One whole text message (UTF-8) as it goes to any client's transport."""
    return _frame(_TEXT, payload)


def close_frame(code: int, reason: str) -> bytes:
    """A close frame; the reason is our own words, in ASCII."""
    return _frame(_CLOSE, code.to_bytes(2, "big") + reason.encode("ascii")[:_REASON_BYTES])
