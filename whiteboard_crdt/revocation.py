"""Revocations (protocol rule T5): who is put out of a room, signed by the school like a ticket.

A participant honours one whoever brings it, so that it holds on direct links too while there is no relay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from whiteboard_crdt.errors import CloseCode, ProtocolError, TicketError
from whiteboard_crdt.ids import DESK_USER_BYTES, RoomId, SessionId, UserId, parse_session
from whiteboard_crdt.jws import integer_claim, read_claims, sign_claims, text_claim
from whiteboard_crdt.keys import PublicKey
from whiteboard_crdt.ticket import ROOM_BYTES, SECONDS_MAX

__all__ = [
    "REASONS",
    "REVOCATION_SESSIONS",
    "REVOCATION_TYPE",
    "SignedRevocation",
    "issue_revocation",
    "read_revocation",
]

REVOCATION_TYPE: Final = "chalkmesh-revocation"
REVOCATION_SESSIONS: Final = 64
"""How many sessions one token may name."""
REASONS: Final = ("removed", "rights", "account", "device")
"""Why: put out by staff; a right was withdrawn; the account was closed; a device was lost. Readers take any word."""
_REASON: Final = re.compile(r"[a-z][a-z_]{0,31}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRevocation:
    """The claims (T5): either `sessions`, or every session of `user` whose ticket was issued by `issued_ms`.

    `issued_ms` is unix time in milliseconds, of whole seconds, by the clock that dates the tickets.
    """

    room: RoomId
    sessions: frozenset[SessionId] = frozenset()
    user: UserId | None = None
    issued_ms: int
    reason: str = "removed"


def issue_revocation(revocation: SignedRevocation, private_key: EllipticCurvePrivateKey, kid: str) -> str:
    """The compact JWS. The time is rounded down to seconds."""
    whom: dict[str, object] = (
        {"sids": sorted(revocation.sessions)} if revocation.user is None else {"sub": revocation.user}
    )
    claims = {
        "v": 1,
        "room": revocation.room,
        **whom,
        "iat": revocation.issued_ms // 1000,
        "reason": revocation.reason,
    }
    return sign_claims(claims, REVOCATION_TYPE, private_key, kid)


def read_revocation(token: str, keys: Mapping[str, PublicKey], room: RoomId) -> SignedRevocation:
    """Checks form, signature and room of a compact revocation.

    Raises TicketError: 4403 when it is of another room, or no key of the school has its kid; otherwise 4401.
    """
    claims = read_claims(token, REVOCATION_TYPE, keys)
    if integer_claim(claims, "v", 2**31) != 1:
        raise TicketError("version of a revocation")
    named = text_claim(claims, "room", ROOM_BYTES)
    issued_ms = integer_claim(claims, "iat", SECONDS_MAX) * 1000
    reason = text_claim(claims, "reason", 32)
    if _REASON.fullmatch(reason) is None or ("sids" in claims) == ("sub" in claims):
        raise TicketError("claims of a revocation")
    if "sub" in claims:
        user = UserId(text_claim(claims, "sub", DESK_USER_BYTES))
        found = SignedRevocation(room=RoomId(named), user=user, issued_ms=issued_ms, reason=reason)
    else:
        sessions = _sessions(claims["sids"])
        found = SignedRevocation(room=RoomId(named), sessions=sessions, issued_ms=issued_ms, reason=reason)
    if found.room != room:
        raise TicketError("revocation of another room", CloseCode.TICKET_FOREIGN)
    return found


def _sessions(named: object) -> frozenset[SessionId]:
    if not isinstance(named, list) or not 0 < len(named) <= REVOCATION_SESSIONS:
        raise TicketError("sessions of a revocation")
    try:
        return frozenset(parse_session(one) if isinstance(one, str) else parse_session("") for one in named)
    except ProtocolError:
        raise TicketError("sessions of a revocation") from None
