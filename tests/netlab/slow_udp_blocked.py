"""A school whose network drops UDP: a tutor in Chromium is told so, and is heard and recorded over TURN and TCP.

24 s, so `make faults` runs it; `make test` has the same with Python peers (test_bad_lines.py).
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright, expect

from loadtests.netlab.browsers import CHROMIUM, classroom
from loadtests.netlab.lab import Lab, missing
from loadtests.netlab.turnserver import COMMAND, TurnServer, turn_server
from tests.browser.ink_plan import curls
from tests.browser.known_media import KnownMedia
from tests.browser.participant import Participant
from tests.browser.sound import tone_spans
from tests.netlab.people import person

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(missing() is not None, reason=str(missing())),
    pytest.mark.skipif(shutil.which(COMMAND) is None, reason="coturn is not installed"),
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is not installed"),
    pytest.mark.timeout(150),
]

TUTOR, STUDENT, SERVER = 0, 1, 2
TURN_PORT = 3478
SECRET = "turn-secret-of-the-lab"
LESSON = "Fractions with Leo"
TONES = {"tutor": 440, "leo": 700}
SPOKEN_S = 4.0


async def enter(one: Participant, path: str, words: str) -> None:
    """To the device check, where the line is told in plain words, and in."""
    await one.page.goto(f"{one.school}{path}")
    await one.by_id("ack-notice").click()
    found = one.by_id("connection-check")
    await expect(found).to_contain_text(words, timeout=15_000)
    await expect(found).to_contain_text("ms to the lesson server")
    await one.by_id("original-sound").check()
    await one.by_id("device-ready").click()
    await one.entered()


async def heard(one: Participant) -> list[dict[str, Any]]:
    """What the page hears on each of its connections."""
    lines = await one.ask("globalThis.lab.lines()")
    return [each for line in lines for each in line["heard"] if each["packetsReceived"]]


async def routes(one: Participant) -> set[str]:
    """How the direct links go, once that is known of all of them."""
    peers = "globalThis.chalkmesh.connection().peers"
    await one.page.wait_for_function(f"() => {peers}.every(peer => peer.route)", timeout=10_000)
    return set(await one.ask(f"{peers}.map(peer => peer.route)"))


async def test_a_lesson_without_udp_is_heard_and_recorded_over_turn_and_tcp(tmp_path: Path) -> None:
    with Lab(3, seed=3) as lab:
        lab.profile(TUTOR, "dsl")
        lab.set(TUTOR, noudp=1)
        prefix = lab.command(SERVER, [])
        async with (
            turn_server(tmp_path / "turn", lab.address(SERVER), TURN_PORT, secret=SECRET, prefix=prefix) as turn,
            async_playwright() as playwright,
        ):
            assert isinstance(turn, TurnServer)
            ways = [turn.udp_url, turn.tcp_url]
            async with (
                classroom(lab, SERVER, tmp_path / "school", turn_urls=ways, turn_secret=SECRET) as school,
                person(
                    playwright, lab, TUTOR, "tutor", school.url, tmp_path, KnownMedia(TONES["tutor"], (40, 150, 60))
                ) as tutor,
                person(
                    playwright, lab, STUDENT, "leo", school.url, tmp_path, KnownMedia(TONES["leo"], (50, 70, 200))
                ) as leo,
            ):
                path = await tutor.lesson_path(LESSON)
                await asyncio.gather(
                    enter(tutor, path, "Your network blocks UDP: using TCP"),
                    enter(leo, path, "Your connection is ready"),
                )
                await tutor.start_lesson()
                await asyncio.gather(*(one.wait_mesh(2, 40) for one in (tutor, leo)))  # each other and the recorder
                assert await routes(tutor) == {"turn-tcp"}
                await asyncio.gather(tutor.strokes(curls(range(3))), leo.strokes(curls(range(20, 23))))
                await asyncio.gather(*(one.wait_shapes(6) for one in (tutor, leo)))
                await asyncio.sleep(SPOKEN_S)  # a lesson that is long enough to be heard
                for one in (tutor, leo):
                    # A third of full scale is an energy of 0.05 a second.
                    assert max(each["totalAudioEnergy"] for each in await heard(one)) > 0.05
                assert lab.stats()["hosts"][TUTOR]["up"]["udp_drop"] > 0
                await tutor.end_lesson()
                lesson = path.split("/")[2]
                folder = school.folder / "recordings" / lesson
                await expect_sealed(tutor, lesson)
            sounds = {tone: longest(folder, tone) for tone in TONES.values()}
    assert all(seconds > SPOKEN_S - 1 for seconds in sounds.values()), sounds


async def expect_sealed(one: Participant, lesson: str) -> None:
    """Wait until the recorder has closed the lesson's files."""
    await one.page.goto(f"{one.school}/recordings/{lesson}")
    await one.page.wait_for_function("() => globalThis.chalkmeshPlayer?.ready === true", timeout=30_000)


def longest(folder: Path, tone_hz: int) -> float:
    """The longest stretch of a tone in any of the lesson's sound files, s."""
    spans = [span for file in folder.glob("media/*audio*") for span in tone_spans(file, tone_hz)]
    return max(((span.end_ms - span.start_ms) / 1000 for span in spans), default=0.0)
