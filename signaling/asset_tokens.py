"""Who may fetch and store a room's pictures over HTTP (rule A9): a token that the relay gives in `welcome`.

`v1.<session>.<rw|r>.<expires, unix s>.<HMAC-SHA256, base64url>` over those and the room. The key lives as long as the
relay's process: after a restart every client is welcomed again, and gets a new one.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

from whiteboard_crdt.ids import Capability, RoomId, SessionId
from whiteboard_crdt.keys import encode_base64url
from whiteboard_crdt.ticket import Ticket

__all__ = ["AssetAccess", "AssetTokens"]

# A token is given anew with each renewed ticket (S7), which happens within five minutes.
_LIFETIME_MS: Final = 600_000
_TOKEN: Final = re.compile(r"v1\.([0-9a-f]{16})\.(rw|r)\.([0-9]{1,12})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class AssetAccess:
    """What a token that holds says."""

    room: RoomId
    session: SessionId
    writes: bool


class AssetTokens:
    """Issues and reads the tokens of one relay process."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key if key is not None else secrets.token_bytes(32)

    def issue(self, ticket: Ticket, now_ms: int) -> tuple[str, int]:
        """A token for the holder of a ticket, and when it ends (unix ms). Who may draw may store pictures."""
        rights = "rw" if Capability.BOARD in ticket.caps else "r"
        expires_s = (now_ms + _LIFETIME_MS) // 1000
        seal = self._seal(ticket.room, ticket.session, rights, expires_s)
        return f"v1.{ticket.session}.{rights}.{expires_s}.{seal}", expires_s * 1000

    def read(self, token: str, room: RoomId, now_ms: int) -> AssetAccess | None:
        """What a token allows in a room; None when it does not hold there or no longer."""
        found = _TOKEN.fullmatch(token)
        if found is None:
            return None
        session, rights, expires, seal = found.groups()
        expires_s = int(expires)
        if not hmac.compare_digest(seal, self._seal(room, SessionId(session), rights, expires_s)):
            return None
        if now_ms >= expires_s * 1000:
            return None
        return AssetAccess(room, SessionId(session), rights == "rw")

    def _seal(self, room: RoomId, session: SessionId, rights: str, expires_s: int) -> str:
        text = f"chalkmesh/asset/1\n{session}\n{rights}\n{expires_s}\n{room}"
        return encode_base64url(hmac.digest(self._key, text.encode(), hashlib.sha256))
