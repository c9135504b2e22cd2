"""Unix time that does not jump: the host's clock is set during a lesson, and nobody in the lesson notices."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

__all__ = ["SteadyClock", "host_ms"]

# How much faster or slower it runs than the monotonic clock until it agrees with the host's again.
_SLEW: Final = 0.05


def host_ms() -> int:
    """Unix ms by the host's clock, which an operator, NTP or a virtual machine's host may set."""
    return time.time_ns() // 1_000_000


class SteadyClock:
    """Begins at the host's time, runs by the monotonic clock, and follows the host's by at most 5 %.

    An hour's jump is made up for in a day, or with the next start; a second's in twenty.
    """

    def __init__(self, wall_ms: Callable[[], int] = host_ms, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._wall_ms = wall_ms
        self._monotonic_s = monotonic_s
        self._at_s = monotonic_s()
        self._now_ms = float(wall_ms())

    def now_ms(self) -> int:
        """Unix ms; never less than before."""
        at_s = self._monotonic_s()
        passed_ms = (at_s - self._at_s) * 1000
        self._at_s = at_s
        behind_ms = self._wall_ms() - (self._now_ms + passed_ms)
        most_ms = passed_ms * _SLEW
        self._now_ms += passed_ms + max(-most_ms, min(behind_ms, most_ms))
        return int(self._now_ms)
