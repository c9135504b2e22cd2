"""From Wi-Fi to a telephone, and back from a blackout: a direct link again within seconds, and nothing lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from loadtests.netlab.lab import Lab, missing
from loadtests.netlab.run import Remote, participant, relay, relay_url
from loadtests.netlab.school import LabSchool

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))

TUTOR, STUDENT, SERVER = 0, 1, 2
# aiortc by itself: 34 s for a new address.
LINKED_S = 6.0


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    with Lab(3, seed=13) as made:
        yield made


async def linked_again(tutor: Remote, student: Remote) -> float:
    """Until both have a direct link again, from now; seconds."""
    loop = asyncio.get_running_loop()
    since_s = loop.time()
    await asyncio.gather(*(each.wait(30, links=1) for each in (tutor, student)))
    return loop.time() - since_s


@pytest.mark.timeout(120)
async def test_a_new_address_and_a_blackout_cost_seconds(lab: Lab, tmp_path: Path) -> None:
    folder = tmp_path / "school"
    LabSchool.create(folder, relay_url(lab, SERVER))
    async with (
        relay(lab, SERVER, folder),
        participant(lab, TUTOR, folder, "tutor") as tutor,
        participant(lab, STUDENT, folder, "student") as student,
    ):
        for each in (tutor, student):
            await each.wait(links=1, relay=True)
        lab.profile(TUTOR, "lte")
        lab.roam(TUTOR)
        loop = asyncio.get_running_loop()
        since_s = loop.time()
        await student.wait(links=0)
        await linked_again(tutor, student)
        assert loop.time() - since_s <= LINKED_S
        drawn = await tutor.ask("draw", rate=20, seconds=0.5)
        lab.set(TUTOR, off=1)
        await asyncio.gather(*(each.wait(links=0) for each in (tutor, student)))
        drawn += await tutor.ask("draw", rate=20, seconds=0.5)
        drawn += await student.ask("draw", rate=20, seconds=0.5)
        await tutor.wait(relay=False)
        lab.profile(TUTOR, "lte")
        assert await linked_again(tutor, student) <= LINKED_S
        for each in (tutor, student):
            await each.wait(30, shapes=drawn, unacked=0)
        assert (await tutor.ask("state"))["heads"] == (await student.ask("state"))["heads"]
