from __future__ import annotations

import pytest

from signaling.steady_clock import SteadyClock

HOUR_MS = 3_600_000


class _Host:
    def __init__(self) -> None:
        self.wall_ms = 1_767_225_600_000
        self.monotonic_s = 5.0

    def pass_s(self, seconds: float) -> None:
        self.monotonic_s += seconds
        self.wall_ms += round(seconds * 1000)


@pytest.fixture
def host() -> _Host:
    return _Host()


@pytest.fixture
def clock(host: _Host) -> SteadyClock:
    return SteadyClock(lambda: host.wall_ms, lambda: host.monotonic_s)


def test_clock_that_nobody_sets_is_the_hosts(host: _Host, clock: SteadyClock) -> None:
    for _ in range(10):
        host.pass_s(0.1)
        assert abs(clock.now_ms() - host.wall_ms) <= 1


@pytest.mark.parametrize("jump_ms", [HOUR_MS, -HOUR_MS])
def test_jump_of_the_host_is_followed_slowly_and_never_backwards(host: _Host, clock: SteadyClock, jump_ms: int) -> None:
    before_ms = last_ms = clock.now_ms()
    host.wall_ms += jump_ms
    for _ in range(100):
        host.pass_s(0.1)
        now_ms = clock.now_ms()
        assert now_ms >= last_ms
        last_ms = now_ms
    assert 9_400 <= last_ms - before_ms <= 10_600


def test_small_difference_is_gone_soon(host: _Host, clock: SteadyClock) -> None:
    host.wall_ms += 500
    for _ in range(120):
        host.pass_s(0.1)
        clock.now_ms()
    assert abs(clock.now_ms() - host.wall_ms) <= 1
