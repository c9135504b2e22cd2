"""A connection's share of the relay's time: who sends without a pause is served between the others, not before them.

The relay has one thread: a millisecond for what one client sent is a millisecond that all the others wait. So a turn of
a connection is short, and each has a purse of processor time that fills slowly. Once it is empty, turns are shorter
still and there is a rest between them; what the client sends meanwhile waits in its own socket.
"""

from __future__ import annotations

from typing import Final

__all__ = ["Share"]

# Of a core, and what may be taken at once: some 300 envelopes. What a client did offline in an hour takes 0.6 s longer.
_RATE: Final = 0.2
_PURSE_S: Final = 0.02
_TURN_S: Final = 0.000_25
_SHORT_TURN_S: Final = 0.000_1
# uvloop's timers count whole milliseconds. A long debt (one answer of 1 MiB) is forgiven, or pings would be late.
_SHORTEST_REST_S: Final = 0.001
_LONGEST_REST_S: Final = 0.1


class Share:
    """One connection's. Times are seconds of `time.perf_counter`, which runs on within a turn of the loop."""

    __slots__ = ("_at_s", "_purse_s")

    def __init__(self, now_s: float) -> None:
        self._at_s = now_s
        self._purse_s = _PURSE_S

    def spend(self, took_s: float, now_s: float) -> None:
        """Note what a turn took that ended now."""
        purse_s = self._purse_s + (now_s - self._at_s) * _RATE - took_s
        self._purse_s = min(purse_s, _PURSE_S)
        self._at_s = now_s

    @property
    def turn_s(self) -> float:
        """How long the next turn may be."""
        return _TURN_S if self._purse_s >= 0 else _SHORT_TURN_S

    @property
    def rest_s(self) -> float:
        """How long the others go before the next turn; 0 for what is due to them this very moment alone."""
        if self._purse_s >= 0:
            return 0.0
        return min(max(-self._purse_s / _RATE, _SHORTEST_REST_S), _LONGEST_REST_S)
