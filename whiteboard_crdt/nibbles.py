"""Small whole numbers in half bytes (docs/board.md "Ink blob"). Twin of `core/nibbles.ts`.

A number is written in groups of three bits, the lowest first, one a nibble; the nibble's top bit says that another
group follows. The first nibble of a byte is its upper half. What a hand does from one point to the next, less what was
to be expected, mostly fits one nibble, where the smallest varint takes two.
"""

from __future__ import annotations

from typing import Final

from whiteboard_crdt.errors import ProtocolError

__all__ = ["MAX_NIBBLED", "NibbleReader", "NibbleWriter"]

_GROUPS: Final = 15
_VALUES: Final = bytes.maketrans(b"0123456789abcdef", bytes(range(16)))
MAX_NIBBLED: Final = 2 ** (3 * _GROUPS) - 1


class NibbleReader:
    """Reads numbers off `data` from its byte `pos`; whatever does not fit raises ProtocolError and nothing else."""

    __slots__ = ("_nibbles", "_pos")

    def __init__(self, data: bytes, pos: int = 0) -> None:
        self._nibbles = data[pos:].hex().encode().translate(_VALUES)
        self._pos = 0

    def uint(self) -> int:
        """A number from 0 to MAX_NIBBLED, in as few nibbles as it takes."""
        nibbles, pos = self._nibbles, self._pos
        value = shift = 0
        try:
            while (nibble := nibbles[pos]) > 7:
                value |= (nibble & 7) << shift
                shift += 3
                pos += 1
                if shift == 3 * _GROUPS:
                    raise ProtocolError("a number of too many nibbles")
        except IndexError:
            raise ProtocolError("ends early") from None
        if shift and nibble == 0:
            raise ProtocolError("a number in more nibbles than it takes")
        self._pos = pos + 1
        return value | nibble << shift

    def zigzag(self) -> int:
        """A signed number, folded as in W2."""
        raw = self.uint()
        return -((raw + 1) >> 1) if raw & 1 else raw >> 1

    def end(self) -> None:
        """Nothing may be left but the empty half of the last byte."""
        if self._nibbles[self._pos :] not in (b"", b"\0"):
            raise ProtocolError("bytes left over")


class NibbleWriter:
    """Appends numbers; one out of range is our own bug, so it raises AssertionError."""

    __slots__ = ("_nibbles",)

    def __init__(self) -> None:
        self._nibbles = bytearray()

    def uint(self, value: int) -> None:
        """A number from 0 to MAX_NIBBLED."""
        if not 0 <= value <= MAX_NIBBLED:
            raise AssertionError("number out of range")
        while value > 7:
            self._nibbles.append(8 | value & 7)
            value >>= 3
        self._nibbles.append(value)

    def zigzag(self, value: int) -> None:
        """A signed number."""
        self.uint(2 * value if value >= 0 else -2 * value - 1)

    def finish(self) -> bytes:
        """What was written; an odd number of nibbles ends with an empty one."""
        nibbles = self._nibbles + b"\0" if len(self._nibbles) % 2 else self._nibbles
        return bytes(high << 4 | low for high, low in zip(nibbles[::2], nibbles[1::2], strict=True))
