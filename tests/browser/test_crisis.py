"""The crisis button: on-call is alerted within two seconds, also when the presser's own way to the school is gone."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.browser.chromium import launch
from tests.browser.participant import Participant, person_in
from tests.browser.servers import classroom

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

_WITHIN_S = 2.0


async def press(person: Participant, reason: str) -> float:
    """Both steps; returns when the second was done, s of the monotonic clock."""
    await person.by_id("crisis").click()
    await expect(person.by_id("crisis-send")).to_be_disabled()
    await person.by_id(f"crisis-{reason}").check()
    began_s = time.monotonic()
    await person.by_id("crisis-send").click()
    return began_s


async def alerts_shown(page: Page, count: int) -> None:
    """Wait until the on-call page shows this many alerts that nobody has in hand."""
    await expect(page.get_by_role("button", name="I have it")).to_have_count(count, timeout=10_000)


async def test_on_call_is_alerted_within_two_seconds_with_and_without_a_way_to_the_school(tmp_path: Path) -> None:
    async with async_playwright() as playwright, classroom(tmp_path) as school:
        browser = await launch(playwright)
        async with (
            person_in(browser, "tutor", school.url) as tutor,
            person_in(browser, "leo", school.url) as leo,
            person_in(browser, "oncall", school.url) as helper,
        ):
            path = await tutor.lesson_path("Fractions with Leo")
            await helper.page.goto(f"{school.url}/alerts")
            await expect(helper.page.get_by_text("No alerts")).to_be_visible()
            await asyncio.gather(*(person.join(path, media=False) for person in (tutor, leo)))
            await tutor.start_lesson()
            await leo.lesson_state("live")
            await expect(leo.by_id("crisis")).to_have_count(0)

            pressed_s = await press(tutor, "distress")
            await alerts_shown(helper.page, 1)
            assert time.monotonic() - pressed_s < _WITHIN_S
            await expect(tutor.by_id("crisis-state")).to_have_attribute("data-state", "stored")
            await helper.page.get_by_role("button", name="I have it").click()
            await expect(tutor.by_id("crisis-state")).to_have_attribute("data-state", "acknowledged", timeout=10_000)

            # The tutor's page reaches the school no more; the relay, and so the recorder, it does.
            await tutor.page.route("**/api/**", lambda route: route.abort())
            pressed_s = await press(tutor, "danger")
            await alerts_shown(helper.page, 1)
            assert time.monotonic() - pressed_s < _WITHIN_S
            await expect(tutor.by_id("crisis-state")).to_have_attribute("data-state", "stored")
            await expect(helper.page.get_by_role("heading", name="Somebody may be in danger")).to_be_visible()

            # Nothing of it stands on the student's page, in its texts or in what it was sent.
            assert "crisis" not in (await leo.page.content()).lower()
            await leo.lesson_state("live")
        await browser.close()


async def test_tutor_lets_in_asks_for_the_microphone_and_takes_out(tmp_path: Path) -> None:
    async with async_playwright() as playwright, classroom(tmp_path) as school:
        browser = await launch(playwright)
        async with (
            person_in(browser, "coordinator", school.url) as office,
            person_in(browser, "tutor", school.url) as tutor,
            person_in(browser, "leo", school.url) as leo,
        ):
            await office.page.goto(f"{school.url}/lesson-rooms")
            await office.page.get_by_label("Waiting room").check()
            await office.page.get_by_role("button", name="Save").click()
            path = await tutor.lesson_path("Fractions with Leo")
            await tutor.join(path, media=False)
            await leo.page.goto(f"{school.url}{path}")
            await leo.by_id("ack-notice").click()
            await leo.by_id("device-ready").click()
            await expect(leo.by_id("at-the-door")).to_be_visible()
            await tutor.by_id("waiting-list").get_by_role("button", name="Let in").click()
            await leo.entered()

            row = tutor.page.get_by_test_id("people-list").locator("li", has_text="Leo Novak")
            user = (await row.get_attribute("data-testid") or "").removeprefix("participant-")
            await leo.by_id("hand").click()
            await expect(tutor.by_id(f"hand-{user}")).to_be_visible()
            await tutor.by_id(f"more-{user}").click()
            await tutor.by_id(f"lower-{user}").click()
            await expect(tutor.by_id(f"hand-{user}")).to_have_count(0)
            await tutor.by_id(f"mute-{user}").click()
            await expect(leo.by_id("mic")).to_have_attribute("aria-pressed", "false")
            await tutor.by_id(f"unmute-{user}").click()
            await expect(leo.by_id("ask-unmute")).to_be_visible()
            await expect(leo.by_id("mic")).to_have_attribute("aria-pressed", "false")
            await leo.by_id("ask-yes").click()
            await expect(leo.by_id("mic")).to_have_attribute("aria-pressed", "true")

            await tutor.by_id(f"remove-{user}").click()
            await tutor.by_id("remove-reason").select_option("technical")
            await tutor.by_id("remove-confirm").click()
            await expect(leo.by_id("stopped-card")).to_contain_text("You are no longer in this lesson")
            await tutor.by_id("removed-list").get_by_role("button", name="Let in again").click()
            await expect(tutor.by_id("removed-list")).to_have_count(0)
            await leo.page.reload()
            await leo.entered()
        await browser.close()
