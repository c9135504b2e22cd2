"""A room on bad lines: what a lesson survives, with real peers, a real relay and coturn in namespaces of their own."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from loadtests.netlab.lab import Lab, missing
from loadtests.netlab.run import Remote, participant, relay, relay_url
from loadtests.netlab.school import LabSchool
from loadtests.netlab.turnserver import COMMAND, TurnServer, turn_server

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))

TUTOR, STUDENT, SERVER = 0, 1, 2
TURN_PORT = 3478


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    with Lab(3, seed=11) as made:
        yield made


@pytest.fixture
async def school(lab: Lab, tmp_path: Path) -> AsyncIterator[Path]:
    """A relay on its own host; the folder is what participants need."""
    folder = tmp_path / "school"
    LabSchool.create(folder, relay_url(lab, SERVER), "turn-secret-of-the-lab")
    async with relay(lab, SERVER, folder):
        yield folder


async def same(one: Remote, two: Remote, shapes: int, timeout_s: float = 40) -> None:
    """Both hold everything, and the relay has acknowledged it."""
    for each in (one, two):
        await each.wait(timeout_s, shapes=shapes, unacked=0)
    assert (await one.ask("state"))["heads"] == (await two.ask("state"))["heads"]


async def test_nothing_is_lost_through_loss_and_a_blackout(lab: Lab, school: Path) -> None:
    async with (
        participant(lab, TUTOR, school, "tutor") as tutor,
        participant(lab, STUDENT, school, "student") as student,
    ):
        for each in (tutor, student):
            await each.wait(links=1, relay=True)
        lab.profile(TUTOR, "lossy")
        drawn = await tutor.ask("draw", rate=10, seconds=1)
        await same(tutor, student, drawn)
        lab.set(TUTOR, off=1)
        drawn += await tutor.ask("draw", rate=10, seconds=1)
        await tutor.wait(links=0)
        drawn += await student.ask("draw", rate=10, seconds=1)
        lab.profile(TUTOR, "lte")
        await same(tutor, student, drawn)


@pytest.mark.skipif(shutil.which(COMMAND) is None, reason="coturn is not installed")
@pytest.mark.timeout(120)
async def test_a_network_that_drops_udp_still_has_board_and_a_link_over_turn_tcp(
    lab: Lab, school: Path, tmp_path: Path
) -> None:
    host = lab.address(SERVER)
    async with turn_server(
        tmp_path / "turn", host, TURN_PORT, prefix=lab.command(SERVER, []), secret="turn-secret-of-the-lab"
    ) as turn:
        assert isinstance(turn, TurnServer)
        lab.set(TUTOR, noudp=1)
        ways = [turn.udp_url, turn.tcp_url]
        async with (
            participant(lab, TUTOR, school, "tutor", ways) as tutor,
            participant(lab, STUDENT, school, "student", ways) as student,
        ):
            for each in (tutor, student):
                await each.wait(relay=True)
            # The board goes over the relay at once, long before a link is found.
            drawn = await tutor.ask("draw", rate=10, seconds=1)
            await student.wait(shapes=drawn)
            for each in (tutor, student):
                state = await each.wait(60, links=1)
                assert "relay" in state["pairs"][0]
            drawn += await tutor.ask("draw", rate=10, seconds=1)
            await same(tutor, student, drawn)
        assert lab.stats()["hosts"][TUTOR]["up"]["udp_drop"] > 0
