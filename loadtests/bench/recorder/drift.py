"""The recorder's clocks over two simulated hours with a sender whose quartz is off."""

from __future__ import annotations

import random

from recorder.clock import SenderClock, TrackClock

_UNIX_MS = 1_795_000_000_000.0
_NTP_EPOCH_S = 2_208_988_800
_SECONDS = 7200
_DELAY_MS = 20.0


def _ntp(unix_ms: float) -> int:
    whole, part = divmod(unix_ms, 1000)
    return (int(whole) + _NTP_EPOCH_S) << 32 | int(part / 1000 * 2**32)


def worst_drift_ms(skew: float, seed: int = 0) -> float:
    """The largest error of the line from the second minute on. Network: 20 ms and an exponential 15 ms on top."""
    chance = random.Random(seed)
    sender = SenderClock()
    clock = TrackClock(sender, 90_000)
    worst = 0.0
    for second in range(_SECONDS):
        room = second * 1000.0
        own = room * (1 + skew)
        clock.add_report(round(own * 90), _ntp(_UNIX_MS + own), room + _DELAY_MS + chance.expovariate(1 / 15))
        if second > 60 and second % 60 == 0:
            fit = clock.fit(0)
            assert fit is not None
            # The shortest delay cannot be told from an offset.
            worst = max(worst, abs(fit.start_ms + fit.rate * own - _DELAY_MS - room))
    return worst
