"""Runs the board's bench: `python -m loadtests.bench.board [--rounds 3] [--strokes 20000] [--minute 60] [--only open]`.

Ours, Excalidraw and, with ours, an empty page take turns. Writes `loadtests/results/board.json` and
`docs/performance-board.md`; with `--add` the rounds of the file are kept, so that a long run can be made in parts. What
two people in a lesson send and see, and a board of ninety minutes, are measured before by `tests.browser.pair` and
`tests.browser.ninety_minutes`, which know how to hold a lesson.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from loadtests.bench.board.lesson_table import format_lesson
from loadtests.bench.board.measure import Figures, appending_ms, empty_of, round_of
from loadtests.bench.board.pages import BOARDS, EMPTY, build, serve, write_ink
from loadtests.bench.board.table import format_page
from loadtests.kept import FOLDER, keep_page

RESULTS = FOLDER / "board.json"
PAIR = FOLDER / "board-pair.json"
LESSON = FOLDER / "board-lesson.json"
PAGE = Path("docs/performance-board.md")
_FEW = 10


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def _tell(name: str, figures: Figures) -> None:
    _say(f"{name}: {json.dumps({key: round(value, 1) for key, value in figures.items()})}")


async def _measure_empty(url: str, minute_s: float, results: dict[str, Any]) -> None:
    figures = await empty_of(url, minute_s)
    _tell(EMPTY, figures)
    results.setdefault("empty", []).append(figures)


def _machine() -> dict[str, Any]:
    version = subprocess.run(["chromium", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    return {"cores": os.cpu_count(), "python": platform.python_version(), "chromium": version, "load": os.getloadavg()}


async def _measure(options: argparse.Namespace, results: dict[str, Any]) -> None:
    boards = [name for name in BOARDS if name in options.boards.split(",")]
    with tempfile.TemporaryDirectory(prefix="chalkmesh-bench-") as scratch:
        folder = Path(scratch)
        if options.rounds > 0:
            await build(folder, boards)
            results["points"] = write_ink(folder, boards, (options.strokes, _FEW)) or results.get("points", 0)
        async with serve(folder) as address:
            for _ in range(options.rounds):
                for name in boards:
                    figures = await round_of(f"{address}/{name}", options.strokes, options.minute)
                    if name == "ours":
                        figures |= await appending_ms(f"{address}/ours", (_FEW, options.strokes))
                        await _measure_empty(f"{address}/{EMPTY}", options.minute, results)
                    _tell(name, figures)
                    results["rounds"].setdefault(name, []).append(figures)
        if options.rounds > 0 and "ours" in boards:
            results["stored_bytes"] = (folder / f"ours-{options.strokes}.bin").stat().st_size


def main() -> int:
    """Measure, write both files, print the page."""
    parser = argparse.ArgumentParser(prog="loadtests.bench.board")
    parser.add_argument("--rounds", type=int, default=3, help="how often the boards take turns")
    parser.add_argument("--strokes", type=int, default=20_000)
    parser.add_argument("--minute", type=float, default=60.0, help="seconds of gestures before memory is read")
    parser.add_argument("--boards", default=",".join(BOARDS))
    parser.add_argument("--add", action="store_true", help="keep the rounds that the results hold already")
    parser.add_argument("--page", action="store_true", help="measure nothing: only write the page again")
    options = parser.parse_args()
    held: dict[str, Any] = json.loads(RESULTS.read_bytes()) if RESULTS.is_file() else {}
    results = held if options.add or options.page else {**held, "rounds": {}, "empty": []}
    results.setdefault("rounds", {})
    if not options.page:
        results |= {"strokes": options.strokes, "machine": _machine()}
        results["measured_at"] = datetime.datetime.now(datetime.UTC).date().isoformat()
        asyncio.run(_measure(options, results))
    if PAIR.is_file():
        results["wire"] = json.loads(PAIR.read_bytes())
    if LESSON.is_file():
        results["lesson"] = json.loads(LESSON.read_bytes())
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    written = json.loads(RESULTS.read_bytes())
    page = format_page(written) + ("\n" + format_lesson(written["lesson"]) if "lesson" in written else "")
    keep_page(PAGE, page)
    sys.stdout.write(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
