"""Two people in a lesson of the demo school: bytes at the author's socket, and how soon the other sees the pen.

A part of `make bench-board`: `python -m tests.browser.pair` writes `loadtests/results/board-pair.json`.
"""

from __future__ import annotations

import asyncio
import bisect
import datetime
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Page, WebSocket, async_playwright

from loadtests.kept import FOLDER
from tests.browser.chromium import launch
from tests.browser.participant import Participant, person_in
from tests.browser.servers import classroom

__all__ = ["measure_pair"]

_RESULTS: Final = FOLDER / "board-pair.json"

# A room to try things in: it has a switch that cuts the mesh.
_LESSON: Final = "Sketch club (bots draw here)"
_STROKES: Final = 24
_POINTS: Final = 60
_RATE: Final = 125.0
_TOP, _ROW, _LEFT, _STEP = 0.2, 0.018, 0.3, 4.0
_FEW: Final = 10

# The author's pointer, and the farthest red px of one row of the other's board: board px, ms of the machine's clock.
_WATCH_POINTER: Final = """() => {
    globalThis.pointer = [];
    addEventListener('pointermove', (event) => {
        if ((event.buttons & 1) === 0) return;
        const {x, y, zoom} = chalkmesh.view();
        const box = document.querySelector('[data-testid=board]').getBoundingClientRect();
        for (const each of event.getCoalescedEvents()) {
            pointer.push([performance.timeOrigin + each.timeStamp, x + (each.clientX - box.left) / zoom]);
        }
    }, {capture: true});
}"""
_WATCH_ROW: Final = """(wanted) => {
    globalThis.seen = [];
    globalThis.watchedRow = wanted;
    if (globalThis.isWatching) return;
    globalThis.isWatching = true;
    const look = () => {
        const {x, y, zoom, ratio} = chalkmesh.view();
        let farthest = -Infinity;
        for (const canvas of document.querySelectorAll('.board__stage canvas')) {
            const at = Math.round((watchedRow - y) * zoom * ratio);
            const {data, width} = canvas.getContext('2d').getImageData(0, at - 3, canvas.width, 7);
            for (let i = 0; i < data.length; i += 4) {
                if (data[i] > 150 && data[i + 1] < 110 && data[i + 2] < 110 && data[i + 3] > 100) {
                    farthest = Math.max(farthest, x + (((i / 4) % width) + 1) / ratio / zoom);
                }
            }
        }
        seen.push([performance.timeOrigin + performance.now(), farthest]);
    };
    const channel = new MessageChannel();
    channel.port1.onmessage = look;
    const loop = () => { channel.port2.postMessage(0); requestAnimationFrame(loop); };
    loop();
}"""


class _Socket:
    """Messages that a page sent over its sockets."""

    def __init__(self, page: Page) -> None:
        self.sizes: list[int] = []
        page.on("websocket", self._opened)

    def _opened(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda payload: self.sizes.append(len(payload)))


async def _stroke(author: Participant, row: int) -> None:
    left, top, width, height = await author.box()
    y = top + height * (_TOP + _ROW * row)
    x = left + width * _LEFT
    mouse = author.page.mouse
    await mouse.move(x, y)
    await mouse.down()
    began = time.perf_counter()
    for number in range(1, _POINTS):
        await asyncio.sleep(max(0.0, began + number / _RATE - time.perf_counter()))
        await mouse.move(x + number * _STEP, y)
    await mouse.up()


def _lags(pointer: list[list[float]], seen: list[list[float]]) -> list[float]:
    reached: list[float] = []
    farthest = float("-inf")
    for _, x in seen:
        farthest = max(farthest, x)
        reached.append(farthest)
    found = []
    for at, x in pointer:
        frame = bisect.bisect_left(reached, x - 1)
        if frame < len(seen):
            found.append(seen[frame][0] - at)
    return found


async def measure_pair(folder: Path) -> dict[str, Any]:
    """Bytes a point, growth of messages, lag. `Any`: what is written as JSON."""
    async with async_playwright() as playwright, classroom(folder / "data") as school:
        browsers = [await launch(playwright), await launch(playwright)]
        async with (
            person_in(browsers[0], "tutor", school.url) as author,
            person_in(browsers[1], "amara", school.url) as other,
        ):
            socket = _Socket(author.page)
            path = await author.lesson_path(_LESSON)
            await author.join(path, media=False)
            await other.join(path, media=False)
            await _cut_mesh(author)
            await author.by_id("tool-pen").click()
            await author.by_id("color-red").click()
            await author.page.evaluate(_WATCH_POINTER)
            lags: list[float] = []
            largest: list[int] = []
            total = 0
            for number in range(_STROKES):
                _, _, _, height = await author.box()
                view = await author.ask("chalkmesh.view()")
                row = view["y"] + height * (_TOP + _ROW * number) / view["zoom"]
                await other.page.evaluate(_WATCH_ROW, row)
                await author.ask("globalThis.pointer = []")
                before = len(socket.sizes)
                await _stroke(author, number)
                await other.wait_shapes(number + 1)
                await author.saved()
                sent = socket.sizes[before:]
                total += sum(sent)
                largest.append(max(sent))
                lags += _lags(await author.ask("globalThis.pointer"), await other.ask("globalThis.seen"))
        for browser in browsers:
            await browser.close()
    ordered = sorted(lags)
    return {
        "strokes": _STROKES,
        "points": _STROKES * _POINTS,
        "measured_at": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "bytes_a_point": total / (_STROKES * _POINTS),
        "largest_bytes": max(largest),
        "growth": max(largest[-_FEW:]) / max(largest[:_FEW]),
        "lags": len(lags),
        "lag_p50_ms": statistics.median(ordered),
        "lag_p95_ms": ordered[int(len(ordered) * 0.95)],
    }


async def _cut_mesh(person: Participant) -> None:
    """So that all that is sent goes over the socket: the demo's own switch."""
    await person.by_id("network").click()
    await person.by_id("break-mesh").click()
    await person.page.keyboard.press("Escape")
    await person.no_mesh()


def main() -> int:
    """Measure, write the figures, print them."""
    with tempfile.TemporaryDirectory(prefix="chalkmesh-bench-") as folder:
        results = asyncio.run(measure_pair(Path(folder)))
    _RESULTS.parent.mkdir(parents=True, exist_ok=True)
    _RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
