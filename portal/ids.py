"""The portal's own identifiers: short random text that says nothing about a person and is safe in a path."""

import re
import secrets

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
# 256 is a multiple of 32, so every letter is as likely.
_LETTER_OF_BYTE = (_ALPHABET * 8).encode("ascii")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{2,62}[a-z0-9]")


def new_id() -> str:
    """A fresh id: 20 characters of a 32-letter alphabet, 100 random bits."""
    return secrets.token_bytes(20).translate(_LETTER_OF_BYTE).decode("ascii")


def is_id(text: str) -> bool:
    """Whether `text` has the form of an id (4 to 64 of a-z, 0-9 and inner hyphens), so that it may name a folder."""
    return _ID.fullmatch(text) is not None
