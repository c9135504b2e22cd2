"""The event loop's exception handler: every fault is told, a flood of one kind is told once a second.

Mutated STUN makes aiortc raise ``struct.error`` into the loop for every packet; unlimited, that fills the disk.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from signaling.panic import die, is_panic

__all__ = ["LoopErrors"]

log = logging.getLogger("chalkmesh.loop")

_EVERY_S = 1.0
_KINDS = 256


class LoopErrors:
    """Install with ``loop.set_exception_handler(LoopErrors())``."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[float, int]] = {}

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Log one fault that nobody awaited; `context` is asyncio's."""
        error = context.get("exception")
        if isinstance(error, BaseException) and is_panic(error):
            die("event loop")
        kind = type(error).__name__ if error is not None else str(context.get("message", ""))
        now_s = loop.time()
        told_s, dropped = self._told.get(kind, (-_EVERY_S, 0))
        if now_s - told_s < _EVERY_S:
            self._told[kind] = (told_s, dropped + 1)
            return
        if len(self._told) >= _KINDS:
            self._told.clear()
        self._told[kind] = (now_s, 0)
        # No traceback's locals and no message of the exception: they may quote what a client sent.
        where = ""
        if isinstance(error, BaseException) and error.__traceback__ is not None:
            last = error.__traceback__
            while last.tb_next is not None:
                last = last.tb_next
            where = f"{last.tb_frame.f_code.co_name}:{last.tb_lineno}"
        log.error("fault in the event loop kind=%s at=%s dropped=%d", kind, where, dropped)
