"""Every page of every role, entrance, classroom and player: WCAG 2.2 AA as far as axe-core sees, focus, and motion."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, async_playwright, expect

from portal.context import PORTAL
from portal.recordings import RecordingState
from portal.server import open_portal
from portal.settings import PortalSettings
from tests.browser.axe import faults
from tests.browser.chromium import launch, page_of
from tests.browser.participant import Participant, person_in
from tests.browser.servers import classroom
from tests.browser.test_player import LENGTH_MS, open_player, record, sign_in
from tests.portal.matrix import MATRIX
from tests.portal.test_access import fill
from tests.portal.world import CHEAP_HASHER, LESSON, NOON_MS, FakeClock, fill_schools, fill_service

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

# Who sees most of a page comes first: those who may change it, then those who may look.
SEES_MOST: Final = (
    "nobody",
    "tutor",
    "coordinator",
    "student",
    "guardian",
    "district",
    "on-call",
    "reviewer",
    "contact",
)
PLAYER: Final = "/recordings/{lesson}"
# A page that shows people different things, and to whom it is looked at.
OF_MANY: Final = {"/": SEES_MOST, PLAYER: ("tutor", "reviewer")}
# One page that says that there is nothing.
NOTHING: Final = "/static/{path}"
# The classroom needs a relay: it has a test of its own here.
ELSEWHERE: Final = ("/lessons/{lesson}/room",)


@asynccontextmanager
async def used_portal(data: Path) -> AsyncIterator[tuple[str, str]]:
    """A portal in which everything has been used once. Its address, and the token of a welcome."""
    data.mkdir()
    async with open_portal(PortalSettings(data=data), clock=FakeClock(), hasher=CHEAP_HASHER) as app:
        await fill_schools(app[PORTAL])
        token = await fill_service(app[PORTAL])
        await asyncio.to_thread(record, app[PORTAL].settings.recordings / LESSON)
        await app[PORTAL].desk.report(
            LESSON, RecordingState.SEALED, detail="", duration_ms=LENGTH_MS, progress=None, now_ms=NOON_MS
        )
        async with TestServer(app) as server:
            yield str(server.make_url("")).rstrip("/"), token


def pages_of(who: str) -> Iterator[str]:
    """The paths that are looked at as this person: each once, with whoever sees most of it."""
    for (method, path), allowed in MATRIX.items():
        people = [each for each in SEES_MOST if each in allowed.split()]
        if method != "GET" or path in ELSEWHERE or not people:
            continue
        if who == people[0] or (who in people and who in OF_MANY.get(path, ())):
            yield path


async def look_at(browser: Browser, address: str, token: str, who: str) -> tuple[list[str], list[str]]:
    """Looks at all pages of one person: what was found, and the paths that were pages."""
    found, pages = [], []
    async with page_of(browser) as (context, page):
        await page.emulate_media(reduced_motion="reduce")
        if who != "nobody":
            await sign_in(page, address, who)
        for path in pages_of(who):
            url = address + fill(path, token=token)
            answer = await context.request.get(url, max_redirects=0)
            if not answer.headers["content-type"].startswith("text/html") or not (answer.ok or path == NOTHING):
                continue
            await page.goto(url, wait_until="domcontentloaded")
            if path == PLAYER:
                await open_player(page, address)
                found += await with_each_panel(page, f"{who} {path}")
            else:
                found += [f"{who} {path} {fault}" for fault in await faults(page)]
            pages.append(path)
    return found, pages


async def with_each_panel(page: Page, where: str) -> list[str]:
    """The page as it is, and with each tab and each panel open in turn."""
    found = [f"{where} {fault}" for fault in await faults(page)]
    # Tabs come last: what opens a panel may lie in one.
    openers = ("button[aria-expanded=false]:visible:enabled", "[role=tab][aria-selected=false]:visible")
    closed = [each for kind in openers for each in await page.locator(kind).all()]
    names = [await each.get_attribute("data-testid") for each in closed]
    for name in names:
        assert name, (where, names)
        button = page.get_by_test_id(name)
        await button.click()
        found += [f"{where} {name} {fault}" for fault in await faults(page)]
        if await page.locator(".popover__panel").is_visible():
            await page.keyboard.press("Escape")
        elif await button.get_attribute("aria-expanded") == "true":
            await button.click()
    return found


@pytest.mark.asyncio
async def test_every_page_of_the_portal_holds_wcag_22_aa(tmp_path: Path) -> None:
    async with async_playwright() as playwright, used_portal(tmp_path / "data") as (address, token):
        browser = await launch(playwright)
        found: list[str] = []
        pages: list[str] = []
        for who in SEES_MOST:
            broken, seen = await look_at(browser, address, token, who)
            found += broken
            pages += seen
        await browser.close()
    assert not found, "\n".join(found)
    assert len(set(pages)) > 40


async def look_at_dialogs(person: Participant, ways: tuple[tuple[str, ...], ...]) -> list[str]:
    """Opens each dialog by the buttons that lead to it, looks at it, and closes it with Escape."""
    found = []
    for way in ways:
        for name in way:
            await person.by_id(name).click()
        dialog = person.page.locator("dialog[open]")
        await expect(dialog).to_be_visible()
        found += [f"{way[-1]} {fault}" for fault in await faults(person.page)]
        await dialog.focus()
        await person.page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
    return found


async def look_at_desks(tutor: Participant, student: Participant) -> list[str]:
    """A student's own desk, all desks at a glance, and one with the tutor at it."""
    await student.by_id("desk-toggle").click()
    await expect(student.by_id("desk-bar")).to_be_visible()
    found = [f"own desk {fault}" for fault in await faults(student.page)]
    await tutor.by_id("desk-toggle").click()
    await expect(tutor.by_id("desks")).to_be_visible()
    found += [f"desks {fault}" for fault in await faults(tutor.page)]
    await tutor.by_id("desk-demo-amara").click()
    await expect(tutor.by_id("desk-bar")).to_be_visible()
    found += [f"a student's desk {fault}" for fault in await faults(tutor.page)]
    for person in (tutor, student):
        await person.by_id("desk-back").click()
    return found


# The focus of the page, in words.
FOCUSED: Final = "document.activeElement.dataset.testid ?? document.activeElement.className"
MOST_STOPS: Final = 120


async def by_keyboard(person: Participant) -> None:
    """Tab goes through the whole classroom and out of it, Escape back to what opened, and shapes need no pointer."""
    page, press = person.page, person.page.keyboard.press
    stops = await stops_of_tab(person)
    wanted = ("board", "look", "tool-select", "tool-shapes", "undo", "tab-people", "page-0", "page-menu", "zoom-fit")
    assert stops[0] == "skip-link"
    assert [name for name in wanted if name not in stops] == [], stops

    for opener in ("end-lesson", "crisis"):
        await person.by_id(opener).press("Enter")
        await expect(page.locator("dialog[open]")).to_be_visible()
        for _ in range(12):
            await press("Tab")
            # Between the last and the first there is the browser's own bar.
            assert await person.ask(
                "document.activeElement === document.body || document.activeElement.closest('dialog') !== null"
            )
        await press("Escape")
        await expect(page.locator("dialog[open]")).to_have_count(0)
        assert await person.ask(FOCUSED) == opener
    for opener in ("tool-shapes", "page-more", "page-menu"):
        await person.by_id(opener).press("Enter")
        await expect(page.locator(".popover__panel")).to_be_visible()
        await press("Tab")
        await press("Escape")
        await expect(page.locator(".popover__panel")).to_have_count(0)
        assert await person.ask(FOCUSED) == opener

    # A rectangle from the panel is put down, moved, made wider and turned.
    count = await person.shape_count()
    await person.by_id("tool-shapes").press("Enter")
    await person.by_id("form-rectangle").press("Enter")
    await press("Enter")
    await person.wait_shapes(count + 1)
    for keys in ("Shift+ArrowRight", "Alt+ArrowRight", "."):
        before = await person.board_text()
        await press(keys)
        assert await person.board_text() != before, keys


async def stops_of_tab(person: Participant) -> list[str]:
    """Where Tab stops, from the top of the page to its end."""
    await person.page.evaluate("document.activeElement.blur()")
    # Out of whatever was last focused, and into the page from above.
    await person.page.locator("body").evaluate(
        "body => { body.tabIndex = -1; body.focus(); body.removeAttribute('tabindex'); }"
    )
    stops: list[str] = []
    while len(stops) < MOST_STOPS:
        await person.page.keyboard.press("Tab")
        if await person.ask("document.activeElement === document.body"):
            return stops
        stops.append(await person.ask(FOCUSED))
    raise AssertionError(f"Tab is caught: {stops[-6:]}")


@pytest.mark.asyncio
async def test_the_classroom_with_each_panel_open_holds_wcag_22_aa(tmp_path: Path) -> None:
    found: list[str] = []
    async with async_playwright() as playwright, classroom(tmp_path / "data") as school:
        browser = await launch(playwright)
        async with (
            person_in(browser, "tutor", school.url) as tutor,
            person_in(browser, "amara", school.url, width=390, height=844) as amara,
        ):
            for person in (tutor, amara):
                person.page.set_default_timeout(10_000)
                await person.page.emulate_media(reduced_motion="reduce")
            path = await tutor.lesson_path("Forces and motion")
            await tutor.page.goto(f"{school.url}{path}")
            await expect(tutor.by_id("ack-notice")).to_be_visible()
            found += [f"notice {fault}" for fault in await faults(tutor.page)]
            await tutor.by_id("ack-notice").click()
            await expect(tutor.by_id("device-skip")).to_be_visible()
            found += [f"entrance {fault}" for fault in await faults(tutor.page)]
            await tutor.join(path, media=False)
            await amara.join(path, media=False)
            found += [f"waiting {fault}" for fault in await faults(amara.page)]
            await tutor.start_lesson()
            await amara.lesson_state("live")
            await tutor.stroke([(0.3, 0.3), (0.4, 0.5), (0.5, 0.4)])
            # What is chosen has a bar of its own, with panels.
            await tutor.page.keyboard.press("Control+a")
            await expect(tutor.by_id("choice")).to_be_visible()
            await by_keyboard(tutor)
            found += await with_each_panel(tutor.page, "tutor")
            found += await look_at_dialogs(
                tutor,
                (
                    ("tool-shapes", "make-formula"),
                    ("tool-shapes", "make-axes"),
                    ("page-menu", "history-open"),
                    ("page-more", "bring-pages"),
                    ("crisis",),
                    ("end-lesson",),
                ),
            )
            found += await with_each_panel(amara.page, "student on a phone")
            found += await look_at_desks(tutor, amara)
            await tutor.end_lesson()
            await amara.lesson_state("ended")
            found += [f"ended {fault}" for fault in await faults(amara.page)]
        await browser.close()
    assert not found, "\n".join(found)
