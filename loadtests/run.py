"""``chalkmesh loadtest``: starts what a scenario needs on the loopback, runs locust against it, and takes it down.

``python -m loadtests.run SCENARIO``. With `--relay-url` and `--data`, or with `--accounts`, nothing is started.
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

from loadtests.targets import ROOT, Target, target_of
from loadtests.users.scenario import Scenario, load_scenario
from whiteboard_crdt.errors import SetupError

__all__ = ["LOCUSTFILE", "main"]

LOCUSTFILE: Final = Path(__file__).with_name("locustfile.py")
_STOP_S: Final = 40.0


def _processes_for(scenario: Scenario) -> int:
    """One for each 150 bots, as long as there are processors and rooms for them: 300 in one process fill its core."""
    return max(1, min(math.ceil(scenario.rooms * scenario.people / 150), os.cpu_count() or 1, scenario.rooms))


def _locust(scenario: Scenario, given: argparse.Namespace, target: Target) -> int:
    watched = ",".join(f"{name}={pid}" for name, pid in target.watched.items())
    words = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--scenario", given.scenario, *target.options]
    words += ["--seed", str(scenario.seed), "--duration", str(scenario.duration_s), "--rooms", str(scenario.rooms)]
    words += ["--bot-processes", str(given.bot_processes or _processes_for(scenario))]
    words += ["--report", str(given.report), "--watch", watched]
    if given.web:
        words += ["--web-host", "127.0.0.1", "--web-port", str(given.web)]
    else:
        users = ["--users", str(scenario.users), "--spawn-rate", str(scenario.join_s)]
        # A little more than the plan takes: whoever is late may still finish.
        words += ["--headless", "--only-summary", *users, "--run-time", f"{int(scenario.run_s * 1.1) + 2}s"]
    locust = subprocess.Popen(words, cwd=ROOT)
    try:
        return locust.wait()
    except KeyboardInterrupt:
        # locust awaits TERM in its own loop; INT may be raised in whichever greenlet runs just then.
        locust.terminate()
        try:
            return locust.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            locust.kill()
            return locust.wait()


def main(arguments: list[str] | None = None) -> int:
    """Run one scenario; returns 0 when everything held, 1 when not. Raises SetupError."""
    parser = argparse.ArgumentParser(prog="loadtest")
    parser.add_argument("scenario")
    parser.add_argument("--duration", type=float)
    parser.add_argument("--rooms", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--relay-url", default="")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--accounts", type=Path)
    parser.add_argument("--bot-processes", type=int, default=0)
    parser.add_argument("--report", type=Path, default=Path("loadtests/results/loadtest"))
    parser.add_argument("--web", type=int, default=0)
    given = parser.parse_args(arguments)
    scenario = load_scenario(given.scenario)
    changes = {"duration_s": given.duration, "rooms": given.rooms, "seed": given.seed}
    scenario = msgspec.structs.replace(
        scenario, **{name: value for name, value in changes.items() if value is not None}
    )
    # Where the command was called is where the report goes, wherever locust runs.
    given.report = given.report.resolve()
    if given.scenario.endswith(".toml"):
        given.scenario = str(Path(given.scenario).resolve())
    with target_of(scenario, given) as target:
        code = _locust(scenario, given, target)
    sys.stderr.write(f"report: {given.report / 'report.html'}\n")
    return code


if __name__ == "__main__":
    # TERM takes down what was started, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except SetupError as error:
        sys.stderr.write(f"loadtest: {error}\n")
        sys.exit(2)
