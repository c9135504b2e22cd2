"""A board of ninety minutes in the real classroom: opening, pen, pan, zoom, and what its page holds in memory.

Six pages: three of a PDF, formulas, a picture, 2,400 strokes; two people draw at 20 Hz all the while. A part of
`make bench-board`: `python -m tests.browser.ninety_minutes` measures and writes `loadtests/results/board-lesson.json`;
`--use SECONDS` goes on using the board (faster than people do) and tells how its memory grows.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import json
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.async_api import Browser, CDPSession, Page, async_playwright, expect

from loadtests.bench.board.devtools import Tab, resident_bytes
from loadtests.bench.board.gestures import draw, pan, zoom
from loadtests.bench.board.ink import strokes
from loadtests.bench.board.measure import Gathered, watched
from loadtests.kept import FOLDER
from signaling.client import Grant, Peer
from tests.browser.chromium import launch
from tests.browser.participant import Participant, person_in
from tests.browser.servers import Classroom, classroom
from whiteboard_crdt.ink import InkPoint
from whiteboard_crdt.keys import SessionKey, encode_base64url, load_jwks
from whiteboard_crdt.presence import PEN, LiveInk
from whiteboard_crdt.shape import ShapeType

_RESULTS: Final = FOLDER / "board-lesson.json"
_PROBE: Final = Path(__file__).resolve().parents[2] / "loadtests/bench/board/probe.js"
_LESSON: Final = "Fractions with Leo"
_PAGES, _STROKES = 6, 2_400
_COLUMNS, _STEP_X, _STEP_Y = 40, 38.0, 84.0
_LIVE_HZ: Final = 20
# So many strokes of seeding at once, that the relay takes them as from one busy hand.
_BATCH, _BATCH_S = 20, 0.25
_FORMULAS: Final = (r"\frac{1}{2}+\frac{1}{4}", r"=\frac{2}{4}+\frac{1}{4}", r"=\frac{3}{4}")
# Short ones from the whole page: a view of nothing but paper looks as the one before, and would not be counted.
_GESTURE_S, _GESTURE_ROUNDS = 2.5, 4
# The rows of handwriting are 45 px apart: looked at as closely, a view always has some ink in it.
_WATCH_ROWS: Final = "probe.watchPage = () => probe.watchView(15)"
# From the press that enters the lesson until the page is there whole and sharp, ms of the page's clock.
_WATCH_OPENING: Final = """(least) => {
    addEventListener('click', () => { globalThis.enteredMs ??= performance.now(); }, { capture: true });
    const look = () => {
        const room = globalThis.chalkmesh;
        if (room && room.shapes(room.page()).length >= least && room.isSettled()) globalThis.openMs = performance.now();
        else requestAnimationFrame(look);
    };
    look();
}"""


class _PageTab(Tab):
    """A page of Playwright's as the bench's gestures and probe take it."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session
        self._sent: set[asyncio.Task[Any]] = set()

    async def send(self, method: str, **params: Any) -> int:
        """Put a command on its way."""
        task = asyncio.create_task(self._session.send(method, params))
        self._sent.add(task)
        task.add_done_callback(self._sent.discard)
        return 0

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """A command's result."""
        answer: dict[str, Any] = await self._session.send(method, params)
        return answer


async def _renderer_of(browser: Browser) -> int:
    session = await browser.new_browser_cdp_session()
    found: Sequence[dict[str, Any]] = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
    await session.detach()
    return int(max((each for each in found if each["type"] == "renderer"), key=lambda each: each["cpuTime"])["id"])


@asynccontextmanager
async def _peer(school: Classroom, lesson: str, name: str) -> AsyncIterator[Peer]:
    """Somebody who draws, without a browser."""
    key = SessionKey.generate()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "portal.cli", "ticket", "--data", str(school.data), "--lesson", lesson, "--user", name,
        "--role", "bot", "--lifetime-s", "3600",
        "--key", encode_base64url(key.public), "--client", str(secrets.randbelow(2**32 - 2) + 1),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    ticket, _ = await process.communicate()
    jwks = load_jwks((school.data / "keys" / "ticket.pub.json").read_bytes())
    grant = Grant(ticket.decode().strip(), f"ws://127.0.0.1:{school.relay_port}/v1/session")
    async with Peer.from_ticket(grant, key, jwks) as peer:
        await peer.wait_synced()
        yield peer


def _written(number: int, points: Sequence[tuple[float, float]]) -> list[InkPoint]:
    """A word of the bench's handwriting at its place of a page: rows of forty."""
    place = number % (_STROKES // _PAGES)
    x, y = 30 + _STEP_X * (place % _COLUMNS), 60 + _STEP_Y * (place // _COLUMNS)
    left, top = min(point[0] for point in points), statistics.fmean(point[1] for point in points)
    return [InkPoint(x + u - left, y + v - top, None, 8 * at) for at, (u, v) in enumerate(points)]


async def _seed(peer: Peer, pages: Sequence[str]) -> None:
    for number, stroke in enumerate(strokes(_STROKES)):
        ink = _written(number, stroke.points)
        page = pages[number // (_STROKES // _PAGES)]
        peer.board.add_stroke(page, ink, ShapeType.DRAW, ("black", "blue", "green")[stroke.ink], 3.0, peer.now_ms())
        if number % _BATCH == _BATCH - 1:
            peer.flush()
            await asyncio.sleep(_BATCH_S)
    await peer.saved()


async def _draw_on(peer: Peer, pages: Sequence[str], seed: int) -> None:
    """Word after word at the speed of a hand, twenty packets a second; a rest between them. Until it is cancelled."""
    for number, stroke in enumerate(strokes(100_000, seed)):
        page = pages[number // 8 % len(pages)]
        ink = _written(37 * number + seed, stroke.points)
        points = [(round(10 * point.x), round(10 * point.y), 0) for point in ink]
        own, before, sent = peer.board.next_shape_number(), 0, 0
        packets = max(1, round(len(ink) * 0.016 * _LIVE_HZ))
        for packet in range(1, packets + 1):
            due = max(sent + 1, len(points) * packet // packets)
            live = LiveInk(own, PEN, "violet", 30, before, tuple(points[before:due]))
            peer.send_live(page, cursor=points[due - 1][:2], ink=live)
            before, sent = sent, min(due, len(points) - 1)
            await asyncio.sleep(1 / _LIVE_HZ)
        peer.board.add_stroke(page, ink, ShapeType.DRAW, "violet", 3.0, peer.now_ms(), at_n=own)
        peer.flush()
        await asyncio.sleep(0.3)


def _photograph() -> bytes:
    """A picture of 1,600 × 1,000 px with something in every place."""
    picture = Image.effect_noise((400, 250), 60).resize((1600, 1000)).convert("RGB")
    out = BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()


async def _prepare(tutor: Participant) -> list[str]:
    """The worksheet's three pages, two more, formulas and a picture, as a tutor brings them. Returns the pages."""
    page = tutor.page
    await tutor.by_id("page-more").click()
    await tutor.by_id("bring-pages").click()
    await page.locator(".bring__material").first.click()
    await expect(tutor.by_id("bring-page-3")).to_be_visible(timeout=20_000)
    await tutor.by_id("bring-go").click()
    await expect(page.locator("dialog[open]")).to_have_count(0, timeout=30_000)
    for _ in range(_PAGES - 4):
        await tutor.by_id("page-add").click()
    await tutor.by_id("page-0").click()
    for formula in _FORMULAS:
        await page.keyboard.press("m")
        await tutor.by_id("formula-source").fill(formula)
        await expect(tutor.by_id("formula-save")).to_be_enabled()
        await tutor.by_id("formula-save").click()
        await expect(page.locator("dialog[open]")).to_have_count(0)
    await tutor.by_id("tool-shapes").click()
    await page.set_input_files(
        "[data-testid=picture-file]", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": _photograph()}
    )
    await tutor.wait_shapes(len(_FORMULAS) + 1)
    await tutor.saved()
    pages = [each["id"] for each in await tutor.ask("chalkmesh.pages()")]
    assert len(pages) == _PAGES, f"{len(pages)} pages"
    return pages


async def _opening(page: Page, person: Participant, path: str, least: int) -> float:
    """ms from the press that enters to the whole board, sharp."""
    await page.goto(f"{person.school}{path}")
    notice, skip = person.by_id("ack-notice"), person.by_id("device-skip")
    await expect(notice.or_(skip)).to_be_visible(timeout=20_000)
    if await notice.is_visible():
        await notice.click()
    await expect(skip).to_be_visible()
    await page.evaluate(_WATCH_OPENING, least)
    await skip.click()
    await page.wait_for_function("() => globalThis.openMs", timeout=30_000)
    return float(await page.evaluate("openMs - enteredMs"))


async def _gestures(person: Participant, tab: Tab) -> dict[str, float]:
    await person.page.evaluate(_PROBE.read_text(encoding="utf-8"))
    await person.page.evaluate(f"() => {{ {_WATCH_ROWS} }}")
    await person.by_id("tool-pen").click()
    await person.by_id("color-red").click()
    gathered = {name: Gathered() for name in ("pan", "zoom", "draw")}
    for number in range(_GESTURE_ROUNDS):
        # On a page of its own: the pen must not come to red ink that is there already.
        await person.by_id(f"page-{number + 1}").click()
        for name, what, gesture in (
            ("pan", "watchPage", pan), ("zoom", "watchPage", zoom), ("draw", "watchPen", draw),
        ):  # fmt: skip
            await person.by_id("zoom-fit").click()
            await person.page.wait_for_function("() => chalkmesh.isSettled()")
            gathered[name].add(await watched(tab, what, gesture, _GESTURE_S))
    pen = gathered["draw"]
    lags = sorted(pen.lags)
    figures = {key: value for name, each in gathered.items() for key, value in each.figures(name).items()}
    return figures | {
        "views_seen": float(gathered["pan"].frames + gathered["zoom"].frames),
        "pen_median_ms": statistics.median(lags),
        "pen_p99_ms": lags[int(len(lags) * 0.99)],
        "pen_lost": float(pen.lost),
    }


async def _held(tab: Tab, process: int) -> dict[str, float]:
    """What the page holds after a collection: MB of objects, of buffers, of the process; nodes and listeners."""
    heap, buffers = await tab.heap_bytes()
    await tab.call("Performance.enable")
    metrics = {each["name"]: each["value"] for each in (await tab.call("Performance.getMetrics"))["metrics"]}
    return {
        "heap_mb": heap / 1e6,
        "buffers_mb": buffers / 1e6,
        "renderer_mb": resident_bytes(process) / 1e6,
        "nodes": float(metrics["Nodes"]),
        "listeners": float(metrics["JSEventListeners"]),
    }


async def _use(person: Participant, tab: Tab, process: int, seconds: float) -> list[dict[str, float]]:
    """Turns pages, draws, moves, undoes, looks at the lists: a figure of memory at the begin and after each minute."""
    began = time.monotonic()
    held: list[dict[str, float]] = []
    due, number = 0.0, 0
    while (at := time.monotonic() - began) < seconds or at >= due:
        if at >= due:
            held.append({"at_s": at, "shapes": float(await person.shape_count())} | await _held(tab, process))
            due = len(held) * min(60.0, seconds / 4)
            if at >= seconds:
                break
        await person.by_id(f"page-{number % _PAGES}").click()
        await person.page.keyboard.press("p")
        await draw(tab, 1.9)
        await pan(tab, 0.6)
        await zoom(tab, 1.0)
        await person.page.keyboard.press("Control+z")
        await person.by_id(("tab-contents", "tab-chat", "tab-people")[number % 3]).click()
        await person.by_id("zoom-fit").click()
        number += 1
    return held


async def measure_lesson(folder: Path, use_s: float) -> dict[str, Any]:
    """All figures of one lesson. `Any`: what is written as JSON."""
    async with async_playwright() as playwright, classroom(folder / "data") as school, AsyncExitStack() as stack:
        browsers = [await launch(playwright), await launch(playwright)]
        tutor = await stack.enter_async_context(person_in(browsers[0], "tutor", school.url))
        leo = await stack.enter_async_context(person_in(browsers[1], "leo", school.url))
        path = await tutor.lesson_path(_LESSON)
        lesson = path.split("/lessons/")[1].split("/")[0]
        await tutor.join(path, media=False)
        pages = await _prepare(tutor)
        await tutor.start_lesson()
        peers = [await stack.enter_async_context(_peer(school, lesson, f"hand-{n}")) for n in range(2)]
        await _seed(peers[0], pages)
        await tutor.wait_shapes(_STROKES + len(_FORMULAS) + 4)
        opening = await _opening(leo.page, leo, path, _STROKES // _PAGES)
        await browsers[1].close()
        process = await _renderer_of(browsers[0])
        tab = _PageTab(await tutor.page.context.new_cdp_session(tutor.page))
        hands = [asyncio.create_task(_draw_on(peer, pages, 7 + n)) for n, peer in enumerate(peers)]
        try:
            await tutor.by_id("page-1").click()
            found: dict[str, Any] = {"open_ms": opening, **await _gestures(tutor, tab), **await _held(tab, process)}
            if use_s > 0:
                found["use"] = await _use(tutor, tab, process, use_s)
        finally:
            for hand in hands:
                hand.cancel()
            await asyncio.gather(*hands, return_exceptions=True)
        await browsers[0].close()
    return found | {
        "strokes": _STROKES, "pages": _PAGES, "measured_at": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }  # fmt: skip


def main() -> int:
    """Measure, write the figures, print them."""
    parser = argparse.ArgumentParser(prog="tests.browser.ninety_minutes")
    parser.add_argument("--use", type=float, default=0.0, help="seconds of use after the figures, for its memory")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chalkmesh-bench-") as folder:
        found = asyncio.run(measure_lesson(Path(folder), options.use))
    before = json.loads(_RESULTS.read_bytes()) if _RESULTS.is_file() else {}
    # A short run for the times keeps what a long one has told of memory.
    results = {**({"use": before["use"]} if "use" in before else {}), **found}
    _RESULTS.parent.mkdir(parents=True, exist_ok=True)
    _RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
