"""``python -m loadtests.overview run|compare BASE|index``, for `make bench`, `bench-compare` and `bench-overview`."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from loadtests.overview.compare import format_comparison, numbers_of
from loadtests.overview.index import PAGE, write_overview
from loadtests.targets import ROOT
from whiteboard_crdt.errors import SetupError

_TARGETS: Final = ("bench-relay", "bench-mesh", "bench-board", "bench-recorder", "bench-portal", "bench-load")
_RESULTS: Final = ROOT / "loadtests" / "results"


def main() -> int:
    """The exit code: 0 when everything ran and held."""
    parser = argparse.ArgumentParser(prog="overview")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run")
    commands.add_parser("index")
    comparing = commands.add_parser("compare")
    comparing.add_argument("base", type=Path)
    comparing.add_argument("--now", type=Path, default=_RESULTS)
    given = parser.parse_args()
    if given.command == "compare":
        sys.stdout.write(format_comparison(numbers_of(given.base), numbers_of(given.now)) + "\n")
        return 0
    ok = _run_all() if given.command == "run" else True
    write_overview()
    sys.stdout.write(f"written: {PAGE.relative_to(ROOT)}\n")
    return 0 if ok else 1


def _run_all() -> bool:
    """Every benchmark, one after the other; none is left out for the failure of another, and each is accounted for."""
    lines = []
    for target in _TARGETS:
        begun_s = time.monotonic()
        sys.stdout.write(f"== make {target}\n")
        sys.stdout.flush()
        code = subprocess.run(["make", target], cwd=ROOT, check=False).returncode
        lines.append((target, code, time.monotonic() - begun_s))
    for target, code, took_s in lines:
        word = "ran, all held" if code == 0 else f"FAILED or missed its bars (exit code {code})"
        sys.stdout.write(f"{target:15} {took_s / 60:5.1f} min  {word}\n")
    return all(code == 0 for _, code, _ in lines)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SetupError as error:
        sys.stderr.write(f"overview: {error}\n")
        sys.exit(2)
