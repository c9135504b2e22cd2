"""Order out of disorder: `recorder.reorder`, `recorder.red`."""

from __future__ import annotations

import random

import pytest

from recorder.red import MalformedPayload, split_red
from recorder.reorder import ReorderBuffer


def buffer(wait_s: float = 0.5) -> ReorderBuffer[int]:
    return ReorderBuffer(wait_s=wait_s, nack_every_s=0.1)


def test_packets_in_order_are_released_at_once() -> None:
    box = buffer()
    assert [r.packet for n in range(5) for r in box.add(n, n, 0.0)] == [0, 1, 2, 3, 4]
    assert box.next_timeout() is None


def test_late_packet_releases_those_behind_it_without_a_gap() -> None:
    box = buffer()
    box.add(10, 10, 0.0)
    assert box.add(12, 12, 0.1) == []
    released = box.add(11, 11, 0.2)
    assert [r.packet for r in released] == [11, 12]
    assert not any(r.gap for r in released)
    assert (box.recovered, box.lost) == (1, 0)


def test_missing_packet_is_asked_for_again_until_it_is_given_up() -> None:
    box = buffer()
    box.add(1, 1, 0.0)
    box.add(4, 4, 1.0)
    assert box.due_nacks(1.0) == [2, 3]
    assert box.due_nacks(1.05) == []
    assert box.due_nacks(1.1) == [2, 3]
    assert box.advance(1.4) == []
    released = box.advance(1.5)
    assert [(r.packet, r.gap, r.lost) for r in released] == [(4, True, 2)]
    assert box.lost == 2
    assert box.next_timeout() is None


def test_repeated_packet_counts_as_duplicate() -> None:
    box = buffer()
    box.add(1, 1, 0.0)
    box.add(3, 3, 0.0)
    assert box.add(1, 1, 0.0) == box.add(3, 3, 0.0) == []
    assert box.duplicates == 2


def test_sequence_numbers_wrap() -> None:
    box = buffer()
    order = [65534, 0, 65535, 1]
    assert [r.packet for n in order for r in box.add(n, n, 0.0)] == [65534, 65535, 0, 1]


def test_far_jump_is_a_new_stream() -> None:
    box = buffer()
    box.add(5, 5, 0.0)
    released = box.add(40000, 40000, 0.0)
    assert [(r.packet, r.gap) for r in released] == [(40000, True)]
    assert box.restarts == 1
    assert [r.packet for r in box.add(40001, 40001, 0.0)] == [40001]


def test_buffer_is_bounded_when_nothing_else_ends_the_wait() -> None:
    box: ReorderBuffer[int] = ReorderBuffer(wait_s=1e9, nack_every_s=0, capacity=10)
    box.add(0, 0, 0.0)
    released = [r.packet for n in range(2, 40) for r in box.add(n, n, 0.0)]
    assert released[0] == 2
    assert box.lost == 1


@pytest.mark.parametrize("seed", range(20))
def test_any_disorder_gives_ascending_packets_each_once(seed: int) -> None:
    chance = random.Random(seed)
    order = sorted(range(2000), key=lambda n: n + chance.uniform(0, 20))
    box = buffer(wait_s=1.0)
    got: list[int] = []
    for at, n in enumerate(order):
        if chance.random() < 0.05 and n:
            continue
        got += [r.packet for r in [*box.add(n & 0xFFFF, n, at * 0.001), *box.advance(at * 0.001)]]
    got += [r.packet for r in box.advance(1e6)]
    assert got == sorted(set(got)), f"seed {seed}"
    assert len(got) > 1700


def test_red_payload_comes_apart_oldest_first() -> None:
    head = b"".join(
        (0x80 | 111).to_bytes(1, "big") + (off << 10 | n).to_bytes(3, "big") for off, n in ((1920, 3), (960, 2))
    )
    blocks, primary = split_red(head + bytes([111]) + b"abc" + b"de" + b"fgh")
    assert [(b.payload_type, b.back, b.data) for b in blocks] == [(111, 1920, b"abc"), (111, 960, b"de")]
    assert (primary.payload_type, primary.data) == (111, b"fgh")


@pytest.mark.parametrize("payload", [b"", b"\xef", b"\xef\x00\x10", b"\xef\x00\x00\x05\x6fab"])
def test_truncated_red_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedPayload):
        split_red(payload)
