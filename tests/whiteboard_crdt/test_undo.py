from __future__ import annotations

from collections.abc import Sequence

from whiteboard_crdt.undo import Change, UndoStack, Value


class Fields:
    """Stands in for a board."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], Value] = {}
        self.stack = UndoStack(lambda shape, field: self.values.get((shape, field)), self._write)

    def _write(self, writes: Sequence[tuple[str, str, Value]]) -> None:
        for shape, field, value in writes:
            self.values[shape, field] = value

    def set(self, *changes: tuple[str, Value]) -> None:
        step = [Change("s", field, self.values.get(("s", field)), value) for field, value in changes]
        self._write([(change.shape, change.field, change.after) for change in step])
        self.stack.push(step)


def test_steps_are_undone_and_redone_in_turn() -> None:
    fields = Fields()
    fields.set(("x", 1.0))
    fields.set(("x", 2.0), ("y", 3.0))
    assert fields.stack.undo() and fields.values == {("s", "x"): 1.0, ("s", "y"): None}
    assert fields.stack.undo() and fields.values["s", "x"] is None
    assert not fields.stack.undo()
    assert fields.stack.redo() and fields.stack.redo()
    assert fields.values == {("s", "x"): 2.0, ("s", "y"): 3.0}
    assert not fields.stack.redo()


def test_a_later_change_of_another_wins() -> None:
    fields = Fields()
    fields.set(("x", 1.0), ("y", 1.0))
    fields.values["s", "x"] = 9.0
    assert fields.stack.undo()
    assert fields.values == {("s", "x"): 9.0, ("s", "y"): None}
    assert fields.stack.redo()
    assert fields.values == {("s", "x"): 9.0, ("s", "y"): 1.0}


def test_step_that_others_left_nothing_of_is_passed_over() -> None:
    fields = Fields()
    fields.set(("x", 1.0))
    fields.set(("y", 1.0))
    fields.values["s", "y"] = 9.0
    assert fields.stack.undo()
    assert fields.values == {("s", "x"): None, ("s", "y"): 9.0}


def test_new_step_clears_redo_and_empty_steps_count_for_nothing() -> None:
    fields = Fields()
    fields.set(("x", 1.0))
    fields.stack.undo()
    assert fields.stack.can_redo
    fields.stack.push([Change("s", "x", 1.0, 1.0)])
    assert fields.stack.can_redo
    assert not fields.stack.undo()
    fields.set(("x", 2.0))
    assert not fields.stack.can_redo


def test_stack_is_bounded() -> None:
    fields = Fields()
    for number in range(1500):
        fields.set(("x", float(number)))
    undone = 0
    while fields.stack.undo():
        undone += 1
    assert undone == 1000
