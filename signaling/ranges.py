"""Sets of clocks as sorted, merged ranges: which items of a document are deleted."""

from __future__ import annotations

from bisect import bisect_right

__all__ = ["RangeSet"]


class RangeSet:
    """A set of non-negative integers kept as disjoint half-open ranges."""

    __slots__ = ("_ends", "_starts")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, start: int, length: int) -> None:
        """Add ``start … start + length - 1``."""
        end = start + length
        first = bisect_right(self._ends, start - 1)  # the first range that touches or follows
        last = bisect_right(self._starts, end)
        if first < last:
            start = min(start, self._starts[first])
            end = max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]

    def covers(self, start: int, length: int) -> bool:
        """Whether all of ``start … start + length - 1`` is in the set."""
        at = bisect_right(self._starts, start) - 1
        return at >= 0 and start + length <= self._ends[at]
