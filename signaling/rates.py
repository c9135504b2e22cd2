"""Rate limits: a token bucket that reads no clock of its own."""

from __future__ import annotations

__all__ = ["Bucket"]


class Bucket:
    """`rate_s` tokens flow in each second, `burst` fit. Times are seconds of any monotonic clock."""

    __slots__ = ("_at_s", "_burst", "_rate_s", "_tokens")

    def __init__(self, rate_s: float, burst: float, now_s: float) -> None:
        self._rate_s = rate_s
        self._burst = burst
        self._tokens = burst
        self._at_s = now_s

    def take(self, now_s: float, tokens: float = 1.0) -> bool:
        """Take tokens; False, and nothing taken, when there are too few."""
        if now_s != self._at_s:  # messages of one read are taken at one time
            self._tokens = min(self._burst, self._tokens + (now_s - self._at_s) * self._rate_s)
            self._at_s = now_s
        if self._tokens < tokens:
            return False
        self._tokens -= tokens
        return True
