"""Columns of ink blobs of version 1, as recordings and boards of before hold them. They are read, never written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.varint import Reader

__all__ = ["VERSION", "read_columns"]

VERSION: Final = 1


def read_columns(
    reader: Reader, count: int, width10: int, height10: int, has_pressure: bool, has_time: bool
) -> tuple[list[int], list[int], Sequence[int] | None, list[int] | None]:
    """What follows the head: x and y in tenths of a px, pressures, ms since the first point. Raises ProtocolError."""
    xs = _read_column(reader, count, width10)
    ys = _read_column(reader, count, height10)
    pressures = reader.take(count) if has_pressure else None
    times: list[int] | None = None
    if has_time:
        t_ms = 0
        times = [t_ms := t_ms + reader.varuint() for _ in range(count)]
    reader.end()
    return xs, ys, pressures, times


def _read_column(reader: Reader, count: int, extent10: int) -> list[int]:
    value = reader.varuint()
    column = [value]
    for _ in range(count - 1):
        value += reader.zigzag()
        column.append(value)
    if min(column) < 0 or max(column) > extent10:
        raise ProtocolError("a point outside its box")
    return column
