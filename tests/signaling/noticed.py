"""Awaiting a log line: the one outward sign of some things."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class _Noticed(logging.Handler):
    def __init__(self, prefix: str) -> None:
        super().__init__()
        self.prefix = prefix
        self.fired = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith(self.prefix):
            self.fired.set()


@asynccontextmanager
async def noticed(logger: str, prefix: str, timeout_s: float = 15.0) -> AsyncIterator[None]:
    """Waits, at its end, until a line that begins so was logged since its begin."""
    handler = _Noticed(prefix)
    log = logging.getLogger(logger)
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    try:
        yield
        async with asyncio.timeout(timeout_s):
            await handler.fired.wait()
    finally:
        log.setLevel(level)
        log.removeHandler(handler)
