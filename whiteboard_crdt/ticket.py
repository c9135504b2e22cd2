"""Tickets (protocol section T): who a session is, and what it may do in which room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from whiteboard_crdt.errors import CloseCode, ProtocolError, TicketError
from whiteboard_crdt.ids import (
    DESK_USER_BYTES,
    STAFF,
    Capability,
    ClientId,
    Role,
    RoomId,
    SessionId,
    UserId,
    parse_session,
)
from whiteboard_crdt.keys import PublicKey, decode_base64url, encode_base64url, load_point
from whiteboard_crdt.spec import LIMITS

__all__ = ["EARLY_MS", "LIFETIME_MS", "TOKEN_TYPE", "Ticket", "check_admission", "issue_ticket", "read_ticket"]

TOKEN_TYPE: Final = "chalkmesh-ticket"
LIFETIME_MS: Final = 300_000
EARLY_MS: Final = 120_000
"""How far `iat` may lie ahead of the relay's clock (T2)."""
ROOM_BYTES: Final = 128
NAME_BYTES: Final = 256
_CLIENT_MAX: Final = 2**32 - 1
_SECONDS_MAX: Final = 2**53 // 1000
# The times are ours to check, with a clock that is handed in (T2); the rest of the claims have their own reader.
_OPTIONS: Final[Any] = {
    "verify_signature": True,
    **{f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """The claims of a ticket (T1). `key` is the 65-byte point; times are unix milliseconds.

    `relay_only`: the school lets nobody learn this person's network address; the relay passes on only TURN candidates.
    """

    room: RoomId
    user: UserId
    name: str
    role: Role
    caps: frozenset[Capability]
    session: SessionId
    client: ClientId
    key: bytes
    issued_ms: int
    expires_ms: int
    relay_only: bool = False

    @property
    def staff(self) -> bool:
        """Whether the role is tutor or coordinator."""
        return self.role in STAFF


def issue_ticket(ticket: Ticket, private_key: EllipticCurvePrivateKey, kid: str) -> str:
    """The compact JWS. Times are rounded down to seconds."""
    claims = {
        "v": 1,
        "room": ticket.room,
        "sub": ticket.user,
        "name": ticket.name,
        "role": ticket.role.value,
        "caps": sorted(cap.value for cap in ticket.caps),
        "sid": ticket.session,
        "cid": ticket.client,
        "key": encode_base64url(ticket.key),
        "iat": ticket.issued_ms // 1000,
        "exp": ticket.expires_ms // 1000,
        **({"ice": "relay"} if ticket.relay_only else {}),
    }
    return jwt.encode(claims, private_key, algorithm="ES256", headers={"typ": TOKEN_TYPE, "kid": kid})


def read_ticket(token: str, keys: Mapping[str, PublicKey]) -> Ticket:
    """Checks the form and the signature of a compact ticket (T1); time and room are `check_admission`'s.

    Raises TicketError: 4403 when no key of the school has its kid, otherwise 4401.
    """
    if len(token) > LIMITS.ticket_bytes or not token.isascii():
        raise TicketError("length of a ticket")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise TicketError("form of a ticket") from None
    if header.get("alg") != "ES256" or header.get("typ") != TOKEN_TYPE or "crit" in header:
        raise TicketError("kind of a ticket")
    kid = header.get("kid")
    key = keys.get(kid) if isinstance(kid, str) else None
    if key is None:
        raise TicketError("signed by another school", CloseCode.TICKET_FOREIGN)
    try:
        claims = jwt.decode(token, key, algorithms=["ES256"], options=_OPTIONS)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise TicketError("signature of a ticket") from None
    return _read_claims(claims)


def check_admission(ticket: Ticket, room: RoomId, now_ms: int) -> None:
    """Admission (T2) apart from revocation, which the room knows. Raises TicketError 4402 or 4403."""
    if ticket.room != room:
        raise TicketError("ticket of another room", CloseCode.TICKET_FOREIGN)
    if not ticket.issued_ms - EARLY_MS <= now_ms < ticket.expires_ms:
        raise TicketError("ticket out of its time", CloseCode.TICKET_EXPIRED)


def _read_claims(claims: Mapping[str, object]) -> Ticket:
    if _integer(claims, "v", 2**31) != 1:
        raise TicketError("version of a ticket")
    caps = claims.get("caps")
    if not isinstance(caps, list):
        raise TicketError("caps of a ticket")
    try:
        session = parse_session(_text(claims, "sid", 16))
        key = decode_base64url(_text(claims, "key", 128))
        load_point(key)
        return Ticket(
            room=RoomId(_text(claims, "room", ROOM_BYTES)),
            user=UserId(_text(claims, "sub", DESK_USER_BYTES)),
            name=_text(claims, "name", NAME_BYTES),
            role=Role(_text(claims, "role", 16)),
            caps=frozenset(Capability(cap) for cap in caps),
            session=session,
            client=ClientId(_integer(claims, "cid", _CLIENT_MAX)),
            key=key,
            issued_ms=_integer(claims, "iat", _SECONDS_MAX) * 1000,
            expires_ms=_integer(claims, "exp", _SECONDS_MAX) * 1000,
            relay_only=claims.get("ice") == "relay",
        )
    except TicketError:
        raise
    except (ProtocolError, ValueError):
        raise TicketError("claims of a ticket") from None


def _text(claims: Mapping[str, object], name: str, longest: int) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value or len(value.encode()) > longest:
        raise TicketError("claims of a ticket")
    return value


def _integer(claims: Mapping[str, object], name: str, largest: int) -> int:
    value = claims.get(name)
    if type(value) is not int or not 0 <= value <= largest:
        raise TicketError("claims of a ticket")
    return value
