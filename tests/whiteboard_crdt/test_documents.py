from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Doc, Map

from whiteboard_crdt.documents import Document, Documents, merge_local
from whiteboard_crdt.errors import UpdateRefused
from whiteboard_crdt.ids import BOARD, CHAT, ClientId, DocRef
from whiteboard_crdt.spec import LIMITS, UPDATE_LIMITS
from whiteboard_crdt.yupdate import Scan, scan_update

CLIENT = ClientId(7)


def _meta(doc: Doc[Any]) -> Map[Any]:
    meta: Map[Any] = doc.get("meta", type=Map)
    return meta


def test_local_edits_are_captured_and_remote_ones_are_not_E11() -> None:
    seen: list[DocRef] = []
    document = Document(BOARD, CLIENT, seen.append)
    other: Doc[Any] = Doc(client_id=9)
    _meta(other)["b"] = 2.0
    remote = other.get_update()
    document.apply(remote, scan_update(remote))
    assert document.captured == []
    _meta(document.doc)["a"] = 1.0
    _meta(document.doc)["c"] = 3.0
    assert seen == [BOARD, BOARD]
    (merged,) = document.take_captured()
    assert scan_update(merged).structs == {7: [(0, 2)]}
    assert document.take_captured() == []
    assert document.doc.client_id == 7


def test_update_that_the_library_refuses_is_refused_P1() -> None:
    document = Document(BOARD, None)
    with pytest.raises(UpdateRefused):
        document.apply(b"\x01", Scan())
    assert document.ledger.held == {}


def test_many_edits_make_few_updates_that_fit_an_envelope_E11() -> None:
    document = Document(BOARD, CLIENT)
    for number in range(300):
        _meta(document.doc)[f"k{number}"] = bytes(1000)
    pieces = document.take_captured()
    assert 5 < len(pieces) < 10
    assert max(len(piece) for piece in pieces) <= LIMITS.update_bytes
    target: Doc[Any] = Doc()
    clock = 0
    for piece in pieces:
        ((first, length),) = scan_update(piece).structs[CLIENT]
        assert first == clock
        clock += length
        target.apply_update(piece)
    assert len(_meta(target)) == 300


def test_one_big_edit_is_cut() -> None:
    document = Document(BOARD, CLIENT)
    with document.doc.transaction():
        for number in range(200):
            _meta(document.doc)[f"k{number}"] = bytes(1000)
    pieces = document.take_captured()
    assert len(pieces) > 3 and all(scan_update(piece) for piece in pieces)


def test_edit_that_deletes_much_of_others_is_cut_P4() -> None:
    author: Doc[Any] = Doc(client_id=9)
    with author.transaction():
        for number in range(6000):
            _meta(author)[f"k{number}"] = 1.0
    document = Document(BOARD, CLIENT)
    for piece in merge_local([author.get_update()]):
        document.apply(piece, scan_update(piece, UPDATE_LIMITS))
    with document.doc.transaction():
        _meta(document.doc).clear()
    deleted = [
        sum(n for ranges in scan_update(piece).deletes.values() for _, n in ranges)
        for piece in document.take_captured()
    ]
    assert sum(deleted) == 6000 and max(deleted) <= LIMITS.max_foreign_deletes


def test_documents_are_made_on_demand_and_come_in_order() -> None:
    documents = Documents(None)
    assert (
        documents.get(BOARD) is None
        and documents.stream(BOARD, documents.make(CHAT).stream(_session()).session) is None
    )
    documents.make(DocRef.desk("a"))
    documents.make(BOARD)
    assert [document.ref.text for document in documents] == ["board", "chat", "desk/a"]
    assert documents.stream(CHAT, _session()) is not None
    assert documents.take_out(CHAT) is not None and documents.take_out(CHAT) is None


def _session() -> Any:
    return "a" * 16
