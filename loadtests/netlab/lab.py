"""Hosts in network namespaces of their own, joined by the shaper. Needs root, /dev/net/tun, `ip` and `cc`.

    with Lab(3) as lab:                                  # 10.88.0.1 to 10.88.0.3
        lab.profile(1, "lte")
        process = lab.start(1, [sys.executable, "-m", "…"])
        lab.set(1, off=1)                                # blackout
        lab.set(1, "up", loss=10, noudp=1)
        lab.roam(1)                                      # its address changes

Nothing leaves the machine: the namespaces have no other interface.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

from whiteboard_crdt.errors import SetupError

__all__ = ["PROFILES", "Direction", "Lab", "missing"]

_HERE: Final = Path(__file__).parent
_SOURCE: Final = _HERE / "shaper.c"
_BASE: Final = "10.88.0"
_SECOND_ADDRESS: Final = 100
_CONTROL_S: Final = 5.0

Direction = Literal["up", "down", "both"]
PROFILES: Final[Mapping[str, Mapping[str, float]]] = tomllib.loads((_HERE / "profiles.toml").read_text("utf-8"))


def missing() -> str | None:
    """Why there can be no lab here, in one line; None when there can."""
    if os.geteuid() != 0:
        return "the network lab needs root"
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "the network lab needs /dev/net/tun"
    for command in ("ip", "cc"):
        if shutil.which(command) is None:
            return f"the network lab needs the command `{command}`"
    return None


def _build() -> Path:
    """The compiled shaper, made at first use and again when its source changes."""
    digest = hashlib.sha256(_SOURCE.read_bytes()).hexdigest()[:16]
    built = Path(tempfile.gettempdir()) / f"chalkmesh-shaper-{os.geteuid()}-{digest}"
    if built.exists() and built.stat().st_uid == os.geteuid():
        return built
    descriptor, beside = tempfile.mkstemp(prefix="chalkmesh-shaper-")
    os.close(descriptor)
    _run("cc", "-O2", "-Wall", "-Wextra", "-o", beside, str(_SOURCE))
    Path(beside).replace(built)
    return built


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SetupError(f"`{' '.join(words[:4])} …` failed: {done.stderr.strip()[-300:]}")


class Lab:
    """`hosts` namespaces and their shaper. One lab per process id and number; several can run side by side."""

    _made = 0

    def __init__(self, hosts: int, *, seed: int = 1) -> None:
        why = missing()
        if why is not None:
            raise SetupError(why)
        Lab._made += 1
        # An interface's name has at most 15 characters.
        self._name = f"cm{os.getpid() % 0xFFFFF:x}{Lab._made}"
        self._hosts = hosts
        self._folder = Path(tempfile.mkdtemp(prefix="chalkmesh-lab-"))
        self._second = [False] * hosts
        self._exit = contextlib.ExitStack()
        try:
            self._exit.callback(shutil.rmtree, self._folder, ignore_errors=True)
            self._start_shaper(seed)
            for host in range(hosts):
                self._add(host)
        except BaseException:
            self._exit.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the shaper and remove the namespaces. What still runs in them is its starter's to end."""
        self._exit.close()

    def _start_shaper(self, seed: int) -> None:
        words = [str(_build()), str(self._folder / "control"), f"{self._name}t", str(self._hosts), _BASE, str(seed)]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        self._exit.callback(self._end, process)
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise SetupError("the shaper did not start")

    @staticmethod
    def _end(process: subprocess.Popen[str]) -> None:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def _add(self, host: int) -> None:
        namespace, device = self.namespace(host), f"{self._name}t{host}"
        _run("ip", "netns", "add", namespace)
        self._exit.callback(_run, "ip", "netns", "del", namespace)
        _run("ip", "link", "set", device, "netns", namespace)
        for words in (
            ["link", "set", "lo", "up"],
            ["addr", "add", f"{self.address(host)}/24", "dev", device],
            ["link", "set", device, "up", "txqueuelen", "2000"],
            # Chromium gathers no candidates in a page without media permission where there is no default route.
            ["route", "add", "default", "dev", device],
        ):
            _run("ip", "-n", namespace, *words)
        _run("ip", "netns", "exec", namespace, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")

    # Hosts

    def namespace(self, host: int) -> str:
        """The name of a host's namespace."""
        return f"{self._name}n{host}"

    def address(self, host: int) -> str:
        """The IPv4 address that a host has now."""
        return f"{_BASE}.{host + 1 + (_SECOND_ADDRESS if self._second[host] else 0)}"

    def command(self, host: int, words: Sequence[str]) -> list[str]:
        """The command that runs `words` on a host."""
        return ["ip", "netns", "exec", self.namespace(host), *words]

    def start(self, host: int, words: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
        """Start a process on a host; whoever starts it ends it."""
        return subprocess.Popen(self.command(host, words), **options)

    def roam(self, host: int) -> None:
        """The host gets its other address and loses the one that it had, as from Wi-Fi to a telephone."""
        namespace, device, old = self.namespace(host), f"{self._name}t{host}", self.address(host)
        self._second[host] = not self._second[host]
        _run("ip", "-n", namespace, "addr", "del", f"{old}/24", "dev", device)
        _run("ip", "-n", namespace, "addr", "add", f"{self.address(host)}/24", "dev", device)
        _run("ip", "-n", namespace, "route", "replace", "default", "dev", device)

    # Lines

    def set(self, host: int, direction: Direction = "both", **values: float) -> None:
        """Change a host's line; see shaper.c for the keys."""
        self._ask(f"set {host} {direction} " + " ".join(f"{key}={value}" for key, value in values.items()))

    def profile(self, host: int, name: str) -> None:
        """Give a host a line of profiles.toml, and nothing else."""
        self.reset(host)
        if PROFILES[name]:
            self.set(host, "both", **PROFILES[name])

    def reset(self, host: int) -> None:
        """A perfect line."""
        self._ask(f"reset {host}")

    def stats(self) -> dict[str, Any]:
        """Counters of all lines, and how late the shaper itself was."""
        found: dict[str, Any] = json.loads(self._ask("stats"))
        return found

    def _ask(self, text: str) -> str:
        with (self._folder / "lock").open("w") as lock, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asker:
            fcntl.flock(lock, fcntl.LOCK_EX)
            path = self._folder / "asker"
            path.unlink(missing_ok=True)
            asker.bind(str(path))
            asker.settimeout(_CONTROL_S)
            asker.sendto(text.encode(), str(self._folder / "control"))
            reply = asker.recv(65_536).decode()
        if reply.startswith("error"):
            raise ValueError(reply)
        return reply
