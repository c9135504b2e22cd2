"""Where everybody's pointer is during a script: on the pen while it draws, on its way in between, at rest otherwise."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from portal.showcase.script import Action, Draw, Point, Script

EVERY_MS: Final = 100
_WAY_MS: Final = 700
"""The hand goes to its next place this long before it does something there."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A pointer at a time; px. `page` is a name of the script."""

    at_ms: int
    actor: str
    page: str
    x: float
    y: float


def pointers(script: Script) -> list[Pointer]:
    """Every pointer's way, a place each 100 ms while it moves, in order of time."""
    return sorted(
        (pointer for actor in script.actors for pointer in _pointers_of(script.actions, actor)),
        key=lambda pointer: pointer.at_ms,
    )


def _pointers_of(actions: tuple[Action, ...], actor: str) -> Iterator[Pointer]:
    last: Pointer | None = None
    for stop in _stops(actions, actor):
        if last is not None:
            if stop.at_ms - last.at_ms < EVERY_MS:
                continue
            if stop.page == last.page:
                yield from _way(last, stop)
        yield stop
        last = stop


def _stops(actions: tuple[Action, ...], actor: str) -> Iterator[Pointer]:
    for action in actions:
        if action.actor != actor:
            continue
        if isinstance(action, Point):
            yield Pointer(action.at_ms, actor, action.page, action.x, action.y)
        elif isinstance(action, Draw):
            shift_ms = action.at_ms - action.stroke[0].t_ms
            for point in action.stroke:
                yield Pointer(point.t_ms + shift_ms, actor, action.page, point.x, point.y)


def _way(start: Pointer, end: Pointer) -> Iterator[Pointer]:
    begin_ms = max(start.at_ms, end.at_ms - _WAY_MS)
    for at_ms in range(begin_ms + EVERY_MS, end.at_ms - EVERY_MS + 1, EVERY_MS):
        share = (at_ms - begin_ms) / (end.at_ms - begin_ms)
        share = share * share * (3 - 2 * share)
        yield Pointer(
            at_ms, start.actor, start.page, start.x + (end.x - start.x) * share, start.y + (end.y - start.y) * share
        )
