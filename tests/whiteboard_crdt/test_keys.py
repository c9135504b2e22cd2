from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.whiteboard_crdt.vectors import cases, load
from whiteboard_crdt.errors import ProtocolError, SetupError
from whiteboard_crdt.ids import RoomId, SessionId
from whiteboard_crdt.keys import (
    SessionKey,
    decode_base64url,
    dump_jwks,
    dump_point,
    encode_base64url,
    fingerprint_text,
    hello_text,
    load_jwks,
    load_point,
    verify_signature,
)  # fmt: skip


def test_signature_holds_for_its_text_and_key_only_E2() -> None:
    key, other = SessionKey.generate(), SessionKey.generate()
    signature = key.sign(b"text")
    assert len(signature) == 64
    assert verify_signature(load_point(key.public), signature, b"text")
    assert not verify_signature(load_point(key.public), signature, b"texts")
    assert not verify_signature(load_point(other.public), signature, b"text")
    assert not verify_signature(load_point(key.public), signature[:-1], b"text")
    assert not verify_signature(load_point(key.public), bytes(64), b"text")


@pytest.mark.parametrize("case", cases("keys.json", "hello"))
def test_proof_of_a_hello_S2(case: dict[str, Any]) -> None:
    text = hello_text(bytes.fromhex(case["nonce"]), case["token"])
    assert text.hex() == case["text"]
    public = load_point(bytes.fromhex(load("keys.json")["public"]))
    assert verify_signature(public, bytes.fromhex(case["proof"]), text) is case["good"]


@pytest.mark.parametrize("case", cases("keys.json", "fingerprints"))
def test_fingerprint_text_M4(case: dict[str, Any]) -> None:
    text = fingerprint_text(RoomId(case["room"]), SessionId(case["from"]), SessionId(case["to"]), case["sdp"])
    assert text.hex() == case["text"]


def test_base64url_is_strict_and_without_padding() -> None:
    assert decode_base64url(encode_base64url(b"\xff\xfe\xfd?")) == b"\xff\xfe\xfd?"
    for text in ("a", "ab=", "+/+/", "a b", "ä", "abc\n"):
        with pytest.raises(ProtocolError):
            decode_base64url(text)


def test_jwks_and_back() -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    (entry,) = json.loads(dump_jwks({"k": key}))["keys"]
    assert (entry["kty"], entry["crv"], entry["alg"], entry["use"], entry["kid"]) == (
        "EC",
        "P-256",
        "ES256",
        "sig",
        "k",
    )
    assert dump_point(load_jwks(dump_jwks({"k": key}))["k"]) == dump_point(key)


def test_jwks_passes_over_other_kinds_of_keys() -> None:
    data = json.loads(dump_jwks({"k": ec.generate_private_key(ec.SECP256R1()).public_key()}))
    data["keys"].append({"kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": "e"})
    assert list(load_jwks(json.dumps(data).encode())) == ["k"]


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"keys":[1]}', b'{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA","kid":"k"}]}']
)
def test_key_set_that_is_none_is_a_setup_error(data: bytes) -> None:
    with pytest.raises(SetupError):
        load_jwks(data)
