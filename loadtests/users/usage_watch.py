"""What the processes of a test cost while it runs, once a second, and which of them is the limit."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from loadtests.bench.usage import cpu_s, resident_mb

__all__ = ["MACHINE", "UsageWatch", "Used", "expand_watched", "is_service", "limit_of", "parse_watched"]

_EVERY_S: Final = 1.0
_FULL: Final = 0.9
MACHINE: Final = "machine"


class Used(msgspec.Struct, frozen=True):
    """One process in one second: cores, and memory in MB. `at_s`: unix time."""

    at_s: float
    name: str
    cores: float
    resident_mb: float


class UsageWatch:
    """Looks at processes in a thread of its own. `pids`: asked each time, since processes come and go."""

    def __init__(self, pids: Callable[[], Mapping[str, int]]) -> None:
        self.seen: list[Used] = []
        self._pids = pids
        self._before: dict[str, tuple[int, float, float]] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="usage", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        before_s, busy_s = time.monotonic(), _machine_s()
        while not self._stopped.wait(_EVERY_S):
            now_s, used_s = time.monotonic(), _machine_s()
            cores = (used_s - busy_s) / (now_s - before_s)
            self.seen.append(Used(round(time.time(), 1), MACHINE, round(cores, 3), 0.0))
            before_s, busy_s = now_s, used_s
            for name, pid in self._pids().items():
                try:
                    used_s, held_mb = cpu_s(pid), resident_mb(pid)
                except (FileNotFoundError, ProcessLookupError):
                    self._before.pop(name, None)
                    continue
                now_s = time.monotonic()
                before = self._before.get(name)
                self._before[name] = pid, now_s, used_s
                if before is not None and before[0] == pid:
                    cores = (used_s - before[2]) / (now_s - before[1])
                    self.seen.append(Used(round(time.time(), 1), name, round(cores, 3), round(held_mb, 1)))


def limit_of(seen: list[Used]) -> str:
    """Which resource the run came up against, in words. The middle half of the run counts."""
    if not seen:
        return "unknown: the run was too short to look"
    middle = seen[len(seen) // 4 : len(seen) - len(seen) // 4] or seen
    names = sorted({used.name for used in middle if used.name != MACHINE})
    if not names:
        return "unknown: no process of the test was seen"
    cores = {name: _mean([used.cores for used in middle if used.name == name]) for name in names}
    machine = os.cpu_count() or 1
    busiest = max(names, key=lambda name: cores[name])
    shares = ", ".join(f"{name} {cores[name]:.2f}" for name in names)
    # What does not belong to the test takes its part of the machine all the same.
    busy = max(sum(cores.values()), _mean([used.cores for used in middle if used.name == MACHINE]))
    shares += f", others {busy - sum(cores.values()):.2f}"
    if busy >= _FULL * machine:
        return f"the machine's {machine} cores ({shares})"
    if cores[busiest] >= _FULL:
        return f"the one core that {busiest} can use ({shares})"
    return f"none was reached: {busy:.2f} of {machine} cores in use ({shares})"


def is_service(name: str) -> bool:
    """Whether a process belongs to what is tested, and not to what makes the load."""
    return not (name in (MACHINE, "locust", "desk") or name.startswith("bots"))


def parse_watched(text: str) -> dict[str, int]:
    """`relay=123,recorder=456` as names and process ids; `*=789` means all children of one. Raises ValueError."""
    return {name: int(pid) for name, _, pid in (entry.partition("=") for entry in text.split(",") if entry)}


def expand_watched(watched: Mapping[str, int]) -> dict[str, int]:
    """The same with the children of `*` in its place: the parts of a `chalkmesh serve`, by their commands."""
    found = {name: pid for name, pid in watched.items() if name != "*"}
    try:
        children = Path(f"/proc/{watched['*']}/task/{watched['*']}/children").read_text().split()
    except (KeyError, OSError):
        return found
    for child in children:
        try:
            words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # that one has just ended
        if b"portal.cli" in words:
            name = words[words.index(b"portal.cli") + 1].decode()
            found[name if name not in found else f"{name} 2"] = int(child)
    return found


def _machine_s() -> float:
    """Processor seconds that the whole machine has spent on something so far."""
    user, nice, system, _idle, _wait, irq, soft, *_ = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    return sum(int(each) for each in (user, nice, system, irq, soft)) / os.sysconf("SC_CLK_TCK")


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
