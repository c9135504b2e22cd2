from __future__ import annotations

import itertools
import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.whiteboard_crdt.vectors import cases
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ink import InkBox, InkPoint, decode_ink, encode_ink, ink_box, split_stroke
from whiteboard_crdt.nibbles import MAX_NIBBLED, NibbleReader, NibbleWriter
from whiteboard_crdt.spec import INK
from whiteboard_crdt.varint import Writer


@pytest.mark.parametrize("case", cases("ink.json", "good"), ids=lambda case: case["name"])
def test_ink_both_ways(case: dict[str, Any]) -> None:
    encoded = encode_ink([InkPoint(*point) for point in case["points"]])
    assert (encoded.x, encoded.y, encoded.blob.hex()) == (case["x"], case["y"], case["hex"])
    ink = decode_ink(encoded.blob)
    assert [list(point) for point in ink.points] == case["decoded"]
    assert (ink.width, ink.height) == (case["width"], case["height"])
    assert ink_box(encoded.blob) == InkBox(len(case["points"]), case["width"], case["height"])


@pytest.mark.parametrize("case", cases("ink.json", "old"), ids=lambda case: case["name"])
def test_ink_of_version_1_is_read(case: dict[str, Any]) -> None:
    blob = bytes.fromhex(case["hex"])
    ink = decode_ink(blob)
    assert [list(point) for point in ink.points] == case["decoded"]
    assert ink_box(blob) == InkBox(len(case["decoded"]), case["width"], case["height"])
    assert (ink.width, ink.height) == (case["width"], case["height"])


@pytest.mark.parametrize("case", cases("ink.json", "bad"), ids=lambda case: case["why"])
def test_bad_blob_is_a_protocol_error(case: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        decode_ink(bytes.fromhex(case["hex"]))


@pytest.mark.parametrize("case", cases("ink.json", "split"))
def test_long_stroke_is_split_and_repeats_the_last_point(case: dict[str, Any]) -> None:
    stroke = [InkPoint(float(i), 0.0) for i in range(case["points"])]
    parts = split_stroke(stroke)
    assert [len(part) for part in parts] == case["parts"]
    assert all(before[-1] == after[0] for before, after in itertools.pairwise(parts))
    assert parts[0][0] == stroke[0] and parts[-1][-1] == stroke[-1]


_POINTS = st.lists(
    st.builds(InkPoint, st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(0, 255), st.integers(0, 10**6)),
    min_size=1,
    max_size=40,
)


@given(_POINTS)
def test_points_come_back_within_half_a_tenth(points: list[InkPoint]) -> None:
    encoded = encode_ink(points)
    decoded = decode_ink(encoded.blob)
    for point, back in zip(points, decoded.points, strict=True):
        assert abs(point.x - (encoded.x + back.x)) < 0.051
        assert abs(point.y - (encoded.y + back.y)) < 0.051
        assert point.pressure == back.pressure


@given(_POINTS)
def test_what_was_read_is_written_as_it_stood(points: list[InkPoint]) -> None:
    first = encode_ink(points)
    again = encode_ink(decode_ink(first.blob).points)
    assert (again.blob, again.x, again.y) == (first.blob, 0.0, 0.0)


@given(st.lists(st.integers(-(MAX_NIBBLED // 2), MAX_NIBBLED // 2)))
def test_numbers_come_back_from_nibbles(numbers: list[int]) -> None:
    writer = NibbleWriter()
    writer.zigzags(numbers)
    reader = NibbleReader(b"head" + writer.finish(), 4, len(numbers))
    assert reader.zigzags(len(numbers)) == numbers
    reader.end()


def test_a_number_beyond_fifteen_nibbles_is_our_own_bug() -> None:
    for number in (-1, MAX_NIBBLED + 1):
        with pytest.raises(AssertionError):
            NibbleWriter().uint(number)


_HEADS = st.sampled_from([b"", b"\x02\x03\x04\x7f\x7f", b"\x01\x03\x04\x7f\x7f", b"\x02\x02\xff\x01\x7f\x7f"])


@given(_HEADS, st.binary(max_size=600))
def test_any_bytes_are_ink_or_a_protocol_error(head: bytes, rest: bytes) -> None:
    data = head + rest
    for decode in (decode_ink, ink_box):
        try:
            decode(data)
        except ProtocolError:
            continue


@pytest.mark.parametrize("x", [math.nan, math.inf, -math.inf, 1e300])
def test_point_outside_every_board_is_a_value_error(x: float) -> None:
    with pytest.raises(ValueError, match="outside"):
        encode_ink([InkPoint(x, 0.0)])


def test_no_points_and_too_many_are_a_value_error() -> None:
    for count in (0, 257):
        with pytest.raises(ValueError, match="256"):
            encode_ink([InkPoint(0.0, 0.0)] * count)


@pytest.mark.parametrize("byte", [0xFF, 0xF8, 0x88])
def test_numbers_that_never_end_are_refused_at_once(byte: int) -> None:
    """Each nibble tried as a beginning took 2.5 s, for one stroke of a stranger."""
    head = Writer()
    head.raw(bytes([INK.version, 3]))
    for number in (256, 1000, 1000):
        head.varuint(number)
    began_s = time.thread_time()
    with pytest.raises(ProtocolError):
        decode_ink(head.finish() + bytes([byte]) * 50_000)
    assert time.thread_time() - began_s < 0.1
