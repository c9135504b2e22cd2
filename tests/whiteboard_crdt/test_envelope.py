from __future__ import annotations

from typing import Any

import pytest

from tests.whiteboard_crdt.vectors import cases, load
from whiteboard_crdt.envelope import decode_envelope, encode_body, envelope_hash, seal, signed_text, verify
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ids import BOARD, DocRef, RoomId, SessionId
from whiteboard_crdt.keys import SessionKey, load_point

ROOM = RoomId(load("envelopes.json")["room"])
PUBLIC = load_point(bytes.fromhex(load("envelopes.json")["public"]))
SESSION = SessionId("00000000000003e9")


@pytest.mark.parametrize("case", cases("envelopes.json", "good"))
def test_good_envelope_both_ways_E1_E2_E3(case: dict[str, Any]) -> None:
    envelope = decode_envelope(bytes.fromhex(case["raw"]))
    assert envelope.doc == DocRef.parse(case["doc"])
    assert (envelope.session, envelope.seq, envelope.authored_ms) == (case["session"], case["seq"], case["authored_ms"])
    for name in ("prev", "update", "sig", "raw", "body"):
        assert getattr(envelope, name).hex() == case[name]
    body = encode_body(
        envelope.doc, envelope.session, envelope.seq, envelope.prev, envelope.authored_ms, envelope.update
    )
    assert body == envelope.body
    assert signed_text(ROOM, body).hex() == case["signed_text"]
    assert envelope_hash(ROOM, body).hex() == case["hash"]
    assert verify(ROOM, envelope, PUBLIC)


@pytest.mark.parametrize("case", cases("envelopes.json", "bad_signature"), ids=lambda case: case["why"])
def test_bad_signature_does_not_hold_E2(case: dict[str, Any]) -> None:
    assert not verify(RoomId(case["room"]), decode_envelope(bytes.fromhex(case["raw"])), PUBLIC)


@pytest.mark.parametrize("case", cases("envelopes.json", "malformed"), ids=lambda case: case["why"])
def test_malformed_envelope_is_a_protocol_error_E1(case: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        decode_envelope(bytes.fromhex(case["hex"]))


def test_hash_does_not_depend_on_the_signature_E3() -> None:
    key = SessionKey.generate()
    first, second = (seal(ROOM, BOARD, SESSION, 1, bytes(16), 5, b"u", key.sign) for _ in range(2))
    assert first.sig != second.sig
    assert envelope_hash(ROOM, first.body) == envelope_hash(ROOM, second.body)
    assert envelope_hash(ROOM, first.body) != envelope_hash(RoomId("other"), first.body)


@pytest.mark.parametrize(
    ("seq", "prev", "update"),
    [(0, bytes(16), b"u"), (1, bytes(15), b"u"), (1, bytes(16), b""), (1, bytes(16), bytes(57_345))],
)
def test_fields_that_nobody_would_take_are_our_own_bug(seq: int, prev: bytes, update: bytes) -> None:
    with pytest.raises(AssertionError):
        encode_body(BOARD, SESSION, seq, prev, 0, update)
