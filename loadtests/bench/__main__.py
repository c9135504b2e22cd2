"""`python -m loadtests.bench`: all servers, all scenarios, round by round; JSON and a Markdown table as the result.

In each round every scenario is run against every server in turn, so that what else the machine does in a minute falls
on all of them. A server is started for one run only. Loopback only; nothing is ended that was not started here.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from loadtests.bench.report import Run, table
from loadtests.bench.servers import PEERS, ROOT, SERVERS, Server, pin, started
from loadtests.kept import FOLDER, keep_page

_UPDATES: Final = ROOT / "loadtests" / "results" / "updates"
_PAGE: Final = ROOT / "docs" / "performance.md"
_BEGIN: Final = "<!-- figures: make bench-relay -->\n"
_END: Final = "<!-- end of figures -->\n"
SCENARIOS: Final = ("small", "class", "lecture", "join", "cursors", "stalled", "ack")
_STREAMS: Final = ("8", "16000", "180000")
_LIMIT_S: Final = 60.0
_SLOW_ROUNDS: Final = 1
_SLOW: Final = "pycrdt-websocket"  # ten times the time of the others: its order of magnitude is enough


def make_updates(folder: Path) -> None:
    """Let Yjs write the updates, once."""
    if not (folder / "history.bin").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["node", str(PEERS / "gen_updates.mjs"), str(folder), *_STREAMS], check=True, cwd=PEERS)


def run_once(server: Server, scenario: str, number: int, updates: Path, seconds: float) -> Run:
    """One scenario against one fresh server."""
    with tempfile.TemporaryDirectory(prefix="bench-relay-") as folder:
        try:
            with started(server, Path(folder) / "server") as running:
                generator = subprocess.Popen(
                    [
                        *(sys.executable, "-m", "loadtests.bench.load", scenario, server.dialect),
                        *(str(running.port), str(running.pid), str(updates), "--seconds", str(seconds)),
                    ],
                    cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                )  # fmt: skip
                pin(generator.pid, 1)
                try:
                    output, errors = generator.communicate(timeout=_LIMIT_S)
                except subprocess.TimeoutExpired:
                    generator.kill()
                    generator.communicate()
                    return Run(server.name, scenario, number, {}, f"not done within {_LIMIT_S:.0f} s")
                if generator.returncode or not output:
                    return Run(server.name, scenario, number, {}, errors[-400:])
                return Run(server.name, scenario, number, json.loads(output)["figures"])
        except RuntimeError as error:
            return Run(server.name, scenario, number, {}, str(error))


def _plan(server: Server, scenario: str, number: int) -> bool:
    if scenario == "ack":
        return server.dialect == "session"  # no other server says when something is durable
    return server.name != _SLOW or number < _SLOW_ROUNDS


def machine() -> str:
    """What it ran on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.machine()
    return f"{model}, {os.cpu_count()} processors, Python {platform.python_version()}"


def with_figures(page: str, text: str) -> str:
    """The page with other figures in their place; what stands around them is written by people."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{text}\n{_END}{after}"


def main() -> int:
    """Run it all; 0 when every run gave figures."""
    parser = argparse.ArgumentParser(prog="make bench-relay")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--scenarios", default=",".join(SCENARIOS))
    parser.add_argument("--together-with", type=Path, nargs="*", default=(), help="results to stand in the same table")
    parser.add_argument("--servers", default=",".join(name.replace(",", ";") for name in SERVERS))
    chosen = parser.parse_args()
    names = [name.replace(";", ",") for name in chosen.servers.split(",")]
    scenarios = [name for name in chosen.scenarios.split(",") if name]
    make_updates(_UPDATES)
    runs = [Run(**run) for path in chosen.together_with for run in json.loads(path.read_text())["runs"]]
    for number in range(chosen.rounds):
        for scenario in scenarios:
            for name in names:
                if not _plan(SERVERS[name], scenario, number):
                    continue
                run = run_once(SERVERS[name], scenario, number, _UPDATES, chosen.seconds)
                runs.append(run)
                said = run.error or ", ".join(f"{key} {value:.4g}" for key, value in run.figures.items())
                sys.stderr.write(f"round {number + 1} {scenario} {name}: {said}\n")
    now = datetime.datetime.now(datetime.UTC)
    text = (
        f"{now:%Y-%m-%d}, {machine()}; {chosen.rounds} interleaved rounds of {chosen.seconds:g} s; median"
        f" (least…greatest){' · what stands beside it' if runs else ''}.\n\n{table(runs, names)}"
    )
    FOLDER.mkdir(parents=True, exist_ok=True)
    stem = FOLDER / f"relay-{now:%Y%m%dT%H%M%SZ}"
    stem.with_suffix(".json").write_text(
        json.dumps({"machine": machine(), "at": now.isoformat(), "runs": [dataclasses.asdict(run) for run in runs]})
    )
    stem.with_suffix(".md").write_text(text)
    if set(names) == set(SERVERS) and set(scenarios) == set(SCENARIOS):
        keep_page(_PAGE, with_figures(_PAGE.read_text(encoding="utf-8"), text))
    sys.stdout.write(text)
    return int(any(run.error for run in runs))


if __name__ == "__main__":
    sys.exit(main())
