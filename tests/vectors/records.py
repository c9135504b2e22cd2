"""Vectors of stroke records."""

from __future__ import annotations

from typing import Any, Final

from whiteboard_crdt.ink import InkPoint, encode_ink
from whiteboard_crdt.stroke import STROKE_FIELD, pack_stroke

_INK: Final = encode_ink([InkPoint(0.0, 0.0, None, 0), InkPoint(10.5, -3.2, None, 8)]).blob
_STROKE: Final[dict[str, Any]] = {
    "type": "draw", "page": "main", "index": "a0", "x": 12.5, "y": -3.2, "colour": "black", "size": 4.0,
    "created_ms": 1764000000000.0, "ink": _INK,
}  # fmt: skip


def _as_json(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: {"hex": value.hex()} if isinstance(value, bytes) else value for name, value in fields.items()}


def records() -> dict[str, Any]:
    """`records.json`: what is stored of a stroke's fields, and bytes that are no record."""
    packed = [
        ("a pen's stroke", _STROKE),
        ("a highlighter's, far away, on a page with a long name", {
            **_STROKE, "type": "highlight", "x": -123456.7, "y": 1e9, "page": "ß" * 32, "size": 28.0, "colour": "",
        }),
        ("with a field beside it", {**_STROKE, "opacity": 0.5, "group": "g1"}),
        ("a size of tenths, from before all time", {**_STROKE, "size": 2.5, "created_ms": 0.0}),
    ]  # fmt: skip
    plain: list[tuple[str, dict[str, Any]]] = [
        ("between tenths", {"x": 12.53}),
        ("another type", {"type": "geo"}),
        ("no ink", {"ink": None}),
        ("a size between tenths", {"size": 2.55}),
        ("a size below nothing", {"size": -1.0}),
        ("a time before all time", {"created_ms": -1.0}),
        ("a time between ms", {"created_ms": 1.5}),
        ("a long index", {"index": "a" * 65}),
        ("no colour", {"colour": None}),
    ]
    record = bytes(pack_stroke(_STROKE)[STROKE_FIELD])  # type: ignore[call-overload]
    bad = [
        ("empty", ""),
        ("version 2", "02" + record.hex()[2:]),
        ("unknown kind", "0102" + record.hex()[4:]),
        ("not UTF-8", (record[:3] + b"\xff" + record[4:]).hex()),
        ("cut", record[:8].hex()),
    ]
    hidden = [
        ("cut in the ink's head", record[: -len(_INK) + 3].hex()),
        ("ink of another version", (record[: -len(_INK)] + b"\x09" + _INK[1:]).hex()),
        ("no ink", record[: -len(_INK)].hex()),
    ]
    return {
        "packed": [
            {"name": name, "fields": _as_json(fields), "stored": _as_json(pack_stroke(fields))}
            for name, fields in packed
        ],
        "plain": [{"name": name, "fields": _as_json({**_STROKE, **change})} for name, change in plain],
        "bad": [{"why": why, "hex": data} for why, data in bad],
        "hidden": [{"why": why, "hex": data} for why, data in hidden],
    }
