"""Every wait of a fault run has an end, and says who waited for what: a run that hangs tells nobody anything."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import sys
from collections.abc import AsyncIterator, Callable, Iterator

# A row that did not end by itself although it was cancelled: something waits without the loop.
_GRACE_S = 60.0


class Stuck(Exception):
    """Somebody waited in vain; the message says who, for what, and for how long."""


@contextlib.asynccontextmanager
async def within(limit_s: float, who: str, what: str, stand: Callable[[], str] | None = None) -> AsyncIterator[None]:
    """The block ends within its time. Raises Stuck where it does not; `stand` says how things are then."""
    limit = asyncio.timeout(limit_s)
    try:
        async with limit:
            yield
    except TimeoutError as error:
        if not limit.expired():
            raise
        now = f"; {stand()}" if stand is not None else ""
        raise Stuck(f"{who} waited {limit_s:.0f} s in vain for {what}{now}") from error


@contextlib.asynccontextmanager
async def row_limit(limit_s: float, row: str) -> AsyncIterator[None]:
    """A whole row: past its time every task's place is written out and the row is given up.

    Past a minute more, when not even cancelling helped, every thread's place is written out and the process ends.
    """
    loop = asyncio.get_running_loop()
    noted = loop.call_later(limit_s, _write_tasks, row)
    faulthandler.dump_traceback_later(limit_s + _GRACE_S, exit=True)
    try:
        async with within(limit_s, f"row {row}", "its end"):
            yield
    finally:
        noted.cancel()
        faulthandler.cancel_dump_traceback_later()


def _write_tasks(row: str) -> None:
    sys.stderr.write(f"row {row} does not end; its tasks:\n")
    for line in _places():
        sys.stderr.write(f"  {line}\n")
    sys.stderr.flush()


def _places() -> Iterator[str]:
    for task in asyncio.all_tasks():
        frames = task.get_stack(limit=8)
        places = " < ".join(f"{frame.f_code.co_filename}:{frame.f_lineno}" for frame in reversed(frames))
        yield f"{task.get_name()}: {places}"
