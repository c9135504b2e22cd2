"""portal/throttle.py."""

from portal import throttle
from portal.throttle import Throttle


def test_size_failures_then_one_each_refill() -> None:
    bucket = Throttle(size=2, refill_s=10)
    assert bucket.wait_s("a", 0) == 0
    bucket.failed("a", 0)
    bucket.failed("a", 0)
    assert bucket.wait_s("a", 0) == 10
    assert bucket.wait_s("a", 4_000) == 6
    assert bucket.wait_s("a", 10_000) == 0
    assert bucket.wait_s("b", 0) == 0


def test_success_forgets_the_failures() -> None:
    bucket = Throttle(size=1, refill_s=10)
    bucket.failed("a", 0)
    bucket.succeeded("a")
    assert bucket.wait_s("a", 0) == 0


def test_clock_that_steps_back_gives_no_tokens() -> None:
    bucket = Throttle(size=1, refill_s=10)
    bucket.failed("a", 1_000_000)
    assert bucket.wait_s("a", 0) == 10


def test_table_is_bounded() -> None:
    bucket = Throttle(size=1, refill_s=1e9)
    for number in range(throttle._MAX_BUCKETS + 100):
        bucket.failed(str(number), 0)
    assert len(bucket._buckets) == throttle._MAX_BUCKETS
    assert bucket.wait_s("0", 0) == 0
    assert bucket.wait_s(str(throttle._MAX_BUCKETS), 0) > 0
