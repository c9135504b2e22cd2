"""What relay and recorder cost, by the number of rooms and by the age of a board: one relay, one recorder, bots beside.

Each point is a stretch of time at a steady load: processor time of the whole process by wall time, and the memory that
it holds at the end.
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from loadtests.bench.usage import cpu_s, resident_mb
from loadtests.targets import recorded_relay
from loadtests.users.bot_processes import BotProcesses
from loadtests.users.lines import Setup
from loadtests.users.scenario import Bots, Scenario, Seat

__all__ = ["SLOPE", "Curve", "Point", "boards", "rooms", "slope_ratio"]

SLOPE: Final = 1.25
"""The slope of the last quartile by that of the first must not be more."""
_PREFIX: Final = "load"
_SETTLE_S: Final = 4.0
_MEASURE_S: Final = 10.0
_FLAT: Final = 0.1
_AGE_LIMIT_S: Final = 60.0
_JOIN_S: Final = 60.0
PARTS: Final = ("relay", "recorder")


class Point(msgspec.Struct, frozen=True):
    """At `x` rooms, or minutes: cores and MB of each part."""

    x: float
    cores: dict[str, float]
    resident_mb: dict[str, float]


class Curve(msgspec.Struct, frozen=True):
    """One sweep. `load`: what went on at each point, in words."""

    name: str
    unit: str
    load: str
    points: list[Point]


def rooms(counts: Sequence[int]) -> Curve:
    """So many rooms of two, with live ink at 5 Hz and a stroke each two seconds, all recorded.

    Each number has a service of its own: in one that only gets more rooms, the boards of the first ones grow meanwhile.
    """
    bots = Bots(strokes_s=0.5, live_hz=5, chat_share=0, erase_share=0, move_share=0)
    points = []
    for count in counts:
        scenario = Scenario("Rooms", count, 2, duration_s=3_600, bots=bots)
        with _service(scenario) as (processes, watched):
            for _ in range(count * scenario.people):
                processes.enter()
                time.sleep(1 / _JOIN_S)
            points.append(_measure(count, watched))
    return Curve("rooms", "rooms", "two in each room, 5 Hz of live ink, a stroke of each every 2 s, recorded", points)


def boards(minutes: Sequence[float]) -> Curve:
    """Four rooms of three whose boards grow by a stroke a second of each person, in much less time than that takes."""
    bots = Bots(strokes_s=1, live_hz=20, chat_share=0, erase_share=0, move_share=0)
    scenario = Scenario("Boards", 4, 3, duration_s=3_600, bots=bots)
    points = []
    with _service(scenario) as (processes, watched):
        seats = [processes.enter() for _ in range(scenario.rooms * scenario.people)]
        drawn = 0
        for age_min in minutes:
            wanted = round(age_min * 60 * scenario.people)
            _age(processes, [seat for seat in seats if seat.is_tutor], wanted - drawn)
            drawn = max(drawn, wanted)
            points.append(_measure(age_min, watched))
            drawn += round((_MEASURE_S + _SETTLE_S) * scenario.people)
    return Curve("boards", "minutes of ink", "four rooms of three, 20 Hz of live ink, a stroke a second each", points)


def slope_ratio(points: Sequence[tuple[float, float]]) -> float | None:
    """The slope over the last quarter of the axis by that over the first; None for a line that does not rise.

    A line rises when, as fast as over its last quarter, it would gain more than a tenth over the whole axis.
    """
    least, most = points[0][0], points[-1][0]
    quarter = (most - least) / 4
    first = _slope([point for point in points if point[0] <= least + quarter * 1.01])
    last = _slope([point for point in points if point[0] >= most - quarter * 1.01])
    if first is None or last is None or last * (most - least) <= _FLAT * points[0][1]:
        return None
    return last / first if first > 0 else math.inf


def _slope(points: Sequence[tuple[float, float]]) -> float | None:
    """Least squares."""
    if len(points) < 2:
        return None
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else None


@contextmanager
def _service(scenario: Scenario) -> Iterator[tuple[BotProcesses, Mapping[str, int]]]:
    with tempfile.TemporaryDirectory(prefix="chalkmesh-capacity-") as folder:
        data = Path(folder)
        with recorded_relay(data, _PREFIX, scenario.rooms, max_lessons=scenario.rooms) as own:
            setup = Setup(scenario, data=str(data), relay_url=own.relay_url, prefix=_PREFIX, endless=True)
            processes = BotProcesses(setup, 2, lambda _rows: None)
            try:
                yield processes, {name: own.pids[name] for name in PARTS}
            finally:
                processes.close()


def _measure(x: float, watched: Mapping[str, int]) -> Point:
    time.sleep(_SETTLE_S)
    before = {name: cpu_s(pid) for name, pid in watched.items()}
    begun_s = time.monotonic()
    time.sleep(_MEASURE_S)
    took_s = time.monotonic() - begun_s
    cores = {name: round((cpu_s(pid) - before[name]) / took_s, 4) for name, pid in watched.items()}
    held = {name: round(resident_mb(pid), 1) for name, pid in watched.items()}
    sys.stderr.write(f"{x:g}: {cores} cores, {held} MB\n")
    return Point(x, cores, held)


def _age(processes: BotProcesses, seats: Sequence[Seat], strokes: int) -> None:
    """Let one bot of each room draw. What it has stored is counted in the reports of its process."""
    if strokes <= 0:
        return
    wanted = processes.hurried + strokes * len(seats)
    for seat in seats:
        processes.hurry(seat, strokes)
    until_s = time.monotonic() + _AGE_LIMIT_S
    while processes.hurried < wanted and time.monotonic() < until_s:
        time.sleep(0.1)
    if processes.hurried < wanted:
        raise TimeoutError("the boards did not grow as fast as they should")
