"""Writes docs/images/*.png, the pictures of the README: a lesson with ink and faces, a recording, a phone.

Run it as `make screenshots`. It holds a short lesson with real processes and browsers; what is on the board is the
showcase's own handwriting, drawn with the mouse.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.async_api import Page, async_playwright

from portal.showcase.avatar import Look
from portal.showcase.finished import LESSON as FINISHED_LESSON
from portal.showcase.fractions_lesson import fractions_lesson
from portal.showcase.script import AddPage, Draw, Erase, Undo
from tests.browser.chromium import launch
from tests.browser.lesson_run import FILM_URL
from tests.browser.participant import Participant, participant, person_in
from tests.browser.portraits import Portrait
from tests.browser.servers import Classroom, classroom

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images"
MAX_BYTES = 250_000
LESSON = "Fractions with Leo"
FINISHED_TIMEOUT_S = 120
# Where the recording is shown, ms: on its second page, with the pens moving.
PLAYER_AT_MS = 64_500
# A mouse has no pressure, and its pen gets thin where it is fast: thin sizes are a step up.
SIZE_BUTTONS = {4.0: "size-3", 8.0: "size-3"}

TUTOR = Portrait(Look("MT", "#2f7d5b", 0), speaks=True)
LEO = Portrait(Look("LN", "#3b6fb5", 1))


async def take_all() -> None:
    """Hold the lesson and take every picture."""
    with tempfile.TemporaryDirectory(prefix="chalkmesh-pictures-") as temporary:
        folder = Path(temporary)
        async with async_playwright() as playwright, classroom(folder / "data") as school:
            await school.bots.start()
            async with (
                participant(playwright, "tutor", school.url, folder, TUTOR) as tutor,
                participant(playwright, "leo", school.url, folder, LEO) as leo,
            ):
                path = await tutor.lesson_path(LESSON)
                await asyncio.gather(*(each.join(path, original_sound=False) for each in (tutor, leo)))
                await tutor.start_lesson()
                await leo.lesson_state("live")
                await play_the_script(tutor, leo)
                await take_classroom(tutor, leo)
            another = await launch(playwright)
            async with person_in(another, "tutor", school.url) as viewer:
                await take_finished(viewer, school)
                await another.close()


async def play_the_script(tutor: Participant, leo: Participant) -> None:
    """What the demo's lesson has on its first page at the end, drawn by two hands; the chat that goes with it."""
    strokes: list[Draw] = []
    for action in fractions_lesson().actions:
        if isinstance(action, AddPage):
            break
        if isinstance(action, Draw):
            strokes.append(action)
        elif isinstance(action, Erase):
            strokes = [stroke for stroke in strokes if stroke.tag not in action.tags]
        elif isinstance(action, Undo):
            strokes.remove([stroke for stroke in strokes if stroke.actor == action.actor][-1])
    mine = [stroke for stroke in strokes if stroke.actor == "tutor"]
    await asyncio.gather(draw(tutor, mine), draw(leo, [stroke for stroke in strokes if stroke.actor != "tutor"]))
    for person, words in ((leo, "I think I know it!"), (tutor, "Go on, show us"), (leo, "A half is two quarters")):
        await person.by_id("tab-chat").click()
        await person.by_id("chat-input").fill(words)
        await person.by_id("chat-input").press("Enter")
    for person in (tutor, leo):
        await person.wait_shapes(len(strokes))
        await person.saved()


async def draw(person: Participant, strokes: Iterable[Draw]) -> None:
    """The strokes at their places on the board, with the mouse."""
    left, top, _, _ = await person.box()
    view = await person.ask("globalThis.chalkmesh.view()")
    held: tuple[str, float] | None = None
    mouse = person.page.mouse
    for stroke in strokes:
        if held != (stroke.colour, stroke.size):
            held = (stroke.colour, stroke.size)
            await person.by_id(f"color-{stroke.colour}").click()
            await person.by_id(SIZE_BUTTONS[stroke.size]).click()
        places = [
            (left + (point.x - view["x"]) * view["zoom"], top + (point.y - view["y"]) * view["zoom"])
            for point in stroke.stroke
        ]
        await mouse.move(*places[0])
        await mouse.down()
        for place in places[1:]:
            await mouse.move(*place)
        await mouse.up()


async def take_classroom(tutor: Participant, leo: Participant) -> None:
    """Light at the tutor's, dark at Leo's; then Leo's as a phone shows it."""
    for person in (tutor, leo):
        await person.by_id("tab-people").click()
    left, top, width, height = await leo.box()
    await leo.page.mouse.move(left + 0.66 * width, top + 0.78 * height)
    left, top, width, height = await tutor.box()
    await tutor.page.mouse.move(left + 0.3 * width, top + 0.86 * height)
    await settled(tutor.page)
    await save(tutor.page, "classroom")
    await leo.by_id("theme").click()
    await leo.by_id("tab-chat").click()
    await leo.page.mouse.move(left + 0.66 * width, top + 0.78 * height)
    await settled(leo.page)
    await save(leo.page, "classroom-dark")
    await leo.by_id("theme").click()
    await leo.page.set_viewport_size({"width": 390, "height": 844})
    if await leo.by_id("panel").get_attribute("data-open") == "true":
        await leo.by_id("panel-close").click()
    await settled(leo.page)
    await save(leo.page, "phone")


async def take_finished(viewer: Participant, school: Classroom) -> None:
    """The list of lessons with one to watch, and the recording."""
    page = viewer.page
    recording = f"{school.url}/recordings/{FINISHED_LESSON}"
    async with asyncio.timeout(FINISHED_TIMEOUT_S):
        while not (answer := await page.goto(recording)) or answer.status != 200:
            await page.wait_for_timeout(500)
    async with asyncio.timeout(FINISHED_TIMEOUT_S):
        while not await viewer.ask(FILM_URL, FINISHED_LESSON):
            await page.wait_for_timeout(500)
    await page.reload()
    await page.wait_for_function("() => globalThis.chalkmeshPlayer?.ready === true", timeout=30_000)
    await viewer.ask("globalThis.chalkmeshPlayer.seek(argument)", PLAYER_AT_MS)
    await viewer.by_id("player-play").click()
    await page.wait_for_function(
        "at => globalThis.chalkmeshPlayer.positionMs() > at + 1500", arg=PLAYER_AT_MS, timeout=30_000
    )
    await viewer.by_id("player-play").click()
    await page.mouse.move(0, 0)
    await page.wait_for_timeout(500)
    await save(page, "player")
    await page.goto(school.url)
    await save(page, "lessons")


async def settled(page: Page) -> None:
    """The board is sharp, nothing fades any more, and tooltips are gone."""
    await page.wait_for_function("() => globalThis.chalkmesh.isSettled()")
    await page.wait_for_timeout(800)


async def save(page: Page, name: str) -> None:
    """A PNG of the page: in true colours where that is small enough, otherwise in 256 of its own."""
    raw = await page.screenshot(animations="disabled")
    with Image.open(BytesIO(raw), formats=("PNG",)) as opened:
        picture = opened.convert("RGB")
    FOLDER.mkdir(parents=True, exist_ok=True)
    target = FOLDER / f"{name}.png"
    picture.save(target, optimize=True)
    if target.stat().st_size > MAX_BYTES:
        picture.quantize(256, dither=Image.Dither.NONE).save(target, optimize=True)
    if target.stat().st_size > MAX_BYTES:
        raise SystemExit(f"screenshots: {target.name} has {target.stat().st_size} bytes, more than {MAX_BYTES}")
    print(f"screenshots: docs/images/{target.name} {target.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    sys.exit(asyncio.run(take_all()))
