"""``python -m loadtests.overview run|compare BASE|index``, for `make bench`, `bench-compare` and `bench-overview`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from loadtests.overview.base import measure_by_turns
from loadtests.overview.compare import format_comparison, numbers_of
from loadtests.overview.index import PAGE, write_overview
from loadtests.overview.parts import format_done, parts_named, run_quick, run_whole
from loadtests.targets import ROOT
from whiteboard_crdt.errors import SetupError

_RESULTS: Final = ROOT / "loadtests" / "results"
_ROUNDS: Final = 3


def main() -> int:
    """The exit code: 0 when everything ran and held. Raises SetupError."""
    parser = argparse.ArgumentParser(prog="overview")
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run")
    running.add_argument("--quick", action="store_true", help="the shortest form of each; no page is written")
    commands.add_parser("index")
    comparing = commands.add_parser("compare")
    comparing.add_argument("base", help="a commit, or a folder with a copy of loadtests/results")
    comparing.add_argument("--now", type=Path, default=_RESULTS)
    comparing.add_argument("--rounds", type=int, default=_ROUNDS)
    for each in (running, comparing):
        each.add_argument("--parts", default="", help="some alone")
    given = parser.parse_args()
    if given.command == "compare":
        return _compare(given)
    if given.command == "run" and given.quick:
        return _quick(given.parts)
    done = run_whole(parts_named(given.parts), ROOT) if given.command == "run" else []
    sys.stdout.write(format_done(done) + "\n" if done else "")
    write_overview()
    sys.stdout.write(f"written: {PAGE.relative_to(ROOT)}\n")
    return 1 if any(each.code for each in done) else 0


def _quick(names: str) -> int:
    folder = _RESULTS / "quick"
    done = run_quick(parts_named(names), ROOT, folder)
    sys.stdout.write(f"{format_done(done)}\nFigures: {folder.relative_to(ROOT)}. No page was written.\n")
    # The bars are those of the whole form: short runs on a busy machine miss some, and say so.
    return 0 if all(each.ran for each in done) else 1


def _compare(given: argparse.Namespace) -> int:
    """With a folder what lies there; with a commit both trees are measured now, by turns, in the quick form."""
    if Path(given.base).is_dir():
        sys.stdout.write(format_comparison(numbers_of(Path(given.base)), numbers_of(given.now)) + "\n")
        return 0
    (before, now), done = measure_by_turns(parts_named(given.parts), given.base, given.rounds)
    sys.stdout.write(f"{format_done(done)}\n\n{format_comparison(before, now)}\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SetupError as error:
        sys.stderr.write(f"overview: {error}\n")
        sys.exit(2)
