"""A tutor and a student at the whiteboard: shapes by mouse and keyboard, together, taken out and brought in again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from tests.browser.chromium import launch
from tests.browser.participant import Participant, person_in
from tests.browser.servers import classroom

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
LESSON = "Forces and motion"
TYPES = "chalkmesh.shapes(argument).map(shape => shape.type)"


async def pull(person: Participant, form: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Choose a shape in the panel and pull it open; places are fractions of the board."""
    await person.by_id("tool-shapes").click()
    await person.by_id(f"form-{form}").click()
    await person.page.keyboard.press("Escape")
    await person.stroke([start, end])


async def test_shapes_from_mouse_and_keyboard_reach_the_other_and_come_back_from_a_file(tmp_path: Path) -> None:
    async with async_playwright() as playwright, classroom(tmp_path / "data") as school:
        browser = await launch(playwright)
        async with (
            person_in(browser, "tutor", school.url) as tutor,
            person_in(browser, "amara", school.url) as amara,
        ):
            path = await tutor.lesson_path(LESSON)
            await tutor.join(path, media=False)
            await tutor.start_lesson()
            await amara.join(path, media=False)

            await pull(tutor, "rectangle", (0.1, 0.2), (0.25, 0.4))
            await pull(tutor, "ellipse", (0.5, 0.2), (0.65, 0.4))
            await pull(tutor, "arrow", (0.18, 0.3), (0.58, 0.3))
            await tutor.page.keyboard.press("n")
            await tutor.page.keyboard.press("Enter")
            await tutor.page.keyboard.type("One half")
            await tutor.page.keyboard.press("Escape")
            await amara.wait_shapes(4)
            assert await amara.ask(TYPES, "main") == ["geo", "geo", "arrow", "note"]
            await amara.same_board(await tutor.board_text())

            # All by keyboard: choose, double, group, move, turn, send to the back; undo takes back only one's own.
            for keys in ("Control+a", "Control+d", "Control+g", "Shift+ArrowRight", ".", "{", "Control+Shift+l"):
                await tutor.page.keyboard.press(keys)
            await amara.wait_shapes(8)
            await pull(amara, "star", (0.75, 0.6), (0.85, 0.8))
            await tutor.wait_shapes(9)
            for _ in range(6):
                await tutor.page.keyboard.press("Control+z")
            await amara.page.wait_for_function("() => chalkmesh.shapes('main').length === 5")
            await amara.same_board(await tutor.board_text())

            # The student only watches, on whatever page, until the tutor lets go.
            await tutor.by_id("hold-demo-amara").click()
            await expect(amara.by_id("tool-pen")).to_be_disabled()
            await tutor.by_id("page-add").click()
            await expect(amara.by_id("page-1")).to_have_attribute("aria-current", "page")
            await expect(amara.by_id("tool-pen")).to_be_disabled()
            await tutor.by_id("hold-demo-amara").click()
            await expect(amara.by_id("tool-pen")).to_be_enabled()

            await tutor.by_id("page-menu").click()
            async with tutor.page.expect_download() as saved:
                await tutor.by_id("save-json").click()
            file = tmp_path / "board.json"
            await (await saved.value).save_as(file)
            pages = json.loads(file.read_text())["pages"]
            assert [len(page["shapes"]) for page in pages] == [5, 0]
            await tutor.by_id("bring-in-file").set_input_files(file)
            await amara.wait_shapes(10)
            await amara.same_board(await tutor.board_text())
        await browser.close()
