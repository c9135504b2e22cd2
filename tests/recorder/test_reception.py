"""Reports and bandwidth against aiortc's own: `recorder.reception`."""

from __future__ import annotations

import random

import pytest
from aiortc.rate import RemoteBitrateEstimator
from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import RtpPacket

from recorder.reception import SOUND_BITS_S, BitrateEstimator, Reception


@pytest.mark.parametrize("seed", range(5))
def test_bandwidth_is_estimated_as_aiortc_does_with_room_for_the_sound(seed: int) -> None:
    chance = random.Random(seed)
    ours, theirs = BitrateEstimator(), RemoteBitrateEstimator()
    sent_ms = arrival_ms = 1000.0
    estimates = 0
    for number in range(3000):
        # A line that becomes narrow, and a pause longer than the window.
        sent_ms += chance.choice((0, 0, 5, 40)) if number % 700 else 1500
        arrival_ms = max(arrival_ms, sent_ms + chance.uniform(5, 9)) + (2 if 1200 < number < 1800 else 0)
        arguments = {
            "abs_send_time": int(sent_ms / 1000 * (1 << 18)) & 0xFFFFFF,
            "arrival_time_ms": int(arrival_ms),
            "payload_size": chance.randint(100, 1200),
            "ssrc": 7,
        }
        found, expected = ours.add(**arguments), theirs.add(**arguments)
        assert found == (None if expected is None else (expected[0] + SOUND_BITS_S, expected[1]))
        estimates += found is not None
    assert estimates > 10


def test_a_sender_that_was_told_little_is_told_more_when_the_line_is_free() -> None:
    """It takes the number for all that it may send, and sound (70 kbit/s on the wire) comes first."""
    estimator, at_ms, may_send = BitrateEstimator(), 1000.0, 100_000
    for _ in range(1500):
        picture = max(5_000, min(300_000, may_send) - 70_000)
        at_ms += 1000 / 15
        found = estimator.add(
            arrival_time_ms=int(at_ms + 20),
            abs_send_time=int(at_ms / 1000 * (1 << 18)) & 0xFFFFFF,
            payload_size=picture // 8 // 15,
            ssrc=7,
        )
        may_send = may_send if found is None else found[0]
    assert may_send > 300_000


@pytest.mark.parametrize("seed", range(5))
def test_lost_packets_are_counted_as_aiortc_does(seed: int) -> None:
    chance = random.Random(seed)
    ours, theirs = Reception(48_000), StreamStatistics(48_000)
    packets = [(65_000 + n, n * 960) for n in range(3000) if chance.random() > 0.07]
    for at in range(10, len(packets) - 1, 13):
        packets[at], packets[at + 1] = packets[at + 1], packets[at]
    for number, (sequence, timestamp) in enumerate(packets):
        ours.add(sequence & 0xFFFF, timestamp, timestamp / 48_000)
        theirs.add(RtpPacket(sequence_number=sequence & 0xFFFF, timestamp=timestamp))
        if number % 200 == 199:
            assert ours.fraction_lost() == theirs.fraction_lost
            assert ours.lost == theirs.packets_lost
    assert ours.highest & 0xFFFF == theirs.max_seq
    assert ours.lost > 100


def test_jitter_is_that_of_arrival_alone() -> None:
    even, uneven = Reception(48_000), Reception(48_000)
    for number in range(400):
        # The timestamp wraps on the way.
        timestamp = (2**32 - 100_000 + number * 960) & 0xFFFFFFFF
        even.add(number, timestamp, 5 + number * 0.02)
        uneven.add(number, timestamp, 5 + number * 0.02 + 0.01 * (number % 2))
    assert even.jitter == 0
    # 10 ms there and back: every step is off by 480 units.
    assert uneven.jitter == pytest.approx(480, abs=10)
