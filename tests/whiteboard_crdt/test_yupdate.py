from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Doc, Text

from tests.property.mutate import real_updates
from tests.vectors.as_json import scan_json
from tests.vectors.ybytes import block, child, number, rooted, string, update
from tests.whiteboard_crdt.vectors import cases
from whiteboard_crdt.errors import CloseCode, UpdateRefused
from whiteboard_crdt.spec import SNAPSHOT_LIMITS, UPDATE_LIMITS
from whiteboard_crdt.yupdate import scan_update


@pytest.mark.parametrize("case", cases("yupdates.json"), ids=lambda case: f"{case['source']}: {case['name']}")
def test_what_an_update_holds_P1(case: dict[str, Any]) -> None:
    limits = UPDATE_LIMITS if case["limits"] == "update" else SNAPSHOT_LIMITS
    data = bytes.fromhex(case["hex"])
    if case["scan"] is None:
        with pytest.raises(UpdateRefused) as caught:
            scan_update(data, limits)
        assert caught.value.rule == "P1"
    else:
        assert scan_json(scan_update(data, limits)) == case["scan"]


def _refused(data: bytes) -> None:
    with pytest.raises(UpdateRefused) as caught:
        scan_update(data)
    assert caught.value.rule == "P1"


def test_poison_any_nested_27000_deep_would_overflow_the_stack_P1() -> None:
    data = update(block(1, 0, b"\x28\x01" + string("meta") + string("k") + b"\x01" + b"\x75\x01" * 27_000 + b"\x78"))
    assert len(data) < UPDATE_LIMITS.bytes
    _refused(data)


def test_poison_16_bytes_that_panic_yrs_P1() -> None:
    _refused(bytes.fromhex("01016fffffffff0f0401017402455600"))


def test_poison_14_bytes_with_one_empty_text_that_panic_yrs_P1() -> None:
    _refused(bytes.fromhex("0101d20f02c4e90739e9073a0000"))


def test_poison_lying_counts_end_at_once_P1() -> None:
    for count in (2**31 - 1, 2**53 - 1):
        lie = number(count)
        _refused(lie + b"\x01\x00")
        _refused(b"\x01" + lie + b"\x01\x00")
        _refused(b"\x00" + lie + b"\x01")
        _refused(b"\x00\x01\x01" + lie + b"\x01")


def test_poison_clocks_near_2_to_32_P1() -> None:
    for clock in (2**31 - 1, 2**32 - 2, 2**32 - 1, 2**32):
        _refused(update(block(1, clock, rooted("meta", "k"))))
        _refused(update(block(1, 0, child(2, clock + 1, "k"))))
    _refused(update(block(1, 2**31 - 3, b"\x21\x01" + string("meta") + string("k") + b"\x05")))


def test_poison_non_ascii_text_counts_utf16_units_as_pycrdt_does_P1() -> None:
    doc: Doc[Any] = Doc(client_id=1)
    text = doc.get("t", type=Text)
    for piece in ("é", "\U0001f600", "\u4e2d", "\U0001f44d\U0001f3fd", "a"):
        text.insert(len(str(text).encode()), piece)
    scan = scan_update(doc.get_update())
    units = len("é\U0001f600\u4e2d\U0001f44d\U0001f3fda".encode("utf-16-le")) // 2
    assert scan.structs == {1: [(0, units)]}
    assert scan.halves == [(1, 2), (1, 5), (1, 7)]


def test_oversized_update_has_its_own_code_W7() -> None:
    with pytest.raises(UpdateRefused) as caught:
        scan_update(bytes(UPDATE_LIMITS.bytes + 1))
    assert caught.value.code is CloseCode.OVERSIZED


@given(st.binary(max_size=200))
def test_any_bytes_are_scanned_or_refused_P1_W6(data: bytes) -> None:
    for limits in (UPDATE_LIMITS, SNAPSHOT_LIMITS):
        try:
            scan_update(data, limits)
        except UpdateRefused:
            continue


@given(st.sampled_from(real_updates()), st.data())
def test_any_changed_real_update_is_scanned_or_refused_P1_W6(data: bytes, draw: st.DataObject) -> None:
    changed = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 4))):
        changed[draw.draw(st.integers(0, len(changed) - 1))] = draw.draw(st.integers(0, 255))
    cut = draw.draw(st.integers(0, len(changed)))
    for candidate in (bytes(changed), bytes(changed[:cut]), bytes(changed) + b"\x00"):
        try:
            scan_update(candidate)
        except UpdateRefused:
            continue


@pytest.mark.parametrize("data", real_updates(), ids=len)
def test_every_prefix_of_a_real_update_is_refused_P1(data: bytes) -> None:
    for end in range(len(data)):
        _refused(data[:end])
