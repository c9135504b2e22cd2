"""Vectors of crisis alerts (section C)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from tests.vectors.fixtures import NOW_MS, ROOM, SCHOOL_SCALAR, SESSION, private_key, public_point, sign
from whiteboard_crdt.alert import Alert, alert_text, derive_alert_key, open_alert, seal_plain
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ids import RoomId
from whiteboard_crdt.keys import dump_point, encode_base64url

_ONCE_SCALAR: Final = 5_000_011
_GOOD: Final = Alert(ROOM, SESSION, bytes(range(16)), NOW_MS, "medical", bytes(range(16, 32)))


def _plain(alert: Alert) -> bytes:
    text = alert_text(alert)
    # After the prefix, a byte of length and the room: the body.
    return text[len(b"chalkmesh/alert/1\n") + 1 + len(alert.room) :] + sign(text)


def _case(alert: Alert) -> dict[str, Any]:
    key, once = derive_alert_key(private_key(SCHOOL_SCALAR)), private_key(_ONCE_SCALAR)
    sealed = seal_plain(alert.room, alert.id, _plain(alert), dump_point(key.public_key()), once)
    read = open_alert(alert.room, alert.id, sealed, key)
    return {
        "room": read.room,
        "session": read.session,
        "id": read.id.hex(),
        "at_ms": read.at_ms,
        "reason": read.reason,
        "receipt": read.receipt.hex(),
        "text": alert_text(alert).hex(),
        "sig": read.sig.hex(),
        "sealed": sealed.hex(),
    }


def _refused(why: str, sealed: bytes, *, room: str = ROOM, alert_id: bytes = _GOOD.id) -> dict[str, Any]:
    try:
        open_alert(RoomId(room), alert_id, sealed, derive_alert_key(private_key(SCHOOL_SCALAR)))
    except ProtocolError:
        return {"why": why, "room": room, "id": alert_id.hex(), "sealed": sealed.hex()}
    raise AssertionError(why)


def alerts() -> dict[str, Any]:
    """`alerts.json`."""
    recipient = dump_point(derive_alert_key(private_key(SCHOOL_SCALAR)).public_key())
    once = private_key(_ONCE_SCALAR)
    point = public_point(_ONCE_SCALAR)

    def sealed(plain: bytes, to: bytes = recipient) -> bytes:
        return seal_plain(ROOM, _GOOD.id, plain, to, once)

    good = sealed(_plain(_GOOD))
    return {
        "recipient": recipient.hex(),
        "session_point": public_point().hex(),
        "once": {
            "kty": "EC",
            "crv": "P-256",
            "x": encode_base64url(point[1:33]),
            "y": encode_base64url(point[33:]),
            "d": encode_base64url(_ONCE_SCALAR.to_bytes(32, "big")),
        },
        "good": [
            _case(_GOOD),
            _case(replace(_GOOD, reason="a" * 32, id=bytes(16), at_ms=2**53 - 1)),
            _case(replace(_GOOD, room=RoomId("lesson-8"))),
        ],
        "refused": [
            _refused("another room", good, room="lesson-8"),
            _refused("another id", good, alert_id=bytes(16)),
            _refused("sealed for another key", sealed(_plain(_GOOD), point)),
            _refused("a bit changed", good[:-1] + bytes([good[-1] ^ 1])),
            _refused("no point", b"\x04" + bytes(64) + good[65:]),
            _refused("ends early", good[:65]),
            _refused("bytes left over", sealed(_plain(_GOOD) + b"\0")),
            _refused("another id inside", sealed(_plain(replace(_GOOD, id=bytes(16))))),
            _refused("a reason that is no word", sealed(_plain(replace(_GOOD, reason="Medical!")))),
            _refused("another version", sealed(b"\x02" + _plain(_GOOD)[1:])),
        ],
    }
