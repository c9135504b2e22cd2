"""From points to averages. Pure.

What is missing or excused counts neither for nor against: it is no 0. A category without a score has no part in the
average, and the weights of the others are taken in relation to each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

STATES = ("scored", "missing", "excused")


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of work and how much it weighs beside the others of its class."""

    id: str
    name: str
    weight: int


@dataclass(frozen=True, slots=True)
class Assignment:
    """One piece of work."""

    id: str
    category: str
    title: str
    most_points: int
    day: str


@dataclass(frozen=True, slots=True)
class Score:
    """What a student got for an assignment. `points` only where `state` is scored."""

    state: str
    points: float | None
    comment: str

    @property
    def words(self) -> str:
        """As a table shows it."""
        return format_points(self.points) if self.points is not None else self.state


@dataclass(frozen=True, slots=True)
class Standing:
    """Averages of one student in one class as parts of 1; None without a score. `by_category`: category → average."""

    overall: float | None
    by_category: Mapping[str, float | None]
    missing: int


def standing(
    categories: Sequence[Category], assignments: Iterable[Assignment], scores: Mapping[str, Score]
) -> Standing:
    """The averages of one student; `scores` by assignment."""
    got: dict[str, float] = {}
    possible: dict[str, int] = {}
    missing = 0
    for each in assignments:
        score = scores.get(each.id)
        if score is None:
            continue
        missing += score.state == "missing"
        if score.points is not None:
            got[each.category] = got.get(each.category, 0.0) + score.points
            possible[each.category] = possible.get(each.category, 0) + each.most_points
    averages = {each.id: got[each.id] / possible[each.id] if each.id in got else None for each in categories}
    weighed = [(each.weight, average) for each in categories if (average := averages[each.id]) is not None]
    weight = sum(part for part, _ in weighed)
    overall = sum(part * average for part, average in weighed) / weight if weight else None
    return Standing(overall, averages, missing)


def format_points(points: float) -> str:
    """`7` or `7.5`."""
    return f"{points:g}"


def format_percent(part: float | None) -> str:
    """`87.5 %`, or a dash where there is nothing yet."""
    return "–" if part is None else f"{part * 100:.1f} %"
