"""Small whole numbers in half bytes (docs/board.md "Ink blob"). Twin of `core/nibbles.ts`.

A number is written in groups of three bits, the lowest first, one a nibble; the nibble's top bit says that another
group follows. The first nibble of a byte is its upper half. What a hand does from one point to the next, less what was
to be expected, mostly fits one nibble, where the smallest varint takes two.

Here nibbles are hexadecimal digits, whose turning into bytes and back costs nothing, and numbers are taken by the
column: a look into a table for each, half the time of a call and a loop.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from whiteboard_crdt.errors import ProtocolError

__all__ = ["MAX_NIBBLED", "NibbleReader", "NibbleWriter"]

_GROUPS: Final = 15
MAX_NIBBLED: Final = 2 ** (3 * _GROUPS) - 1
# Nibbles that go on, and the one that does not. Nothing is skipped; what goes on without an end is one match, or each
# of its nibbles would be tried as a beginning.
_NUMBER: Final = re.compile("[89a-f]*[0-7]|[89a-f]+")


# Octal digits with the top bit, and back.
_GOES_ON: Final = str.maketrans("01234567", "89abcdef")
_OCTAL: Final = str.maketrans("89abcdef", "01234567")


def _digits(value: int) -> str:
    if not 0 <= value <= MAX_NIBBLED:
        raise AssertionError("number out of range")
    octal = f"{value:o}"
    return octal[:0:-1].translate(_GOES_ON) + octal[0]


def _fold(value: int) -> int:
    return 2 * value if value >= 0 else -2 * value - 1


def _unfold(raw: int) -> int:
    return -((raw + 1) >> 1) if raw & 1 else raw >> 1


# Signed numbers of up to four nibbles, both ways.
_SHORT: Final = {value: _digits(_fold(value)) for value in range(-2048, 2048)}
_SHORT_VALUES: Final = {digits: value for value, digits in _SHORT.items()}


class NibbleReader:
    """Reads at most `most` numbers off `data` from its byte `pos`; what does not fit raises ProtocolError alone."""

    __slots__ = ("_nibbles", "_numbers", "_taken")

    def __init__(self, data: bytes, pos: int, most: int) -> None:
        self._nibbles = data[pos:].hex()
        self._numbers: list[str] = _NUMBER.findall(self._nibbles, 0, most * _GROUPS)
        self._taken = 0

    def uint(self) -> int:
        """A number from 0 to MAX_NIBBLED, in as few nibbles as it takes."""
        return _value_of(self._take(1)[0])

    def zigzags(self, count: int) -> list[int]:
        """So many signed numbers, each folded as in W2."""
        short = _SHORT_VALUES
        return [short[digits] if digits in short else _unfold(_value_of(digits)) for digits in self._take(count)]

    def end(self) -> None:
        """Nothing may be left but the empty half of the last byte."""
        if self._nibbles[sum(map(len, self._numbers[: self._taken])) :] not in ("", "0"):
            raise ProtocolError("bytes left over")

    def _take(self, count: int) -> list[str]:
        taken = self._numbers[self._taken : self._taken + count]
        if len(taken) < count:
            raise ProtocolError("a number that ends early, or of too many nibbles")
        self._taken += count
        return taken


def _value_of(digits: str) -> int:
    if len(digits) > _GROUPS:
        raise ProtocolError("a number of too many nibbles")
    if digits[-1] > "7":
        raise ProtocolError("a number that ends early")
    if len(digits) > 1 and digits[-1] == "0":
        raise ProtocolError("a number in more nibbles than it takes")
    return int(digits[::-1].translate(_OCTAL), 8)


class NibbleWriter:
    """Appends numbers; one out of range is our own bug, so it raises AssertionError."""

    __slots__ = ("_nibbles",)

    def __init__(self) -> None:
        self._nibbles: list[str] = []

    def uint(self, value: int) -> None:
        """A number from 0 to MAX_NIBBLED."""
        self._nibbles.append(_digits(value))

    def zigzags(self, values: Iterable[int]) -> None:
        """Signed numbers, one after the other."""
        short = _SHORT
        self._nibbles += [short[value] if value in short else _digits(_fold(value)) for value in values]

    def finish(self) -> bytes:
        """What was written; an odd number of nibbles ends with an empty one."""
        nibbles = "".join(self._nibbles)
        return bytes.fromhex(nibbles + "0" if len(nibbles) % 2 else nibbles)
