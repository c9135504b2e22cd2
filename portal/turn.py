"""Ephemeral TURN credentials, as coturn checks them with `use-auth-secret` (draft-uberti-behave-turn-rest-00)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Final, TypedDict

LIFETIME_S: Final = 7_200
"""Longer than the ticket's: a lesson outlives the portal (T3), and its links are rebuilt with what the page has."""

PREFLIGHT_LIFETIME_S: Final = 120
"""For one look at the network before a lesson."""


class IceServer(TypedDict):
    """One entry of `iceServers`, as RTCPeerConnection takes it."""

    urls: list[str]
    username: str
    credential: str


def ice_servers(urls: str, secret: str, session: str, now_ms: int, *, lifetime_s: int = LIFETIME_S) -> list[IceServer]:
    """The TURN servers of a settings text with fresh credentials for one session; none where none is set up."""
    each = [url for url in re.split(r"[\s,]+", urls) if url]
    if not each or not secret:
        return []
    username, credential = turn_credentials(secret, session, now_ms, lifetime_s)
    return [{"urls": each, "username": username, "credential": credential}]


def turn_credentials(secret: str, session: str, now_ms: int, lifetime_s: int = LIFETIME_S) -> tuple[str, str]:
    """User name `expiry:session` and its password, base64 of HMAC-SHA1: coturn's long-term key is made of both."""
    username = f"{now_ms // 1000 + lifetime_s}:{session}"
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return username, base64.b64encode(digest).decode()
