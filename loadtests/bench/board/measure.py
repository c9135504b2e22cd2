"""One round: a board opened twice, a minute of gestures while four others draw, and what it holds in memory then."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from loadtests.bench.board.devtools import Tab, open_tab, resident_bytes
from loadtests.bench.board.gestures import draw, pan, zoom, zoom_once

__all__ = ["Figures", "Gathered", "appending_ms", "empty_of", "round_of", "watched"]

Figures = dict[str, float]
Gesture = Callable[[Tab, float], Awaitable[None]]

_QUIET_MS: Final = 1_500
_REST_S: Final = 0.7
_SHARP_SECONDS: Final = 0.8
_SHARP_TRIES: Final = 4
_APPENDED: Final = 200


def _share(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


async def _opened(url: str, count: int, where: str) -> tuple[Figures, int]:
    async with open_tab(url) as (tab, process):
        await tab.ask(f"bench.load({count})")
        found: dict[str, Any] = await tab.ask(f"probe.open({where!r}, {_QUIET_MS})")
        shapes = int(await tab.ask("bench.shapeCount()"))
        if shapes < count or found["ink"] < 100:
            raise RuntimeError(f"{url}: opened {shapes} of {count} strokes, {found['ink']} px of ink seen")
        figures = {f"open_{where}_ms": float(found["complete"]), f"open_{where}_longest_ms": float(found["longest"])}
        figures |= {f"open_{where}_{key}": float(found[key]) for key in ("applyMs", "readMs") if key in found}
        return figures, resident_bytes(process)


async def watched(tab: Tab, what: str, gesture: Gesture, seconds: float) -> Mapping[str, Any]:
    """What the page's probe (probe.js) has seen of a gesture. `what`: `watchView` or `watchPen`."""
    await tab.ask(f"probe.{what}()")
    await gesture(tab, seconds)
    # The last inputs may still be queued behind a page that is busy.
    await tab.call("Runtime.evaluate", expression="0")
    await asyncio.sleep(0.05)
    found: Mapping[str, Any] = await tab.ask("probe.stop()")
    return found


class Gathered:
    """Frames with something new, over all times that one gesture was made."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.gaps: list[float] = []
        self.lags: list[float] = []
        self.frames = self.tasks = self.lost = 0
        self.longest = 0.0

    def add(self, found: Mapping[str, Any]) -> None:
        """Takes what `watched` has found."""
        # A stroke begins with None: between two strokes there is nothing new to be seen.
        before = None
        for now in found["times"]:
            if before is not None and now is not None:
                self.frames += 1
                self.seconds += (now - before) / 1000
                self.gaps.append(now - before)
            before = now
        self.lags += found["lags"]
        self.lost += found["lost"]
        self.tasks += found["longTasks"]
        self.longest = max(self.longest, found["longest"])

    def figures(self, name: str) -> Figures:
        """New frames a second, how soon they follow (ms), tasks above 50 ms."""
        return {
            f"{name}_s": self.frames / self.seconds if self.seconds else 0.0,
            f"{name}_p99_ms": _share(self.gaps, 0.99),
            f"{name}_long_tasks": float(self.tasks),
            f"{name}_longest_ms": self.longest,
        }


async def _used(url: str, count: int, minute_s: float) -> Figures:
    async with open_tab(url) as (tab, process):
        await tab.ask(f"bench.load({count})")
        await tab.ask(f"probe.open('one', {_QUIET_MS})")
        await tab.ask("bench.pen()")
        sharp = await _sharpness(tab)
        gathered = {"pan": Gathered(), "zoom": Gathered(), "draw": Gathered()}
        gestures: tuple[tuple[str, str, Gesture], ...] = (
            ("pan", "watchView", pan), ("draw", "watchPen", draw), ("zoom", "watchView", zoom),
        )  # fmt: skip
        await tab.ask("bench.remotePens(true)")
        for _ in range(max(1, round(minute_s / 15))):
            for name, what, gesture in gestures:
                gathered[name].add(await watched(tab, what, gesture, 5.0))
        await tab.ask("bench.remotePens(false)")
        resident = resident_bytes(process)
        heap, buffers = await tab.heap_bytes()
        pen = gathered["draw"]
        figures: Figures = {**sharp}
        for name, each in gathered.items():
            figures |= each.figures(name)
        return figures | {
            "pen_median_ms": statistics.median(pen.lags) if pen.lags else float("nan"),
            "pen_p95_ms": _share(pen.lags, 0.95),
            "pen_lost": float(pen.lost),
            "heap_mb": heap / 1e6,
            "buffers_mb": buffers / 1e6,
            "renderer_mb": resident / 1e6,
            "renderer_after_collection_mb": resident_bytes(process) / 1e6,
        }


async def _sharpness(tab: Tab) -> Figures:
    """How long after the last input of a gesture the picture changed last."""
    figures: Figures = {}
    for name in ("pan", "zoom"):
        waits = []
        for number in range(_SHARP_TRIES):
            await tab.ask("probe.watchView(24, 1)")
            if name == "pan":
                await pan(tab, _SHARP_SECONDS)
            else:
                await zoom_once(tab, _SHARP_SECONDS / 2, outwards=number % 2 == 0)
            await asyncio.sleep(_REST_S)
            found = await tab.ask("probe.stop()")
            waits.append(max(0.0, found["lastChange"] - found["lastInput"]))
        figures[f"sharp_{name}_ms"] = statistics.median(waits)
    return figures


async def round_of(url: str, count: int, minute_s: float) -> Figures:
    """All figures of one board. Raises RuntimeError, TimeoutError."""
    fit, _ = await _opened(url, count, "fit")
    one, resident = await _opened(url, count, "one")
    return fit | one | {"renderer_opened_mb": resident / 1e6} | await _used(url, count, minute_s)


async def empty_of(url: str, minute_s: float) -> Figures:
    """The same gestures on a page with nothing on it: what is late there is late by the machine and the browser."""
    return await _used(url, 0, minute_s)


async def appending_ms(url: str, counts: tuple[int, int]) -> Figures:
    """What one more stroke costs (the call and all that hangs on it) on two boards, mean of many."""
    figures: Figures = {}
    for name, count in zip(("first", "last"), counts, strict=True):
        async with open_tab(url) as (tab, _):
            await tab.ask(f"bench.load({count})")
            await tab.ask(f"probe.open('one', {_QUIET_MS})")
            # One a frame, as a hand adds them; the first ones warm the code up.
            took: list[float] = await tab.ask(
                f"(async () => {{ const took = []; for (let n = 0; n < {2 * _APPENDED}; n += 1) {{"
                " took.push(bench.add(n)); await new Promise(requestAnimationFrame); } return took; })()"
            )
            # The page's clock ticks in tenths of a ms: a median would jump. The slowest tenth is somebody else's.
            figures[f"append_{name}_ms"] = statistics.fmean(sorted(took[_APPENDED:])[: _APPENDED * 9 // 10])
    return figures
