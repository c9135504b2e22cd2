"""What the reports to a sender say of its packets (RFC 3550, 6.4.1), and how much bandwidth it may use. Pure."""

from __future__ import annotations

from collections import deque
from typing import Final

from aiortc.rate import MIN_FRAME_PERIOD_HISTORY_LENGTH, OveruseEstimator, RemoteBitrateEstimator

__all__ = ["SOUND_BITS_S", "BitrateEstimator", "Reception"]

_MAX_LOST: Final = (1 << 23) - 1


class Reception:
    """One source's packets: how many came and how evenly."""

    __slots__ = (
        "_base", "_clock_hz", "_expected_before", "_jitter", "_received_before", "_transit", "highest", "received"
    )  # fmt: skip

    def __init__(self, clock_hz: int) -> None:
        self._clock_hz = clock_hz
        self._base = -1
        self.highest = -1
        """The highest sequence number, with the wraps counted in bits 16 and up."""
        self.received = 0
        self._jitter = 0.0
        self._transit: float | None = None
        self._expected_before = self._received_before = 0

    def add(self, sequence: int, timestamp: int, arrival_s: float) -> None:
        """A packet with that 16-bit number and 32-bit timestamp arrived."""
        self.received += 1
        step = (sequence - self.highest) & 0xFFFF
        if self._base < 0:
            self._base = self.highest = sequence
        elif 0 < step < 0x8000:
            self.highest += step
        else:
            return
        transit = arrival_s * self._clock_hz - timestamp
        if self._transit is not None:
            moved = abs(transit - self._transit)
            # The timestamp wrapped, or the sender began anew.
            if moved < self._clock_hz * 10:
                self._jitter += (moved - self._jitter) / 16
        self._transit = transit

    @property
    def jitter(self) -> int:
        """Mean deviation of the distance between packets, in units of the RTP clock."""
        return int(self._jitter)

    @property
    def expected(self) -> int:
        """Packets that were sent since the first one that came."""
        return self.highest - self._base + 1

    @property
    def lost(self) -> int:
        """Packets that did not come, as a report states them."""
        return max(-_MAX_LOST, min(_MAX_LOST, self.expected - self.received))

    def fraction_lost(self) -> int:
        """Lost packets since the last call, in 256ths."""
        expected, received = self.expected - self._expected_before, self.received - self._received_before
        self._expected_before, self._received_before = self.expected, self.received
        return 0 if expected <= 0 or expected <= received else ((expected - received) << 8) // expected


class _RateWindow:
    """Bits a second over the last `window_ms`: aiortc's RateCounter, which visits every millisecond one by one."""

    def __init__(self, window_ms: int, scale: int) -> None:
        self._window_ms = window_ms
        self._scale = scale
        self._added: deque[tuple[int, int]] = deque()
        self._total = 0
        self._origin_ms: int | None = None

    def add(self, value: int, now_ms: int) -> None:
        """So many bytes arrived."""
        self._forget(now_ms)
        if self._origin_ms is None:
            self._origin_ms = now_ms
        self._added.append((now_ms, value))
        self._total += value

    def rate(self, now_ms: int) -> int | None:
        """The rate, or None while nothing is known."""
        self._forget(now_ms)
        if self._origin_ms is None or not self._added or now_ms <= self._origin_ms:
            return None
        return round(self._scale * self._total / (now_ms - self._origin_ms + 1))

    def reset(self) -> None:
        """Forget everything."""
        self._added.clear()
        self._total = 0
        self._origin_ms = None

    def _forget(self, now_ms: int) -> None:
        if self._origin_ms is None:
            return
        oldest_ms = now_ms - self._window_ms + 1
        self._origin_ms = max(self._origin_ms, oldest_ms)
        while self._added and self._added[0][0] < oldest_ms:
            self._total -= self._added.popleft()[1]


class _OveruseEstimator(OveruseEstimator):
    """The same numbers, with one `min` in C for sixty in Python."""

    def update_min_frame_period(self, ts_delta: float) -> float:
        history = self.ts_delta_hist
        if len(history) >= MIN_FRAME_PERIOD_HISTORY_LENGTH:
            history.pop(0)
        history.append(ts_delta)
        return min(history)


# Opus with RED at 32 kbit/s and its headers, and something to grow with.
SOUND_BITS_S: Final = 128_000


class BitrateEstimator(RemoteBitrateEstimator):
    """aiortc's estimate of the bandwidth (goog-remb), at a third of its cost, and of sound and picture together.

    aiortc counts pictures only and lets the estimate be 1.5 times what came, but a browser takes it for all that it may
    send and gives sound its part first: below some 150 kbit/s each round then leaves less, down to 30 kbit/s for good
    (measured on a line of 2 Mbit/s that lost nothing).
    """

    def __init__(self) -> None:
        super().__init__()
        self.incoming_bitrate = _RateWindow(1000, 8000)  # type: ignore[assignment]
        self.estimator = _OveruseEstimator()

    def add(
        self, arrival_time_ms: int, abs_send_time: int, payload_size: int, ssrc: int
    ) -> tuple[int, list[int]] | None:
        """A packet of the picture came. What its sender may send in all, bit/s, when there is news."""
        estimate = super().add(arrival_time_ms, abs_send_time, payload_size, ssrc)
        return None if estimate is None else (estimate[0] + SOUND_BITS_S, estimate[1])
