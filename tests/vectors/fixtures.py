"""What the vectors are made of: fixed keys, deterministic signatures, one school, a few participants."""

from __future__ import annotations

import base64
import json
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from whiteboard_crdt.ids import BOARD, Capability, ClientId, DocRef, Role, RoomId, SessionId, UserId
from whiteboard_crdt.keys import PublicKey, SessionKey, encode_base64url
from whiteboard_crdt.ticket import TOKEN_TYPE, Ticket

NOW_MS: Final = 1_767_225_600_000
ROOM: Final = RoomId("lesson-7")
KID: Final = "school-1"
SCHOOL_SCALAR: Final = 7_000_001
KEY_SCALAR: Final = 42_000_017
SESSION: Final = SessionId("00000000000003e9")
CLIENT: Final = ClientId(1001)
OTHER_SESSION: Final = SessionId("00000000000007d2")
OTHER_CLIENT: Final = ClientId(2002)


def private_key(scalar: int) -> ec.EllipticCurvePrivateKey:
    """A fixed key. Its scalar is no secret."""
    return ec.derive_private_key(scalar, ec.SECP256R1())


def sign_fixed(scalar: int, text: bytes) -> bytes:
    """A raw `r‖s` signature that is always the same (RFC 6979)."""
    der = private_key(scalar).sign(text, ec.ECDSA(SHA256(), deterministic_signing=True))
    r, s = decode_dss_signature(der)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def sign(text: bytes) -> bytes:
    """With the session's key."""
    return sign_fixed(KEY_SCALAR, text)


def public_point(scalar: int = KEY_SCALAR) -> bytes:
    """65 bytes."""
    return SessionKey(private_key(scalar)).public


def school_keys() -> dict[str, PublicKey]:
    """The key set of the school."""
    return {KID: private_key(SCHOOL_SCALAR).public_key()}


def claims(**changes: Any) -> dict[str, Any]:
    """Claims of a good ticket, some of them changed; `None` leaves a claim out."""
    good = {
        "v": 1,
        "room": ROOM,
        "sub": "anna",
        "name": "Anna Ödegård",
        "role": "student",
        "caps": ["board", "chat", "media", "presence"],
        "sid": SESSION,
        "cid": CLIENT,
        "key": encode_base64url(public_point()),
        "iat": NOW_MS // 1000,
        "exp": NOW_MS // 1000 + 300,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def token(body: object, *, scalar: int = SCHOOL_SCALAR, header: dict[str, Any] | None = None) -> str:
    """A compact JWS with a signature that is always the same."""
    head = {"alg": "ES256", "typ": TOKEN_TYPE, "kid": KID} if header is None else header
    parts = [_b64(json.dumps(part, separators=(",", ":"), ensure_ascii=False).encode()) for part in (head, body)]
    signed = ".".join(parts)
    return f"{signed}.{_b64(sign_fixed(scalar, signed.encode()))}"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def ticket(
    session: SessionId = SESSION,
    client: ClientId = CLIENT,
    user: str = "anna",
    role: Role = Role.STUDENT,
    caps: frozenset[Capability] = frozenset(Capability),
) -> Ticket:
    """A ticket as `read_ticket` would give it."""
    return Ticket(
        room=ROOM,
        user=UserId(user),
        name=user,
        role=role,
        caps=caps,
        session=session,
        client=client,
        key=public_point(),
        issued_ms=NOW_MS,
        expires_ms=NOW_MS + 300_000,
    )


DOCS: Final[tuple[DocRef, ...]] = (BOARD, DocRef.parse("stage"), DocRef.parse("chat"), DocRef.desk("jörg"))
