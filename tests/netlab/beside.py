"""Two films made beside a live lesson: what do they cost the people in it?

``python -m tests.netlab.beside [--rounds 4] [--seconds 20]`` (part of ``make bench-recorder``; root). A tutor and a
student in Chromium, the recorder with them, on home lines; both draw and speak. In turns, films of another lesson are
made by two processes of the product (`recorder.film`: SCHED_IDLE, one x264 thread each) or by none. Writes
`loadtests/results/recorder-beside.json`. Exit code 1 over the bar: 1.2 times p99 of an edit, and of sound made up.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from loadtests.kept import FOLDER
from loadtests.netlab.lab import missing
from tests.netlab.lesson import PEOPLE, LessonFigures, held, measure
from tests.recorder.lesson import Lesson
from tests.recorder.media import colour_frames, film, tone_packets
from whiteboard_crdt.errors import SetupError

RESULTS: Final = FOLDER / "recorder-beside.json"
PROFILE: Final = "dsl"
BAR: Final = 1.2
_FILMS: Final = 2
_LESSON_S: Final = 30.0
# Until both films have begun their first part.
_UNDER_WAY_S: Final = 3.0
# Below this nobody hears it, and a ratio of two such shares says nothing: 5 ms of sound in ten seconds.
_INAUDIBLE: Final = 0.0005
_JOB: Final = {"name": "film-beside.mp4", "layout": "tiles", "height": 720, "captions": "none", "words": {}}


def record(folder: Path) -> Path:
    """A sealed lesson with two voices and two cameras whose pictures keep changing, and strokes all the time."""
    lesson = Lesson(folder)
    lesson.live(0)
    for number in range(int(_LESSON_S)):
        who = lesson.people[number % 2]
        top = 60.0 + 26 * number
        who.line([(100 + 20.0 * step, top + step % 3) for step in range(40)])
        lesson.did(who, number * 1000)
    changes = [(second / 2, (second * 7 % 256, second * 29 % 256, 90)) for second in range(int(_LESSON_S) * 2)]
    for hz, who in ((300, lesson.people[0]), (700, lesson.people[1])):
        film(
            lesson.archive.media, lesson.archive, who.session, tone=tone_packets(hz, _LESSON_S),
            pictures=colour_frames(changes, _LESSON_S), start_s=0,
        )  # fmt: skip
    return lesson.finish(int(_LESSON_S * 1000))


@asynccontextmanager
async def films_made(folders: Sequence[Path]) -> AsyncIterator[list[int]]:
    """Makes a film of each folder, again and again, until left; counts how often each was done."""
    done = [0 for _ in folders]

    async def make(index: int) -> None:
        while True:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "recorder.film", str(folders[index]), stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            try:
                await process.communicate(json.dumps(_JOB).encode())
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
            if process.returncode:
                raise RuntimeError("a film could not be made")
            done[index] += 1

    tasks = [asyncio.create_task(make(index)) for index in range(len(folders))]
    try:
        await asyncio.sleep(_UNDER_WAY_S)
        yield done
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    for end in ends:
        if isinstance(end, RuntimeError):
            raise end


async def compare(rounds: int, seconds: float, scratch: Path) -> dict[int, LessonFigures]:
    """One lesson, in turns without and with two films beside it. The figures by number of films."""
    folders = [record(scratch / "source-0")]
    for number in range(1, _FILMS):
        folders.append(shutil.copytree(folders[0], scratch / f"source-{number}"))
    found = {films: LessonFigures(PROFILE, 2, 2, seconds) for films in (0, _FILMS)}
    busy: dict[int, list[float]] = {films: [] for films in found}
    async with held(PROFILE, PEOPLE[:2], 2) as (lab, people, _):
        for _ in range(rounds):
            for films, figures in found.items():
                async with films_made(folders[:films]):
                    await measure(lab, people, figures)
                busy[films].append(figures.cpu_share)
    for films, figures in found.items():
        figures.cpu_share = sum(busy[films]) / len(busy[films])
    return found


def summary(found: dict[int, LessonFigures]) -> dict[str, Any]:
    """What the page shows. `Any`: JSON."""
    alone, beside = found[0], found[_FILMS]
    facts = {
        name: {
            "edits": len(figures.seen_ms),
            "p50_ms": figures.seen_at(0.5),
            "p95_ms": figures.seen_at(0.95),
            "p99_ms": figures.seen_at(0.99),
            "concealed": figures.concealed_share,
            "unseen": figures.unseen,
            "silent_seconds": figures.silent_seconds,
            "busy": figures.cpu_share,
        }
        for name, figures in (("alone", alone), ("beside", beside))
    }
    sound_holds = beside.concealed_share <= max(BAR * alone.concealed_share, _INAUDIBLE)
    edits_hold = beside.seen_at(0.99) <= BAR * alone.seen_at(0.99)
    whole = not (beside.unseen or beside.silent_seconds > alone.silent_seconds)
    return {
        **facts,
        "films": _FILMS,
        "cores": os.cpu_count(),
        "edits_hold": edits_hold and whole,
        "sound_holds": sound_holds,
    }


def main(arguments: Sequence[str]) -> int:
    """Measure, write, print; 1 over the bar. Raises SetupError."""
    parser = argparse.ArgumentParser(prog="beside")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args(arguments)
    why = missing()
    if why is not None:
        raise SetupError(why)
    with tempfile.TemporaryDirectory(prefix="chalkmesh-beside-") as scratch:
        found = asyncio.run(compare(given.rounds, given.seconds, Path(scratch)))
    facts = summary(found)
    raw = {str(films): asdict(figures) for films, figures in found.items()}
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(facts | {"raw": raw}, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(facts, indent=1) + "\n")
    return 0 if facts["edits_hold"] and facts["sound_holds"] else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SetupError as error:
        sys.stderr.write(f"beside: {error}\n")
        sys.exit(2)
