from __future__ import annotations

from signaling.turns import Share


def test_share_of_who_sends_now_and_then_never_runs_out() -> None:
    share = Share(0.0)
    for second in range(1, 100):
        share.spend(0.02, float(second))
        assert share.rest_s == 0.0
    assert share.turn_s == Share(0.0).turn_s


def test_who_sends_without_a_pause_rests_so_long_that_a_fifth_of_the_time_is_its() -> None:
    share = Share(0.0)
    now_s = worked_s = 0.0
    long_turn_s = share.turn_s
    while now_s < 10.0:
        now_s += share.turn_s
        worked_s += share.turn_s
        share.spend(share.turn_s, now_s)
        now_s += share.rest_s
    assert share.turn_s < long_turn_s
    assert 0.05 < worked_s / now_s < 0.21


def test_rest_after_one_long_answer_is_short_enough_for_a_ping_S9() -> None:
    share = Share(0.0)
    share.spend(5.0, 5.0)
    assert 0.0 < share.rest_s <= 0.1


def test_share_fills_again_while_nothing_comes() -> None:
    share = Share(0.0)
    share.spend(0.1, 0.1)
    assert share.rest_s > 0.0
    share.spend(0.0, 10.0)
    assert share.rest_s == 0.0
