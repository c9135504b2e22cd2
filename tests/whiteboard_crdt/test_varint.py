from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.whiteboard_crdt.vectors import cases
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.varint import MAX_VARUINT, MAX_ZIGZAG, Reader, Writer

KINDS = ("varuint", "zigzag", "varstring")


def _read(kind: str, data: bytes) -> Any:
    reader = Reader(data)
    value = reader.varstring(100) if kind == "varstring" else getattr(reader, kind)()
    reader.end()
    return value


@pytest.mark.parametrize(("kind", "case"), [(kind, case) for kind in KINDS for case in cases("varint.json", kind)])
def test_value_and_bytes_both_ways_W1_W2_W3(kind: str, case: dict[str, Any]) -> None:
    writer = Writer()
    getattr(writer, kind)(case["value"])
    assert writer.finish().hex() == case["hex"]
    assert _read(kind, bytes.fromhex(case["hex"])) == case["value"]


@pytest.mark.parametrize(
    ("kind", "case"), [(kind, case) for kind in KINDS for case in cases("varint.json", f"bad_{kind}")]
)
def test_bad_bytes_are_a_protocol_error_W1_W2_W3_W6(kind: str, case: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        _read(kind, bytes.fromhex(case["hex"]))


@given(st.integers(0, MAX_VARUINT), st.integers(-MAX_ZIGZAG, MAX_ZIGZAG))
def test_every_number_comes_back(unsigned: int, signed: int) -> None:
    writer = Writer()
    writer.varuint(unsigned)
    writer.zigzag(signed)
    reader = Reader(writer.finish())
    assert (reader.varuint(), reader.zigzag()) == (unsigned, signed)
    reader.end()


@given(st.binary(max_size=12))
def test_any_bytes_are_a_canonical_number_or_a_protocol_error_W1(data: bytes) -> None:
    reader = Reader(data)
    try:
        value = reader.varuint()
    except ProtocolError:
        return
    writer = Writer()
    writer.varuint(value)
    assert writer.finish() == data[: reader.pos]


def test_fixed_fields_are_big_endian_W4() -> None:
    writer = Writer()
    writer.u8(1)
    writer.u16(2)
    writer.u64(3)
    assert writer.finish().hex() == "01" + "0002" + "0000000000000003"
    assert len(writer) == 11


@pytest.mark.parametrize("read", ["u8", "u16", "u64", "varuint"])
def test_truncated_field_is_a_protocol_error_W3(read: str) -> None:
    with pytest.raises(ProtocolError):
        getattr(Reader(b""), read)()


def test_field_over_its_limit_is_a_protocol_error_W3() -> None:
    assert Reader(b"\x03abc").varbytes(3) == b"abc"
    with pytest.raises(ProtocolError):
        Reader(b"\x03abc").varbytes(2)


def test_lying_count_is_a_protocol_error() -> None:
    assert Reader(b"\x02abcd").count(10, 2) == 2
    for data, longest, size in ((b"\x03abcd", 10, 2), (b"\x02abcd", 1, 2)):
        with pytest.raises(ProtocolError):
            Reader(data).count(longest, size)


@pytest.mark.parametrize(
    ("write", "value"),
    [("u8", 256), ("u16", -1), ("varuint", MAX_VARUINT + 1), ("varuint", -1), ("zigzag", MAX_ZIGZAG + 1)],
)
def test_writing_out_of_range_is_our_own_bug(write: str, value: int) -> None:
    with pytest.raises(AssertionError):
        getattr(Writer(), write)(value)
