"""The whole way once: `chalkmesh loadtest` with a relay of its own, and two locust workers under one master."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import aiohttp
import msgspec
import pytest

from loadtests.run import LOCUSTFILE
from loadtests.targets import ROOT
from loadtests.users.verdict import Verdict
from tests.netlab.conftest import free_port
from tests.signaling.relay_process import relay_process

LIMIT_S = 50


async def run(*words: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *words),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(LIMIT_S):
            said, _ = await process.communicate()
    finally:
        await end_all(process)
    return process.returncode or 0, said.decode()


async def end_all(leader: asyncio.subprocess.Process) -> None:
    """Whatever is left of a session of processes ends with its leader."""
    with suppress(ProcessLookupError):
        os.killpg(leader.pid, signal.SIGKILL)
    await leader.wait()


def read(folder: Path) -> Verdict:
    return msgspec.json.decode((folder / "report.json").read_bytes(), type=Verdict)


async def test_smoke_scenario_holds_over_relay_and_mesh_with_a_cut_line(tmp_path: Path) -> None:
    code, said = await run("portal.cli", "loadtest", "smoke", "--duration", "5", "--report", str(tmp_path))
    assert code == 0, said
    verdict = read(tmp_path)
    assert verdict.ok
    assert verdict.errors == {}
    assert (verdict.ended.done, verdict.ended.planned) == (60, 60)
    assert {end.room: (end.bots, end.lost, end.equal) for end in verdict.ended.rooms} == {
        0: (3, 0, True),
        1: (3, 0, True),
    }
    counts = {f"{each.kind} {each.name}": each.count for each in verdict.figures}
    assert counts["ROOM join"] == 6
    assert counts["ROOM reconnect"] == counts["ROOM whole again"] == 4
    assert counts["EDIT durable"] > 0
    assert verdict.path_share["mesh"] > 0
    assert {used.name for used in verdict.used} == {"machine", "locust", "bots 0", "relay"}
    assert "--seed 1" in verdict.again
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")


async def test_a_run_that_fails_prints_the_command_that_repeats_it(tmp_path: Path) -> None:
    scenario = tmp_path / "hopeless.toml"
    scenario.write_text('title = "x"\nrooms = 1\npeople = 2\nduration_s = 1\n[bars]\nedit_p95_ms = 0.001\n')
    code, said = await run("loadtests.run", str(scenario), "--seed", "7", "--report", str(tmp_path / "report"))
    assert code == 1, said
    assert "FAILED p95 of an edit over relay" in said
    assert f"again: chalkmesh loadtest {scenario} --seed 7 --duration 1 --rooms 1" in said


async def test_a_recorded_run_compares_what_the_archives_hold(tmp_path: Path) -> None:
    scenario = tmp_path / "recorded.toml"
    scenario.write_text('title = "x"\nrooms = 2\npeople = 2\nduration_s = 2\nrecorded = true\n')
    code, said = await run("loadtests.run", str(scenario), "--report", str(tmp_path / "report"))
    assert code == 0, said
    verdict = read(tmp_path / "report")
    assert [(each.room, each.sealed) for each in verdict.ended.recordings] == [(0, True), (1, True)]
    held = {each.room: each.envelopes for each in verdict.ended.recordings}
    assert held == {end.room: end.envelopes for end in verdict.ended.rooms}
    assert min(held.values()) > 0


@pytest.mark.timeout(80)
async def test_a_killed_relay_serves_again_and_loses_nothing(tmp_path: Path) -> None:
    scenario = tmp_path / "killed.toml"
    lines = ["title = 'x'", "rooms = 2", "people = 2", "duration_s = 4", "target = 'service'", "restart_at_s = 1.5"]
    scenario.write_text("\n".join([*lines, "[bars]", "serves_again_ms = 20000"]))
    code, said = await run("loadtests.run", str(scenario), "--report", str(tmp_path / "report"))
    assert code == 0, said
    verdict = read(tmp_path / "report")
    counts = {f"{each.kind} {each.name}": each.count for each in verdict.figures}
    assert counts["ROOM relay serves again"] == 1
    assert counts["ROOM whole again"] == 4


@pytest.mark.timeout(80)
async def test_distributed_run_compares_the_boards_of_every_worker(tmp_path: Path) -> None:
    data, report, port = tmp_path / "data", tmp_path / "report", str(free_port())
    await run("portal.loadtest_school", str(data), "--keys")
    async with relay_process(data) as relay:
        common = ["locust", "-f", str(LOCUSTFILE), "--scenario", "smoke", "--duration", "2", "--relay-url", relay.url]
        common += ["--data", str(data)]
        master = ["--master", "--headless", "--expect-workers", "2", "--master-bind-port", port, "--users", "6"]
        master += ["--spawn-rate", "6", "--run-time", "3s", "--report", str(report)]
        worker = ["--worker", "--master-port", port]
        (code, said), *others = await asyncio.gather(
            run(*common, *master), run(*common, *worker), run(*common, *worker)
        )
    assert code == 0, said + "".join(each for _, each in others)
    verdict = read(report)
    assert verdict.ok, verdict
    assert len(verdict.ended.edits) == sum(end.bots for end in verdict.ended.rooms) == 6
    assert verdict.ended.missing == 0


async def test_two_runs_with_one_seed_make_the_same_edits(tmp_path: Path) -> None:
    words = ["loadtests.run", "smoke", "--duration", "1", "--rooms", "1", "--seed", "5", "--report"]
    folders = [tmp_path / "first", tmp_path / "second"]
    said = await asyncio.gather(*(run(*words, str(folder)) for folder in folders))
    assert [code for code, _ in said] == [0, 0], said
    first, second = (read(folder) for folder in folders)
    # Where a bot finds no time for all that was planned, there is nothing to compare.
    assert first.ended.done == second.ended.done == 6
    assert first.edits_digest == second.edits_digest


async def test_web_page_starts_a_run_and_its_stop_button_compares_the_boards(tmp_path: Path) -> None:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "loadtests.run", "smoke", "--web", str(port), "--report", str(tmp_path)),
        cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(LIMIT_S), aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
            await until(http, "", lambda _: True)
            async with http.post("/swarm", data={"user_count": "3", "spawn_rate": "3"}) as answer:
                assert (await answer.json())["success"]
            await until(http, "/stats/requests", lambda text: '"durable"' in text)
            async with http.post("/stop") as answer:
                assert answer.status == 200
        process.terminate()
        async with asyncio.timeout(LIMIT_S):
            await process.wait()
    finally:
        await end_all(process)
    verdict = read(tmp_path)
    assert verdict.ok, verdict
    assert [(end.bots, end.equal) for end in verdict.ended.rooms] == [(3, True)]


async def until(http: aiohttp.ClientSession, path: str, accept: Callable[[str], bool]) -> None:
    """Asks another process again and again: it has no event for us."""
    while True:
        try:
            async with http.get(path or "/") as answer:
                if answer.status == 200 and accept(await answer.text()):
                    return
        except aiohttp.ClientConnectionError:
            pass
        await asyncio.sleep(0.1)
