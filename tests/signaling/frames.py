"""What a client makes of what was written to it."""

from __future__ import annotations


def payloads(written: bytes) -> list[bytes]:
    """The payloads of the WebSocket frames in one write of the relay."""
    found = []
    pos = 0
    while pos < len(written):
        length, start = written[pos + 1], pos + 2
        if length >= 126:
            start += 2 if length == 126 else 8
            length = int.from_bytes(written[pos + 2 : start], "big")
        found.append(written[start : start + length])
        pos = start + length
    assert pos == len(written), "a frame is cut off"
    return found
