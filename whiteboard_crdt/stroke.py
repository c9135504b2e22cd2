"""A stroke's fields as it was drawn, packed into one (docs/board.md "Stroke record"). Twin of `core/stroke.ts`.

A shared map costs some 25 bytes and a tenth of a kilobyte of memory a field, and most strokes are never changed: one
field in place of nine makes a full board open several times faster.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.varint import MAX_VARUINT, Reader, Writer

__all__ = ["STROKE_FIELD", "pack_stroke", "unpack_stroke", "with_stroke"]

STROKE_FIELD: Final = "stroke"
_VERSION: Final = 1
_KINDS: Final = ("draw", "highlight")
_PACKED: Final = ("type", "page", "index", "x", "y", "colour", "size", "created_ms", "ink")
_TEXT_BYTES: Final = 64
_UNITS: Final = 10
_FARTHEST10: Final = 2**50


def pack_stroke(fields: Mapping[str, object]) -> dict[str, object]:
    """Fields of a new shape as they are stored: those of a stroke in one, all others as they are.

    A stroke that does not lie on tenths of a px, or whose fields are no stroke's, is stored field by field.
    """
    kind, page, index, x, y, colour, size, created_ms, ink = (fields.get(name) for name in _PACKED)
    x10, y10, size10, created = _tenths(x), _tenths(y), _tenths(size), _whole(created_ms)
    if (
        kind not in _KINDS
        or not isinstance(ink, bytes)
        or x10 is None
        or y10 is None
        or size10 is None
        or size10 < 0
        or created is None
        or not all(isinstance(text, str) and len(text.encode()) <= _TEXT_BYTES for text in (page, index, colour))
    ):
        return dict(fields)
    writer = Writer()
    writer.u8(_VERSION)
    writer.u8(_KINDS.index(str(kind)))
    writer.varstring(str(page))
    writer.varstring(str(index))
    writer.zigzag(x10)
    writer.zigzag(y10)
    writer.varstring(str(colour))
    writer.varuint(size10)
    writer.varuint(created)
    writer.raw(ink)
    return {STROKE_FIELD: writer.finish(), **{name: fields[name] for name in fields if name not in _PACKED}}


def unpack_stroke(record: bytes) -> dict[str, object]:
    """The fields in a record. Raises ProtocolError. Whether its ink can be shown is for whoever reads that."""
    reader = Reader(record)
    version, kind = reader.u8(), reader.u8()
    if version != _VERSION or kind >= len(_KINDS):
        raise ProtocolError("record of a stroke")
    fields: dict[str, object] = {
        "type": _KINDS[kind],
        "page": reader.varstring(_TEXT_BYTES),
        "index": reader.varstring(_TEXT_BYTES),
        "x": reader.zigzag() / _UNITS,
        "y": reader.zigzag() / _UNITS,
        "colour": reader.varstring(_TEXT_BYTES),
        "size": reader.varuint() / _UNITS,
        "created_ms": float(reader.varuint()),
    }
    return {**fields, "ink": reader.take(reader.left)}


def with_stroke(fields: Mapping[str, object]) -> Mapping[str, object]:
    """The fields of a shape with those in its record, if it has one. A field beside the record is newer, and holds."""
    record = fields.get(STROKE_FIELD)
    if not isinstance(record, bytes | bytearray):
        return fields
    try:
        beside = {name: value for name, value in fields.items() if value is not None}
        return {**unpack_stroke(bytes(record)), **beside}
    except ProtocolError:
        return fields  # of a later version, or none at all: what stands beside it is all there is


def _tenths(value: object) -> int | None:
    """Tenths that give the same number back; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _FARTHEST10 / _UNITS:
        return None
    tenths = round(value * _UNITS)
    return tenths if tenths / _UNITS == value else None


def _whole(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_VARUINT:
        return None
    return int(value) if value == int(value) else None
