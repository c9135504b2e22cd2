"""How much the lossy channel of a link loses, and how often an envelope is therefore repeated there (rule M7)."""

from __future__ import annotations

from collections import deque
from typing import Final

__all__ = ["COPIES", "LossMeter"]

PING_EVERY_S: Final = 0.5
"""On `live`, beside those of M6 on `sync`."""
_LOST_AFTER_S: Final = 1.5
_WINDOW: Final = 24
_ENOUGH: Final = 4

COPIES: Final[tuple[tuple[float, ...], ...]] = ((0.08,), (0.02, 0.08), (0.02, 0.05, 0.09))
"""When after its sealing an unacknowledged envelope goes on `live`, in seconds: no loss, a little, more.

With 10 % loss the reliable channel stops at every tenth packet for a round trip and more, and all later envelopes of
the author wait behind it (E6). Not at once with the first: two messages of one moment share a packet.
"""
COPY_BYTES_S: Final = 24_000.0
ALL_COPIES_BYTES_S: Final = 48_000.0
COPY_BURST_BYTES: Final = 5_000.0
_RESERVE_BYTES: Final = 700.0
"""Copies share the link's congestion window with what they are copies of, and the user's line with sound and picture.
So they have a budget, for a link and for all of a session's links together, and a later copy leaves room for the first
copy of the next envelope. With 10 % loss and 20 strokes a second (500 bytes each) one copy leaves p99 at 400 ms and
three at 180: a hole of one envelope in a hundred makes six wait that come after it.
"""
_MORE: Final = 0.09


class LossMeter:
    """Counts pings of the lossy channel that came back. Pure: the clock is handed in, in seconds."""

    def __init__(self) -> None:
        self._waiting: dict[int, float] = {}
        self._came: deque[bool] = deque(maxlen=_WINDOW)
        self._nonce = 0
        self._pinged_s = float("-inf")
        self._budget_bytes = COPY_BURST_BYTES
        self._budget_s = 0.0

    def ping(self, now_s: float) -> int | None:
        """The nonce of a ping to send now, or None when it is not time yet."""
        for nonce, sent_s in tuple(self._waiting.items()):
            if now_s - sent_s >= _LOST_AFTER_S:
                del self._waiting[nonce]
                self._came.append(False)
        if now_s - self._pinged_s < PING_EVERY_S:
            return None
        self._pinged_s = now_s
        self._nonce += 1
        self._waiting[self._nonce] = now_s
        return self._nonce

    def pong(self, nonce: int) -> None:
        """An answer came; one that nobody waits for is passed over."""
        if self._waiting.pop(nonce, None) is not None:
            self._came.append(True)

    @property
    def share(self) -> float | None:
        """The share of round trips that failed in the last 12 s; None before there is anything to say."""
        return self._came.count(False) / len(self._came) if len(self._came) >= _ENOUGH else None

    @property
    def copies(self) -> tuple[float, ...]:
        """COPIES for what this link loses now."""
        if not self.share:
            return COPIES[0]
        return COPIES[2] if self.share > _MORE else COPIES[1]

    def afford(self, index: int, size_bytes: int, now_s: float, links: int = 1) -> bool:
        """Whether the copy with this index in `copies` may go now; it is counted when it may.

        ``links``: that share this session's line.
        """
        gained = max(0.0, now_s - self._budget_s) * min(COPY_BYTES_S, ALL_COPIES_BYTES_S / max(1, links))
        self._budget_bytes = min(COPY_BURST_BYTES, self._budget_bytes + gained)
        self._budget_s = now_s
        if self._budget_bytes - size_bytes < index * _RESERVE_BYTES:
            return False
        self._budget_bytes -= size_bytes
        return True
