"""The way of two people through a lesson as they would go it: sign in, wait, draw, talk, end, watch it again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from portal.demo import PASSWORD
from tests.browser.chromium import launch, page_of
from tests.browser.ink_plan import loop
from tests.browser.participant import Participant, person_in
from tests.browser.servers import Classroom, classroom

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]

MAIN_SHAPES = "globalThis.chalkmesh.shapes('main').length"
# Names of this device's copies of rooms: chalkmesh/<room>/<user>, and the same of their pictures.
_COPIES = "async () => (await indexedDB.databases()).flatMap(({name}) => name.split('/').length === 3 ? [name] : [])"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def school(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Classroom, Browser]]:
    async with async_playwright() as playwright, classroom(tmp_path_factory.mktemp("school")) as servers:
        browser = await launch(playwright)
        yield servers, browser
        await browser.close()


async def test_from_the_sign_in_page_to_the_recording(school: tuple[Classroom, Browser]) -> None:
    servers, browser = school
    async with page_of(browser) as (_, first), page_of(browser) as (_, second):
        leo, tutor = Participant("leo", first, servers.url), Participant("tutor", second, servers.url)
        await sign_in_at_the_second_try(leo)
        await enter_through_the_list(leo)
        await expect(leo.by_id("waiting-card")).to_be_visible()
        await leo.stroke(loop(30))
        await sign_in_as_persona(tutor, "Maya Torres")
        await enter_through_the_list(tutor)
        await expect(leo.by_id("waiting-card")).to_contain_text("Maya Torres is here")
        await tutor.start_lesson()
        await leo.lesson_state("live")
        await expect(leo.by_id("waiting-card")).to_be_hidden()
        assert await leo.shape_count() == 0  # what was tried before the start left nothing

        await draw_write_and_take_back(leo, tutor)
        await turn_the_page(leo, tutor)
        await talk(leo, tutor)
        await tutor.end_lesson()
        await watch(leo)
        await leave(leo)


async def sign_in_at_the_second_try(person: Participant) -> None:
    page = person.page
    await page.goto(f"{person.school}/")
    await page.wait_for_url("**/login*")
    for password in ("chalk-and-chalk", PASSWORD):
        await page.get_by_label("User name").fill(person.login)
        await page.get_by_label("Password").fill(password)
        await page.get_by_role("button", name="Sign in").click()
        if password != PASSWORD:
            await expect(page.get_by_role("alert")).to_contain_text("do not match")
            await expect(page.get_by_label("User name")).to_have_value(person.login)
    await expect(page.get_by_role("heading", name="Your lessons today")).to_be_visible()


async def sign_in_as_persona(person: Participant, name: str) -> None:
    await person.page.goto(f"{person.school}/login")
    await person.page.get_by_role("button", name=name).click()
    await expect(person.page.get_by_role("link", name="Join Fractions with Leo")).to_be_visible()


async def enter_through_the_list(person: Participant) -> None:
    await person.page.get_by_role("link", name="Join Fractions with Leo").click()
    await person.by_id("ack-notice").click()
    await person.by_id("device-ready").click()
    await person.entered()


async def draw_write_and_take_back(leo: Participant, tutor: Participant) -> None:
    await leo.stroke(loop(30))
    await tutor.wait_shapes(1)
    await expect(tutor.by_id("cursor")).to_contain_text("Leo Novak")

    await leo.by_id("tool-text").click()
    left, top, width, height = await leo.box()
    await leo.page.mouse.click(left + 0.5 * width, top + 0.5 * height)
    await leo.page.keyboard.type("one half")
    await leo.page.keyboard.press("Escape")
    await tutor.wait_shapes(2)
    await tutor.page.wait_for_function("() => globalThis.chalkmesh.boardContent().includes('one half')")

    await leo.by_id("tool-eraser").click()
    await leo.stroke(loop(30))
    await visible_shapes(tutor, 1)
    await leo.by_id("undo").click()
    await visible_shapes(tutor, 2)
    await leo.by_id("redo").click()
    await visible_shapes(tutor, 1)
    await leo.page.keyboard.press("Control+z")
    await visible_shapes(tutor, 2)
    await leo.saved()


async def visible_shapes(person: Participant, count: int) -> None:
    await person.page.wait_for_function(f"count => {MAIN_SHAPES} === count", arg=count, timeout=20_000)


async def turn_the_page(leo: Participant, tutor: Participant) -> None:
    await tutor.by_id("page-add").click()
    for person in (tutor, leo):
        await expect(person.by_id("page-1")).to_have_attribute("aria-current", "page")
    await tutor.by_id("page-0").click()
    await expect(leo.by_id("page-0")).to_have_attribute("aria-current", "page")


async def talk(leo: Participant, tutor: Participant) -> None:
    await leo.by_id("tab-chat").click()
    await leo.by_id("chat-input").fill("Is it four quarters?")
    await leo.by_id("chat-input").press("Enter")
    await expect(tutor.by_id("chat-unread")).to_contain_text("1")
    await tutor.by_id("tab-chat").click()
    await expect(tutor.by_id("chat-list")).to_contain_text("Is it four quarters?")
    await tutor.by_id("tab-people").click()

    await leo.by_id("hand").click()
    await expect(tutor.by_id("hands")).to_contain_text("Leo Novak has a raised hand")
    await expect(tutor.by_id("hand-demo-leo")).to_be_visible()
    await leo.by_id("hand").click()
    await expect(tutor.by_id("hands")).to_be_hidden()

    tile = tutor.by_id("tile-demo-leo")
    await expect(tile).to_have_attribute("data-video", "on", timeout=20_000)
    await expect(tile).to_have_attribute("data-muted", "false")
    await leo.by_id("mic").click()
    await expect(tile).to_have_attribute("data-muted", "true")
    await leo.by_id("camera").click()
    await expect(tile).to_have_attribute("data-video", "off")
    await leo.by_id("camera").click()
    await expect(tile).to_have_attribute("data-video", "on")


async def watch(leo: Participant) -> None:
    await expect(leo.by_id("ended-card")).to_be_visible(timeout=20_000)
    board = await leo.board_content()
    await leo.page.get_by_role("link", name="Watch the recording").click()
    await leo.page.wait_for_function("() => globalThis.chalkmeshPlayer?.ready === true", timeout=30_000)
    await leo.by_id("player-play").click()
    await leo.page.wait_for_function("() => globalThis.chalkmeshPlayer.positionMs() > 1000", timeout=20_000)
    await leo.ask("globalThis.chalkmeshPlayer.seek(globalThis.chalkmeshPlayer.durationMs())")
    assert (await leo.ask("JSON.parse(globalThis.chalkmeshPlayer.boardContent())"))["board"] == board["board"]


async def leave(person: Participant) -> None:
    """On a shared computer: who signs out leaves nothing of the lesson behind."""
    page = person.page
    await page.goto(f"{person.school}/")
    assert await page.evaluate(_COPIES) != []
    await page.locator("summary.account").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/login*")
    await page.wait_for_function(f"async () => (await ({_COPIES})()).length === 0")


async def test_the_demo_room_shows_a_broken_line_and_mends_it(school: tuple[Classroom, Browser]) -> None:
    servers, browser = school
    async with person_in(browser, "jin", servers.url) as jin, person_in(browser, "amara", servers.url) as amara:
        path = await jin.lesson_path("Sketch club")
        await asyncio.gather(*(person.join(path, media=False) for person in (jin, amara)))
        await jin.by_id("network").click()
        panel = jin.by_id("network-panel")
        direct = panel.locator("tr", has_text="Amara Okafor")
        await expect(direct).to_have_attribute("data-path", "mesh", timeout=30_000)
        await jin.by_id("break-relay").click()
        await jin.offline()
        await expect(direct).to_have_attribute("data-path", "mesh")
        await jin.page.keyboard.press("Escape")
        await jin.stroke(loop(31))
        await amara.wait_shapes(1)
        await expect(jin.by_id("save-state")).to_contain_text("1 change kept on this device")

        await jin.by_id("network").click()
        await jin.by_id("break-mesh").click()
        await expect(direct).to_have_attribute("data-path", "none")
        await jin.by_id("break-relay").click()
        await expect(direct).to_have_attribute("data-path", "relay", timeout=20_000)
        await jin.saved()
        await jin.by_id("break-mesh").click()
        await expect(direct).to_have_attribute("data-path", "mesh", timeout=30_000)
        await expect(panel.get_by_test_id("ack-numbers")).to_contain_text("1 of 1 saved")
