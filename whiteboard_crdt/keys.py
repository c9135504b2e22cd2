"""P-256 keys: of sessions (raw signatures, as WebCrypto makes them) and of schools (JWKS)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from whiteboard_crdt.errors import ProtocolError, SetupError
from whiteboard_crdt.ids import RoomId, SessionId
from whiteboard_crdt.varint import Writer

__all__ = [
    "NONCE_BYTES", "POINT_BYTES", "SIGNATURE_BYTES", "PublicKey", "SessionKey", "Sign", "decode_base64url",
    "dump_jwks", "dump_point", "encode_base64url", "fingerprint_text", "hello_text", "load_jwks", "load_point",
    "verify_signature",
]  # fmt: skip

PublicKey = ec.EllipticCurvePublicKey
NONCE_BYTES: Final = 32
POINT_BYTES: Final = 65
SIGNATURE_BYTES: Final = 64
_ALGORITHM: Final = ec.ECDSA(SHA256())
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*")
_FINGERPRINT: Final = re.compile(r"^a=fingerprint:(.*)$", re.MULTILINE)


class Sign(Protocol):
    """Signs a text with a session's key: 64 bytes, raw `r‖s` (E2)."""

    def __call__(self, text: bytes, /) -> bytes:
        """The signature of `text`."""


class SessionKey:
    """The key of one session; made afresh for each page or Python peer, never stored."""

    __slots__ = ("_private", "public")

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private
        self.public: bytes = dump_point(private.public_key())
        """65-byte uncompressed point, as it stands in the ticket."""

    @staticmethod
    def generate() -> SessionKey:
        """A fresh key."""
        return SessionKey(ec.generate_private_key(ec.SECP256R1()))

    def sign(self, text: bytes) -> bytes:
        """ECDSA P-256 with SHA-256, raw `r‖s`, 64 bytes (E2)."""
        r, s = decode_dss_signature(self._private.sign(text, _ALGORITHM))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def load_point(raw: bytes) -> PublicKey:
    """A public key from its 65-byte uncompressed point. Raises ProtocolError."""
    if len(raw) != POINT_BYTES or raw[0] != 4:
        raise ProtocolError("form of a public key")
    try:
        return PublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError:
        raise ProtocolError("public key not on the curve") from None


def dump_point(key: PublicKey) -> bytes:
    """The 65-byte uncompressed point of a public key."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def verify_signature(key: PublicKey, signature: bytes, text: bytes) -> bool:
    """Whether a raw `r‖s` signature of `text` holds."""
    if len(signature) != SIGNATURE_BYTES:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        key.verify(encode_dss_signature(r, s), text, _ALGORITHM)
    except InvalidSignature:
        return False
    return True


def hello_text(nonce: bytes, token: str) -> bytes:
    """What the `proof` of a hello signs (S2). `nonce` is the 32 bytes of the challenge, `token` the compact ticket."""
    return b"chalkmesh/hello/1\n" + nonce + hashlib.sha256(token.encode()).digest()


def fingerprint_text(room: RoomId, sender: SessionId, receiver: SessionId, sdp: str) -> bytes:
    """What `fp` of a description signs (M4): room, sender, receiver, and every fingerprint line of the SDP."""
    values = sorted(value.strip().lower() for value in _FINGERPRINT.findall(sdp.replace("\r", "\n")))
    writer = Writer()
    writer.raw(b"chalkmesh/dtls/1\n")
    writer.varstring(room)
    writer.raw(bytes.fromhex(sender))
    writer.raw(bytes.fromhex(receiver))
    writer.varstring(",".join(values))
    return writer.finish()


def encode_base64url(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode_base64url(text: str) -> bytes:
    """base64url without padding, nothing else let through. Raises ProtocolError."""
    if not _BASE64URL.fullmatch(text):
        raise ProtocolError("not base64url")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ProtocolError("not base64url") from None


def dump_jwks(keys: Mapping[str, PublicKey]) -> bytes:
    """The key set of a school as JWKS: kid → public key."""
    entries = []
    for kid, key in keys.items():
        point = dump_point(key)
        x, y = encode_base64url(point[1:33]), encode_base64url(point[33:])
        entries.append({"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": kid, "alg": "ES256", "use": "sig"})
    return json.dumps({"keys": entries}).encode()


def load_jwks(data: bytes) -> dict[str, PublicKey]:
    """A key set by kid. Keys that are not P-256 are passed over, as RFC 7517 asks. Raises SetupError."""
    try:
        entries = json.loads(data)["keys"]
        return {
            str(entry["kid"]): load_point(b"\x04" + decode_base64url(entry["x"]) + decode_base64url(entry["y"]))
            for entry in entries
            if entry["kty"] == "EC" and entry["crv"] == "P-256"
        }
    except (ValueError, KeyError, TypeError, ProtocolError):
        raise SetupError("the key set is not a JWKS of P-256 keys") from None
