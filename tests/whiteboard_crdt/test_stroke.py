from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.whiteboard_crdt.vectors import cases
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.shape import read_shape
from whiteboard_crdt.stroke import STROKE_FIELD, pack_stroke, unpack_stroke, with_stroke

_ID = "00000000000003e9-1"


def _fields(case: dict[str, Any]) -> dict[str, Any]:
    return {name: bytes.fromhex(value["hex"]) if isinstance(value, dict) else value for name, value in case.items()}


@pytest.mark.parametrize("case", cases("records.json", "packed"), ids=lambda case: case["name"])
def test_a_stroke_is_stored_as_one_field_and_read_as_it_was(case: dict[str, Any]) -> None:
    fields = _fields(case["fields"])
    stored = pack_stroke(fields)
    assert stored == _fields(case["stored"])
    assert {k: v for k, v in with_stroke(stored).items() if k != STROKE_FIELD} == fields
    assert read_shape(_ID, with_stroke(stored)) == read_shape(_ID, fields)


@pytest.mark.parametrize("case", cases("records.json", "plain"), ids=lambda case: case["name"])
def test_what_a_record_cannot_hold_is_stored_field_by_field(case: dict[str, Any]) -> None:
    assert pack_stroke(_fields(case["fields"])) == _fields(case["fields"])


@pytest.mark.parametrize("case", cases("records.json", "bad"), ids=lambda case: case["why"])
def test_a_bad_record_is_a_protocol_error_and_read_as_nothing(case: dict[str, Any]) -> None:
    record = bytes.fromhex(case["hex"])
    with pytest.raises(ProtocolError):
        unpack_stroke(record)
    assert read_shape(_ID, with_stroke({STROKE_FIELD: record})) is None


@pytest.mark.parametrize("case", cases("records.json", "hidden"), ids=lambda case: case["why"])
def test_a_record_whose_ink_cannot_be_shown_is_read_as_nothing(case: dict[str, Any]) -> None:
    assert read_shape(_ID, with_stroke({STROKE_FIELD: bytes.fromhex(case["hex"])})) is None


def test_a_field_beside_the_record_is_newer() -> None:
    stored = pack_stroke(_fields(cases("records.json", "packed")[0]["fields"]))
    shape = read_shape(_ID, with_stroke({**stored, "x": 7.25, "colour": "red", "erased": True, "y": None}))
    assert shape is not None
    assert (shape.x, shape.y, shape.colour, shape.erased) == (7.25, -3.2, "red", True)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_record_or_a_protocol_error(data: bytes) -> None:
    with suppress(ProtocolError):
        unpack_stroke(data)
