"""Wire primitives (protocol section W): a strict reader and a writer of bytes."""

from __future__ import annotations

from typing import Final

from whiteboard_crdt.errors import ProtocolError

__all__ = ["MAX_VARUINT", "MAX_ZIGZAG", "Reader", "Writer"]

MAX_VARUINT: Final = 2**53 - 1
MAX_ZIGZAG: Final = 2**51
_LAST_SHIFT: Final = 49  # of the eighth byte (W1)


class Reader:
    """Reads fields off the front of `data`; whatever does not fit raises ProtocolError and nothing else (W6)."""

    __slots__ = ("data", "pos")

    def __init__(self, data: bytes, pos: int = 0) -> None:
        self.data = data
        self.pos = pos

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self.data) - self.pos

    def take(self, length: int) -> bytes:
        """The next `length` bytes."""
        end = self.pos + length
        if end > len(self.data):
            raise ProtocolError("ends early")
        taken = self.data[self.pos : end]
        self.pos = end
        return taken

    def u8(self) -> int:
        """One byte."""
        try:
            value = self.data[self.pos]
        except IndexError:
            raise ProtocolError("ends early") from None
        self.pos += 1
        return value

    def u16(self) -> int:
        """Two bytes, big-endian (W4)."""
        return int.from_bytes(self.take(2), "big")

    def u64(self) -> int:
        """Eight bytes, big-endian (W4)."""
        return int.from_bytes(self.take(8), "big")

    def varuint(self) -> int:
        """Canonical LEB128 of at most 8 bytes and 2^53 - 1 (W1)."""
        data, pos = self.data, self.pos
        try:
            byte = data[pos]
            if byte < 0x80:
                self.pos = pos + 1
                return byte
            value, shift = byte & 0x7F, 7
            while True:
                pos += 1
                byte = data[pos]
                value |= (byte & 0x7F) << shift
                if byte < 0x80:
                    break
                if shift == _LAST_SHIFT:
                    raise ProtocolError("varuint too long")
                shift += 7
        except IndexError:
            raise ProtocolError("ends early") from None
        if byte == 0:
            raise ProtocolError("varuint not canonical")
        if value > MAX_VARUINT:
            raise ProtocolError("varuint too large")
        self.pos = pos + 1
        return value

    def zigzag(self) -> int:
        """Signed integer of at most 2^51 either way (W2)."""
        raw = self.varuint()
        value = -((raw + 1) >> 1) if raw & 1 else raw >> 1
        if abs(value) > MAX_ZIGZAG:
            raise ProtocolError("zigzag too large")
        return value

    def varbytes(self, longest: int) -> bytes:
        """Length and bytes (W3)."""
        length = self.varuint()
        if length > longest:
            raise ProtocolError("field too long")
        return self.take(length)

    def varstring(self, longest: int) -> str:
        """Strict UTF-8 of at most `longest` bytes (W3)."""
        try:
            return self.varbytes(longest).decode()
        except UnicodeDecodeError:
            raise ProtocolError("not UTF-8") from None

    def count(self, longest: int, element_bytes: int) -> int:
        """A varuint number of elements that take at least `element_bytes` each: a lying count ends here."""
        count = self.varuint()
        if count > longest or count * element_bytes > len(self.data) - self.pos:
            raise ProtocolError("count too large")
        return count

    def end(self) -> None:
        """Nothing may be left (W5)."""
        if self.pos != len(self.data):
            raise ProtocolError("bytes left over")


class Writer:
    """Appends fields; a value out of range is our own bug, so it raises AssertionError."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def __len__(self) -> int:
        return len(self._buffer)

    def finish(self) -> bytes:
        """What was written."""
        return bytes(self._buffer)

    def raw(self, data: bytes | bytearray) -> None:
        """Bytes as they are."""
        self._buffer += data

    def u8(self, value: int) -> None:
        """One byte."""
        self._fixed(value, 1)

    def u16(self, value: int) -> None:
        """Two bytes, big-endian (W4)."""
        self._fixed(value, 2)

    def u64(self, value: int) -> None:
        """Eight bytes, big-endian (W4)."""
        self._fixed(value, 8)

    def _fixed(self, value: int, length: int) -> None:
        if not 0 <= value < 1 << (8 * length):
            raise AssertionError("fixed field out of range")
        self._buffer += value.to_bytes(length, "big")

    def varuint(self, value: int) -> None:
        """Canonical LEB128 (W1)."""
        if not 0 <= value <= MAX_VARUINT:
            raise AssertionError("varuint out of range")
        buffer = self._buffer
        while value > 0x7F:
            buffer.append(0x80 | value & 0x7F)
            value >>= 7
        buffer.append(value)

    def zigzag(self, value: int) -> None:
        """Signed integer (W2)."""
        if abs(value) > MAX_ZIGZAG:
            raise AssertionError("zigzag out of range")
        self.varuint(2 * value if value >= 0 else -2 * value - 1)

    def varbytes(self, data: bytes) -> None:
        """Length and bytes (W3)."""
        self.varuint(len(data))
        self._buffer += data

    def varstring(self, text: str) -> None:
        """Length in bytes and UTF-8 (W3)."""
        self.varbytes(text.encode())
