"""Order keys of pages and shapes (fractional indexing), safe against keys that others made up."""

from __future__ import annotations

import re
from typing import Final

from fractional_indexing import FIError, generate_key_between  # type: ignore[import-untyped]

__all__ = ["key_after", "later_key"]

_KEY: Final = re.compile(r"[A-Za-z][0-9A-Za-z]{0,63}")
"""Longer keys are passed over: a key after a hostile one would be as long."""


def key_after(key: str) -> str:
    """A key above `key`; the first key of all for ""."""
    fresh: str = generate_key_between(key or None, None)
    return fresh


def later_key(key: str, other: str) -> str:
    """The higher of two keys. `key` is good or ""; `other` is anybody's, and passed over where it is no good."""
    if other <= key or not _KEY.fullmatch(other):
        return key
    try:
        generate_key_between(other, None)
    except FIError:
        return key
    return other
