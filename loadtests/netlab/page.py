"""Writes docs/performance-lines.md from what the line benches left in loadtests/results.

``python -m loadtests.netlab.page``, the last step of ``make bench-lines`` and of the bad lines of ``make faults``.
"""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from loadtests.kept import keep_page

__all__ = ["PAGE", "RESULTS", "format_page"]

ROOT: Final = Path(__file__).parents[2]
RESULTS: Final = ROOT / "loadtests" / "results"
PAGE: Final = ROOT / "docs" / "performance-lines.md"
_LINES: Final = "lines-*.json"
_DARK_MS: Final = 2_000

_HEAD: Final = """# Bad lines

Network namespaces joined by a user-space shaper (`loadtests/netlab`). This page is written by `make bench-lines` and
`make faults`; do not edit it. A seeded slice runs with every `make test` (tests/netlab).
"""

_PEN: Final = """
## Pen-up to integrated

The writer's line loses 10 % each way, 200 ms there and back; relay and reader have perfect lines. Both sides draw the
same strokes at the same rate, in turns, in one run; y-websocket's clients and server are unmodified. *Integrated*: all
that the author made before it is there too. Medians of the rounds (least…greatest). Wanted: p99 ≤ 0.5 × y-websocket's,
nothing lost.

| strokes a second | | p50 ms | p99 ms | worst ms | lost | p99 by y-websocket's |
|---|---|---|---|---|---|---|"""

_LESSON: Final = """
## Lessons on thin lines, and on a starved computer

Tutor, four students (or fewer) and the recorder, full mesh, everybody with microphone (a tone) and camera (320×240, 15
pictures a second), everybody draws a stroke a second. `two-mbit`: 2 Mbit/s and 20 ms each way, jitter 5, after 12 s of
settling. `clean`: a good line, from the first second, on a machine whose processors others want too: there the ladder
made pictures smaller and took none away. Five Chromiums do not fit on two processors: some of the five are Python peers
that send the same on the wire (encoded once, nothing decoded). Measured in the browsers by getStats and the page
itself. Wanted: sound made up by the receiver ≤ 1 %, no second without sound, pen-up to the frame that shows the stroke
p95 ≤ 300 ms.

| line | people (browsers) | s | processors busy | sound made up: all, worst way | seconds without \
| pen-up to seen p50, p95, worst ms | lines up, down kbit/s | dropped by queues | |
|---|---|---|---|---|---|---|---|---|---|"""

_OUTAGES: Final = """
## What a lesson survives

Tutor and student draw 5 strokes a second each while it happens to the tutor's line; relay and student have perfect
lines. *Whole*: both boards equal, all of it acknowledged by the relay; times from the end of the outage or the drawing.

| what | strokes so far | whole after s | direct link after s | pen-up to integrated p50, p99 ms | |
|---|---|---|---|---|---|"""


def _load(name: str) -> Any:
    path = RESULTS / name
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def _spread(values: Sequence[float]) -> str:
    return f"{median(values):.0f} ({min(values):.0f}…{max(values):.0f})"


def _pen_rows() -> Iterator[str]:
    for path in sorted(RESULTS.glob(_LINES), key=lambda each: int(each.stem.split("-")[1])):
        run = json.loads(path.read_text(encoding="utf-8"))
        for name, rounds in run["rounds"].items():
            p50, p99, worst, _strokes, lost = (list(column) for column in zip(*rounds, strict=True))
            ratio = f"{run['ratios']['p99']:.2f}" if name == "ours" else ""
            row = (f"{run['rate']:g}", name, _spread(p50), _spread(p99), f"{max(worst):.0f}", f"{sum(lost)}", ratio)
            yield "| " + " | ".join(row) + " |"


def _lesson_row(run: dict[str, Any]) -> str:
    concealed, seen = run["concealed"], sorted(run["seen_ms"])
    p50, p95 = (seen[min(len(seen) - 1, int(len(seen) * share))] for share in (0.5, 0.95))
    lines = (f"{min(run[way]):.0f}…{max(run[way]):.0f}" for way in ("up_kbps", "down_kbps"))
    row = (
        run["profile"] + (f", {run['busy']} other programs busy" if run.get("busy") else ""),
        f"{run['people']} ({run['browsers']})",
        f"{run['seconds']:g}",
        f"{run['cpu_share']:.0%}",
        f"{sum(concealed) / len(concealed):.2%}, {max(concealed):.2%}",
        f"{run['silent_seconds']}",
        f"{p50:.0f}, {p95:.0f}, {seen[-1]:.0f}",
        ", ".join(lines),
        f"{run['queue_drops']}",
        "met" if run["holds"] else "**missed**",
    )
    return "| " + " | ".join(row) + " |"


def _outage_rows(found: list[dict[str, Any]]) -> Iterator[str]:
    for each in found:
        row = (
            each["name"],
            f"{each['strokes']}",
            f"{each['whole_s']:.1f}",
            f"{each['linked_s']:.1f}",
            # In the dark it is the darkness that is measured.
            "–" if each["p50_ms"] > _DARK_MS else f"{each['p50_ms']:.0f}, {each['p99_ms']:.0f}",
            "ok" if each["ok"] else "**FAILED**",
        )
        yield "| " + " | ".join(row) + " |"


def format_page(day: str) -> str:
    """The whole page, of whatever results there are."""
    parts = [
        _HEAD,
        f"Last written on {day}: Linux, 2 processors, Chromium headless without a GPU.",
        _PEN,
        *_pen_rows(),
    ]
    lessons = [run for path in sorted(RESULTS.glob("lesson-*.json")) if (run := _load(path.name))]
    if lessons:
        parts += [_LESSON, *(_lesson_row(run) for run in lessons)]
        parts += [f"\n{run['note']}" for run in lessons if run.get("note")]
    outages = _load("outages.json")
    if outages:
        parts += [_OUTAGES, *_outage_rows(outages)]
    return "\n".join(parts) + "\n"


def main() -> int:
    """Write the page."""
    if keep_page(PAGE, format_page(datetime.datetime.now(datetime.UTC).date().isoformat())):
        sys.stdout.write(f"written: {PAGE.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
