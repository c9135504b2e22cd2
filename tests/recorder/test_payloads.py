"""The short ways through payloads give what the long ones give: `recorder.red`, `recorder.frames`."""

from __future__ import annotations

import random

import pytest
from aiortc.codecs.vpx import vp8_depayload

from recorder.frames import vp8_payload
from recorder.red import MalformedPayload, red_primary, split_red


def test_vp8_payload_is_what_aiortc_takes_out() -> None:
    chance = random.Random(1)
    for _ in range(20_000):
        # Short ones end inside the descriptor, and every combination of its bits occurs.
        payload = bytes([chance.choice((0x10, 0x80, 0x90, 0xFF)), *chance.randbytes(chance.randint(0, 8))])
        try:
            expected = vp8_depayload(payload)
        except ValueError:
            with pytest.raises(ValueError, match="ends early"):
                vp8_payload(payload)
        else:
            assert vp8_payload(payload) == expected


def test_primary_block_is_the_one_that_the_whole_payload_holds() -> None:
    chance = random.Random(2)
    refused = 0
    for _ in range(20_000):
        heads = b"".join(
            bytes([0x80 | 111]) + (chance.randrange(1 << 14) << 10 | chance.randint(0, 6)).to_bytes(3, "big")
            for _ in range(chance.randint(0, 3))
        )
        payload = (heads + bytes([111]) + chance.randbytes(chance.randint(0, 20)))[: chance.randint(0, 40)]
        try:
            _, primary = split_red(payload)
        except MalformedPayload:
            refused += 1
            with pytest.raises(MalformedPayload):
                red_primary(payload)
        else:
            assert red_primary(payload) == (primary.payload_type, primary.data)
    assert refused > 100
