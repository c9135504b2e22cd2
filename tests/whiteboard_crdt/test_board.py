from __future__ import annotations

import math
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text

from tests.whiteboard_crdt.room import NOW_MS, STROKE
from whiteboard_crdt.board import TEXT_BYTES, Board
from whiteboard_crdt.ids import SessionId
from whiteboard_crdt.ink import InkPoint, decode_ink
from whiteboard_crdt.shape import ShapeType

ANNA, BERT = SessionId("a" * 16), SessionId("b" * 16)


def _boards() -> tuple[Board, Board, Doc[Any], Doc[Any]]:
    one: Doc[Any] = Doc(client_id=1)
    two: Doc[Any] = Doc(client_id=2)
    one.observe(lambda event: two.apply_update(bytes(event.update)))
    return Board(one, ANNA), Board(two, BERT), one, two


def _board() -> Board:
    return _boards()[0]


def _stroke(board: Board, page: str = "main") -> str:
    return board.add_stroke(page, STROKE, ShapeType.DRAW, "red", 4, NOW_MS)[0]


def test_stroke_stands_in_the_document_as_written() -> None:
    board, other, doc, _ = _boards()
    shape_id = _stroke(board)
    assert shape_id == f"{ANNA}-1"
    fields = doc.get("shapes", type=Map)[shape_id]
    assert set(fields.keys()) == {"stroke"}
    shape = other.shape(shape_id)
    assert shape is not None
    assert (shape.author, shape.type, shape.page, shape.colour, shape.size) == (ANNA, ShapeType.DRAW, "main", "red", 4)
    assert shape.created_ms == NOW_MS
    assert len(decode_ink(shape.ink).points) == len(STROKE)


def test_long_stroke_is_one_transaction_and_one_step_of_undo() -> None:
    board, _, doc, _ = _boards()
    updates: list[object] = []
    doc.observe(updates.append)
    ids = board.add_stroke(
        "main", [InkPoint(float(i), 0.0) for i in range(600)], ShapeType.HIGHLIGHT, "yellow", 20, NOW_MS
    )
    assert (len(ids), len(updates)) == (3, 1)
    assert board.undo()
    assert board.shapes() == []


def test_number_that_live_ink_took_names_the_stroke_L3() -> None:
    board = _board()
    number = board.next_shape_number()
    other = _stroke(board)
    ids = board.add_stroke("main", STROKE, ShapeType.DRAW, "red", 4, NOW_MS, at_n=number)
    assert (ids, other) == ([f"{ANNA}-1"], f"{ANNA}-2")


def test_numbers_go_on_after_those_in_the_document() -> None:
    board, _, doc, _ = _boards()
    for _ in range(40):
        _stroke(board)
    assert Board(doc, ANNA).next_shape_number() == 41
    again = Board(Doc(), ANNA)
    late: Doc[Any] = Doc()
    view = Board(late, ANNA)
    late.apply_update(doc.get_update())
    assert (again.next_shape_number(), view.next_shape_number()) == (1, 41)


def test_new_shapes_are_painted_above_all_others() -> None:
    board, other, _, two = _boards()
    first = _stroke(board)
    shapes = other.shapes()
    assert [shape.id for shape in shapes] == [first]
    mine = other.add_text("main", 0, 0, "t", "red", 24, NOW_MS)
    assert [shape.id for shape in other.shapes("main")] == [first, mine]
    assert [shape.index for shape in Board(two, BERT).shapes()] == ["a0", "a1"]


def test_shapes_of_one_page() -> None:
    board = _board()
    page = board.add_page("Second", "grid")
    main, second = _stroke(board), _stroke(board, page)
    assert [s.id for s in board.shapes("main")] == [main]
    assert [s.id for s in board.shapes(page)] == [second]
    assert [(p.id, p.title, p.background) for p in board.pages()] == [("main", "", "plain"), (page, "Second", "grid")]
    assert board.add_page() == f"{ANNA}-2"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "abc"),
        ("abc", ""),
        ("abc", "abXc"),
        ("héllo \U0001f600 wörld", "héllo \U0001f601 wörld"),
        ("aaa", "aa"),
        ("\U0001f600\U0001f600", "\U0001f600"),
        ("ß\U0001f44d\U0001f3fdß", "ß\U0001f44dß"),
        ("x", "x"),
    ],
)
def test_text_edit_touches_only_what_differs_on_whole_characters(before: str, after: str) -> None:
    board, other, _, _ = _boards()
    shape_id = board.add_text("main", 0, 0, before, "red", 24, NOW_MS)
    assert board.edit_text(shape_id, after) is (before != after)
    for view in (board, other):
        shape = view.shape(shape_id)
        assert shape is not None and shape.text == after


def test_edits_of_one_text_by_two_both_survive() -> None:
    board, other, one, two = _boards()
    shape_id = board.add_text("main", 0, 0, "hello", "red", 24, NOW_MS)
    other.edit_text(shape_id, "hello!")
    board.edit_text(shape_id, "\U0001f600hello")
    one.apply_update(two.get_update())
    assert [view.shape(shape_id).text for view in (board, other)] == ["\U0001f600hello!"] * 2  # type: ignore[union-attr]


def test_too_long_text_is_a_value_error() -> None:
    board = _board()
    with pytest.raises(ValueError, match="bytes"):
        board.add_text("main", 0, 0, "é" * TEXT_BYTES, "red", 24, NOW_MS)
    shape_id = board.add_text("main", 0, 0, "", "red", 24, NOW_MS)
    with pytest.raises(ValueError, match="bytes"):
        board.edit_text(shape_id, "x" * (TEXT_BYTES + 1))


def test_stroke_outside_every_board_is_a_value_error_and_changes_nothing() -> None:
    board = _board()
    for points in ([], [InkPoint(math.nan, 0.0)]):
        with pytest.raises(ValueError, match=r"point"):
            board.add_stroke("main", points, ShapeType.DRAW, "red", 4, NOW_MS)
    assert board.shapes(erased=True) == []


def test_erase_is_a_field_and_undo_flips_it() -> None:
    board, other, _, _ = _boards()
    shape_id = _stroke(board)
    board.erase([shape_id])
    assert other.shapes() == [] and len(other.shapes(erased=True)) == 1
    assert board.undo() and len(other.shapes()) == 1
    assert board.redo() and other.shapes() == []


def test_move_and_set_fields_are_undone_together() -> None:
    board = _board()
    ids = [_stroke(board), _stroke(board)]
    board.move(ids, 5, -5)
    board.set_fields(ids, {"colour": "blue", "size": 8})
    assert [(s.x, s.y, s.colour, s.size) for s in board.shapes()] == [(5, -5, "blue", 8)] * 2
    assert board.undo() and board.undo()
    assert [(s.x, s.y, s.colour, s.size) for s in board.shapes()] == [(0, 0, "red", 4)] * 2


def test_only_plain_fields_may_be_set() -> None:
    board = _board()
    for name in ("type", "ink", "text", "created_ms", "other"):
        with pytest.raises(ValueError, match="plain"):
            board.set_fields([_stroke(board)], {name: 1.0})


def test_edits_of_shapes_that_are_not_there_change_nothing() -> None:
    board = _board()
    board.erase(["x"])
    board.move(["x"], 1, 1)
    assert not board.edit_text("x", "t")
    assert not board.can_undo and not board.undo() and not board.can_redo


def test_hostile_but_well_formed_content_is_read_as_nothing() -> None:
    board, other, doc, _ = _boards()
    shapes: Map[Any] = doc.get("shapes", type=Map)
    pages: Map[Any] = doc.get("pages", type=Map)
    shapes[f"{ANNA}-1"] = 5.0
    shapes["no author"] = Map({"type": "draw"})
    shapes[f"{ANNA}-2"] = Map({"type": "draw", "page": Map(), "x": Text("1"), "y": [], "ink": Array([1])})
    shapes[f"{ANNA}-3"] = Map(
        {"type": "text", "page": "main", "x": 0.0, "y": 0.0, "text": Map({"a": 1}), "index": "!!"}
    )
    pages["p"] = "page"
    pages["q"] = Map({"index": Map(), "title": 1.0})
    for view in (board, other, Board(doc, BERT)):
        assert view.shapes(erased=True) == []
        assert [page.id for page in view.pages()] == ["q", "main"]
        view.move([f"{ANNA}-2", f"{ANNA}-1"], 1, 1)
    board.add_page()
    assert _stroke(board) == f"{ANNA}-4"
