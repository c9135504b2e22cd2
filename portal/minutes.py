"""From joins and leaves to minutes. Pure.

Somebody may be in a room through several sessions at once, and a leave may never arrive. What counts is the union of
the sessions' intervals, cut to the lesson. Every figure is made of moments in UTC, so that clocks which are changed
during a lesson change nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Sighting:
    """The relay saw a session of somebody come or go. `kind`: join | leave."""

    session: str
    kind: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Presence:
    """When somebody was there: intervals [from, to) that neither touch nor overlap, inside the lesson."""

    intervals: tuple[tuple[int, int], ...]
    # A session never left: its end is the lesson's, which somebody should look at.
    open_ended: bool = False

    @property
    def present_ms(self) -> int:
        """The sum of the intervals."""
        return sum(to - since for since, to in self.intervals)

    @property
    def minutes(self) -> int:
        """Whole minutes, to the nearest."""
        return (self.present_ms + MINUTE_MS // 2) // MINUTE_MS


def presence(sightings: Iterable[Sighting], lesson_from_ms: int, lesson_to_ms: int) -> Presence:
    """The presence of one person in the lesson [from, to)."""
    intervals: list[tuple[int, int]] = []
    since: dict[str, int] = {}
    # At one and the same moment a leave comes first: the join after it is a new beginning.
    for each in sorted(sightings, key=lambda each: (each.at_ms, each.kind == "join")):
        if each.kind == "join":
            since.setdefault(each.session, each.at_ms)
        elif each.session in since:
            intervals.append((since.pop(each.session), each.at_ms))
    open_ended = any(began < lesson_to_ms for began in since.values())
    intervals += [(began, lesson_to_ms) for began in since.values()]
    return Presence(union(intervals, lesson_from_ms, lesson_to_ms), open_ended)


def union(intervals: Sequence[tuple[int, int]], from_ms: int, to_ms: int) -> tuple[tuple[int, int], ...]:
    """The intervals cut to [from, to) and joined where they touch or overlap, in order."""
    joined: list[tuple[int, int]] = []
    for since, to in sorted((max(since, from_ms), min(to, to_ms)) for since, to in intervals):
        if since >= to:
            continue
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], to))
        else:
            joined.append((since, to))
    return tuple(joined)
