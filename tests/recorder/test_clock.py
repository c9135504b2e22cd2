"""Media clocks onto room time: `recorder.clock`."""

from __future__ import annotations

import random

import pytest

from recorder.clock import MinDelayFit, RoomClock, SenderClock, TrackClock

UNIX_MS = 1_795_000_000_000.0
NTP_EPOCH_S = 2_208_988_800


def ntp(unix_ms: float) -> int:
    whole, part = divmod(unix_ms, 1000)
    return (int(whole) + NTP_EPOCH_S) << 32 | int(part / 1000 * 2**32)


@pytest.mark.parametrize("skew", [-100e-6, 0.0, 100e-6])
@pytest.mark.parametrize("seed", range(3))
def test_two_hours_of_skew_and_jitter_are_followed_within_10_ms(skew: float, seed: int) -> None:
    chance = random.Random(seed)
    sender = SenderClock()
    audio, video = TrackClock(sender, 48_000), TrackClock(sender, 90_000)
    worst = 0.0
    # The sender's crystal runs at 1 + skew against the room; its wall clock starts somewhere else altogether.
    for second in range(7200):
        room = second * 1000.0
        own = room * (1 + skew)
        delay = 20 + chance.expovariate(1 / 15)
        for clock, hz in ((audio, 48_000), (video, 90_000)):
            if hz == 90_000 or second % 5 == 0:
                clock.add_report(round(own * hz / 1000), ntp(UNIX_MS + own), room + delay)
        if second > 60 and second % 100 == 0:
            for clock in (audio, video):
                fit = clock.fit(0)
                assert fit is not None
                told = fit.start_ms + fit.rate * own
                # The shortest delay cannot be told from an offset.
                worst = max(worst, abs(told - 20 - room))
    assert worst < 10, f"seed {seed}"


def test_audio_and_video_of_one_sender_agree_though_their_packets_do_not() -> None:
    chance = random.Random(1)
    sender = SenderClock()
    audio, video = TrackClock(sender, 48_000), TrackClock(sender, 90_000)
    for second in range(120):
        room = second * 1000.0
        audio.add_frame(second * 48_000, room + 30)
        video.add_frame(second * 90_000 + 4500, room + 130)
        audio.add_report(second * 48_000, ntp(UNIX_MS + room), room + 25 + chance.uniform(0, 30))
        video.add_report(second * 90_000 + 4500, ntp(UNIX_MS + room + 50), room + 50 + 25 + chance.uniform(0, 30))
    a, v = audio.fit(0), video.fit(0)
    assert a is not None
    assert v is not None
    assert abs(a.start_ms - v.start_ms) < 2


def test_before_the_first_report_arrival_is_all_there_is() -> None:
    clock = TrackClock(SenderClock(), 90_000)
    assert clock.fit(0) is None
    clock.add_frame(90_000, 5000.0)
    fit = clock.fit(90_000)
    assert fit is not None
    assert (fit.start_ms, fit.reports) == (5000.0, 0)


def test_sender_that_sets_its_clock_begins_a_new_generation() -> None:
    sender = SenderClock()
    clock = TrackClock(sender, 90_000)
    for second in range(40):
        clock.add_report(second * 90_000, ntp(UNIX_MS + second * 1000), second * 1000.0 + 20)
    assert clock.generation == 0
    for second in range(40, 60):
        clock.add_report(second * 90_000, ntp(UNIX_MS + 5000 + second * 1000), second * 1000.0 + 20)
    assert clock.generation == 1
    fit = clock.fit(50 * 90_000)
    assert fit is not None
    assert fit.start_ms == pytest.approx(50_020, abs=1)


def test_one_slow_report_is_no_set_clock() -> None:
    sender = SenderClock()
    sender.add(UNIX_MS, 20.0)
    sender.add(UNIX_MS + 1000, 1900.0)
    sender.add(UNIX_MS + 2000, 2020.0)
    assert sender.generation == 0


def test_short_spans_do_not_pass_jitter_for_skew() -> None:
    fit = MinDelayFit()
    fit.add(0.0, 50.0)
    fit.add(12_000.0, 12_020.0)
    assert fit.line is not None
    assert fit.line.slope == 1.0


def test_room_clock_takes_the_least_delayed_statement() -> None:
    clock = RoomClock()
    assert not clock.known
    clock.observe(1000.0, 10.0)
    clock.observe(2050.0, 11.0)
    clock.observe(2900.0, 12.0)
    assert clock.at(13.0) == pytest.approx(4050.0)


def test_browser_that_stamps_its_audio_late_is_put_right_by_the_arrivals() -> None:
    chance = random.Random(3)
    sender = SenderClock()
    audio, video = TrackClock(sender, 48_000), TrackClock(sender, 90_000)
    for tick in range(3000):
        room = tick * 20.0
        # Out of the encoder when the packet is full, and when the sound card's next buffer came; 15 ms of network.
        waits = 20 + chance.uniform(0, 18)
        audio.add_frame(tick * 960, room + waits + 15, 20)
        if tick % 250 == 249:
            audio.add_report(tick * 960, ntp(UNIX_MS + room + waits), room + waits + 15)
        if tick % 50 == 0:
            video.add_report(tick * 1800, ntp(UNIX_MS + room), room + 15)
    a, v = audio.fit(0), video.fit(0)
    assert a is not None
    assert v is not None
    assert abs(a.start_ms - v.start_ms) < 2


def starved(lost_ms: dict[int, float], network_ms: dict[int, float] | None = None, seed: int = 4) -> TrackClock:
    """Two minutes of a browser's audio whose source leaves `lost_ms` out at some second, or whose way gets slower."""
    chance = random.Random(seed)
    clock = TrackClock(SenderClock(), 48_000)
    left_out = slower = 0.0
    report_at = 5000.0
    for tick in range(6000):
        room = tick * 20.0
        if tick % 50 == 0:
            left_out += lost_ms.get(tick // 50, 0.0)
            slower += (network_ms or {}).get(tick // 50, 0.0)
        timestamp = round((room - left_out) * 48)
        waits = 20 + chance.uniform(0, 18)
        clock.add_frame(timestamp, room + waits + slower + chance.expovariate(1 / 3), 20)
        if room >= report_at:
            report_at += chance.uniform(3000, 6000)
            clock.add_report(timestamp, ntp(UNIX_MS + room + waits), room + waits + slower)
    return clock


@pytest.mark.parametrize("seed", range(5))
def test_source_that_leaves_samples_out_goes_on_at_its_time(seed: int) -> None:
    clock = starved({40: 60.0, 95: 80.0}, seed=seed)
    assert clock.generation == 2
    fit = clock.fit((118_000 - 140) * 48)
    assert fit is not None
    assert fit.start_ms == pytest.approx(118_000, abs=5)


@pytest.mark.parametrize("seed", range(5))
def test_way_that_becomes_slower_is_no_slip_of_the_source(seed: int) -> None:
    clock = starved({}, {40: 60.0, 95: 80.0}, seed=seed)
    assert clock.generation == 0
    fit = clock.fit(118_000 * 48)
    assert fit is not None
    assert fit.start_ms == pytest.approx(118_000, abs=20)


def test_slips_without_end_begin_few_files() -> None:
    clock = starved(dict.fromkeys(range(10, 120, 2), 20.0))
    assert 2 <= clock.generation <= 6


def test_better_statement_of_room_time_moves_the_lines_before_it() -> None:
    room = RoomClock()
    room.observe(1000.0, 10.0)
    clock = TrackClock(SenderClock(), 48_000)
    clock.add_frame(0, 11_000.0)
    fit = clock.fit(0)
    assert fit is not None
    assert room.place(fit).start_ms == pytest.approx(2000.0)
    room.observe(5062.0, 14.0)
    assert room.place(fit).start_ms == pytest.approx(2062.0)
