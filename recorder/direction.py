"""Which way a line of letters runs. Pure, and the twin of `portal/web/src/board/direction.ts`."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["is_right_to_left", "needs_shaping"]

# Hebrew, Arabic and their kin, their forms for presentation, and what Unicode keeps for more scripts of that direction.
_RIGHT_TO_LEFT: Final = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff"
_ANY: Final = re.compile(f"[{_RIGHT_TO_LEFT}]")


def needs_shaping(line: str) -> bool:
    """Whether any of it runs from right to left: its letters are then ordered, and joined, by the painter's shaper."""
    return _ANY.search(line) is not None


def is_right_to_left(line: str) -> bool:
    """Whether a line as a whole does so: by its first letter, whatever stands before it."""
    first = next((character for character in line if character.isalpha()), "")
    return first != "" and needs_shaping(first)
