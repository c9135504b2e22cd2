"""What a room tells many: gathered within one turn of the event loop, then one write for each receiver.

A write costs a system call (some 4 µs), whatever it carries: under load, when one turn brings many messages, this is
where a relay's time goes. Nothing is held back longer than the turn (presence: 25 ms; while writing takes most of the
time: 5 ms), and the order of what was told stays.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from typing import Final, Generic, NamedTuple, TypeVar

__all__ = ["Fanout"]

R = TypeVar("R")

# So much is never held back: what waits here is not in any client's own bound yet.
_HELD_BYTES: Final = 262_144
# How long a cursor may wait for others to go with: with sixty people at 5 Hz each write then carries many.
_RELAXED_S: Final = 0.025
# Writing to many takes time (100 receivers: 0.7 ms). When there is so much to tell that it would go on without a
# break, a pause as long as the writing, and never longer than this, lets more messages share the next one.
_PAUSE_S: Final = 0.005
_TIMER_S: Final = 0.0005  # uvloop's timers count whole milliseconds


class _Told(NamedTuple, Generic[R]):
    frame: bytes
    but: Collection[R]
    only: Collection[R] | None


class Fanout(Generic[R]):
    """`receivers` are asked for when it is written; `write` takes one of them and frames in one piece."""

    __slots__ = ("_due", "_flushed_s", "_held_bytes", "_later", "_receivers", "_rested_s", "_told", "_write")

    def __init__(self, receivers: Callable[[], Iterable[R]], write: Callable[[R, bytes], None]) -> None:
        self._receivers = receivers
        self._write = write
        self._told: list[_Told[R]] = []
        self._held_bytes = 0
        self._due = False  # a write at the end of this turn is arranged
        self._later: asyncio.TimerHandle | None = None
        self._flushed_s = self._rested_s = -1.0

    def put(self, frame: bytes, *, but: Collection[R] = (), only: Collection[R] | None = None) -> None:
        """Tell all `but` some, or `only` some. Written at the end of this turn of the loop at the latest."""
        if not self._due:
            self._due = True
            loop = asyncio.get_running_loop()
            wait_s = self._rested_s - loop.time()
            if wait_s < _TIMER_S:
                loop.call_soon(self.flush)
            else:
                self._arrange(loop, wait_s)
        self._hold(frame, but, only)

    def put_relaxed(self, frame: bytes, *, but: Collection[R] = ()) -> None:
        """Tell all `but` some, with the next write, or 25 ms after the last one: for presence."""
        loop = asyncio.get_running_loop()
        wait_s = self._flushed_s + _RELAXED_S - loop.time()
        if wait_s <= 0:
            self.put(frame, but=but)
            return
        if self._later is None and not self._due:
            self._arrange(loop, wait_s)
        self._hold(frame, but, None)

    def _arrange(self, loop: asyncio.AbstractEventLoop, wait_s: float) -> None:
        if self._later is not None:
            self._later.cancel()
        self._later = loop.call_later(wait_s, self.flush)

    def _hold(self, frame: bytes, but: Collection[R], only: Collection[R] | None) -> None:
        self._told.append(_Told(frame, but, only))
        self._held_bytes += len(frame)
        if self._held_bytes > _HELD_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write now: before something is sent to one receiver that must not overtake what was told to all."""
        self._due = False
        if self._later is not None:
            self._later.cancel()
            self._later = None
        told = self._told
        if not told:
            return
        self._told = []
        self._held_bytes = 0
        # Not the loop's own clock: that one stands still within a turn.
        began_s = time.monotonic()
        self._write_all(told)
        now_s = asyncio.get_running_loop().time()
        self._flushed_s = now_s
        self._rested_s = now_s + min(2 * (time.monotonic() - began_s), _PAUSE_S)

    def _write_all(self, told: list[_Told[R]]) -> None:
        write = self._write
        if len(told) == 1:
            frame, but, only = told[0]
            for receiver in tuple(self._receivers()):
                if receiver not in but if only is None else receiver in only:
                    write(receiver, frame)
            return
        apart: set[R] = set()
        for one in told:
            apart.update(one.but if one.only is None else one.only)
        common = b"".join([frame for frame, _, only in told if only is None])
        for receiver in tuple(self._receivers()):
            if receiver in apart:
                mine = b"".join(
                    [frame for frame, but, only in told if (receiver not in but if only is None else receiver in only)]
                )
            else:
                mine = common
            if mine:
                write(receiver, mine)
