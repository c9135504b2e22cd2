"""One person in a lesson: a Chromium of their own, driven by the same clicks and strokes as a person makes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Locator, Page, Playwright, expect
from playwright.async_api import TimeoutError as PlaywrightTimeout

from portal.demo import PASSWORD
from tests.browser.chromium import launch, page_of
from tests.browser.known_media import FakeMedia

Point = tuple[float, float]


@dataclass
class Participant:
    """A signed-in person and their page."""

    login: str
    page: Page
    school: str

    def by_id(self, test_id: str) -> Locator:
        """The element with this `data-testid`."""
        return self.page.get_by_test_id(test_id)

    async def sign_in(self) -> None:
        """Sign in with the demo's password."""
        await self.page.goto(f"{self.school}/login")
        await self.page.fill("#login", self.login)
        await self.page.fill("#password", PASSWORD)
        await self.page.get_by_role("button", name="Sign in").click()
        await self.page.wait_for_url(f"{self.school}/")

    async def lesson_path(self, title: str) -> str:
        """The path of a lesson's room, from today's list."""
        link = self.page.get_by_role("link", name=f"Join {title}")
        path = await link.get_attribute("href")
        assert path, f"no lesson {title!r} in the list"
        return path

    async def join(self, path: str, *, media: bool = True, original_sound: bool = True) -> None:
        """Through notice (the first time) and device check into the classroom; returns when the relay has answered."""
        await self.page.goto(f"{self.school}{path}")
        notice = self.by_id("ack-notice")
        await expect(notice.or_(self.by_id("device-skip"))).to_be_visible(timeout=20_000)
        if await notice.is_visible():
            await notice.click()
        if media and original_sound:
            # A steady tone is what noise suppression exists to remove.
            await self.by_id("original-sound").check()
        await self.by_id("device-ready" if media else "device-skip").click()
        await self.entered()

    async def entered(self) -> None:
        """Wait until the room is open, the relay has answered, and all is saved."""
        await expect(self.by_id("board")).to_be_visible(timeout=20_000)
        await self.relay_online()
        await self.saved()

    async def start_lesson(self) -> None:
        """Start the lesson; the recorder may need a moment, and then the page offers to try again."""
        await self.by_id("start-lesson").click()
        retry = self.by_id("start-retry")
        async with asyncio.timeout(30):
            while await self.by_id("lesson-state").get_attribute("data-state") != "live":
                if await retry.is_visible():
                    await retry.click()
                await self.page.wait_for_timeout(100)

    async def end_lesson(self) -> None:
        """End the lesson for everybody."""
        await self.by_id("end-lesson").click()
        await self.by_id("end-confirm").click()
        await self.lesson_state("ended")

    async def relay_online(self, timeout_s: float = 20) -> None:
        """Wait until the relay has answered."""
        await expect(self.by_id("connection-state")).to_have_attribute("data-state", "online", timeout=timeout_s * 1000)

    async def saved(self, timeout_s: float = 20) -> None:
        """Wait until everything of this page is durable on the relay."""
        await expect(self.by_id("save-state")).to_have_attribute("data-state", "saved", timeout=timeout_s * 1000)

    async def offline(self, timeout_s: float = 20) -> None:
        """Wait until the page says that it is offline."""
        await expect(self.by_id("save-state")).to_have_attribute("data-state", "offline", timeout=timeout_s * 1000)

    async def relay_lost(self, timeout_s: float = 12) -> None:
        """Wait until the page has noticed that the relay is gone."""
        await self.page.wait_for_function(
            "() => globalThis.chalkmesh.connection().relay !== 'online'", timeout=timeout_s * 1000
        )

    async def lesson_state(self, state: str, timeout_s: float = 20) -> None:
        """Wait for waiting, live or ended."""
        await expect(self.by_id("lesson-state")).to_have_attribute("data-state", state, timeout=timeout_s * 1000)

    async def box(self) -> tuple[float, float, float, float]:
        """The board's place on the page: x, y, width, height in CSS px."""
        box = await self.by_id("board").bounding_box()
        assert box
        return box["x"], box["y"], box["width"], box["height"]

    async def stroke(self, points: Sequence[Point], *, lift: bool = True) -> None:
        """Draw one stroke by real pointer events; points are fractions of the board's width and height.

        Without `lift` the pen stays down.
        """
        left, top, width, height = await self.box()
        mouse = self.page.mouse
        (x, y), *rest = [(left + u * width, top + v * height) for u, v in points]
        await mouse.move(x, y)
        await mouse.down()
        for x, y in rest:
            await mouse.move(x, y)
        if lift:
            await mouse.up()

    async def strokes(self, strokes: Iterable[Sequence[Point]]) -> None:
        """Several strokes, one after another."""
        for points in strokes:
            await self.stroke(points)

    async def ask(self, expression: str, argument: Any = None) -> Any:
        """Evaluate an expression over `chalkmesh`, the page's diagnostics."""
        return await self.page.evaluate(f"(argument) => ({expression})", argument)

    async def board_content(self) -> Any:
        """All documents as canonical JSON: what equality of boards means."""
        return json.loads(await self.ask("globalThis.chalkmesh.boardContent()"))

    async def shape_count(self) -> int:
        """How many shapes the board holds that are not erased."""
        return int(await self.ask("globalThis.chalkmesh.shapeCount()"))

    async def wait_shapes(self, count: int, timeout_s: float = 20) -> None:
        """Wait until the board holds at least this many shapes."""
        await self.page.wait_for_function(
            "count => globalThis.chalkmesh.shapeCount() >= count", arg=count, timeout=timeout_s * 1000
        )

    async def wait_mesh(self, peers: int, timeout_s: float = 30) -> None:
        """Wait until this many links are direct and healthy."""
        await self.page.wait_for_function(
            "peers => globalThis.chalkmesh.connection().peers.filter(peer => peer.path === 'mesh').length >= peers",
            arg=peers,
            timeout=timeout_s * 1000,
        )

    async def no_mesh(self, timeout_s: float = 20) -> None:
        """Wait until no link is direct any more."""
        await self.page.wait_for_function(
            "() => globalThis.chalkmesh.connection().peers.every(peer => peer.path !== 'mesh')",
            timeout=timeout_s * 1000,
        )

    async def board_text(self) -> str:
        """All documents as one canonical text: equal text, equal content."""
        return str(await self.ask("globalThis.chalkmesh.boardContent()"))

    async def same_board(self, text: str, timeout_s: float = 20) -> None:
        """Wait until all documents hold this content; when they do not, the assertion shows where they differ."""
        with suppress(PlaywrightTimeout):
            await self.page.wait_for_function(
                "text => globalThis.chalkmesh.boardContent() === text", arg=text, timeout=timeout_s * 1000
            )
        assert await self.board_content() == json.loads(text)

    async def wait_listed(self, names: Sequence[str], timeout_s: float = 20) -> None:
        """Wait until exactly these people are in the list."""
        await self.page.wait_for_function(
            """names => {
                const shown = [...document.querySelectorAll('[data-testid=people-list] .person__name')];
                return JSON.stringify(shown.map(name => name.textContent).filter(name => name !== 'Recorder').sort())
                    === JSON.stringify(names);
            }""",
            arg=sorted(names),
            timeout=timeout_s * 1000,
        )

    async def room_ms(self) -> float:
        """The room's session time now."""
        return float(await self.ask("globalThis.chalkmesh.roomMs()"))


@asynccontextmanager
async def person_in(
    browser: Browser, login: str, school: str, *, width: int = 1280, height: int = 720
) -> AsyncIterator[Participant]:
    """A signed-in person in a context of their own (cookies, storage) of a browser that others use too."""
    async with page_of(browser, width, height) as (_, page):
        person = Participant(login, page, school)
        await person.sign_in()
        yield person


@asynccontextmanager
async def participant(
    playwright: Playwright,
    login: str,
    school: str,
    folder: Path,
    media: FakeMedia | None = None,
    *,
    width: int = 1280,
    height: int = 720,
) -> AsyncIterator[Participant]:
    """A signed-in person whose camera and microphone play `media`; the browser is closed on leaving."""
    audio, video = media.save(folder, login) if media else (None, None)
    browser: Browser = await launch(playwright, audio, video)
    try:
        async with person_in(browser, login, school, width=width, height=height) as person:
            yield person
    finally:
        await browser.close()
