"""Shapes that are no ink: adding them, changing them, and lines that follow what they are bound to."""

from __future__ import annotations

from typing import Any, Final

import pytest
from pycrdt import Doc

from tests.whiteboard_crdt.room import NOW_MS, Room
from whiteboard_crdt.board import Board
from whiteboard_crdt.ids import SessionId
from whiteboard_crdt.shape import Ends, ShapeType
from whiteboard_crdt.spec import THINGS, load_spec

ANNA = SessionId("a" * 16)
BOX: Final[dict[str, Any]] = {"x": 0, "y": 0, "w": 100, "h": 50, "form": "rectangle"}
LOOK = ("red", 4.0)


def _board() -> Board:
    return Board(Doc(client_id=1), ANNA)


def test_the_spec_is_read_whole() -> None:
    raw = load_spec("things")
    assert list(THINGS.forms) == list(raw["forms"]) == list(THINGS.inner)
    assert (THINGS.fills[0], THINGS.dashes[0], THINGS.heads) == ("none", "solid", ("none", "end", "both"))
    assert THINGS.note.sizes == tuple(raw["note"]["sizes"])


def test_thing_stands_as_it_was_made_and_is_one_step_of_undo() -> None:
    board = _board()
    shape_id = board.add_thing("main", ShapeType.GEO, {**BOX, "fill": "soft", "text": "½"}, LOOK, NOW_MS)
    shape = board.shape(shape_id)
    assert shape is not None
    assert (shape.form, shape.w, shape.h, shape.fill, shape.text) == ("rectangle", 100, 50, "soft", "½")
    assert board.undo()
    assert board.shapes() == []


@pytest.mark.parametrize("wrong", [{"w": 0}, {"form": "lava"}, {"x": "1"}, {"text": 5}])
def test_thing_that_nobody_could_draw_is_not_made(wrong: dict[str, Any]) -> None:
    board = _board()
    with pytest.raises(ValueError, match=r"nobody|somewhere|text"):
        board.add_thing("main", ShapeType.GEO, {**BOX, **wrong}, LOOK, NOW_MS)
    assert board.shapes() == []


def test_field_that_was_absent_is_taken_away_again_by_undo() -> None:
    board = _board()
    shape_id = board.add_thing("main", ShapeType.GEO, BOX, LOOK, NOW_MS)
    board.set_fields([shape_id], {"rotation": 1, "locked": True})
    shape = board.shape(shape_id)
    assert shape is not None and shape.locked and shape.rotation == 1
    assert board.undo()
    shape = board.shape(shape_id)
    assert shape is not None and not shape.locked and shape.rotation == 0


def test_bound_arrow_follows_and_stays_where_its_shape_is_gone() -> None:
    board = _board()
    one = board.add_thing("main", ShapeType.GEO, BOX, LOOK, NOW_MS)
    two = board.add_thing("main", ShapeType.GEO, {**BOX, "x": 300}, LOOK, NOW_MS)
    arrow = board.add_thing(
        "main", ShapeType.ARROW, {"x": 0, "y": 0, "dx": 9, "dy": 9, "start": one, "end": two}, LOOK, NOW_MS
    )
    gap = THINGS.arrow_gap + 2

    def ends() -> Ends | None:
        shape = board.shape(arrow)
        return None if shape is None else shape.ends

    assert ends() == Ends(100 + gap, 25, 300 - gap, 25)
    board.move([two], 0, 400)
    moved = ends()
    assert moved is not None and moved.y2 > 350
    board.erase([one, two])
    assert ends() == Ends(0, 0, 9, 9)


def test_move_and_recolour_and_resize_made_at_once_all_survive() -> None:
    room = Room()
    anna, bert = room.join("anna"), room.join("bert")
    shape_id = anna.board.add_thing("main", ShapeType.GEO, BOX, LOOK, NOW_MS)
    for envelope in anna.replica.flush_local(NOW_MS):
        bert.replica.receive(envelope, now_ms=NOW_MS)
    anna.board.move([shape_id], 10, 20)
    anna.board.set_fields([shape_id], {"rotation": 0.5})
    bert.board.set_fields([shape_id], {"colour": "green", "w": 300, "fill": "solid"})
    for sender, to in ((anna, bert), (bert, anna)):
        for envelope in sender.replica.flush_local(NOW_MS):
            to.replica.receive(envelope, now_ms=NOW_MS)
    for peer in (anna, bert):
        shape = peer.board.shape(shape_id)
        assert shape is not None
        assert (shape.x, shape.y, shape.rotation) == (10, 20, 0.5)
        assert (shape.colour, shape.w, shape.fill) == ("green", 300, "solid")
