"""Tickets (protocol section T): who a session is, and what it may do in which room."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

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
from whiteboard_crdt.jws import integer_claim, read_claims, sign_claims, text_claim
from whiteboard_crdt.keys import PublicKey, decode_base64url, encode_base64url, load_point

__all__ = [
    "EARLY_MS",
    "LIFETIME_MS",
    "TOKEN_TYPE",
    "Ticket",
    "check_admission",
    "issue_ticket",
    "read_ticket",
    "stored_colour",
]

TOKEN_TYPE: Final = "chalkmesh-ticket"
LIFETIME_MS: Final = 300_000
EARLY_MS: Final = 120_000
"""How far `iat` may lie ahead of the relay's clock (T2)."""
ROOM_BYTES: Final = 128
NAME_BYTES: Final = 256
COLOUR_MAX: Final = 2**16 - 1
_CLIENT_MAX: Final = 2**32 - 1
SECONDS_MAX: Final = 2**53 // 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """The claims of a ticket (T1). `key` is the 65-byte point; times are unix milliseconds.

    `relay_only`: the school lets nobody learn this person's network address; the relay passes on only TURN candidates.
    `colour`: the person's number in the room, see `whiteboard_crdt.colours`.
    `unrecorded`: no recorder keeps voice, picture or pointer of this session, nor shows its name.
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
    colour: int | None = None
    unrecorded: bool = False

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
        **({} if ticket.colour is None else {"colour": ticket.colour}),
        **({"unrecorded": True} if ticket.unrecorded else {}),
    }
    return sign_claims(claims, TOKEN_TYPE, private_key, kid)


def read_ticket(token: str, keys: Mapping[str, PublicKey]) -> Ticket:
    """Checks the form and the signature of a compact ticket (T1); time and room are `check_admission`'s.

    Raises TicketError: 4403 when no key of the school has its kid, otherwise 4401.
    """
    return _read_claims(read_claims(token, TOKEN_TYPE, keys))


def stored_colour(token: str) -> int | None:
    """The claim `colour` of a ticket that was verified when it was stored; None where there is none to be read."""
    try:
        claims = json.loads(decode_base64url(token.split(".")[1]))
        return integer_claim(claims, "colour", COLOUR_MAX) if "colour" in claims else None
    except (ProtocolError, ValueError, IndexError, TypeError, AttributeError, RecursionError):
        return None


def check_admission(ticket: Ticket, room: RoomId, now_ms: int) -> None:
    """Admission (T2) apart from revocation, which the room knows. Raises TicketError 4402 or 4403."""
    if ticket.room != room:
        raise TicketError("ticket of another room", CloseCode.TICKET_FOREIGN)
    if not ticket.issued_ms - EARLY_MS <= now_ms < ticket.expires_ms:
        raise TicketError("ticket out of its time", CloseCode.TICKET_EXPIRED)


def _read_claims(claims: Mapping[str, object]) -> Ticket:
    if integer_claim(claims, "v", 2**31) != 1:
        raise TicketError("version of a ticket")
    caps = claims.get("caps")
    if not isinstance(caps, list):
        raise TicketError("caps of a ticket")
    try:
        session = parse_session(text_claim(claims, "sid", 16))
        key = decode_base64url(text_claim(claims, "key", 128))
        load_point(key)
        return Ticket(
            room=RoomId(text_claim(claims, "room", ROOM_BYTES)),
            user=UserId(text_claim(claims, "sub", DESK_USER_BYTES)),
            name=text_claim(claims, "name", NAME_BYTES),
            role=Role(text_claim(claims, "role", 16)),
            caps=frozenset(Capability(cap) for cap in caps),
            session=session,
            client=ClientId(integer_claim(claims, "cid", _CLIENT_MAX)),
            key=key,
            issued_ms=integer_claim(claims, "iat", SECONDS_MAX) * 1000,
            expires_ms=integer_claim(claims, "exp", SECONDS_MAX) * 1000,
            relay_only=claims.get("ice") == "relay",
            colour=integer_claim(claims, "colour", COLOUR_MAX) if "colour" in claims else None,
            unrecorded=_read_unrecorded(claims),
        )
    except TicketError:
        raise
    except (ProtocolError, ValueError):
        raise TicketError("claims of a ticket") from None


def _read_unrecorded(claims: Mapping[str, object]) -> bool:
    # True or not there at all: a second way to say "recorded" would be one to say it by mistake.
    if "unrecorded" in claims and claims["unrecorded"] is not True:
        raise TicketError("claims of a ticket")
    return "unrecorded" in claims
