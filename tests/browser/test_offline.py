"""Cut off, loaded again, opened twice, closed: whatever happens to a page, its work arrives and no ghost stays.

One person is offline in the demo room for a minute; the other tests run in a lesson of the same school meanwhile,
one of them with the relay killed.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Playwright, async_playwright, expect
from playwright.async_api import Error as PlaywrightError

from tests.browser.chromium import launch
from tests.browser.ink_plan import curls, loop
from tests.browser.participant import Participant, Point, person_in
from tests.browser.servers import Classroom, classroom

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]

LESSON = "Forces and motion"
DEMO_ROOM = "Sketch club"
OFFLINE_S = 60.0
GHOST_S = 20.0
STUDENTS = "globalThis.chalkmesh.participants().filter(one => one.role === 'student').map(one => one.session)"


@dataclass
class School:
    """A lesson that goes on, a browser for more people, and somebody who is offline elsewhere."""

    servers: Classroom
    playwright: Playwright
    browser: Browser
    path: str
    tutor: Participant
    offline: asyncio.Task[None]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def school(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[School]:
    async with async_playwright() as playwright, classroom(tmp_path_factory.mktemp("school")) as servers:
        here, elsewhere = await asyncio.gather(launch(playwright), launch(playwright))
        async with person_in(here, "tutor", servers.url) as tutor:
            path = await tutor.lesson_path(LESSON)
            task = asyncio.create_task(offline_for_a_minute(elsewhere, servers.url))
            await tutor.join(path, media=False)
            await tutor.start_lesson()
            try:
                yield School(servers, playwright, here, path, tutor, task)
            finally:
                task.cancel()
                await asyncio.wait([task])


async def offline_for_a_minute(browser: Browser, url: str) -> None:
    """Leo loses portal, relay and mesh for a minute; he and Amara go on drawing; at the end both have everything."""
    async with person_in(browser, "amara", url) as amara, person_in(browser, "leo", url) as leo:
        path = await amara.lesson_path(DEMO_ROOM)
        await asyncio.gather(*(person.join(path, media=False) for person in (amara, leo)))
        await asyncio.gather(*(person.wait_mesh(1) for person in (amara, leo)))
        await asyncio.gather(amara.strokes(curls([0, 1])), leo.strokes(curls([20, 21])))
        await asyncio.gather(*(person.wait_shapes(4) for person in (amara, leo)))

        # The browser's own switch stops requests at once, a socket after some seconds and WebRTC never: the page cuts
        # those two itself.
        await leo.by_id("network").click()
        await leo.by_id("break-relay").click()
        await leo.by_id("break-mesh").click()
        await leo.page.context.set_offline(True)
        back_at = asyncio.get_running_loop().time() + OFFLINE_S
        await leo.page.keyboard.press("Escape")
        await leo.offline()
        await amara.wait_listed(["Amara Okafor"], GHOST_S)
        await asyncio.gather(amara.strokes(curls(range(2, 7))), leo.strokes(curls(range(22, 27))))
        await expect(leo.by_id("save-state")).to_contain_text("kept on this device")
        assert await amara.shape_count() == await leo.shape_count() == 9
        while (left_s := back_at - asyncio.get_running_loop().time()) > 0:
            await leo.page.wait_for_timeout(1000 * min(left_s, 10))  # the outage lasts its minute
            await leo.offline()

        await leo.page.context.set_offline(False)
        await leo.by_id("network").click()
        await leo.by_id("break-relay").click()
        await leo.by_id("break-mesh").click()
        await asyncio.gather(*(person.wait_shapes(14) for person in (amara, leo)))
        await asyncio.gather(*(person.saved() for person in (amara, leo)))
        await amara.same_board(await leo.board_text())
        await asyncio.gather(*(person.wait_listed(["Amara Okafor", "Leo Novak"]) for person in (amara, leo)))
        # He is told what he missed, and can look at it; his own work is no news to him.
        await expect(leo.by_id("missed")).to_contain_text("Amara Okafor added 5 strokes")
        await leo.by_id("missed-show").click()
        await leo.by_id("missed-dismiss").click()
        await expect(leo.by_id("missed")).to_have_count(0)


async def test_two_tabs_of_one_person_both_draw_and_are_one_line_in_the_list(school: School) -> None:
    tutor = school.tutor
    async with person_in(school.browser, "sofia", school.servers.url) as sofia:
        await sofia.join(school.path, media=False)
        again = await duplicate(sofia)
        before = await tutor.shape_count()
        await asyncio.gather(sofia.strokes(curls([40, 41, 42])), again.strokes(curls([43, 44, 45])))
        for person in (tutor, sofia, again):
            await person.wait_shapes(before + 6)
            await person.saved()
            await person.wait_listed(["Maya Torres", "Sofia Rossi"])
        text = await tutor.board_text()
        await asyncio.gather(*(person.same_board(text) for person in (sofia, again)))
        assert len(await tutor.ask(STUDENTS)) == 2

        await sofia.page.close()
        await wait_students(tutor, 1)
        await again.strokes(curls([46]))
        await again.saved()
        await tutor.wait_shapes(before + 7)
        await tutor.wait_listed(["Maya Torres", "Sofia Rossi"])
    await wait_students(tutor, 0)
    await expect(tutor.by_id("cursor")).to_have_count(0)


async def test_a_page_loaded_again_without_the_relay_keeps_its_board_and_uploads_all_later(school: School) -> None:
    tutor = school.tutor
    async with person_in(school.browser, "jin", school.servers.url) as jin:
        await jin.join(school.path, media=False)
        await jin.same_board(await tutor.board_text())
        before = await jin.shape_count()
        await jin.strokes(curls([80, 81]))
        await jin.saved()
        await school.servers.relay.kill()
        await asyncio.gather(jin.relay_lost(), tutor.relay_lost())
        await jin.strokes(curls([82, 83]))
        kept = await jin.board_text()

        await jin.page.reload()
        await expect(jin.by_id("board")).to_be_visible(timeout=20_000)
        await jin.same_board(kept)
        await jin.strokes(curls([84, 85]))
        await jin.offline()
        await expect(jin.by_id("save-state")).to_contain_text("kept on this device")
        await tutor.strokes(curls([120]))

        await school.servers.relay.start()
        for person in (tutor, jin):
            await person.wait_shapes(before + 7)
            await person.relay_online()
            await person.saved()
            await person.wait_listed(["Maya Torres", "Jin Park"])
        await tutor.same_board(await jin.board_text())
        authors = [shape["author"] for shape in await jin.ask("globalThis.chalkmesh.shapes('main')")]
        assert sorted(authors.count(author) for author in set(authors[-7:])) == [1, 2, 4]
        await wait_students(tutor, 1)

        async with person_in(school.browser, "amara", school.servers.url) as late:
            await late.join(school.path, media=False)
            await late.same_board(await jin.board_text())


RELOADS = 20
"""Half of them with the relay, half without."""
KILLS = 5
RELOAD_AT_PEN_UP = "() => addEventListener('pointerup', () => location.reload(), { once: true })"
TELL_PEN_UP = "() => addEventListener('pointerup', () => globalThis.penUp(Date.now()), { once: true })"


async def test_a_reload_in_the_task_of_pen_up_loses_no_stroke_and_doubles_none_E11(school: School) -> None:
    async with person_in(school.browser, "amara", school.servers.url) as amara:
        await amara.join(school.path, media=False)
        before = await amara.shape_count()
        for done, curl in enumerate(curls(range(140, 140 + RELOADS)), start=1):
            if done == RELOADS // 2:
                await school.servers.relay.kill()
            await amara.page.evaluate(RELOAD_AT_PEN_UP)
            async with amara.page.expect_event("domcontentloaded"):
                await amara.stroke(curl)
            await reopened(amara, before + done)
        # With the pen still down: the ink so far.
        await amara.stroke(loop(161), lift=False)
        await amara.page.reload()
        await reopened(amara, before + RELOADS + 1)

        await school.servers.relay.start()
        for person in (amara, school.tutor):
            await person.relay_online()
            await person.saved()
            await person.wait_shapes(before + RELOADS + 1)
        await school.tutor.same_board(await amara.board_text())
        assert await amara.shape_count() == before + RELOADS + 1


async def test_a_renderer_killed_right_after_pen_up_loses_no_stroke_E11(
    school: School, record_property: Callable[[str, object], None]
) -> None:
    browser = await launch(school.playwright)
    try:
        async with person_in(browser, "leo", school.servers.url) as leo:
            await leo.join(school.path, media=False)
            before = await leo.shape_count()
            for done, curl in enumerate(curls(range(170, 170 + KILLS)), start=1):
                after_ms = await killed_at_pen_up(browser, leo, curl)
                record_property(f"kill_{done}_after_pen_up_ms", after_ms)
                leo = Participant(leo.login, await leo.page.context.new_page(), leo.school)
                await leo.page.goto(f"{leo.school}{school.path}")
                await leo.by_id("device-skip").or_(leo.by_id("board")).first.wait_for()
                if await leo.by_id("device-skip").is_visible():
                    await leo.by_id("device-skip").click()
                await reopened(leo, before + done)
            await leo.saved()
            await school.tutor.same_board(await leo.board_text())
    finally:
        await browser.close()


async def killed_at_pen_up(browser: Browser, person: Participant, curl: Sequence[Point]) -> float:
    """Draw a curl and kill its renderer on the news that the pen is up; how many ms lay between the two."""
    devtools = await browser.new_browser_cdp_session()
    processes = (await devtools.send("SystemInfo.getProcessInfo"))["processInfo"]
    # The others wait for pages to come.
    renderer = max((one for one in processes if one["type"] == "renderer"), key=lambda one: float(one["cpuTime"]))
    killed: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def kill(pen_up_ms: float) -> None:
        os.kill(renderer["id"], signal.SIGKILL)
        killed.set_result(time.time() * 1000 - pen_up_ms)

    await person.page.expose_function("penUp", kill)
    await person.page.evaluate(TELL_PEN_UP)
    async with person.page.expect_event("crash"):
        with suppress(PlaywrightError):  # nobody is left to answer that the mouse is up
            await person.stroke(curl)
    await devtools.detach()
    return await killed


async def reopened(person: Participant, shapes: int) -> None:
    """Wait until the page that was loaded again may be drawn on, and holds exactly these shapes."""
    await person.page.wait_for_function("() => globalThis.chalkmesh?.mayDraw()", timeout=20_000)
    await person.wait_shapes(shapes)
    assert await person.shape_count() == shapes


async def test_a_minute_offline_while_drawing_merges_on_return(school: School) -> None:
    await school.offline


async def duplicate(person: Participant) -> Participant:
    """The same address in another tab, opened as "Duplicate tab" does: same storage, same session storage."""
    async with person.page.context.expect_page() as opening:
        await person.page.evaluate("() => { globalThis.open(location.href) }")
    tab = Participant(person.login, await opening.value, person.school)
    await tab.entered()
    return tab


async def wait_students(person: Participant, count: int) -> None:
    """Wait until as many sessions of students are present at somebody's page; a ghost would be one more."""
    await person.page.wait_for_function(f"count => {STUDENTS}.length === count", arg=count, timeout=GHOST_S * 1000)
