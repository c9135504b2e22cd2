"""Kills the recorder again and again in real lessons and says what it cost.

`python -m tests.faults.recorder [--kills 100] [--per-lesson 10] [--seed 1] [--add]`. Exit code 1 when something was
lost that must not be. Writes `loadtests/results/recorder-kills.json`, which `make bench-recorder` puts into its table,
and a row of docs/reliability.md.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from recorder.verify import verify
from tests.faults.report import Row, format_table, save_rows
from tests.recorder.kills import TRACKS, holes_ms, lesson_with_kills, strokes_in
from tests.recorder.world import encoded_ingest, world

RESULTS = Path("loadtests/results/recorder-kills.json")
_LONGEST_LOSS_MS = 500
_LONGEST_HOLE_MS = 2000


@dataclass(slots=True)
class Tally:
    """What all kills so far cost; times in ms. Kept between runs for `--add`."""

    kills: int = 0
    files: int = 0
    playable: int = 0
    strokes_lost: int = 0
    errors: int = 0
    losses_ms: list[float] = field(default_factory=list)
    holes_ms: list[float] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)


async def measure(tally: Tally, total: int, per_lesson: int, first_seed: int) -> None:
    """Add `total` kills to the tally: lesson after lesson, each with a seed of its own."""
    goal = tally.kills + total
    for seed in itertools.count(first_seed):
        if tally.kills >= goal:
            return
        with tempfile.TemporaryDirectory(prefix="chalkmesh-faults-") as data:
            async with world(Path(data)) as w:
                count = min(per_lesson, goal - tally.kills)
                done, strokes = await lesson_with_kills(w, Path(data) / "recorder.log", count, seed)
            lost, own = strokes - strokes_in(w.folder), holes_ms(w.folder)
            found = verify(w.folder, w.school.jwks).errors
        stated = len(own) == count * len(TRACKS)
        if lost or found or not stated or any(kill.playable != kill.files for kill in done):
            sys.stderr.write(f"replay: --kills {count} --per-lesson {count} --seed {seed}: {lost} strokes, {found}\n")
        worst, longest = max(kill.lost_ms for kill in done), max(own, default=0)
        sys.stderr.write(f"seed {seed}: {count} kills, worst loss {worst:.0f} ms, worst hole {longest} ms\n")
        tally.kills += count
        tally.files += sum(kill.files for kill in done)
        tally.playable += sum(kill.playable for kill in done)
        tally.strokes_lost += lost
        tally.errors += len(found) + (not stated)
        tally.losses_ms += [kill.lost_ms for kill in done]
        tally.holes_ms += own
        tally.seeds.append(seed)


def summary(tally: Tally) -> dict[str, object]:
    """What the bench's table shows."""
    return {
        "lost_p50_ms": statistics.median(tally.losses_ms),
        "lost_worst_ms": max(tally.losses_ms),
        "hole_p50_ms": statistics.median(tally.holes_ms),
        "hole_worst_ms": max(tally.holes_ms),
        "holes_over_bar": sum(hole > _LONGEST_HOLE_MS for hole in tally.holes_ms),
        "losses_over_bar": sum(loss > _LONGEST_LOSS_MS for loss in tally.losses_ms),
    }


def row_of(tally: Tally) -> Row:
    """The row of docs/reliability.md."""
    facts = summary(tally)
    over = int(str(facts["holes_over_bar"])) + int(str(facts["losses_over_bar"]))
    return Row(
        "kills-recorder",
        f"{tally.kills} × kill -9 of a recording recorder",
        "≤ 500 ms of media lost, back within 2 s, no stroke lost, every file plays as it is",
        f"worst loss {facts['lost_worst_ms']:.0f} ms, worst hole {facts['hole_worst_ms']:.0f} ms"
        f" (median {facts['hole_p50_ms']:.0f} ms), {facts['holes_over_bar']} of {len(tally.holes_ms)} holes over 2 s;"
        f" {tally.strokes_lost} strokes lost, {tally.playable} of {tally.files} files play, {tally.errors} faults",
        not over and not tally.strokes_lost and not tally.errors and tally.playable == tally.files,
        f"seeds {min(tally.seeds)}–{max(tally.seeds)}",
    )


def main() -> int:
    """Kill, write the figures and the row, print them."""
    parser = argparse.ArgumentParser(prog="tests.faults.recorder")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--per-lesson", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--add", action="store_true", help="add to what is there: for a run in portions")
    options = parser.parse_args()
    tally = Tally()
    if options.add and RESULTS.is_file():
        known = json.loads(RESULTS.read_bytes())
        tally = Tally(**{each.name: known[each.name] for each in fields(Tally)})
    with encoded_ingest():
        asyncio.run(measure(tally, options.kills, options.per_lesson, options.seed))
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(asdict(tally) | summary(tally), indent=1) + "\n", encoding="utf-8")
    row = row_of(tally)
    save_rows([row])
    sys.stdout.write(format_table([row]) + "\n")
    return 0 if row.ok else 1


if __name__ == "__main__":
    sys.exit(main())
