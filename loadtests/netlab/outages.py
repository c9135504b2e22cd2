"""Blackouts of 10 and 60 s and a new address, while both sides draw: is all there again, and after how long?

``python -m loadtests.netlab.outages [SECONDS …]`` (part of ``make bench-lines``).
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from loadtests.netlab.lab import Lab, missing
from loadtests.netlab.run import Remote, participant, relay, relay_url
from loadtests.netlab.school import LabSchool
from whiteboard_crdt.errors import SetupError

__all__ = ["main"]

_TUTOR, _STUDENT, _SERVER = 0, 1, 2
_PROFILE: Final = "lte"
_RATE: Final = 5.0
_WHOLE_S: Final = 90.0


async def _whole(tutor: Remote, student: Remote, shapes: int, name: str, since_s: float) -> None:
    """Until both hold everything, the relay has acknowledged it, and there is a direct link again."""
    for each in (tutor, student):
        await each.wait(_WHOLE_S, shapes=shapes, unacked=0)
    whole_s = time.monotonic() - since_s
    for each in (tutor, student):
        await each.wait(_WHOLE_S, links=1)
    linked_s = time.monotonic() - since_s
    heads = [(await each.ask("state"))["heads"] for each in (tutor, student)]
    if heads[0] != heads[1]:
        raise AssertionError(f"{name}: heads differ")
    sys.stdout.write(f"{name:16} {shapes} strokes, whole after {whole_s:.1f} s, direct link after {linked_s:.1f} s\n")
    sys.stdout.flush()


async def _run(blackouts_s: Sequence[float]) -> None:
    with tempfile.TemporaryDirectory(prefix="chalkmesh-outages-") as name, Lab(3) as lab:
        folder = Path(name) / "school"
        LabSchool.create(folder, relay_url(lab, _SERVER))
        async with (
            relay(lab, _SERVER, folder),
            participant(lab, _TUTOR, folder, "tutor") as tutor,
            participant(lab, _STUDENT, folder, "student") as student,
        ):
            for each in (tutor, student):
                await each.wait(links=1, relay=True)
            lab.profile(_TUTOR, _PROFILE)
            shapes = 0
            for seconds in blackouts_s:
                lab.set(_TUTOR, off=1)
                counts = await asyncio.gather(
                    *(each.ask("draw", seconds + 60, rate=_RATE, seconds=seconds) for each in (tutor, student))
                )
                shapes += sum(counts)
                lab.profile(_TUTOR, _PROFILE)
                await _whole(tutor, student, shapes, f"blackout {seconds:g} s", time.monotonic())
            lab.roam(_TUTOR)
            since_s = time.monotonic()
            shapes += await tutor.ask("draw", rate=_RATE, seconds=2)
            await _whole(tutor, student, shapes, "new address", since_s)


def main(arguments: Sequence[str]) -> int:
    """Run, and print a line for each outage. Raises what went wrong."""
    why = missing()
    if why is not None:
        raise SetupError(why)
    asyncio.run(_run([float(each) for each in arguments] or [10.0, 60.0]))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SetupError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
