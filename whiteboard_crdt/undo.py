"""Undo of one's own work: writes back what a field held before, where it still holds what this replica wrote."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

__all__ = ["Change", "UndoStack", "Value"]

Value = str | float | bool | None
_LONGEST: Final = 1000  # steps; more than anybody walks back


class Change(NamedTuple):
    """A field of a shape as this replica changed it. A new shape is a change of `erased` from True to False."""

    shape: str
    field: str
    before: Value
    after: Value


Step = tuple[Change, ...]
Read = Callable[[str, str], Value]
Write = Callable[[Sequence[tuple[str, str, Value]]], None]


class UndoStack:
    """Steps of this replica. `read` and `write` reach the document; another's later change always wins."""

    def __init__(self, read: Read, write: Write) -> None:
        self._read = read
        self._write = write
        self._done: list[Step] = []
        self._undone: list[Step] = []

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to do again."""
        return bool(self._undone)

    def push(self, step: Sequence[Change]) -> None:
        """A new step of this replica; clears redo. Changes that change nothing are left out."""
        changes = tuple(change for change in step if change.before != change.after)
        if changes:
            self._done.append(changes)
            del self._done[:-_LONGEST]
            self._undone.clear()

    def undo(self) -> bool:
        """Takes back the latest step that others left anything of. Returns whether the document changed."""
        return self._replay(self._done, self._undone, lambda change: (change.after, change.before))

    def redo(self) -> bool:
        """Does the latest undone step again, where nothing else has happened to its fields since."""
        return self._replay(self._undone, self._done, lambda change: (change.before, change.after))

    def _replay(self, source: list[Step], target: list[Step], ends: Callable[[Change], tuple[Value, Value]]) -> bool:
        while source:
            step = source.pop()
            writes, kept = [], []
            for change in step:
                expected, wanted = ends(change)
                if self._read(change.shape, change.field) == expected:
                    writes.append((change.shape, change.field, wanted))
                    kept.append(change)
            if writes:
                self._write(writes)
                target.append(tuple(kept))
                return True
        return False
