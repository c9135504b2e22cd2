"""A lesson does not go live without its recorder, says so, and goes live once it is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from tests.browser.participant import participant
from tests.browser.servers import classroom

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


async def test_start_waits_for_the_recorder(tmp_path: Path) -> None:
    async with async_playwright() as playwright, classroom(tmp_path / "data") as school:
        await school.recorder.stop()
        async with participant(playwright, "tutor", school.url, tmp_path) as tutor:
            await tutor.join(await tutor.lesson_path("Fractions with Leo"), media=False)
            await tutor.by_id("start-lesson").click()
            await expect(tutor.by_id("start-refused")).to_contain_text("recorder", timeout=10_000)
            await tutor.lesson_state("waiting")
            await school.recorder.start()
            await expect(tutor.page.get_by_text("Ready to record")).to_be_visible(timeout=20_000)
            await tutor.by_id("start-retry").click()
            await tutor.lesson_state("live")
