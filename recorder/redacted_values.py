"""Changes the strings in the plain values of an item of a Yjs update, however deep (lib0's `Any`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from whiteboard_crdt.spec import UPDATE_LIMITS
from whiteboard_crdt.varint import Writer
from whiteboard_crdt.yvalue import ValueReader

__all__ = ["change_strings"]

_ARRAY, _OBJECT, _STRING = 117, 118, 119
_NESTING: Final = frozenset((_ARRAY, _OBJECT))


def change_strings(values: bytes, change: Callable[[str], str]) -> bytes:
    """Values (their number and themselves) with `change` applied to each string; keys of objects stay.

    Raises ProtocolError for what is no values.
    """
    reader, out = ValueReader(values, UPDATE_LIMITS), Writer()
    count = reader.elements()
    out.varuint(count)
    for _ in range(count):
        _copy(reader, out, change)
    return out.finish()


def _copy(reader: ValueReader, out: Writer, change: Callable[[str], str]) -> None:
    start = reader.pos
    tag = reader.data[start] if start < len(reader.data) else 0
    if tag == _STRING:
        reader.u8()
        out.u8(tag)
        out.varstring(change(reader.string()))
    elif tag in _NESTING:
        reader.u8()
        out.u8(tag)
        count = reader.elements()
        out.varuint(count)
        for _ in range(count):
            if tag == _OBJECT:
                out.varstring(reader.string())
            _copy(reader, out, change)
    else:
        reader.value(0)
        out.raw(reader.data[start : reader.pos])
