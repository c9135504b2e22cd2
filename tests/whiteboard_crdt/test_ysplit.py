from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Doc, Map, Text

from tests.vectors.ybytes import block, deleted, rooted, update
from whiteboard_crdt.errors import UpdateRefused
from whiteboard_crdt.spec import SNAPSHOT_LIMITS, UPDATE_LIMITS
from whiteboard_crdt.ysplit import split_update
from whiteboard_crdt.yupdate import scan_update


def _busy(client: int = 1) -> Doc[Any]:
    doc: Doc[Any] = Doc(client_id=client)
    shapes: Map[Any] = doc.get("shapes", type=Map)
    for number in range(200):
        shapes[f"s-{number}"] = Map({"x": float(number), "text": Text("é\U0001f600" * 5), "ink": bytes(50)})
    for number in range(0, 200, 3):
        del shapes[f"s-{number}"]
    return doc


def test_pieces_are_small_and_do_what_the_whole_does() -> None:
    source = _busy()
    whole = source.get_update()
    pieces = split_update(whole, 2000, 100)
    assert len(pieces) > 10
    assert max(len(piece) for piece in pieces) <= 2000
    target: Doc[Any] = Doc()
    for piece in pieces:
        target.apply_update(piece)
    assert target.get("shapes", type=Map).to_py() == source.get("shapes", type=Map).to_py()
    assert target.get_state() == source.get_state()


def test_every_piece_is_an_update_of_one_client_with_bounded_deletes_P2_P4() -> None:
    other = _busy(2)
    other.apply_update(_busy(1).get_update())
    for piece in split_update(other.get_update(), 3000, 50):
        scan = scan_update(piece, SNAPSHOT_LIMITS)
        assert len(scan.structs) <= 1
        assert sum(length for ranges in scan.deletes.values() for _, length in ranges) <= 50


def test_long_range_of_deletes_is_cut() -> None:
    pieces = split_update(update(deletes=deleted((5, [(0, 10_000)]), (6, [(3, 10)]))), max_deletes=4096)
    ranges = [scan_update(piece).deletes for piece in pieces]
    assert ranges == [{5: [(0, 4096)]}, {5: [(4096, 4096)]}, {5: [(8192, 1808)], 6: [(3, 10)]}]


def test_number_of_structs_in_a_piece_is_bounded_P1() -> None:
    items = [rooted("meta", f"k{i}") for i in range(UPDATE_LIMITS.structs + 10)]
    pieces = split_update(update(block(1, 0, *items)), 1 << 20)
    assert [scan_update(piece, SNAPSHOT_LIMITS).struct_count for piece in pieces] == [UPDATE_LIMITS.structs, 10]


def test_skips_are_left_out() -> None:
    item = rooted("meta", "k")
    pieces = split_update(update(block(1, 0, item, b"\x0a\x05", item)))
    assert [scan_update(piece).structs for piece in pieces] == [{1: [(0, 1)]}, {1: [(6, 1)]}]


def test_struct_over_the_limit_stays_whole() -> None:
    big = rooted("meta", "k", value=b"\x01\x74\xe8\x07" + bytes(1000))
    pieces = split_update(update(block(1, 0, rooted("meta", "a"), big, rooted("meta", "b"))), 500)
    assert len(pieces) == 3 and len(pieces[1]) > 1000


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x01\x01\x01\x00", b"\x00\x00\x00", b"\xff" * 20])
def test_what_the_reader_refuses_is_refused_P1(data: bytes) -> None:
    with pytest.raises(UpdateRefused):
        split_update(data)
