"""Bodies of HTTP come in pieces, and are read whole or not at all."""

from __future__ import annotations

import aiohttp
import pytest

from signaling.whole_body import read_whole
from tests.signaling.pieces import serving
from whiteboard_crdt.errors import CloseCode, ProtocolError


async def test_a_body_in_pieces_is_read_whole() -> None:
    content = bytes(range(256)) * 4
    async with serving(content, 1) as url, aiohttp.ClientSession() as http, http.get(url) as answer:
        assert await read_whole(answer.content, len(content)) == content


async def test_a_body_that_is_too_long_is_not_read_to_its_end() -> None:
    async with serving(bytes(1_025), 64) as url, aiohttp.ClientSession() as http, http.get(url) as answer:
        with pytest.raises(ProtocolError) as refused:
            await read_whole(answer.content, 1_024)
    assert refused.value.code == CloseCode.OVERSIZED
