"""Slows down guessing without ever locking an account: token buckets by who asks, and by whom they ask for."""

from collections import OrderedDict
from dataclasses import dataclass

_MAX_BUCKETS = 20_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at_ms: int


class Throttle:
    """`size` failures at once, then one each `refill_s` seconds, for each key. Pure: the caller says what time it is.

    The table is bounded; the key that was idle for longest goes first, which is also the one nearest to being full.
    """

    def __init__(self, size: int, refill_s: float) -> None:
        self._size = size
        self._refill_ms = refill_s * 1000
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait_s(self, key: str, now_ms: int) -> float:
        """Seconds until the key may try again; 0 when it may now."""
        tokens = self._tokens(key, now_ms)
        return 0.0 if tokens >= 1 else (1 - tokens) * self._refill_ms / 1000

    def failed(self, key: str, now_ms: int) -> None:
        """Counts one failure."""
        tokens = self._tokens(key, now_ms)
        self._buckets[key] = _Bucket(max(0.0, tokens - 1), now_ms)
        self._buckets.move_to_end(key)
        while len(self._buckets) > _MAX_BUCKETS:
            self._buckets.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """Forgets the key's failures."""
        self._buckets.pop(key, None)

    def _tokens(self, key: str, now_ms: int) -> float:
        bucket = self._buckets.get(key)
        if bucket is None:
            return float(self._size)
        return min(float(self._size), bucket.tokens + max(0, now_ms - bucket.at_ms) / self._refill_ms)
