"""Pages out of a PDF, and desks: what the tutor brings in, and what the others may not see until it is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fpdf import FPDF
from playwright.async_api import async_playwright, expect

from tests.browser.chromium import launch
from tests.browser.participant import Participant, person_in
from tests.browser.servers import classroom

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
LESSON = "Forces and motion"
DEMO_ROOM = "Sketch club (bots draw here)"


def worksheet(path: Path, pages: int) -> Path:
    pdf = FPDF()
    pdf.set_font("Helvetica", size=24)
    for number in range(1, pages + 1):
        pdf.add_page()
        pdf.cell(text=f"Worksheet {number}")
        pdf.rect(20, 60, 100, 40, style="F")
    pdf.output(str(path))
    return path


async def choose(tutor: Participant, file: Path) -> None:
    await tutor.by_id("page-more").click()
    await tutor.by_id("bring-pages").click()
    await tutor.by_id("bring-file").set_input_files(file)


async def sit_down(person: Participant, button: str) -> None:
    """Go to a desk; return when its board is there instead of the one that was."""
    before = await person.by_id("board").element_handle()
    await person.by_id(button).click()
    await person.page.wait_for_function(
        """before => {
            const board = document.querySelector('[data-testid=board]');
            return board && board !== before && board.clientWidth > 0;
        }""",
        arg=before,
    )


async def test_a_pdf_becomes_pages_that_all_see_and_nobody_drags(tmp_path: Path) -> None:
    async with async_playwright() as playwright, classroom(tmp_path / "data") as school:
        browser = await launch(playwright)
        async with (
            person_in(browser, "tutor", school.url) as tutor,
            person_in(browser, "amara", school.url) as amara,
        ):
            path = await tutor.lesson_path(LESSON)
            await tutor.join(path, media=False)
            await amara.join(path, media=False)
            await choose(tutor, worksheet(tmp_path / "large.pdf", 300))
            await expect(tutor.by_id("bring-failure")).to_contain_text("This PDF has 300 pages; at most 200")
            await tutor.by_id("bring-file").set_input_files(worksheet(tmp_path / "Fractions.pdf", 4))
            await expect(tutor.by_id("bring-page-4").locator("canvas")).to_be_visible()
            await expect(tutor.by_id("bring-count")).to_have_text("4 of 4 chosen")
            await tutor.by_id("bring-page-2").click()
            await tutor.by_id("bring-go").click()
            await expect(tutor.by_id("page-3")).to_have_text("Fractions 4")
            titles = [page["title"] for page in await tutor.ask("chalkmesh.pages()")]
            assert titles == ["", "Fractions 1", "Fractions 3", "Fractions 4"]
            # The first new page is shown to all, with its picture: black where the PDF has its bar.
            await expect(amara.by_id("page-1")).to_have_attribute("aria-current", "page")
            page = (await amara.ask("chalkmesh.pages()"))[1]["id"]
            assert await amara.ask("chalkmesh.shapes(argument).map(shape => shape.type)", page) == ["image"]
            await amara.page.wait_for_function(
                """() => {
                    const board = document.querySelector('[data-testid=board]');
                    const { data } = board.getContext('2d').getImageData(0, 0, board.width, board.height);
                    let black = 0;
                    for (let at = 0; at < data.length; at += 4) black += data[at] + data[at + 1] + data[at + 2] < 60;
                    return black > 5000;
                }"""
            )
            # Its picture is locked: it is not chosen with the rest, and the page goes as a whole.
            await tutor.page.keyboard.press("Control+a")
            await tutor.page.keyboard.press("Delete")
            assert await tutor.ask("chalkmesh.shapes(argument).length", page) == 1


async def test_a_desk_is_seen_by_its_owner_and_the_tutor_until_it_is_shown(tmp_path: Path) -> None:
    async with async_playwright() as playwright, classroom(tmp_path / "data") as school:
        browser = await launch(playwright)
        async with person_in(browser, "coordinator", school.url) as coordinator:
            await coordinator.page.goto(f"{school.url}/lesson-rooms")
            await coordinator.page.check("[name=desks]")
            await coordinator.page.get_by_role("button", name="Save").click()
        async with (
            person_in(browser, "tutor", school.url) as tutor,
            person_in(browser, "leo", school.url) as leo,
            person_in(browser, "amara", school.url) as amara,
        ):
            path = await tutor.lesson_path(LESSON)
            await tutor.join(path, media=False)
            await tutor.start_lesson()
            for student in (leo, amara):
                await student.join(path, media=False)
            await leo.wait_mesh(2)

            await sit_down(leo, "desk-toggle")
            await expect(leo.by_id("desk-bar")).to_contain_text("Only you and your tutor see it")
            await leo.stroke([(0.2, 0.2), (0.5, 0.6)])
            await leo.saved()
            await tutor.by_id("desk-toggle").click()
            await expect(tutor.by_id("desk-demo-leo").locator("canvas")).to_be_visible()
            await tutor.page.wait_for_function("() => chalkmesh.deskShapes('demo-leo') === 1")
            # Not hidden on the other student's page: it was never sent there. What its owner says next does come.
            await leo.by_id("tab-chat").click()
            await leo.by_id("chat-input").fill("Done")
            await leo.by_id("chat-input").press("Enter")
            await amara.page.wait_for_function("() => chalkmesh.boardContent().includes('Done')")
            assert "desk/demo-leo" not in await amara.board_text()
            assert "desk/demo-leo" in await tutor.board_text()

            # The tutor helps at the desk, then shows it to everybody.
            await sit_down(tutor, "desk-demo-leo")
            await expect(tutor.by_id("desk-bar")).to_contain_text("The other students do not see it")
            await tutor.stroke([(0.6, 0.6), (0.7, 0.5), (0.8, 0.4)], lift=False)
            await leo.page.wait_for_function("() => chalkmesh.live('demo-leo') > 1")
            await expect(leo.by_id("cursor")).to_have_count(1)
            assert await amara.ask("chalkmesh.live('demo-leo') + chalkmesh.live(null)") == 0
            await expect(amara.by_id("cursor")).to_have_count(0)
            await tutor.page.mouse.up()
            await leo.page.wait_for_function("() => chalkmesh.deskShapes('demo-leo') === 2")
            await tutor.by_id("desk-show-demo-leo").first.click()
            await expect(amara.by_id("desk-bar")).to_contain_text("Your tutor shows it to everybody")
            await amara.page.wait_for_function("() => chalkmesh.deskShapes('demo-leo') === 2")
            await leo.stroke([(0.2, 0.8), (0.4, 0.8), (0.5, 0.8)], lift=False)
            await amara.page.wait_for_function("() => chalkmesh.live('demo-leo') > 1")
            await leo.page.mouse.up()
            await amara.page.wait_for_function("() => chalkmesh.deskShapes('demo-leo') === 3")
            await amara.stroke([(0.3, 0.3), (0.4, 0.4)])
            assert await amara.ask("chalkmesh.deskShapes('demo-leo')") == 3

            await tutor.by_id("desk-show-demo-leo").first.click()
            await expect(amara.by_id("desk-bar")).to_have_count(0)
            await leo.stroke([(0.2, 0.9), (0.5, 0.9)])
            await tutor.page.wait_for_function("() => chalkmesh.deskShapes('demo-leo') === 4")
            await leo.saved()
            assert await amara.ask("chalkmesh.deskShapes('demo-leo')") == 3
            content = json.loads(await amara.board_text())
            assert len(content) <= len(json.loads(await tutor.board_text()))


async def test_words_are_found_and_the_list_follows_the_board(tmp_path: Path) -> None:
    async with async_playwright() as playwright, classroom(tmp_path / "data") as school:
        browser = await launch(playwright)
        async with person_in(browser, "tutor", school.url) as tutor:
            await tutor.join(await tutor.lesson_path(LESSON), media=False)
            await tutor.start_lesson()
            press = tutor.page.keyboard.press
            for words in ("One half", "One third"):
                await press("n")
                await press("Enter")
                await tutor.page.keyboard.type(words)
                await press("Escape")
            await tutor.by_id("page-more").click()
            await tutor.by_id("template-line-ten").click()

            # By keyboard alone: look for words, walk through the page, delete a thing, and undo.
            await press("Control+f")
            await tutor.page.keyboard.type("THIRD")
            await expect(tutor.by_id("find-count")).to_have_text("1 found")
            await tutor.by_id("find-result").press("Enter")
            await expect(tutor.by_id("page-0")).to_have_attribute("aria-current", "page")
            await tutor.by_id("find").fill("")
            items = tutor.by_id("contents-item")
            await expect(items).to_have_count(2)
            await expect(items.nth(1)).to_contain_text("Note “One third”, yellow")
            await items.first.focus()
            await press("ArrowDown")
            await press("Delete")
            await expect(items).to_have_count(1)
            await tutor.saved()

            # The recorder has it by now: the page as it was is looked at.
            await tutor.by_id("page-menu").click()
            await tutor.by_id("history-open").click()
            await expect(tutor.by_id("history-moments")).to_be_visible()
            await tutor.by_id("history-author").select_option("demo-tutor")
            await tutor.page.get_by_role("button", name="Close", exact=True).last.click()
            await expect(tutor.by_id("history-moments")).to_have_count(0)
            await press("Control+z")
            await expect(items).to_have_count(2)
            # A page that was deleted comes back with what is on it.
            await tutor.by_id("page-add").click()
            await expect(items).to_have_count(0)
            await tutor.by_id("tool-pen").click()
            await tutor.stroke([(0.3, 0.3), (0.5, 0.5)])
            await expect(items).to_have_count(1)
            for button in ("page-menu", "page-delete", "page-delete-sure"):
                await tutor.by_id(button).click()
            await expect(tutor.by_id("page-2")).to_have_count(0)
            await tutor.by_id("page-restore").click()
            await expect(tutor.by_id("page-2")).to_have_attribute("aria-current", "page")
            await expect(items).to_have_count(1)
            await press("Escape")
            await tutor.by_id("page-0").click()
            await expect(items).to_have_count(2)


async def test_all_are_led_and_pointed_to_a_part_of_a_page_and_a_held_pen_is_no_matter_of_good_will(
    tmp_path: Path,
) -> None:
    async with async_playwright() as playwright, classroom(tmp_path / "data") as school:
        browser = await launch(playwright)
        async with (
            person_in(browser, "tutor", school.url) as tutor,
            person_in(browser, "amara", school.url) as amara,
        ):
            path = await tutor.lesson_path(DEMO_ROOM)
            await tutor.join(path, media=False)
            await amara.join(path, media=False)
            await tutor.by_id("lead").click()
            for _ in range(3):
                await tutor.by_id("zoom-in").click()
            zoom = await tutor.ask("chalkmesh.view().zoom")
            # A window of the same size sees the same part, until its person looks elsewhere.
            await amara.page.wait_for_function("zoom => Math.abs(chalkmesh.view().zoom - zoom) < 0.15 * zoom", arg=zoom)
            await amara.by_id("zoom-fit").click()
            await tutor.by_id("lead").click()

            await tutor.by_id("page-add").click()
            await expect(amara.by_id("page-1")).to_have_attribute("aria-current", "page")
            await tutor.stroke([(0.4, 0.4), (0.6, 0.6)])
            await tutor.page.keyboard.press("Control+a")
            await amara.by_id("page-0").click()
            await tutor.by_id("spotlight").click()
            await expect(amara.by_id("page-1")).to_have_attribute("aria-current", "page")
            frame = await amara.by_id("spot").locator(".spot__frame").bounding_box()
            left, top, width, height = await amara.box()
            assert frame is not None
            assert left <= frame["x"] <= left + width - frame["width"]
            assert top <= frame["y"] <= top + height - frame["height"]
            assert frame["width"] > 100
            await tutor.by_id("spotlight").click()
            await expect(amara.by_id("spot")).to_have_count(0)

            # Drawn without a network while the tutor took the pen away: it waits, and comes when it is given back.
            for path_of in ("network", "break-relay", "break-mesh"):
                await amara.by_id(path_of).click()
            await amara.page.keyboard.press("Escape")
            await amara.offline()
            await amara.stroke([(0.3, 0.3), (0.5, 0.5)])
            await tutor.by_id("hold-demo-amara").click()
            await tutor.saved()
            # What was under way when the pen was taken still counts for a moment: that is over first.
            taken_ms = await tutor.room_ms()
            await tutor.page.wait_for_function("since => chalkmesh.roomMs() > since + 1_200", arg=taken_ms)
            for path_of in ("network", "break-relay", "break-mesh"):
                await amara.by_id(path_of).click()
            await expect(amara.by_id("held")).to_be_visible(timeout=20_000)
            await amara.relay_online()
            await expect(amara.by_id("held")).to_contain_text("waits on this device")
            assert await tutor.shape_count() == 1
            await tutor.by_id("hold-demo-amara").click()
            await tutor.wait_shapes(2)
            await amara.saved()
