"""A bad line within the process: late, slow, lossy, in order; and refused where it would pretend to more."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from loadtests.netlab.lab import PROFILES
from loadtests.users.scenario import load_scenario
from loadtests.users.slow_line import SlowLine, Way
from whiteboard_crdt.errors import SetupError


def test_packets_are_late_by_delay_and_rate_and_never_overtake() -> None:
    way = Way({"delay": 100, "jitter": 40, "rate": 80, "loss": 5}, random.Random(1))
    arrivals = [way.arrives_s(1000, 0.0) for _ in range(50)]
    assert arrivals == sorted(arrivals)
    # 10 kB/s: fifty packets of 1,000 bytes take 5 s, and the line its delay besides.
    assert arrivals[-1] > 5.0
    assert arrivals[0] == pytest.approx(0.2, abs=0.05)


def test_loss_is_a_stall_and_one_seed_makes_one_line() -> None:
    lossy = {"delay": 10.0, "loss": 50.0}
    first, again = ([Way(lossy, random.Random(7)).arrives_s(100, now) for now in range(5)] for _ in range(2))
    assert first == again
    way = Way(lossy, random.Random(7))
    assert max(way.arrives_s(100, float(now)) - now for now in range(50)) > 0.2


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_every_profile_is_a_line(profile: str) -> None:
    assert Way(PROFILES[profile], random.Random(1)).arrives_s(100, 1.0) >= 1.0


async def test_line_carries_both_ways_and_closes(tmp_path: Path) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(5))
        await writer.drain()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    line = SlowLine("dsl", "1")
    url = await line.open(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/session")
    assert url.endswith("/v1/session")
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.split(":")[2].split("/")[0]))
    began_s = asyncio.get_running_loop().time()
    writer.write(b"hello")
    assert await reader.readexactly(5) == b"hello"
    assert asyncio.get_running_loop().time() - began_s > 0.02
    await line.close()
    writer.close()
    server.close()


def test_unknown_line_names_those_that_are_there() -> None:
    with pytest.raises(SetupError, match="school-wifi"):
        SlowLine("pigeon", "1")


def test_line_with_direct_links_is_refused_with_the_way_to_the_lab(tmp_path: Path) -> None:
    path = tmp_path / "mesh.toml"
    path.write_text('title = "x"\nrooms = 1\npeople = 2\nduration_s = 2\nline = "lte"\n[bots]\nmesh = true\n')
    with pytest.raises(SetupError, match="network lab"):
        load_scenario(str(path))
