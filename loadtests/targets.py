"""What a scenario puts its load on: a relay, the whole service or a school of our own, or one that is running."""

from __future__ import annotations

import argparse
import contextlib
import os
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

from loadtests.users.scenario import Scenario
from whiteboard_crdt.errors import SetupError

__all__ = ["ROOT", "RecordedRelay", "Target", "own_relay", "recorded_relay", "target_of"]

ROOT: Final = Path(__file__).parents[1]
_READY_S: Final = 90.0
_STOP_S: Final = 40.0
_POLL_S: Final = 0.1
_PREFIX: Final = "load"
# For the board alone: no film is made while others are still measured, and nobody is waited for who comes late.
_RECORDER: Final = {
    "CHALKMESH_RECORDER_RENDER": "no",
    "CHALKMESH_RECORDER_LATE_LONGEST_MS": "500",
    "CHALKMESH_RECORDER_ICE_ADDRESSES": "127.0.0.1",
}


@dataclass(frozen=True, slots=True)
class Target:
    """What the load goes to: locust's options, and the processes whose cost is watched (`*`: all children of one)."""

    options: tuple[str, ...]
    watched: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordedRelay:
    """A relay of our own with a recorder, and the process ids of relay, recorder and desk."""

    relay_url: str
    desk_url: str
    pids: Mapping[str, int]


@contextlib.contextmanager
def target_of(scenario: Scenario, given: argparse.Namespace) -> Iterator[Target]:
    """Start what the scenario needs, unless `given` names something that runs. Raises SetupError."""
    if given.accounts or given.relay_url:
        if scenario.recorded or scenario.restart_at_s is not None:
            raise SetupError("This scenario records or restarts what it talks to: it needs a service of its own.")
        if given.accounts:
            yield Target(("--accounts", str(given.accounts)))
            return
        if given.data is None:
            raise SetupError("With --relay-url give --data too: the tickets are made with the key in it.")
        yield Target(("--relay-url", given.relay_url, "--data", str(given.data)))
        return
    with tempfile.TemporaryDirectory(prefix="chalkmesh-loadtest-") as folder:
        start = {"school": _school, "service": _service, "relay": _relay}[scenario.target]
        with start(scenario, Path(folder)) as target:
            yield target


@contextlib.contextmanager
def own_relay(data: Path) -> Iterator[tuple[str, int]]:
    """A relay with keys of its own in an empty folder; gives its session socket's address and its process id."""
    _command("portal.loadtest_school", str(data), "--keys")
    port = _free_port()
    with _running(["relay", "--data", str(data), "--port", str(port), "--log-level", "error"]) as process:
        _until_ready(f"http://127.0.0.1:{port}/readyz", process)
        yield _session_url(port), process.pid


@contextlib.contextmanager
def _relay(scenario: Scenario, data: Path) -> Iterator[Target]:
    """A relay alone, or with a recorder that sits in every room."""
    if not scenario.recorded:
        with own_relay(data) as (relay_url, pid):
            options = ("--relay-url", relay_url, "--data", str(data), "--room-prefix", _PREFIX)
            yield Target(options, {"relay": pid})
        return
    with recorded_relay(data, _PREFIX, scenario.rooms, max_lessons=scenario.rooms) as own:
        options = ("--relay-url", own.relay_url, "--data", str(data), "--room-prefix", _PREFIX)
        yield Target((*options, "--recordings", own.desk_url), own.pids)


@contextlib.contextmanager
def recorded_relay(data: Path, prefix: str, rooms: int, *, max_lessons: int) -> Iterator[RecordedRelay]:
    """A relay, and one recorder that sits in the rooms `prefix-0`, `prefix-1` …; in an empty folder."""
    with own_relay(data) as (relay_url, pid), _desk(data, relay_url, prefix, rooms) as (desk_url, desk_pid):
        port = _free_port()
        words = ["recorder", "--data", str(data), "--portal-url", desk_url, "--log-level", "error"]
        own = {"CHALKMESH_RECORDER_METRICS_PORT": str(port), "CHALKMESH_RECORDER_MAX_LESSONS": str(max_lessons)}
        with _running(words, {**_RECORDER, **own}) as recorder:
            _until_ready(f"http://127.0.0.1:{port}/readyz", recorder)
            yield RecordedRelay(relay_url, desk_url, {"relay": pid, "recorder": recorder.pid, "desk": desk_pid})


@contextlib.contextmanager
def _desk(data: Path, relay_url: str, prefix: str, rooms: int) -> Iterator[tuple[str, int]]:
    words = ["--relay-url", relay_url, "--prefix", prefix, "--rooms", str(rooms)]
    desk = subprocess.Popen(
        [sys.executable, "-m", "loadtests.recording.desk", str(data), *words], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        assert desk.stdout is not None
        port = desk.stdout.readline().strip().decode()
        if not port:
            raise SetupError("The desk of the recorders did not start.")
        yield f"http://127.0.0.1:{port}", desk.pid
    finally:
        _stop(desk)


@contextlib.contextmanager
def _service(_scenario: Scenario, data: Path) -> Iterator[Target]:
    """All of `chalkmesh serve` under its supervisor, without a school: tickets are made with its key."""
    _command("portal.loadtest_school", str(data), "--keys")
    port, relay_port = _free_port(), _free_port()
    with _serving(data, port, relay_port) as process:
        options = ("--relay-url", _session_url(relay_port), "--data", str(data), "--room-prefix", _PREFIX)
        yield Target(options, {"*": process.pid})


@contextlib.contextmanager
def _school(scenario: Scenario, data: Path) -> Iterator[Target]:
    """Portal, relay and recorder, as `chalkmesh serve` runs them, and a school with lessons for all rooms."""
    port, relay_port = _free_port(), _free_port()
    size = ["--rooms", str(scenario.rooms), "--people", str(scenario.people)]
    _command("portal.loadtest_school", str(data), "--portal", f"http://127.0.0.1:{port}", *size)
    with _serving(data, port, relay_port) as process:
        yield Target(("--accounts", str(data / "accounts.json")), {"*": process.pid})


@contextlib.contextmanager
def _serving(data: Path, port: int, relay_port: int) -> Iterator[subprocess.Popen[bytes]]:
    words = ["serve", "--data", str(data), "--port", str(port), "--relay-port", str(relay_port), "--log-level", "error"]
    with _running(words, {"CHALKMESH_RECORDER_ICE_ADDRESSES": "127.0.0.1"}) as process:
        for at in (port, relay_port):
            _until_ready(f"http://127.0.0.1:{at}/healthz", process)
        yield process


@contextlib.contextmanager
def _running(words: list[str], environment: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "portal.cli", *words], cwd=ROOT, env={**os.environ, **(environment or {})}
    )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
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


def _until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    until_s = time.monotonic() + _READY_S
    while process.poll() is None and time.monotonic() < until_s:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(_POLL_S)
    raise SetupError("The service did not start.")


def _session_url(port: int) -> str:
    return f"ws://127.0.0.1:{port}/v1/session"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
