"""What several people do at the same moment, before anything of the others has come: nothing is half."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.whiteboard_crdt.room import NOW_MS, STROKE, Peer, Room
from whiteboard_crdt.shape import ShapeType


def _exchange(*peers: Peer) -> None:
    """All send what they did, and only then does anybody hear of it."""
    sent = [(peer, peer.replica.flush_local(NOW_MS)) for peer in peers]
    for sender, envelopes in sent:
        for to in peers:
            for envelope in envelopes if to is not sender else ():
                to.replica.receive(envelope, now_ms=NOW_MS)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_text_edited_by_three_at_once_stays_whole(order: tuple[int, ...]) -> None:
    room = Room()
    peers = [room.join(name) for name in ("anna", "bert", "cleo")]
    text = peers[0].board.add_text("main", 0, 0, "One half is two quarters", "black", 24, NOW_MS)
    _exchange(*peers)
    edits = (
        "So: One half is two quarters",
        "One half (1/2) is two quarters",
        "One half is two quarters, or four eighths",
    )
    for peer, at in zip(peers, order, strict=True):
        peer.board.edit_text(text, edits[at])
    _exchange(*peers)
    found = {shape.text for peer in peers if (shape := peer.board.shape(text)) is not None}
    assert found == {"So: One half (1/2) is two quarters, or four eighths"}


def test_page_deleted_while_somebody_draws_on_it_goes_with_the_ink_and_comes_back_with_it() -> None:
    room = Room()
    tutor, leo = room.join("tutor"), room.join("leo")
    page = tutor.board.add_page("Task")
    before = tutor.board.add_stroke(page, STROKE, ShapeType.DRAW, "black", 4, NOW_MS)
    _exchange(tutor, leo)

    tutor.board.set_page(page, {"erased": True})
    during = leo.board.add_stroke(page, STROKE, ShapeType.DRAW, "red", 4, NOW_MS)
    _exchange(tutor, leo)
    for peer in (tutor, leo):
        assert [each.id for each in peer.board.pages()] == ["main"]
        assert peer.board.shapes("main") == []

    tutor.board.set_page(page, {"erased": False})
    _exchange(tutor, leo)
    for peer in (tutor, leo):
        assert [each.title for each in peer.board.pages()] == ["", "Task"]
        assert {shape.id for shape in peer.board.shapes(page)} == {*before, *during}


def test_page_deleted_and_renamed_at_once_is_deleted_and_has_its_new_name_when_it_comes_back() -> None:
    room = Room()
    tutor, other = room.join("tutor"), room.join("other")
    page = tutor.board.add_page("Task")
    _exchange(tutor, other)
    tutor.board.set_page(page, {"erased": True})
    other.board.set_page(page, {"title": "Homework", "background": "grid"})
    _exchange(tutor, other)
    assert [each.id for each in other.board.pages()] == ["main"]
    other.board.set_page(page, {"erased": False})
    _exchange(tutor, other)
    assert [(each.title, each.background) for each in tutor.board.pages()][1:] == [("Homework", "grid")]
