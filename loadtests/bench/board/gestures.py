"""What hands do, as the browser gets it: wheel, pinch (a wheel with Ctrl) and pen, 125 events a second."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from typing import Any, Final

from loadtests.bench.board.devtools import Tab

__all__ = ["draw", "pan", "zoom", "zoom_once"]

_RATE: Final = 125.0
_MIDDLE: Final = (600.0, 360.0)
_CTRL: Final = 2
_SWEEP_S: Final = 0.8
# Rows of the screen in which one stroke after another is drawn, so that no pen crosses red ink that is there already.
_LEFT, _RIGHT, _TOP, _ROW = 330.0, 800.0, 170.0, 34.0
_STROKE_S: Final = 0.9
_SOON_S: Final = 0.05


async def _moments(seconds: float) -> AsyncIterator[float]:
    """Seconds since the beginning, at the rate of a hand."""
    began = time.perf_counter()
    for number in range(int(seconds * _RATE)):
        at = number / _RATE
        wait = began + at - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        yield at


async def _mouse(tab: Tab, kind: str, x: float, y: float, **more: Any) -> None:
    await tab.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)


async def pan(tab: Tab, seconds: float) -> None:
    """Round and round, about 750 px a second; in the end a little farther down, where nothing was drawn yet."""
    async for at in _moments(seconds):
        dx, dy = 6 * math.sin(4 * at), 6 * math.cos(4 * at) + 0.4
        await _mouse(tab, "mouseWheel", *_MIDDLE, deltaX=dx, deltaY=dy)


async def zoom(tab: Tab, seconds: float) -> None:
    """Out and in again, by a factor of about two in each sweep; ends where it began.

    In is quicker than out: where the hand turns, a frame with as much of the one as of the other would ask for the view
    that is there already, and a frame that shows it would be counted as none.
    """
    out, into = 3, 4
    steps = int(_SWEEP_S * _RATE / into) * into
    both = steps + steps * out // into
    rounds = max(1, round(seconds * _RATE / both))
    number = 0
    async for _ in _moments(rounds * both / _RATE):
        delta = out if number % both < steps else -into
        await _mouse(tab, "mouseWheel", *_MIDDLE, deltaX=0, deltaY=delta, modifiers=_CTRL)
        number += 1


async def zoom_once(tab: Tab, seconds: float, *, outwards: bool) -> None:
    """One way only, so that everything has to be painted for the new zoom."""
    async for _ in _moments(seconds):
        await _mouse(tab, "mouseWheel", *_MIDDLE, deltaX=0, deltaY=3 if outwards else -3, modifiers=_CTRL)


async def draw(tab: Tab, seconds: float) -> None:
    """Strokes of about 500 px in rows, one after another."""
    for row in range(max(1, int(seconds / (_STROKE_S + _SOON_S)))):
        y = _TOP + row * _ROW
        await _mouse(tab, "mousePressed", _LEFT, y, button="left", buttons=1, clickCount=1)
        x, tip = _LEFT, y
        async for at in _moments(_STROKE_S):
            x, tip = _LEFT + (_RIGHT - _LEFT) * at / _STROKE_S, y + 9 * math.sin(9 * at)
            await _mouse(tab, "mouseMoved", x, tip, button="left", buttons=1)
        await _mouse(tab, "mouseReleased", x, tip, button="left", buttons=0, clickCount=1)
        await asyncio.sleep(_SOON_S)
