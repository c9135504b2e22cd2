"""Vectors of ink blobs."""

from __future__ import annotations

from typing import Any

from tests.vectors.fixtures import SESSION
from whiteboard_crdt.ids import MAIN_PAGE
from whiteboard_crdt.ink import InkPoint, decode_ink, encode_ink, split_stroke
from whiteboard_crdt.shape import read_shape


def _shown(blob: bytes) -> bool:
    fields = {"type": "draw", "page": MAIN_PAGE, "x": 1.0, "y": 2.0, "ink": blob}
    return read_shape(f"{SESSION}-1", fields) is not None


def ink() -> dict[str, Any]:
    """`ink.json`."""
    strokes: list[tuple[str, list[InkPoint]]] = [
        ("dot", [InkPoint(10.0, 20.0)]),
        ("line", [InkPoint(0.0, 0.0), InkPoint(10.5, -3.2), InkPoint(7.25, 8.0)]),
        ("pressure", [InkPoint(1.0, 1.0, 0), InkPoint(2.0, 2.0, 128), InkPoint(3.0, 1.0, 255)]),
        ("time", [InkPoint(1.0, 1.0, None, 0), InkPoint(2.0, 2.0, None, 7), InkPoint(3.0, 1.0, None, 1000)]),
        ("both", [InkPoint(-5.0, -6.0, 10, 100), InkPoint(-5.1, -6.2, 20, 108), InkPoint(-4.9, -6.1, 30, 116)]),
        ("pressure of some points only", [InkPoint(0.0, 0.0, 5), InkPoint(1.0, 1.0)]),
        ("halves are rounded up", [InkPoint(0.05, -0.05), InkPoint(0.15, -0.15), InkPoint(0.25, -0.25)]),
        (
            "clock that goes back",
            [InkPoint(0.0, 0.0, None, 10), InkPoint(1.0, 0.0, None, 4), InkPoint(2.0, 0.0, None, 12)],
        ),
        ("far away", [InkPoint(1e9, -1e9), InkPoint(-1e9, 1e9)]),
        ("256 points", [InkPoint(i * 1.7, (i * 37 % 101) * 0.9, i % 256, i * 8) for i in range(256)]),
    ]
    line = encode_ink(strokes[1][1]).blob.hex()
    good = []
    for name, points in strokes:
        encoded = encode_ink(points)
        decoded = decode_ink(encoded.blob)
        good.append(
            {
                "name": name,
                "points": [list(point) for point in points],
                "x": encoded.x,
                "y": encoded.y,
                "hex": encoded.blob.hex(),
                "width": decoded.width,
                "height": decoded.height,
                "decoded": [list(point) for point in decoded.points],
            }
        )
    bad = [
        ("empty", ""),
        ("version 2", "02" + line[2:]),
        ("unknown flag", "0104" + line[4:]),
        ("no points", "010000" + line[6:]),
        ("257 points", "01008102" + "0000" + "00" * 514),
        ("cut", line[:-2]),
        ("bytes left over", line + "00"),
        ("a point right of the box", "010001" + "0505" + "06" + "00"),
        ("a point left of the box", "010002" + "0505" + "0001" + "0000"),
        ("lying count", "010040" + "0505" + "0000"),
        ("box too large", "010001" + "ffffffffffff0f" + "00" + "00" + "00"),
    ]
    counts = [1, 2, 255, 256, 257, 511, 512, 766, 1000]
    return {
        "good": good,
        "bad": [{"why": why, "hex": data, "shown": _shown(bytes.fromhex(data))} for why, data in bad],
        "split": [
            {"points": count, "parts": [len(part) for part in split_stroke([InkPoint(0.0, 0.0)] * count)]}
            for count in counts
        ],
    }
