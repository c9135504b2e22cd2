"""``python -m loadtests.capacity [SCENARIO …] [--curve rooms|boards] [--page]``, or ``make bench-load``.

Runs scenarios one after the other, measures curves, keeps a summary of each and writes docs/performance-load.md. With
nothing named: all that must hold, and both curves. The exit code is 1 when something did not hold.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import msgspec

from loadtests.capacity.curves import Curve, boards, rooms
from loadtests.capacity.page import PAGE, write_page
from loadtests.capacity.summary import KeptCurve, curve_bars, save, summary_of
from loadtests.targets import ROOT
from loadtests.users.verdict import Verdict

_MUST_HOLD: Final = ("one-to-four", "mesh-one-to-four", "reconnect-storm", "relay-restart")
_CURVES: Final = ("rooms", "boards")
_ROOMS: Final = (1, 25, 50, 75, 100, 125, 150, 175, 200)
_MINUTES: Final = (0, 11.25, 22.5, 33.75, 45, 56.25, 67.5, 78.75, 90)


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="capacity")
    parser.add_argument("scenarios", nargs="*")
    parser.add_argument("--curve", action="append", choices=_CURVES, default=[])
    parser.add_argument("--page", action="store_true", help="only write the page from what was kept")
    given = parser.parse_args()
    scenarios, curves = given.scenarios, given.curve
    if not (scenarios or curves or given.page):
        scenarios, curves = list(_MUST_HOLD), list(_CURVES)
    ok = all([*(_scenario(name) for name in scenarios), *(_curve(name) for name in curves)])
    if write_page():
        sys.stderr.write(f"written: {PAGE}\n")
    return 0 if ok else 1


def _scenario(name: str) -> bool:
    with tempfile.TemporaryDirectory(prefix="chalkmesh-capacity-") as folder:
        words = [sys.executable, "-m", "loadtests.run", name, "--report", folder]
        code = subprocess.run(words, cwd=ROOT, check=False).returncode
        report = Path(folder) / "report.json"
        if not report.is_file():
            sys.stderr.write(f"{name}: no report\n")
            return False
        save(name, summary_of(name, msgspec.json.decode(report.read_bytes(), type=Verdict)))
        return code == 0


def _curve(name: str) -> bool:
    curve: Curve = rooms(_ROOMS) if name == "rooms" else boards(_MINUTES)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    save(name, KeptCurve(time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), machine, curve))
    bars = curve_bars(curve)
    for bar in bars:
        sys.stderr.write(f"{'held  ' if bar.held else 'FAILED'} {name}, {bar.name}: {bar.value}\n")
    return all(bar.held for bar in bars)


if __name__ == "__main__":
    sys.exit(main())
