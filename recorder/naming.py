"""Somebody's name in what others wrote or were heard to say (`docs/recording.md`, Redaction)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

__all__ = ["BLOT", "NameMask", "utf16_units"]

BLOT: Final = "•"
"""What stands for a letter where the length must stay."""
_SHORTEST_PART: Final = 2


class NameMask:
    """Finds names, and the parts of names, as words of their own and whatever their case.

    Rather too much than too little: who is called May takes the month along.
    """

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        """`names`: each name with what stands for it."""
        self._stands: dict[str, str] = {}
        for name, shown in (names or {}).items():
            whole = " ".join(name.split())
            parts = [part for part in re.split(r"[\s\-–]+", whole) if len(part) >= _SHORTEST_PART]
            for words in (whole, *parts):
                # Typed on one keyboard é is one sign, on another e and an accent.
                for form in ("NFC", "NFD"):
                    self._stands.setdefault(unicodedata.normalize(form, words).casefold(), shown)
        self._stands.pop("", None)
        self._one = self._compile(str)
        # The parts of a name side by side are one name.
        self._run = re.compile(rf"{self._one.pattern}(?:[\s\-–]+{self._one.pattern})*", re.IGNORECASE)
        self._units = self._compile(utf16_units)

    def __bool__(self) -> bool:
        return bool(self._stands)

    def text(self, words: str) -> str:
        """The words with what stands for each name in its place."""
        if not self._stands:
            return words
        return self._run.sub(self._shown, words)

    def spans(self, units: str) -> list[tuple[int, int]]:
        """From where to where names stand in a text of UTF-16 units, as `utf16_units` gives it."""
        return [found.span() for found in self._units.finditer(units)] if self._stands else []

    def _shown(self, run: re.Match[str]) -> str:
        found = (self._stands.get(_key(each.group()), BLOT) for each in self._one.finditer(run.group()))
        return " ".join(dict.fromkeys(found))

    def _compile(self, spell: Callable[[str], str]) -> re.Pattern[str]:
        longest_first = sorted(self._stands, key=len, reverse=True)
        choices = "|".join(r"\s+".join(re.escape(spell(part)) for part in words.split()) for words in longest_first)
        return re.compile(rf"(?<!\w)(?:{choices})(?!\w)" if choices else r"(?!)", re.IGNORECASE)


def utf16_units(text: str) -> str:
    """A character for each UTF-16 unit, as clocks of Yjs count them: one beyond 16 bits becomes its two surrogates."""
    if text.isascii() or max(text) <= "\uffff":
        return text
    return "".join(map(_pair, text))


def _pair(char: str) -> str:
    code = ord(char) - 0x10000
    return char if code < 0 else chr(0xD800 | code >> 10) + chr(0xDC00 | code & 0x3FF)


def _key(found: str) -> str:
    return " ".join(found.split()).casefold()
