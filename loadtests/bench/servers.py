"""The servers of the benchmark: how each is started, on a free port of the loopback, and ended again."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from loadtests.bench.dialects import SessionDialect
from loadtests.bench.wire import LOOPBACK

__all__ = ["SERVERS", "Running", "Server", "pin", "started"]

ROOT: Final = Path(__file__).parents[2]
PEERS: Final = ROOT / "loadtests" / "peers"
_START_S: Final = 20.0
_STOP_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Server:
    """`{port}` and `{data}` in the command are filled in; `environment` is added to ours."""

    name: str
    dialect: str
    command: tuple[str, ...]
    cwd: Path = ROOT
    environment: Mapping[str, str] = field(default_factory=dict)


_RELAY: Final = (sys.executable, "-m", "loadtests.bench.relay", "{data}", "{port}")

SERVERS: Final = {
    server.name: server
    for server in (
        Server("ours, open room", "open", _RELAY),
        Server("ours, session", "session", _RELAY),
        Server(
            "y-websocket",
            "y",
            ("node", "node_modules/@y/websocket-server/src/server.js"),
            PEERS,
            {"HOST": LOOPBACK, "PORT": "{port}"},
        ),
        Server("Hocuspocus", "hocuspocus", ("node", "hocuspocus.mjs"), PEERS, {"PORT": "{port}"}),
        Server(
            "pycrdt-websocket",
            "y",
            (
                *(sys.executable, "-m", "uvicorn", "asgi_rooms:app", "--loop", "uvloop", "--host", LOOPBACK),
                *("--port", "{port}", "--log-level", "error", "--ws-max-size", "67108864"),
                *("--ws-per-message-deflate", "false"),
            ),
            PEERS,
            {"PYTHONPATH": str(ROOT / ".venv" / "bench-peers")},
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Running:
    """A server that accepts connections."""

    port: int
    pid: int


def pin(pid: int, processor: int) -> None:
    """The server gets the first processor and the generator the second, where there are two."""
    if len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(pid, {sorted(os.sched_getaffinity(0))[processor]})


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def started(server: Server, folder: Path) -> Iterator[Running]:
    """Start a server with its data in `folder`; it is ended on leaving. Raises RuntimeError when it does not listen."""
    keys = folder / "keys"
    keys.mkdir(parents=True)
    (keys / "ticket.pub.json").write_bytes(SessionDialect(folder).jwks)
    (keys / "internal.secret").write_text("of-a-benchmark")
    port = _free_port()
    fill = {"port": port, "data": folder}
    environment = os.environ | {name: value.format(**fill) for name, value in server.environment.items()}
    with (folder / "output.log").open("wb") as output:
        process = subprocess.Popen(
            [part.format(**fill) for part in server.command],
            cwd=server.cwd, env=environment, stdout=output, stderr=output,
        )  # fmt: skip
        try:
            pin(process.pid, 0)
            deadline_s = time.monotonic() + _START_S
            while True:
                try:
                    socket.create_connection((LOOPBACK, port), 0.2).close()
                    break
                except OSError:
                    if process.poll() is not None or time.monotonic() > deadline_s:
                        raise RuntimeError(f"{server.name} does not listen") from None
                    time.sleep(0.05)
            yield Running(port, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
