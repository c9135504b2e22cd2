"""What a room tells many: gathered within one turn of the event loop, then one write for each receiver.

A write costs a system call (some 4 µs), whatever it carries: under load, when one turn brings many messages, this is
where a relay's time goes. Nothing is held back longer than the turn (presence: 35 ms; while the relay is busy most of
the time: 5 ms), and the order of what was told stays.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from typing import Final, Generic, TypeVar

__all__ = ["Fanout", "Pace"]

R = TypeVar("R")

# So much is never held back: what waits here is not in any client's own bound yet.
_HELD_BYTES: Final = 262_144
# How long a cursor may wait for others to go with: with sixty people at 5 Hz each write then carries many. Somewhat
# longer than between two live updates of a pen (30 a second), so that cursors go with those.
_RELAXED_S: Final = 0.035
# After a writing the next one waits as long as the work since the one before took, times the messages that a room had
# to share, and never longer than this. So single messages go at once, and a relay that is busy without a break lets
# more of them share a write.
_PAUSE_S: Final = 0.005
_TIMER_S: Final = 0.0005  # uvloop's timers count whole milliseconds


# Where nobody waits for an acknowledgement, what was taken may wait so long for the log: a commit for each writing, and
# a record for each room in it, is a quarter of what a busy relay does.
_STORE_S: Final = 0.05


class Pace:
    """When the rooms of one loop write: all that have something to tell, together."""

    __slots__ = ("_due", "_rested_s", "_storing", "_worked_s")

    def __init__(self) -> None:
        self._due: list[Callable[[], int]] = []
        self._storing: list[Callable[[], None]] = []
        self._rested_s = -1.0
        self._worked_s = time.thread_time()

    def arrange(self, flush: Callable[[], int]) -> None:
        """Call `flush` at the end of this turn of the loop, or when the pause is over. It says how much it wrote."""
        if not self._due:
            wait_s = self._rested_s - time.monotonic()
            loop = asyncio.get_running_loop()
            if wait_s < _TIMER_S:
                loop.call_soon(self._flush_all)
            else:
                loop.call_later(wait_s, self._flush_all)
        self._due.append(flush)

    def arrange_storing(self, store: Callable[[], None]) -> None:
        """Call `store` within 50 ms, together with those of the other rooms: one commit for all."""
        if not self._storing:
            asyncio.get_running_loop().call_later(_STORE_S, self._store_all)
        self._storing.append(store)

    def _store_all(self) -> None:
        storing, self._storing = self._storing, []
        try:
            while storing:
                storing.pop()()
        finally:
            if storing:  # as below
                self._storing += storing
                asyncio.get_running_loop().call_soon(self._store_all)

    def _flush_all(self) -> None:
        due, self._due = self._due, []
        most = 1
        try:
            while due:
                most = max(most, due.pop()())
        finally:
            if due:  # a fault in one room does not silence the others
                self._due += due
                asyncio.get_running_loop().call_soon(self._flush_all)
        worked_s = time.thread_time()
        self._rested_s = time.monotonic() + min(most * (worked_s - self._worked_s), _PAUSE_S)
        self._worked_s = worked_s


_Told = tuple[bytes, Collection[R], Collection[R] | None]
"""A frame, and all but whom, or whom alone, it is for."""


class Fanout(Generic[R]):
    """`receivers` are asked for when it is written; `write` takes some of them and frames in one piece.

    `pace` is shared by all rooms of a relay. `written` is called after each writing: what is not for the others to wait
    for.
    """

    __slots__ = (
        "_due", "_flushed_s", "_held_bytes", "_later", "_pace", "_receivers", "_told", "_write", "_written",
    )  # fmt: skip

    def __init__(
        self,
        receivers: Callable[[], Iterable[R]],
        write: Callable[[list[R], bytes], None],
        pace: Pace | None = None,
        written: Callable[[], None] | None = None,
    ) -> None:
        self._receivers = receivers
        self._write = write
        self._pace = pace or Pace()
        self._written = written
        self._told: list[_Told[R]] = []
        self._held_bytes = 0
        self._due = False  # the next writing is arranged
        self._later: asyncio.TimerHandle | None = None
        self._flushed_s = -1.0

    def put(self, frame: bytes, *, but: Collection[R] = (), only: Collection[R] | None = None) -> None:
        """Tell all `but` some, or `only` some, with the next writing."""
        if not self._due:
            self._due = True
            self._pace.arrange(self.flush)
        self._told.append((frame, but, only))
        self._held_bytes += len(frame)
        if self._held_bytes > _HELD_BYTES:
            self.flush()

    def put_relaxed(self, frame: bytes, *, but: Collection[R] = ()) -> None:
        """Tell all `but` some, with the next write, or 35 ms after the last one: for presence."""
        loop = asyncio.get_running_loop()
        wait_s = self._flushed_s + _RELAXED_S - loop.time()
        if wait_s <= 0:
            self.put(frame, but=but)
            return
        if self._later is None and not self._due:
            self._later = loop.call_later(wait_s, self.flush)
        self._told.append((frame, but, None))
        self._held_bytes += len(frame)
        if self._held_bytes > _HELD_BYTES:
            self.flush()

    def flush(self) -> int:
        """Write now: before something is sent to one receiver that must not overtake what was told to all.

        Returns the number of messages.
        """
        self._due = False
        if self._later is not None:
            self._later.cancel()
            self._later = None
        told = self._told
        if told:
            self._told = []
            self._held_bytes = 0
            self._write_all(told)
            self._flushed_s = asyncio.get_running_loop().time()
        if self._written is not None:
            self._written()
        return len(told)

    def _write_all(self, told: list[_Told[R]]) -> None:
        write = self._write
        receivers = self._receivers()
        if len(told) == 1:
            frame, but, only = told[0]
            write([one for one in receivers if (one not in but if only is None else one in only)], frame)
            return
        apart: set[R] = set()
        for _, but, only in told:
            apart.update(but if only is None else only)
        others = [one for one in receivers if one in apart]
        common = b"".join([frame for frame, _, only in told if only is None])
        if common:
            write([one for one in receivers if one not in apart], common)
        for receiver in others:
            mine = b"".join(
                [frame for frame, but, only in told if (receiver not in but if only is None else receiver in only)]
            )
            if mine:
                write([receiver], mine)
