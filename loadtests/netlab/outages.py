"""Lossy and thin lines, blackouts and a new address, while both sides draw: is all there again, and after how long?

``python -m loadtests.netlab.outages`` (part of ``make bench-lines``; ``make faults`` adds `--blackouts 10 60 600`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from loadtests.netlab.lab import Lab, missing
from loadtests.netlab.run import Remote, participant, relay, relay_url
from loadtests.netlab.school import LabSchool
from whiteboard_crdt.errors import SetupError

__all__ = ["Outage", "main"]

_TUTOR, _STUDENT, _SERVER = 0, 1, 2
_PROFILE: Final = "lte"
_RATE: Final = 5.0
_WHOLE_S: Final = 90.0
_BAD_S: Final = 20.0
# The tutor's line, each way; keys of shaper.c. 200 ms there and back, with jitter.
_LINES: Final[Mapping[str, Mapping[str, float]]] = {
    "5 % loss, RTT 200 ms, jitter 30": {"delay": 100, "jitter": 30, "loss": 5},
    "10 % loss, RTT 200 ms, jitter 30": {"delay": 100, "jitter": 30, "loss": 10},
    "20 % loss, RTT 200 ms, jitter 30": {"delay": 100, "jitter": 30, "loss": 20},
    "300 kbit/s": {"delay": 40, "loss": 0.5, "rate": 300, "queue": 400},
}


@dataclass(frozen=True, slots=True)
class Outage:
    """What was done, and how long after its end all was whole and there was a direct link again, s."""

    name: str
    strokes: int
    whole_s: float
    linked_s: float
    p50_ms: float
    p99_ms: float
    ok: bool


class _Lesson:
    """Two people who draw."""

    def __init__(self, tutor: Remote, student: Remote) -> None:
        self._both = (tutor, student)
        self._shapes = 0

    async def ready(self) -> None:
        """Until both are connected to the relay and to each other."""
        for each in self._both:
            await each.wait(links=1, relay=True)

    async def draw(self, seconds: float) -> None:
        """Both, at the same time."""
        for each in self._both:
            await each.ask("times")
        drawing = (each.ask("draw", seconds + 60, rate=_RATE, seconds=seconds) for each in self._both)
        self._shapes += sum(await asyncio.gather(*drawing))

    async def whole(self, name: str, since_s: float) -> Outage:
        """Wait until both hold everything, the relay has acknowledged it, and there is a direct link again."""
        ok = True
        whole_s = linked_s = float("inf")
        try:
            for each in self._both:
                await each.wait(_WHOLE_S, shapes=self._shapes, unacked=0)
            whole_s = time.monotonic() - since_s
            for each in self._both:
                await each.wait(_WHOLE_S, links=1)
            linked_s = time.monotonic() - since_s
        except TimeoutError as error:
            sys.stdout.write(f"{name}: {error}\n")
            ok = False
        heads = [(await each.ask("state"))["heads"] for each in self._both]
        times = [await each.ask("times") for each in self._both]
        took = sorted(
            (seen["seen"][stroke] - at) * 1000
            for pen, seen in (times, times[::-1])
            for stroke, at in pen["pen"].items()
            if stroke in seen["seen"]
        )
        p50, p99 = (took[min(len(took) - 1, int(len(took) * share))] if took else float("inf") for share in (0.5, 0.99))
        found = Outage(name, self._shapes, whole_s, linked_s, p50, p99, ok and heads[0] == heads[1])
        sys.stdout.write(
            f"{'ok' if found.ok else 'FAILED':7}{name:34} {found.strokes} strokes, whole after {whole_s:.1f} s, "
            f"direct link after {linked_s:.1f} s; pen-up to integrated p50 {p50:.0f}, p99 {p99:.0f} ms\n"
        )
        sys.stdout.flush()
        return found


@asynccontextmanager
async def _lesson(lab: Lab) -> AsyncIterator[_Lesson]:
    with tempfile.TemporaryDirectory(prefix="chalkmesh-outages-") as name:
        folder = Path(name) / "school"
        LabSchool.create(folder, relay_url(lab, _SERVER))
        async with (
            relay(lab, _SERVER, folder),
            participant(lab, _TUTOR, folder, "tutor") as tutor,
            participant(lab, _STUDENT, folder, "student") as student,
        ):
            lesson = _Lesson(tutor, student)
            await lesson.ready()
            yield lesson


async def _run(blackouts_s: Sequence[float], seed: int) -> list[Outage]:
    found: list[Outage] = []
    with Lab(3, seed=seed) as lab:
        async with _lesson(lab) as lesson:
            for name, line in _LINES.items():
                lab.reset(_TUTOR)
                lab.set(_TUTOR, "both", **line)
                await lesson.draw(_BAD_S)
                found.append(await lesson.whole(name, time.monotonic()))
            lab.profile(_TUTOR, _PROFILE)
            for seconds in blackouts_s:
                lab.set(_TUTOR, off=1)
                await lesson.draw(seconds)
                lab.profile(_TUTOR, _PROFILE)
                found.append(await lesson.whole(f"blackout of {seconds:g} s", time.monotonic()))
            lab.roam(_TUTOR)
            since_s = time.monotonic()
            await lesson.draw(2)
            found.append(await lesson.whole("a new address", since_s))
    return found


def main(arguments: Sequence[str]) -> int:
    """Run, and print a line for each outage. The exit code is 1 when something was lost or did not come back."""
    parser = argparse.ArgumentParser(prog="outages")
    parser.add_argument("--blackouts", type=float, nargs="*", default=[10.0, 60.0], help="seconds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures here")
    given = parser.parse_args(arguments)
    why = missing()
    if why is not None:
        raise SetupError(why)
    found = asyncio.run(_run(given.blackouts, given.seed))
    if given.json is not None:
        given.json.write_text(json.dumps([asdict(each) for each in found], indent=1) + "\n")
    return 0 if all(each.ok for each in found) else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SetupError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
