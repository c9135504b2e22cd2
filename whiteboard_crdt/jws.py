"""Compact tokens that the school signs (T1, T5): ES256, a type of their own, a key of the school's key set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from whiteboard_crdt.errors import CloseCode, TicketError
from whiteboard_crdt.keys import PublicKey
from whiteboard_crdt.spec import LIMITS

__all__ = ["integer_claim", "read_claims", "sign_claims", "text_claim"]

# The times are ours to check, with a clock that is handed in (T2); the rest of the claims have their own readers.
_OPTIONS: Final[Any] = {
    "verify_signature": True,
    **{f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")},
}


def sign_claims(claims: Mapping[str, object], kind: str, private_key: EllipticCurvePrivateKey, kid: str) -> str:
    """The compact JWS of a type."""
    return jwt.encode(dict(claims), private_key, algorithm="ES256", headers={"typ": kind, "kid": kid})


def read_claims(token: str, kind: str, keys: Mapping[str, PublicKey]) -> Mapping[str, object]:
    """Checks form, type and signature of a compact token, at most `LIMITS.ticket_bytes` long.

    Raises TicketError: 4403 when no key of the school has its kid, otherwise 4401.
    """
    if len(token) > LIMITS.ticket_bytes or not token.isascii():
        raise TicketError("length of a token")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise TicketError("form of a token") from None
    if header.get("alg") != "ES256" or header.get("typ") != kind or "crit" in header:
        raise TicketError("kind of a token")
    kid = header.get("kid")
    key = keys.get(kid) if isinstance(kid, str) else None
    if key is None:
        raise TicketError("signed by another school", CloseCode.TICKET_FOREIGN)
    try:
        claims: Mapping[str, object] = jwt.decode(token, key, algorithms=["ES256"], options=_OPTIONS)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise TicketError("signature of a token") from None
    return claims


def text_claim(claims: Mapping[str, object], name: str, longest_bytes: int) -> str:
    """A claim that is a text and not empty. Raises TicketError."""
    value = claims.get(name)
    # UTF-8 takes at least a byte a character; a lone surrogate, which it cannot write, is no text.
    if not isinstance(value, str) or not value or len(value) > longest_bytes:
        raise TicketError("claims of a token")
    try:
        size_bytes = len(value.encode())
    except UnicodeEncodeError:
        raise TicketError("claims of a token") from None
    if size_bytes > longest_bytes:
        raise TicketError("claims of a token")
    return value


def integer_claim(claims: Mapping[str, object], name: str, largest: int) -> int:
    """A claim that is a whole number from 0 to `largest`. Raises TicketError."""
    value = claims.get(name)
    if type(value) is not int or not 0 <= value <= largest:
        raise TicketError("claims of a token")
    return value
