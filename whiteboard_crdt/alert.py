"""Crisis alerts (protocol section C): signed by the session that pressed, sealed for the portal alone.

Whoever carries one learns neither who pressed nor why, and cannot change it. The portal answers whoever brings it with
its receipt, a secret that lay inside: so only the portal can make the presser believe that it has the alert.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from whiteboard_crdt.envelope import read_session
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ids import Role, RoomId, SessionId
from whiteboard_crdt.keys import (
    POINT_BYTES,
    SIGNATURE_BYTES,
    PublicKey,
    Sign,
    dump_point,
    load_point,
    verify_signature,
)
from whiteboard_crdt.varint import Reader, Writer

__all__ = [
    "ALERT_ID_BYTES", "ALERT_RECEIPT_BYTES", "ALERT_SEALED_BYTES", "Alert", "alert_text", "carries_alerts",
    "derive_alert_key", "open_alert", "seal_alert", "seal_plain", "verify_alert",
]  # fmt: skip

ALERT_ID_BYTES: Final = 16
ALERT_RECEIPT_BYTES: Final = 16
ALERT_SEALED_BYTES: Final = 1024
"""The longest sealed alert, and the longest body of an ALERT."""
_VERSION: Final = 1
_REASON_BYTES: Final = 32
_REASON: Final = re.compile(r"[a-z][a-z_]{0,31}")
_NONCE: Final = bytes(12)
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as the portal reads it. `at_ms`: unix ms by the room's clock; `id` and `receipt` are 16 bytes each."""

    room: RoomId
    session: SessionId
    id: bytes
    at_ms: int
    reason: str
    receipt: bytes
    sig: bytes = b""


def carries_alerts(role: Role) -> bool:
    """Whether this role is asked first to carry an alert (C4): staff, observers and the recorder."""
    return role not in (Role.STUDENT, Role.BOT)


def _body(alert: Alert) -> bytes:
    if len(alert.id) != ALERT_ID_BYTES or len(alert.receipt) != ALERT_RECEIPT_BYTES:
        raise AssertionError("fields of an alert")
    writer = Writer()
    writer.u8(_VERSION)
    writer.raw(bytes.fromhex(alert.session))
    writer.raw(alert.id)
    writer.varuint(alert.at_ms)
    writer.varstring(alert.reason)
    writer.raw(alert.receipt)
    return writer.finish()


def alert_text(alert: Alert) -> bytes:
    """What the session's key signs (C2)."""
    writer = Writer()
    writer.raw(b"chalkmesh/alert/1\n")
    writer.varstring(alert.room)
    writer.raw(_body(alert))
    return writer.finish()


def verify_alert(alert: Alert, key: PublicKey) -> bool:
    """Whether the session of that key made it (C2)."""
    return verify_signature(key, alert.sig, alert_text(alert))


def seal_alert(alert: Alert, sign: Sign, recipient: bytes) -> bytes:
    """Signs an alert and seals it for the portal's 65-byte point (C3)."""
    plain = _body(alert) + sign(alert_text(alert))
    return seal_plain(alert.room, alert.id, plain, recipient, ec.generate_private_key(ec.SECP256R1()))


def seal_plain(
    room: RoomId, alert_id: bytes, plain: bytes, recipient: bytes, ephemeral: ec.EllipticCurvePrivateKey
) -> bytes:
    """C3, under a key that is used this once. Raises ProtocolError when `recipient` is no point."""
    point = dump_point(ephemeral.public_key())
    key = _key(ephemeral.exchange(ec.ECDH(), load_point(recipient)), point, recipient)
    return point + AESGCM(key).encrypt(_NONCE, plain, _bound(room, alert_id))


def open_alert(room: RoomId, alert_id: bytes, sealed: bytes, private: ec.EllipticCurvePrivateKey) -> Alert:
    """Reads what was sealed for this key, in this room, under this id. The signature is not looked at.

    Raises ProtocolError.
    """
    if len(alert_id) != ALERT_ID_BYTES or not POINT_BYTES < len(sealed) <= ALERT_SEALED_BYTES:
        raise ProtocolError("length of an alert")
    point = sealed[:POINT_BYTES]
    shared = private.exchange(ec.ECDH(), load_point(point))
    try:
        plain = AESGCM(_key(shared, point, dump_point(private.public_key()))).decrypt(
            _NONCE, sealed[POINT_BYTES:], _bound(room, alert_id)
        )
    except InvalidTag:
        raise ProtocolError("an alert that was not sealed for us") from None
    reader = Reader(plain)
    if reader.u8() != _VERSION:
        raise ProtocolError("version of an alert")
    session = read_session(reader)
    inner = reader.take(ALERT_ID_BYTES)
    at_ms = reader.varuint()
    reason = reader.varstring(_REASON_BYTES)
    receipt = reader.take(ALERT_RECEIPT_BYTES)
    sig = reader.take(SIGNATURE_BYTES)
    reader.end()
    if inner != alert_id or _REASON.fullmatch(reason) is None:
        raise ProtocolError("fields of an alert")
    return Alert(room, session, alert_id, at_ms, reason, receipt, sig)


def derive_alert_key(school: ec.EllipticCurvePrivateKey) -> ec.EllipticCurvePrivateKey:
    """The key that alerts are sealed for: one of its own, that a backup of the school's signing key brings back."""
    scalar = school.private_numbers().private_value.to_bytes(32, "big")
    # 48 bytes, so that the remainder is as good as evenly spread over the scalars.
    made = HKDF(SHA256(), 48, salt=None, info=b"chalkmesh/alert-key/1").derive(scalar)
    return ec.derive_private_key(int.from_bytes(made, "big") % (_ORDER - 1) + 1, ec.SECP256R1())


def _key(shared: bytes, point: bytes, recipient: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=point + recipient, info=b"chalkmesh/alert-seal/1").derive(shared)


def _bound(room: RoomId, alert_id: bytes) -> bytes:
    writer = Writer()
    writer.varstring(room)
    writer.raw(alert_id)
    return writer.finish()
