"""Time-based one-time passwords as authenticator apps make them (RFC 6238 with SHA-1, 6 digits, 30 seconds). Pure."""

import base64
import hashlib
import hmac
from urllib.parse import quote

STEP_MS = 30_000
DIGITS = 6
SECRET_BYTES = 20
# A clock may be half a minute off, and typing takes time: the codes before and after count too.
_WINDOW = 1


def code_at(secret: bytes, step: int) -> str:
    """The code of a step, counted in 30 seconds since 1970."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    at = digest[-1] & 0x0F
    number = int.from_bytes(digest[at : at + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def fitting_step(secret: bytes, code: str, now_ms: int, after_step: int) -> int | None:
    """The step whose code this is, if it is of now and later than `after_step`; None otherwise."""
    now = now_ms // STEP_MS
    given = code.encode("utf-8", errors="replace")
    found = None
    for step in range(now - _WINDOW, now + _WINDOW + 1):
        # All are compared, whichever fits, so that the time says nothing.
        if hmac.compare_digest(code_at(secret, step).encode(), given) and step > after_step:
            found = step
    return found


def format_secret(secret: bytes) -> str:
    """The secret as a person types it: base32 in groups of four."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def app_address(secret: bytes, login: str) -> str:
    """What an authenticator app on the same device opens by itself."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return f"otpauth://totp/Chalkmesh:{quote(login)}?secret={text}&issuer=Chalkmesh"
