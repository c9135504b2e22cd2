"""Relay and recorder die in the middle of a lesson, the tutor has left, and one of two students never returns."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from tests.browser.chromium import launch
from tests.browser.ink_plan import curls, loop
from tests.browser.participant import Participant, person_in
from tests.browser.servers import classroom

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

LESSON = "Forces and motion"


async def test_work_of_one_who_never_returns_survives_an_outage_of_relay_and_recorder(tmp_path: Path) -> None:
    async with async_playwright() as playwright, classroom(tmp_path) as school:
        here, leaves_for_ever = await asyncio.gather(launch(playwright), launch(playwright))
        async with (
            person_in(here, "tutor", school.url) as tutor,
            person_in(here, "amara", school.url) as amara,
            person_in(leaves_for_ever, "leo", school.url) as leo,
        ):
            path = await tutor.lesson_path(LESSON)
            await asyncio.gather(*(person.join(path, media=False) for person in (tutor, amara, leo)))
            await tutor.start_lesson()
            await tutor.saved()
            await asyncio.gather(*(person.lesson_state("live") for person in (amara, leo)))
            await tutor.page.close()
            await asyncio.gather(*(person.wait_listed(["Amara Okafor", "Leo Novak"]) for person in (amara, leo)))
            await asyncio.gather(*(person.wait_mesh(2) for person in (amara, leo)))  # each other and the recorder
            await asyncio.gather(amara.strokes(curls(range(3))), leo.strokes(curls(range(20, 23))))
            await asyncio.gather(amara.wait_shapes(6), leo.wait_shapes(6))

            await asyncio.gather(school.relay.kill(), school.recorder.kill())
            await asyncio.gather(amara.relay_lost(), leo.relay_lost())
            await asyncio.gather(amara.strokes(curls(range(40, 46))), leo.strokes(curls(range(60, 66))))
            await asyncio.gather(amara.wait_shapes(18), leo.wait_shapes(18))
            # What one makes of the other's unsaved work depends on work that only the mesh has carried.
            await erase(amara, cell=60)
            await say(leo, "See you tomorrow!")
            await expect(amara.by_id("chat-unread")).to_contain_text("1")
            await leo.same_board(await amara.board_text())
            await leaves_for_ever.close()

            await amara.strokes(curls(range(46, 48)))
            await amara.offline()
            expected = await amara.board_text()
            await asyncio.gather(school.relay.start(), school.recorder.start())
            await amara.relay_online()
            await amara.saved()
            assert await amara.board_text() == expected

            another_device = await launch(playwright)
            async with person_in(another_device, "jin", school.url) as jin:
                # Without WebRTC all that comes is what the relay holds.
                await jin.page.add_init_script("delete globalThis.RTCPeerConnection")
                await jin.join(path, media=False)
                await jin.same_board(expected)
                content = await jin.board_content()
                assert len(content["board"]["shapes"]) == 20
                assert len(content["chat"]["messages"]) == 1
                await another_device.close()


async def erase(person: Participant, cell: int) -> None:
    """Drag the eraser over the curl in a cell."""
    await person.by_id("tool-eraser").click()
    await person.stroke(loop(cell))
    await person.by_id("tool-pen").click()


async def say(person: Participant, words: str) -> None:
    """Write to the room."""
    await person.by_id("tab-chat").click()
    await person.by_id("chat-input").fill(words)
    await person.by_id("chat-send").click()
