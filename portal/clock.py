"""The one place of the portal that reads the clock; tests put another function in its place."""

import time
from collections.abc import Callable

Clock = Callable[[], int]


def unix_ms() -> int:
    """Milliseconds since 1970 (UTC)."""
    return time.time_ns() // 1_000_000
