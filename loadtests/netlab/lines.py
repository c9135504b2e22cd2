"""From pen-up to integrated on a bad line: ours (mesh, relay and copies) beside y-websocket, through the same shaper.

``python -m loadtests.netlab.lines`` (``make bench-lines``). The writer's line loses 10 % each way and has a round trip
of 200 ms; relay and reader have perfect lines. Both sides draw the same strokes at the same rate, in turns, in one run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loadtests.netlab.lab import PROFILES, Lab, missing
from loadtests.netlab.participant import stroke_points
from loadtests.netlab.run import ROOT, Remote, participant, port_open, process, relay, relay_url
from loadtests.netlab.school import LabSchool
from whiteboard_crdt.errors import SetupError
from whiteboard_crdt.ink import encode_ink

__all__ = ["Round", "main", "measure"]

WRITER, READER, SERVER = 0, 1, 2
Y_PORT: Final = 8082
CLIENT_PACKAGES: Final = ROOT / "tests" / "interop"
SERVER_PACKAGES: Final = ROOT / "loadtests" / "peers"
Y_SERVER: Final = SERVER_PACKAGES / "node_modules" / "@y" / "websocket-server" / "src" / "server.js"
BAR: Final = 0.5


@dataclass(frozen=True, slots=True)
class Round:
    """Latencies of one turn, in ms, and how many strokes never came."""

    p50: float
    p99: float
    worst: float
    strokes: int
    lost: int


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def _turn(writer: Remote, reader: Remote, rate: float, seconds: float) -> Round:
    before = (await reader.wait(timeout_s=5))["shapes"]
    await writer.ask("times")
    await reader.ask("times")
    count = await writer.ask("draw", seconds + 60, rate=rate, seconds=seconds)
    await reader.wait(timeout_s=60, shapes=before + count)
    pen = (await writer.ask("times"))["pen"]
    seen = (await reader.ask("times"))["seen"]
    took = sorted((seen[name] - at) * 1000 for name, at in pen.items() if name in seen)
    return Round(_quantile(took, 0.5), _quantile(took, 0.99), took[-1], len(pen), len(pen) - len(took))


@asynccontextmanager
async def ours(lab: Lab, folder: Path) -> AsyncIterator[tuple[Remote, Remote]]:
    """Writer and reader with everything on: relay, mesh, signatures, durable log."""
    LabSchool.create(folder, relay_url(lab, SERVER))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(relay(lab, SERVER, folder))
        writer = await stack.enter_async_context(participant(lab, WRITER, folder, "tutor"))
        reader = await stack.enter_async_context(participant(lab, READER, folder, "student"))
        for each in (writer, reader):
            await each.wait(links=1, relay=True)
        yield writer, reader


@asynccontextmanager
async def y_websocket(lab: Lab, folder: Path) -> AsyncIterator[tuple[Remote, Remote]]:
    """The same with @y/websocket-server and unmodified clients under Node."""
    folder.mkdir()
    node = shutil.which("node") or "node"
    ink_bytes = len(encode_ink(stroke_points(1)).blob)
    url = f"ws://{lab.address(SERVER)}:{Y_PORT}"
    words = ["env", "HOST=0.0.0.0", f"PORT={Y_PORT}", node, str(Y_SERVER)]
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(process(lab, SERVER, words, folder / "server.log"))
        await port_open(lab, SERVER, Y_PORT, server)
        pen = [node, str(Path(__file__).with_name("y_pen.mjs")), str(CLIENT_PACKAGES), url, str(ink_bytes)]
        both: list[Remote] = []
        for host in (WRITER, READER):
            log = folder / f"{host}.log"
            both.append(Remote(await stack.enter_async_context(process(lab, host, pen, log, piped=True))))
        for each in both:
            await each.wait(relay=True)
        yield both[0], both[1]


async def measure(profile: str, rate: float, seconds: float, rounds: int, seed: int) -> dict[str, list[Round]]:
    """Rounds in turns: ours, theirs, ours, … The first seconds of each side are not counted: both learn the line."""
    found: dict[str, list[Round]] = {"ours": [], "y-websocket": []}
    with tempfile.TemporaryDirectory(prefix="chalkmesh-lines-") as name, Lab(3, seed=seed) as lab:
        folder = Path(name)
        async with ours(lab, folder / "ours") as mine, y_websocket(lab, folder / "theirs") as theirs:
            lab.profile(WRITER, profile)
            for pair in (mine, theirs):
                await _turn(*pair, rate, min(8.0, seconds))
            for _ in range(rounds):
                found["ours"].append(await _turn(*mine, rate, seconds))
                found["y-websocket"].append(await _turn(*theirs, rate, seconds))
    return found


def main(arguments: Sequence[str]) -> int:
    """Measure, print a table, and say whether the bar holds (exit code 1 when it does not)."""
    parser = argparse.ArgumentParser(prog="lines")
    parser.add_argument("--profile", default="lossy", choices=sorted(PROFILES))
    parser.add_argument("--rate", type=float, default=5.0, help="strokes a second")
    parser.add_argument("--seconds", type=float, default=20.0, help="of one turn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures here")
    given = parser.parse_args(arguments)
    why = missing() or (None if Y_SERVER.exists() else "the benchmark's peers are not installed (loadtests/peers)")
    if why is not None:
        raise SetupError(why)
    found = asyncio.run(measure(given.profile, given.rate, given.seconds, given.rounds, given.seed))
    write = sys.stdout.write
    write(f"line {given.profile}, {given.rate:g} strokes/s, {given.rounds} rounds of {given.seconds:g} s, ms\n")
    for name, rounds in found.items():
        for each in rounds:
            write(
                f"{name:12} p50 {each.p50:7.1f}  p99 {each.p99:7.1f}  worst {each.worst:7.1f}"
                f"  strokes {each.strokes} lost {each.lost}\n"
            )
    ratios = {}
    for key in ("p50", "p99"):
        mine, theirs = (statistics.median(getattr(each, key) for each in found[name]) for name in found)
        ratios[key] = mine / theirs
        write(f"median {key}: ours {mine:.1f} ms, y-websocket {theirs:.1f} ms, ratio {mine / theirs:.2f}\n")
    lost = sum(each.lost for each in found["ours"])
    if given.json is not None:
        rows = {name: [[r.p50, r.p99, r.worst, r.strokes, r.lost] for r in rounds] for name, rounds in found.items()}
        given.json.write_text(
            json.dumps(
                {"profile": given.profile, "rate": given.rate, "seed": given.seed, "ratios": ratios, "rounds": rows}
            )
        )
    holds = lost == 0 and (given.profile != "lossy" or ratios["p99"] <= BAR)
    write("the bar holds\n" if holds else f"THE BAR DOES NOT HOLD (p99 ratio ≤ {BAR}, nothing lost)\n")
    return 0 if holds else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SetupError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
