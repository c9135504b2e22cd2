"""``chalkmesh loadtest``: starts what a scenario needs on the loopback, runs locust against it, and takes it down.

``python -m loadtests.run SCENARIO``. With `--relay-url` and `--data`, or with `--accounts`, nothing is started.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from loadtests.users.scenario import Scenario, load_scenario
from whiteboard_crdt.errors import SetupError

__all__ = ["Target", "main", "own_relay"]

LOCUSTFILE: Final = Path(__file__).with_name("locustfile.py")
ROOT: Final = LOCUSTFILE.parents[1]
_READY_S: Final = 90.0
_STOP_S: Final = 40.0
_POLL_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Target:
    """What the load goes to: locust's options, and the processes whose cost is watched."""

    options: tuple[str, ...]
    watched: Mapping[str, int] = field(default_factory=dict)


@contextlib.contextmanager
def own_relay(data: Path) -> Iterator[tuple[str, int]]:
    """A relay with keys of its own in an empty folder; gives its session socket's address and its process id."""
    _command("portal.loadtest_school", str(data), "--keys")
    port = _free_port()
    with _running(["relay", "--data", str(data), "--port", str(port), "--log-level", "error"]) as process:
        _until_ready(f"http://127.0.0.1:{port}/readyz", process)
        yield f"ws://127.0.0.1:{port}/v1/session", process.pid


@contextlib.contextmanager
def _target(scenario: Scenario, given: argparse.Namespace) -> Iterator[Target]:
    if given.accounts:
        yield Target(("--accounts", str(given.accounts)))
    elif given.relay_url:
        if given.data is None:
            raise SetupError("With --relay-url give --data too: the tickets are made with the key in it.")
        yield Target(("--relay-url", given.relay_url, "--data", str(given.data)))
    else:
        with tempfile.TemporaryDirectory(prefix="chalkmesh-loadtest-") as folder:
            start = _school if scenario.target == "school" else _relay
            with start(scenario, Path(folder)) as target:
                yield target


@contextlib.contextmanager
def _relay(_scenario: Scenario, data: Path) -> Iterator[Target]:
    """A relay alone."""
    with own_relay(data) as (relay_url, pid):
        yield Target(("--relay-url", relay_url, "--data", str(data)), {"relay": pid})


@contextlib.contextmanager
def _school(scenario: Scenario, data: Path) -> Iterator[Target]:
    """Portal, relay and recorder, as `chalkmesh serve` runs them, and a school with lessons for all rooms."""
    port, relay_port = _free_port(), _free_port()
    size = ["--rooms", str(scenario.rooms), "--people", str(scenario.people)]
    _command("portal.loadtest_school", str(data), "--portal", f"http://127.0.0.1:{port}", *size)
    words = ["serve", "--data", str(data), "--port", str(port), "--relay-port", str(relay_port), "--log-level", "error"]
    with _running(words, {"CHALKMESH_RECORDER_ICE_ADDRESSES": "127.0.0.1"}) as process:
        for at in (port, relay_port):
            _until_ready(f"http://127.0.0.1:{at}/healthz", process)
        yield Target(("--accounts", str(data / "accounts.json")), _children(process.pid))


@contextlib.contextmanager
def _running(words: list[str], environment: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "portal.cli", *words], cwd=ROOT, env={**os.environ, **(environment or {})}
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _command(module: str, *words: str) -> None:
    done = subprocess.run([sys.executable, "-m", module, *words], cwd=ROOT, check=False)
    if done.returncode:
        raise SetupError("The school of the load test could not be made.")


def _children(pid: int) -> dict[str, int]:
    """The parts that `serve` started, by the command that each of them is."""
    found = {}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        if b"portal.cli" in words:
            name = words[words.index(b"portal.cli") + 1].decode()
            found[name if name not in found else f"{name} 2"] = int(child)
    return found


def _until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    until_s = time.monotonic() + _READY_S
    while process.poll() is None and time.monotonic() < until_s:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(_POLL_S)
    raise SetupError("The service did not start.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _processes_for(scenario: Scenario) -> int:
    """One for each 150 bots, as long as there are processors and rooms for them: 300 in one process fill its core."""
    return max(1, min(math.ceil(scenario.rooms * scenario.people / 150), os.cpu_count() or 1, scenario.rooms))


def _locust(scenario: Scenario, given: argparse.Namespace, target: Target) -> int:
    watched = ",".join(f"{name}={pid}" for name, pid in target.watched.items())
    words = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--scenario", given.scenario, *target.options]
    words += ["--seed", str(scenario.seed), "--duration", str(scenario.duration_s), "--rooms", str(scenario.rooms)]
    words += [
        "--bot-processes",
        str(given.bot_processes or _processes_for(scenario)),
        "--report",
        str(given.report),
        "--watch",
        watched,
    ]
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
    with _target(scenario, given) as target:
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
