"""The figures of a run: exact enough percentiles that add up over processes, and a curve for each second."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from loadtests.users.lines import Row

__all__ = ["Figure", "Figures", "Histogram", "Kept", "Second"]

_STEP: Final = math.log(1.02)
_LEAST_MS: Final = 0.01
_KINDS: Final = ("p50", "p95", "p99")


class Histogram:
    """Counts of values in steps of 2 %: a percentile is right to 1 %, and two of them can be added."""

    def __init__(self, steps: Mapping[int, int] | None = None) -> None:
        self.steps: Counter[int] = Counter(steps or {})

    def add(self, ms: float) -> None:
        """Count a value."""
        self.steps[round(math.log(max(ms, _LEAST_MS)) / _STEP)] += 1

    @property
    def count(self) -> int:
        """How many values there are."""
        return self.steps.total()

    def percentile(self, percent: float) -> float:
        """The value that `percent` of all values do not exceed, ms; 0 without values."""
        left = max(1, math.ceil(self.count * percent / 100))
        for step in sorted(self.steps):
            left -= self.steps[step]
            if left <= 0:
                return math.exp(step * _STEP)
        return 0.0


class Figure(msgspec.Struct, frozen=True):
    """One name's line in the report. Times in ms; `size`: the sum of what the rows carried."""

    kind: str
    name: str
    count: int
    errors: int
    p50: float
    p95: float
    p99: float
    max: float
    size: int


class Second(msgspec.Struct, frozen=True):
    """One second of one name."""

    at_s: int
    count: int
    p50: float
    p95: float


class Kept(msgspec.Struct):
    """One name's figures, as workers send them to their master."""

    steps: dict[int, int] = {}
    seconds: dict[int, dict[int, int]] = {}
    errors: dict[str, int] = {}
    size: int = 0
    max: float = 0.0


class _Name:
    def __init__(self) -> None:
        self.all = Histogram()
        self.seconds: defaultdict[int, Histogram] = defaultdict(Histogram)
        self.errors: Counter[str] = Counter()
        self.size = 0
        self.max = 0.0


class Figures:
    """All names of a run. `begun_s`: unix time, so that the curves of several machines lie over each other."""

    def __init__(self) -> None:
        self._names: defaultdict[tuple[str, str], _Name] = defaultdict(_Name)

    def add(self, rows: Iterable[Row], now_s: float) -> None:
        """Count rows; `now_s` is unix time."""
        for row in rows:
            name = self._names[row.kind, row.name]
            if row.error:
                name.errors[row.error] += 1
                continue
            name.all.add(row.ms)
            name.seconds[int(now_s)].add(row.ms)
            name.size += row.size
            name.max = max(name.max, row.ms)

    def get(self, kind: str, name: str) -> Figure | None:
        """One line; None for a name that never came."""
        return next((figure for figure in self.table() if (figure.kind, figure.name) == (kind, name)), None)

    def table(self) -> list[Figure]:
        """All lines, by kind and name."""
        lines = []
        for (kind, name), one in sorted(self._names.items()):
            p50, p95, p99 = (round(one.all.percentile(float(word[1:])), 2) for word in _KINDS)
            lines.append(
                Figure(kind, name, one.all.count, one.errors.total(), p50, p95, p99, round(one.max, 2), one.size)
            )
        return lines

    def errors(self) -> dict[str, int]:
        """What failed, and how often."""
        return {
            f"{kind} {name}: {error}": count
            for (kind, name), one in sorted(self._names.items())
            for error, count in sorted(one.errors.items())
        }

    def curve(self, kind: str, name: str) -> list[Second]:
        """A name's seconds, from the first second of the whole run on."""
        firsts = [min(one.seconds) for one in self._names.values() if one.seconds]
        one = self._names.get((kind, name))
        if one is None or not firsts:
            return []
        return [
            Second(at - min(firsts), each.count, round(each.percentile(50), 2), round(each.percentile(95), 2))
            for at, each in sorted(one.seconds.items())
        ]

    def keep(self) -> dict[str, Kept]:
        """Everything, for another process."""
        return {
            f"{kind}\t{name}": Kept(
                dict(one.all.steps),
                {at: dict(each.steps) for at, each in one.seconds.items()},
                dict(one.errors),
                one.size,
                one.max,
            )
            for (kind, name), one in self._names.items()
        }

    def merge(self, kept: Mapping[str, Kept]) -> None:
        """Add what another process kept."""
        for key, other in kept.items():
            kind, _, name = key.partition("\t")
            one = self._names[kind, name]
            one.all.steps.update(other.steps)
            for at, steps in other.seconds.items():
                one.seconds[at].steps.update(steps)
            one.errors.update(other.errors)
            one.size += other.size
            one.max = max(one.max, other.max)
