from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vectors.as_json import message_json
from tests.whiteboard_crdt.vectors import cases
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ids import BOARD, SessionId
from whiteboard_crdt.messages import HaveMessage, Head, WantMessage, decode_message, encode_message
from whiteboard_crdt.spec import LIMITS

LIMIT = LIMITS.socket_message_bytes
GOOD = cases("messages.json", "good") + cases("live.json", "good")


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case["name"])
def test_message_both_ways_B(case: dict[str, Any]) -> None:
    message = decode_message(bytes.fromhex(case["hex"]), LIMIT)
    assert message_json(message) == case["message"]
    assert encode_message(message).hex() == case["hex"]


@pytest.mark.parametrize("case", cases("messages.json", "bad"), ids=lambda case: case["name"])
def test_bad_message_is_refused_with_its_code_W5_W6_W7(case: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError) as caught:
        decode_message(bytes.fromhex(case["hex"]), case["limit"])
    assert caught.value.code == case["code"]


@pytest.mark.parametrize("case", cases("live.json", "bad"), ids=lambda case: case["name"])
def test_bad_live_packet_is_a_protocol_error_L1_L3(case: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        decode_message(bytes.fromhex(case["hex"]), LIMIT)


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case["name"])
def test_every_prefix_is_a_protocol_error_W3_W5(case: dict[str, Any]) -> None:
    data = bytes.fromhex(case["hex"])
    for end in range(min(len(data), 400)):
        with pytest.raises(ProtocolError):
            decode_message(data[:end], LIMIT)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_that_encodes_the_same_or_a_protocol_error_W6(data: bytes) -> None:
    try:
        message = decode_message(data, LIMIT)
    except ProtocolError:
        return
    assert encode_message(message) == data


@given(st.sampled_from(GOOD), st.integers(0, 10_000), st.integers(0, 255))
def test_any_changed_byte_is_another_message_or_a_protocol_error_W6(case: dict[str, Any], at: int, byte: int) -> None:
    data = bytearray(bytes.fromhex(case["hex"])[:2000])
    data[at % len(data)] = byte
    try:
        message = decode_message(bytes(data), LIMIT)
    except ProtocolError:
        return
    assert encode_message(message) == bytes(data)


def test_what_others_would_refuse_is_our_own_bug() -> None:
    session = SessionId("0" * 16)
    with pytest.raises(AssertionError):
        encode_message(WantMessage(BOARD, session, 1, 258))
    with pytest.raises(AssertionError):
        encode_message(HaveMessage((Head(BOARD, session, 1, bytes(16)),) * 4097))
