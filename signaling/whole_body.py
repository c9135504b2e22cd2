"""A body of HTTP as a whole, and no longer than is right. `StreamReader.read(n)` gives what has come so far."""

from __future__ import annotations

import aiohttp

from whiteboard_crdt.errors import CloseCode, ProtocolError

__all__ = ["read_whole"]


async def read_whole(content: aiohttp.StreamReader, most_bytes: int) -> bytes:
    """All that comes until the end, in however many pieces. Raises ProtocolError as soon as it is over `most_bytes`."""
    body = bytearray()
    async for piece in content.iter_any():
        body += piece
        if len(body) > most_bytes:
            raise ProtocolError("the body is too long", CloseCode.OVERSIZED)
    return bytes(body)
