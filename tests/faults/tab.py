"""A browser tab dies in a lesson, right after the pen went up: what is on the board when its owner comes back?

Every other time the kernel kills its renderer (SIGKILL), and every other time Chromium lets it crash (`Page.crash`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import async_playwright

from tests.browser.chromium import launch
from tests.browser.ink_plan import curls
from tests.browser.participant import Participant, Point, person_in
from tests.browser.servers import classroom
from tests.browser.test_offline import killed_at_pen_up, reopened
from tests.faults.waiting import within

LESSON = "Forces and motion"
_BACK_S = 40.0


@dataclass(frozen=True)
class Tabs:
    """`held`: strokes on the board of somebody else at the end; `back_s`: the longest until the board was there."""

    crashes: int
    drawn: int
    held: int
    back_s: float
    equal: bool


async def crash_tabs(folder: Path, crashes: int) -> Tabs:
    """A student's tab dies `crashes` times, each time with a stroke that was just drawn. Raises Stuck."""
    loop = asyncio.get_running_loop()
    async with async_playwright() as playwright, classroom(folder) as servers:
        here, there = await asyncio.gather(launch(playwright), launch(playwright))
        async with person_in(here, "tutor", servers.url) as tutor, person_in(there, "leo", servers.url) as leo:
            path = await tutor.lesson_path(LESSON)
            await tutor.join(path, media=False)
            await tutor.start_lesson()
            await leo.join(path, media=False)
            before, longest_s = await tutor.shape_count(), 0.0
            for crash, curl in enumerate(curls(range(crashes)), start=1):
                if crash % 2:
                    await killed_at_pen_up(there, leo, curl)
                else:
                    await _crashed(leo, curl)
                died_s = loop.time()
                async with within(_BACK_S, f"crash {crash}", "the board to be back"):
                    leo = await _again(leo, path)
                    await reopened(leo, before + crash)
                longest_s = max(longest_s, loop.time() - died_s)
            await leo.saved()
            await tutor.wait_shapes(before + crashes)
            held = await tutor.shape_count() - before
            equal = await tutor.board_text() == await leo.board_text()
    return Tabs(crashes, crashes, held, longest_s, equal)


async def _crashed(person: Participant, curl: Sequence[Point]) -> None:
    await person.stroke(curl)
    devtools = await person.page.context.new_cdp_session(person.page)
    async with person.page.expect_event("crash"):
        # Nobody is left to answer it.
        asking = asyncio.create_task(devtools.send("Page.crash"))
    asking.cancel()
    with suppress(asyncio.CancelledError, PlaywrightError):
        await asking


async def _again(person: Participant, path: str) -> Participant:
    """The same person in a new tab of the same browser."""
    back = Participant(person.login, await person.page.context.new_page(), person.school)
    await back.page.goto(f"{back.school}{path}")
    await back.by_id("device-skip").or_(back.by_id("board")).first.wait_for()
    if await back.by_id("device-skip").is_visible():
        await back.by_id("device-skip").click()
    return back
