"""Vectors of ink blobs."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from tests.vectors.fixtures import SESSION
from whiteboard_crdt.ids import MAIN_PAGE
from whiteboard_crdt.ink import InkPoint, decode_ink, encode_ink, split_stroke
from whiteboard_crdt.nibbles import MAX_NIBBLED, NibbleWriter
from whiteboard_crdt.shape import read_shape
from whiteboard_crdt.varint import Writer


def _shown(blob: bytes) -> bool:
    fields = {"type": "draw", "page": MAIN_PAGE, "x": 1.0, "y": 2.0, "ink": blob}
    return read_shape(f"{SESSION}-1", fields) is not None


def blob_of_version_1(points: list[InkPoint]) -> bytes:
    """As blobs were written before version 2. Pressure and time of the first point decide for all."""
    xs, ys = [round(10 * point.x) for point in points], [round(10 * point.y) for point in points]
    writer = Writer()
    writer.u8(1)
    writer.u8((points[0].pressure is not None) | 2 * (points[0].t_ms is not None))
    writer.varuint(len(points))
    for column in (xs, ys):
        writer.varuint(max(column) - min(column))
    for column in (xs, ys):
        writer.varuint(column[0] - min(column))
        for before, after in pairwise(column):
            writer.zigzag(after - before)
    writer.raw(bytes(point.pressure for point in points if point.pressure is not None))
    times = [point.t_ms for point in points if point.t_ms is not None]
    for before, after in pairwise([*times[:1], *times]):
        writer.varuint(after - before)
    return writer.finish()


def _told(blob: bytes) -> dict[str, Any]:
    decoded = decode_ink(blob)
    points = [list(point) for point in decoded.points]
    return {"hex": blob.hex(), "width": decoded.width, "height": decoded.height, "decoded": points}


def _columns(head: str, *numbers: int) -> str:
    writer = NibbleWriter()
    for number in numbers:
        writer.uint(number)
    return head + writer.finish().hex()


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
    good = []
    for name, points in strokes:
        encoded = encode_ink(points)
        told = {"points": [list(point) for point in points], "x": encoded.x, "y": encoded.y}
        good.append({"name": name, **told, **_told(encoded.blob)})
    old = [
        ("dot", [InkPoint(0.0, 0.0)]),
        ("line", [InkPoint(0.0, 3.2), InkPoint(10.5, 0.0), InkPoint(7.3, 11.2)]),
        ("both", [InkPoint(0.2, 0.0, 10, 0), InkPoint(0.1, 0.4, 20, 8), InkPoint(0.0, 0.1, 30, 1016)]),
        ("far away", [InkPoint(1e9, 0.0), InkPoint(0.0, 1e9)]),
        ("256 points", [InkPoint(i * 1.7, (i * 37 % 101) * 0.9, i % 256, i * 8) for i in range(256)]),
    ]
    line, old_line = encode_ink(strokes[1][1]).blob.hex(), blob_of_version_1(old[1][1]).hex()
    two = "020002" + "0505"
    bad = [
        ("empty", ""),
        ("version 3", "03" + line[2:]),
        ("unknown flag", "0204" + line[4:]),
        ("no points", "020000" + line[6:]),
        ("257 points", "02008102" + "0000" + "00" * 514),
        ("cut", line[:-2]),
        ("bytes left over", line + "00"),
        ("half a byte left over", _columns(two, 0, 2, 0, 2) + "00"),
        ("an empty half that is not empty", _columns("020001" + "0505", 0, 5, 1)),
        ("a point right of the box", _columns("020001" + "0505", 6, 0)),
        ("a point left of the box", _columns(two, 0, 1, 0, 0)),
        ("a point that goes on out of the box", _columns("020003" + "0505", 0, 8, 0, 0, 0, 0)),
        ("lying count", "020040" + "0505" + "0000"),
        ("box too large", "020001" + "ffffffffffff0f" + "00"),
        ("a number in more nibbles than it takes", "020001" + "0505" + "8000"),
        ("a number of sixteen nibbles", "020001" + "0505" + "ff" * 8 + "10"),
        ("the largest number", _columns(two, 0, MAX_NIBBLED, 0, 0)),
        ("pressure over 255", _columns("020101" + "0505", 0, 0, 512)),
        ("pressure below 0", _columns("020101" + "0505", 0, 0, 1)),
        ("a clock that goes back", _columns("020202" + "0505", 0, 0, 0, 0, 1)),
        ("a clock that jumps", _columns("020202" + "0505", 0, 0, 0, 0, 2 * (2**40 + 1))),
        ("version 1, cut", old_line[:-2]),
        ("version 1, bytes left over", old_line + "00"),
        ("version 1, a point right of the box", "010001" + "0505" + "06" + "00"),
        ("version 1, a point left of the box", "010002" + "0505" + "0001" + "0000"),
        ("version 1, a number in more bytes than it takes", "010001" + "0505" + "8000" + "00"),
        ("version 1, lying count", "010040" + "0505" + "0000"),
    ]
    counts = [1, 2, 255, 256, 257, 511, 512, 766, 1000]
    return {
        "good": good,
        "old": [{"name": name, **_told(blob_of_version_1(points))} for name, points in old],
        "bad": [{"why": why, "hex": data, "shown": _shown(bytes.fromhex(data))} for why, data in bad],
        "split": [
            {"points": count, "parts": [len(part) for part in split_stroke([InkPoint(0.0, 0.0)] * count)]}
            for count in counts
        ],
    }
