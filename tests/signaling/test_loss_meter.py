"""The loss of a link's lossy channel, and what is repeated because of it (protocol rule M7)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from signaling.loss_meter import COPIES, LossMeter


def run(meter: LossMeter, seconds: float, comes_back: Callable[[int], bool], start_s: float = 0.0) -> float:
    """Ticks ten times a second, as the peer does; every ping that is not lost is answered at the next tick."""
    for tick in range(int(seconds * 10)):
        nonce = meter.ping(start_s + tick / 10)
        if nonce is not None and comes_back(nonce):
            meter.pong(nonce)
    return start_s + seconds


def test_nothing_is_said_before_a_few_round_trips() -> None:
    meter = LossMeter()
    assert (meter.share, meter.copies) == (None, COPIES[0])


def test_a_clean_link_gets_one_late_copy() -> None:
    meter = LossMeter()
    run(meter, 20, lambda _: True)
    assert (meter.share, meter.copies) == (0.0, COPIES[0])


def test_pings_are_two_a_second() -> None:
    meter = LossMeter()
    assert sum(meter.ping(tick / 10) is not None for tick in range(100)) == 20


@pytest.mark.parametrize(("every", "copies"), [(20, COPIES[1]), (5, COPIES[2]), (1, COPIES[2])])
def test_copies_grow_with_the_loss(every: int, copies: tuple[float, ...]) -> None:
    meter = LossMeter()
    run(meter, 30, lambda nonce: nonce % every != 0)
    assert meter.copies == copies


def test_a_line_that_is_good_again_is_believed_after_twelve_seconds() -> None:
    meter = LossMeter()
    now_s = run(meter, 20, lambda nonce: nonce % 2 == 0)
    assert meter.copies == COPIES[2]
    run(meter, 15, lambda _: True, now_s)
    assert meter.copies == COPIES[0]


def test_an_answer_to_nothing_counts_for_nothing() -> None:
    meter = LossMeter()
    run(meter, 20, lambda _: False)
    for nonce in range(1_000):
        meter.pong(nonce + 10_000)
    assert meter.share == 1.0


def test_the_pings_that_wait_are_few_whatever_happens() -> None:
    meter = LossMeter()
    run(meter, 600, lambda _: False)
    assert len(meter._waiting) <= 4


def test_copies_have_a_budget_and_later_ones_leave_room_for_the_next_envelope() -> None:
    meter = LossMeter()
    assert [meter.afford(index, 1_000, 1.0) for index in range(4)] == [True, True, True, False]
    assert meter.afford(0, 1_000, 1.0)
    sent = sum(meter.afford(0, 1_000, 2.0 + n / 100) for n in range(1_000))
    assert sent <= 246


def test_many_links_share_one_line() -> None:
    meter = LossMeter()
    assert sum(meter.afford(0, 1_000, 2.0 + n / 100, 6) for n in range(1_000)) <= 86
