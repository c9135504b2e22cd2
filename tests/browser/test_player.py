"""The player beyond watching, in a real browser: notes, a board that goes on, what the tutor sees, a running lesson."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from PIL import Image
from playwright.async_api import Page, async_playwright, expect

from portal.context import PORTAL
from portal.recordings import RecordingState
from portal.server import open_portal
from portal.settings import PortalSettings
from recorder.archive import StoredAsset
from recorder.ciphered import encrypt_recording
from recorder.seal import write_hashes
from tests.browser.chromium import launch, page_of
from tests.portal.world import CHEAP_HASHER, LESSON, NOON_MS, PASSWORD, FakeClock, fill_schools
from tests.recorder.lesson import Lesson
from tests.recorder.pictures import paste, png

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]

LENGTH_MS = 60_000
PASTED_MS = 55_000
RED = png((220, 20, 20), 400, 300)
MOST_OF_IT = 5_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def portal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A portal with one recorded lesson: the tutor draws a line every ten seconds. Returns its address."""
    data = tmp_path_factory.mktemp("player") / "data"
    data.mkdir()
    async with open_portal(PortalSettings(data=data), clock=FakeClock(), hasher=CHEAP_HASHER) as app:
        await fill_schools(app[PORTAL])
        recorded = await asyncio.to_thread(record, app[PORTAL].settings.recordings / LESSON)
        assert recorded.is_dir()
        await app[PORTAL].desk.report(
            LESSON, RecordingState.SEALED, detail="", duration_ms=LENGTH_MS, progress=None, now_ms=NOON_MS
        )
        server = TestServer(app)
        await server.start_server()
        yield str(server.make_url("")).rstrip("/")
        await server.close()


def record(folder: Path) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True)
    lesson = Lesson(folder)
    lesson.live(0)
    tutor = lesson.people[0]
    for number in range(5):
        tutor.line([(200, 150 + 100 * number), (900, 150 + 100 * number)], colour="blue")
        lesson.did(tutor, 10_000 * (number + 1))
    paste(tutor.board, RED, x=1000, y=300)
    lesson.did(tutor, PASTED_MS)
    name = hashlib.sha256(RED).hexdigest()
    lesson.archive.assets.mkdir()
    (lesson.archive.assets / name).write_bytes(RED)
    lesson.archive.asset_named(name, "board", PASTED_MS)
    lesson.archive.asset_held(StoredAsset(name, "board", PASTED_MS, 0, None), "image/png", len(RED), PASTED_MS)
    lesson.finish(LENGTH_MS)
    write_hashes(folder, folder.name)
    # As it lies on a school's disk.
    encrypt_recording(folder)
    return folder


async def reds(page: Page, place: str) -> int:
    """How many px of the pasted picture's colour are seen there."""
    with Image.open(io.BytesIO(await page.locator(place).first.screenshot())) as shot:
        pixels = np.asarray(shot.convert("RGB")).astype(int)
    return int(((pixels[:, :, 0] > 180) & (pixels[:, :, 1] < 70) & (pixels[:, :, 2] < 70)).sum())


async def wait_for_red(page: Page, place: str) -> None:
    async with asyncio.timeout(15):
        while await reds(page, place) < MOST_OF_IT:
            await page.evaluate("() => new Promise(requestAnimationFrame)")


async def test_a_pasted_picture_is_on_the_board_of_the_player_and_on_boards_that_go_on(portal: str) -> None:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        async with page_of(browser) as (_, page):
            await sign_in(page, portal, "student")
            await open_player(page, portal, "?t=50")
            assert await reds(page, "[data-testid=player-board]") == 0
            await page.evaluate("globalThis.chalkmeshPlayer.seek(58_000)")
            await wait_for_red(page, "[data-testid=player-board]")
            await page.evaluate("globalThis.chalkmeshPlayer.seek(50_000)")
            await page.wait_for_function("() => globalThis.chalkmeshPlayer.positionMs() < 51_000")
            assert await reds(page, "[data-testid=player-board]") == 0
            await page.evaluate("globalThis.chalkmeshPlayer.seek(58_000)")
            await page.get_by_test_id("player-continue").click()
            await page.get_by_test_id("player-fork").click()
            await expect(page.get_by_test_id("own-board")).to_have_attribute("data-state", "kept", timeout=20_000)
            await wait_for_red(page, ".own-board__board")
        async with page_of(browser) as (_, stranger):
            name = hashlib.sha256(RED).hexdigest()
            await sign_in(stranger, portal, "other-student")
            answer = await stranger.request.get(f"{portal}/api/recordings/{LESSON}/assets/{name}")
            assert answer.status in (403, 404)
        await browser.close()


async def sign_in(page: Page, portal: str, login: str) -> None:
    await page.goto(f"{portal}/login")
    await page.fill("#login", login)
    await page.fill("#password", PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(f"{portal}/")


async def open_player(page: Page, portal: str, query: str = "") -> None:
    await page.goto(f"{portal}/recordings/{LESSON}{query}")
    await page.wait_for_function("() => globalThis.chalkmeshPlayer?.ready === true", timeout=20_000)


async def test_students_board_goes_on_from_a_moment_and_the_tutor_sees_what_was_added(portal: str) -> None:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        async with page_of(browser) as (_, student), page_of(browser) as (_, tutor):
            await sign_in(student, portal, "student")
            await open_player(student, portal, "?t=25")
            await student.get_by_test_id("player-tab-notes").click()
            await student.get_by_test_id("player-note-words").fill("Ask about this line")
            await student.get_by_test_id("player-note-audience").select_option("class")
            await student.get_by_test_id("player-note-send").click()
            await expect(student.get_by_test_id("player-note")).to_contain_text("0:25")

            await student.get_by_test_id("player-continue").click()
            await student.get_by_test_id("player-fork").click()
            board = student.get_by_test_id("own-board")
            await expect(board).to_have_attribute("data-state", "kept", timeout=20_000)
            area = await student.locator(".own-board__board canvas").first.bounding_box()
            assert area
            await student.mouse.move(area["x"] + 300, area["y"] + 400)
            await student.mouse.down()
            await student.mouse.move(area["x"] + 500, area["y"] + 420, steps=8)
            await student.mouse.up()
            kept = student.get_by_test_id("board-kept")
            await expect(kept).to_have_attribute("data-state", "saved", timeout=10_000)
            await student.reload()
            await expect(board).to_have_attribute("data-state", "kept", timeout=20_000)
            await student.get_by_test_id("hand-in").click()
            await expect(student.get_by_role("dialog")).to_contain_text("1 added")
            await student.get_by_test_id("hand-in-confirm").click()
            await expect(board).to_have_attribute("data-state", "handed_in", timeout=20_000)

            await sign_in(tutor, portal, "tutor")
            await open_player(tutor, portal)
            await tutor.get_by_test_id("player-tab-notes").click()
            await expect(tutor.get_by_test_id("player-note")).to_contain_text("Ask about this line")
            await tutor.get_by_test_id("player-note-words").fill("The third line")
            await tutor.get_by_test_id("player-note-audience").select_option("chapter")
            await tutor.get_by_test_id("player-note-send").click()
            await tutor.get_by_test_id("player-chapters").click()
            await expect(tutor.locator(".chapters__item").last).to_contain_text("The third line")
            await tutor.keyboard.press("Escape")
            await tutor.get_by_test_id("player-continue").click()
            await tutor.get_by_test_id("player-board-link").click()
            await expect(tutor.get_by_test_id("board-difference")).to_have_text("1 added", timeout=20_000)
            await tutor.get_by_test_id("answer-words").fill("Exactly")
            await tutor.get_by_test_id("answer-send").click()
            await expect(tutor.get_by_test_id("own-board")).to_have_attribute("data-state", "answered", timeout=20_000)
            await student.reload()
            await expect(student.get_by_test_id("board-answer")).to_contain_text("Exactly", timeout=20_000)
        await browser.close()


async def test_running_lesson_is_followed_left_and_followed_again(portal: str) -> None:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        async with page_of(browser) as (_, page):
            await sign_in(page, portal, "tutor")
            # The lesson as it was at 40 s, two seconds longer each time it is asked for.
            await page.add_init_script(RUNNING)
            await open_player(page, portal)
            live = page.get_by_test_id("player-live")
            await expect(live).to_have_text("Live")
            assert await page.evaluate("globalThis.chalkmeshPlayer.positionMs()") >= 33_000
            await page.get_by_test_id("player-play").click()
            await page.wait_for_function("() => globalThis.chalkmeshPlayer.positionMs() > 37_000", timeout=15_000)
            await page.keyboard.press("2")
            await expect(live).to_have_text("Back to live")
            assert await page.evaluate("globalThis.chalkmeshPlayer.positionMs()") < 20_000
            await live.click()
            await expect(live).to_have_attribute("aria-pressed", "true")
            assert await page.evaluate("globalThis.chalkmeshPlayer.positionMs()") >= 35_000
        await browser.close()


RUNNING = """
const plain = globalThis.fetch;
let end = 38_000;
globalThis.fetch = async (url, options) => {
  const answer = await plain(url, options);
  if (!/\\/api\\/recordings\\/[^/?]+$/.test(String(url))) return answer;
  const manifest = await answer.json();
  end += 2_000;
  return Response.json({ ...manifest, state: 'recording', end_ms: end });
};
"""
