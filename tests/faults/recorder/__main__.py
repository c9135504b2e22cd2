"""Kills the recorder again and again in real lessons and says what it cost.

`python -m tests.faults.recorder [--kills 100] [--per-lesson 10] [--seed 1]`. Exit code 1 when something was
lost that must not be. Writes `loadtests/results/recorder-kills.json`, which `make bench-recorder` puts into its table.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from pathlib import Path

from recorder.verify import verify
from tests.recorder.kills import TRACKS, Kill, holes_ms, lesson_with_kills, strokes_in
from tests.recorder.world import encoded_ingest, world

RESULTS = Path("loadtests/results/recorder-kills.json")
_LONGEST_LOSS_MS = 500
_LONGEST_HOLE_MS = 2000


async def measure(total: int, per_lesson: int, first_seed: int) -> dict[str, object]:
    """All lessons, one after another."""
    kills: list[Kill] = []
    holes: list[int] = []
    missing = errors = 0
    seed = first_seed
    while len(kills) < total:
        with tempfile.TemporaryDirectory(prefix="chalkmesh-faults-") as data:
            async with world(Path(data)) as w:
                count = min(per_lesson, total - len(kills))
                done, strokes = await lesson_with_kills(w, Path(data) / "recorder.log", count, seed)
            lost, own = strokes - strokes_in(w.folder), holes_ms(w.folder)
            found = verify(w.folder, w.school.jwks).errors
        stated = len(own) == count * len(TRACKS)
        if lost or found or not stated or any(kill.playable != kill.files for kill in done):
            sys.stderr.write(f"replay: --kills {count} --per-lesson {count} --seed {seed}: {lost} strokes, {found}\n")
        worst, longest = max(kill.lost_ms for kill in done), max(own, default=0)
        sys.stderr.write(f"seed {seed}: {count} kills, worst loss {worst:.0f} ms, worst hole {longest} ms\n")
        kills += done
        holes += own
        missing += lost
        errors += len(found) + (not stated)
        seed += 1
    losses = [kill.lost_ms for kill in kills]
    return {
        "kills": len(kills),
        "files": sum(kill.files for kill in kills),
        "playable": sum(kill.playable for kill in kills),
        "lost_p50_ms": statistics.median(losses),
        "lost_worst_ms": max(losses),
        "hole_p50_ms": statistics.median(holes),
        "hole_worst_ms": max(holes),
        "holes_over_bar": sum(hole > _LONGEST_HOLE_MS for hole in holes),
        "losses_over_bar": sum(loss > _LONGEST_LOSS_MS for loss in losses),
        "strokes_lost": missing,
        "errors": errors,
    }


def main() -> int:
    """Kill, write the figures, print them."""
    parser = argparse.ArgumentParser(prog="tests.faults.recorder")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--per-lesson", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with encoded_ingest():
        results = asyncio.run(measure(options.kills, options.per_lesson, options.seed))
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(results, indent=1) + "\n")
    bad = results["strokes_lost"] or results["errors"] or results["playable"] != results["files"]
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
