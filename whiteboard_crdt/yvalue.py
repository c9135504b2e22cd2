"""The values inside Yjs updates (lib0 "any" and JSON), read only to know that they are well-formed and bounded."""

from __future__ import annotations

import json
from typing import Final

from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.spec import UpdateLimits
from whiteboard_crdt.varint import Reader

__all__ = ["ValueReader"]

_PLAIN: Final = frozenset({127, 126, 121, 120})  # undefined, null, false, true
_INTEGER, _FLOAT32, _FLOAT64, _BIGINT, _STRING, _OBJECT, _ARRAY, _BYTES = 125, 124, 123, 122, 119, 118, 117, 116
_WIDTHS: Final = {_FLOAT32: 4, _FLOAT64: 8, _BIGINT: 8}
_INTEGER_BYTES: Final = 8  # 6 bits and seven times 7: all that a float64 holds exactly
_BRACKETS: Final = ("[", "{")


class ValueReader(Reader):
    """A Reader that knows values; counts them over its whole life."""

    __slots__ = ("_depth", "_string", "_values")

    def __init__(self, data: bytes, limits: UpdateLimits) -> None:
        super().__init__(data)
        self._values = limits.values
        self._depth = limits.depth
        self._string = limits.string

    def string(self) -> str:
        """A string under the limit."""
        return self.varstring(self._string)

    def elements(self) -> int:
        """A count of things that take a byte each at least."""
        count = self.varuint()
        if count > len(self.data) - self.pos:
            raise ProtocolError("count too large")
        return count

    def value(self, depth: int) -> None:
        """One value and all inside it. Bounded depth: 27,000 nested arrays overflow the stack of yrs."""
        self._values -= 1
        if self._values < 0 or depth > self._depth:
            raise ProtocolError("too many or too deep values")
        tag = self.u8()
        if tag == _STRING:
            self.string()
        elif tag in _PLAIN:
            return
        elif tag == _INTEGER:
            self._integer()
        elif tag in _WIDTHS:
            self.take(_WIDTHS[tag])
        elif tag == _BYTES:
            self.take(self.varuint())
        elif tag == _ARRAY:
            for _ in range(self.elements()):
                self.value(depth + 1)
        elif tag == _OBJECT:
            for _ in range(self.elements()):
                self.string()
                self.value(depth + 1)
        else:
            raise ProtocolError("kind of a value")

    def _integer(self) -> None:
        """A signed variable-length integer: sign in bit 0x40 of the first byte."""
        byte = self.u8()
        for _ in range(_INTEGER_BYTES):
            if byte < 0x80:
                return
            byte = self.u8()
            if not byte:
                raise ProtocolError("integer not canonical")
        raise ProtocolError("integer too long")

    def json(self, *, undefined: bool = False) -> None:
        """A JSON text (old content kinds, formats, embeds); `undefined`: yjs writes that word in place of one."""
        text = self.string()
        if undefined and text == "undefined":
            return
        self._values -= 1 + text.count(",")
        if self._values < 0 or _nesting(text) > self._depth:
            raise ProtocolError("too many or too deep values")
        try:
            # float: JavaScript takes integers of any length, int() does not.
            json.loads(text, parse_int=float, parse_constant=_refuse_constant)
        except ValueError:
            raise ProtocolError("not JSON") from None


def _nesting(text: str) -> int:
    """Depth of brackets outside strings; cheap where there are few."""
    if sum(text.count(bracket) for bracket in _BRACKETS) == 0:
        return 0
    depth = deepest = 0
    quoted = escaped = False
    for char in text:
        if escaped:
            escaped = False
        elif quoted:
            escaped = char == "\\"
            quoted = char != '"'
        elif char == '"':
            quoted = True
        elif char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
