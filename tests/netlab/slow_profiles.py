"""Every named line around a real Chromium, with UDP and without: what is drawn on either side arrives on the other.

``pytest tests/netlab/slow_profiles.py``: a quarter of a minute, and `make faults` runs it. A tutor's browser is behind
the line; a student's is on a perfect one. Where UDP is dropped the board goes over the session socket alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from loadtests.netlab.browsers import CHROMIUM, classroom
from loadtests.netlab.lab import Lab, missing
from tests.browser.ink_plan import curls
from tests.browser.participant import Participant
from tests.netlab.people import person

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(missing() is not None, reason=str(missing())),
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is not installed"),
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="module"),
]

TUTOR, STUDENT, SERVER = 0, 1, 2
LESSON = "Fractions with Leo"
LINKED_S = 60.0
STROKES = 2


@dataclass
class Room:
    """A lesson of two in the lab; `curl` counts what was drawn."""

    lab: Lab
    tutor: Participant
    student: Participant
    drawn: int = 0

    async def draw_both(self) -> None:
        """Some strokes of each, seen by both, saved, and the boards the same."""
        first = 10 * self.drawn
        mine, theirs = range(first, first + STROKES), range(first + 5, first + 5 + STROKES)
        before = await self.tutor.shape_count()
        await asyncio.gather(self.tutor.strokes(curls(mine)), self.student.strokes(curls(theirs)))
        self.drawn += 1
        for one in (self.tutor, self.student):
            await one.wait_shapes(before + 2 * STROKES)
            await one.saved(40)
        await self.student.same_board(await self.tutor.board_text())

    def dropped(self) -> int:
        """UDP packets of the tutor that the line swallowed by rule."""
        return int(self.lab.stats()["hosts"][TUTOR]["up"]["udp_drop"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    folder = tmp_path_factory.mktemp("profiles")
    with Lab(3, seed=5) as lab:
        async with (
            classroom(lab, SERVER, folder / "school") as school,
            async_playwright() as playwright,
            person(playwright, lab, TUTOR, "tutor", school.url, folder) as tutor,
            person(playwright, lab, STUDENT, "leo", school.url, folder) as leo,
        ):
            path = await tutor.lesson_path(LESSON)
            for one in (tutor, leo):
                await one.join(path, media=False)
            await tutor.start_lesson()
            yield Room(lab, tutor, leo)


@pytest.mark.parametrize("way", ["udp", "tcp"])
@pytest.mark.parametrize("profile", ["dsl", "lte", "school-wifi", "train", "satellite"])
async def test_a_browser_behind_the_line_draws_and_sees(
    room: Room, profile: str, way: str, record_property: Callable[[str, object], None]
) -> None:
    loop = asyncio.get_running_loop()
    room.lab.profile(TUTOR, profile)
    if way == "tcp":
        room.lab.set(TUTOR, noudp=1)
    before = room.dropped()
    if way == "udp":
        # The student, and the recorder.
        await room.tutor.wait_mesh(2, LINKED_S)
    begun_s = loop.time()
    await room.draw_both()
    record_property("drawn_and_equal_s", round(loop.time() - begun_s, 1))
    assert (room.dropped() > before) is (way == "tcp")
    room.lab.reset(TUTOR)
