"""Frames out of packets: `recorder.assemble`."""

from __future__ import annotations

from itertools import pairwise

import pytest

from recorder.assemble import MediaPacket, TimestampUnwrapper
from recorder.frames import h264_is_keyframe, h264_private, h264_to_avc, opus_duration
from recorder.h264_sps import sps_size
from tests.recorder.rtp import Sent, disturb, receive, vp8_frame, vp8_packets

FRAMES = [vp8_frame(n, key=n % 25 == 0, size=150) for n in range(200)]


def test_clean_stream_gives_every_frame_as_it_was() -> None:
    frames, _ = receive(vp8_packets(FRAMES, sequence=65500, timestamp=2**32 - 90_000))
    assert [f.data for f in frames] == FRAMES
    assert [f.timestamp - frames[0].timestamp for f in frames] == [n * 3600 for n in range(200)]
    assert [f.keyframe for f in frames] == [n % 25 == 0 for n in range(200)]
    assert not any(f.gap for f in frames)


def test_reordered_and_repeated_packets_change_nothing() -> None:
    frames, buffer = receive(disturb(vp8_packets(FRAMES), 7, loss=0, swap=0.2, repeat=0.1))
    assert [f.data for f in frames] == FRAMES
    assert buffer.duplicates > 20


@pytest.mark.parametrize("seed", range(10))
def test_after_a_loss_nothing_comes_until_a_keyframe(seed: int) -> None:
    frames, _ = receive(disturb(vp8_packets(FRAMES), seed, loss=0.02, swap=0.1, repeat=0.05))
    numbers = [FRAMES.index(f.data) for f in frames]
    for before, after in pairwise(numbers):
        assert after == before + 1 or after % 25 == 0, f"seed {seed}"
    assert all(f.gap == (a != b + 1) for f, a, b in zip(frames[1:], numbers[1:], numbers, strict=False))


def test_stream_that_begins_in_the_middle_waits_for_a_keyframe() -> None:
    frames, _ = receive(vp8_packets(FRAMES[3:60]))
    assert frames[0].data == FRAMES[25]
    assert frames[0].lost == 22


def test_lost_audio_packet_is_a_gap_and_the_next_one_comes() -> None:
    sent = [Sent(n, MediaPacket("opus", bytes([0x78, n]), n * 960, False, 1)) for n in range(20) if n != 7]
    frames, _ = receive(sent, "audio", wait_s=0.12, packet_s=0.02)
    assert [f.data[1] for f in frames] == [n for n in range(20) if n != 7]
    assert [f.timestamp for f in frames if f.gap] == [8 * 960]


def test_timestamps_unwrap_both_ways() -> None:
    clock = TimestampUnwrapper()
    assert clock.extend(2**32 - 10) == 2**32 - 10
    assert clock.extend(20) == 2**32 + 20
    assert clock.extend(2**32 - 5) == 2**32 - 5
    assert clock.nearest(30) == 2**32 + 30


def test_opus_durations_follow_the_first_byte() -> None:
    assert opus_duration(b"\x78x") == 960
    assert opus_duration(b"\x18x") == 2880
    assert opus_duration(b"\xe1x") == 240
    assert opus_duration(b"\x7b\x03x") == 2880
    assert opus_duration(b"") == 0


def test_h264_frame_becomes_length_prefixed_with_its_record() -> None:
    sps = bytes.fromhex("6742c01eda0280bfe5c0440000030004000003 00ca3c58ba80".replace(" ", ""))
    pps = bytes.fromhex("68ce0fc8")
    idr = b"\x65\x88\x84"
    frame = b"".join(b"\0\0\0\1" + nal for nal in (sps, pps, idr))
    assert h264_is_keyframe(frame)
    assert not h264_is_keyframe(b"\0\0\0\1" + idr)
    assert h264_to_avc(b"\0\0\0\1" + idr) == b"\0\0\0\3" + idr
    assert h264_private(sps, pps)[:6] == b"\x01" + sps[1:4] + b"\xff\xe1"
    assert sps_size(sps) == (640, 360)
