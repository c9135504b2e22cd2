"""Media files that survive everything: `recorder.matroska`, `recorder.matroska_read`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import av
import pytest

from recorder.ebml import MalformedMedia
from recorder.frames import OPUS_SILENCE
from recorder.matroska import MatroskaWriter, TrackHeader
from recorder.matroska_read import repair, scan
from tests.recorder.media import RED, colour_frames, decode_video, near, tone_packets

VIDEO = TrackHeader("vp8", 320, 180)


@pytest.fixture(scope="module")
def red_frames() -> list[bytes]:
    return colour_frames([(0, RED)], 6)


def write_video(path: Path, frames: list[bytes], *, close: bool = True, every: int = 5) -> None:
    writer = MatroskaWriter(path, VIDEO)
    for index, frame in enumerate(frames):
        writer.block(index * 1000 // 15, frame, keyframe=not frame[0] & 1, duration_ms=66.7)
        if index % every == 0:
            writer.write(writer.take())
    if close:
        writer.write_end(writer.take_end())
    else:
        writer.write(writer.take())
        writer.abandon()


def test_closed_file_has_duration_cues_and_every_frame(tmp_path: Path, red_frames: list[bytes]) -> None:
    path = tmp_path / "a.webm"
    write_video(path, red_frames)
    with av.open(str(path)) as container:
        assert container.format.name.startswith("matroska")
        assert container.duration is not None
        assert container.duration / 1e6 == pytest.approx(6.0, abs=0.05)
        container.seek(4_100_000, stream=None)
        first = next(container.decode(video=0))
        assert first.time == pytest.approx(4.0, abs=0.05)
    pictures = list(decode_video(path))
    assert len(pictures) == len(red_frames)
    assert all(near(picture[90, 160], RED) for _, picture in pictures)
    found = scan(path)
    assert (found.closed, found.truncated, found.blocks, found.keyframes) == (True, False, 90, 3)


def test_file_that_was_never_closed_plays_and_repair_makes_it_whole(tmp_path: Path, red_frames: list[bytes]) -> None:
    path = tmp_path / "a.webm"
    write_video(path, red_frames, close=False)
    assert len(list(decode_video(path))) == len(red_frames)
    assert not scan(path).closed
    found = repair(path)
    assert found.closed
    assert found.blocks == len(red_frames)
    assert len(list(decode_video(path))) == len(red_frames)
    assert repair(path).size_bytes == found.size_bytes


@pytest.mark.parametrize("cut", [1, 7, 500, 2000, 5000])
def test_torn_end_costs_only_the_torn_block(tmp_path: Path, red_frames: list[bytes], cut: int) -> None:
    path = tmp_path / "a.webm"
    write_video(path, red_frames, close=False)
    os.truncate(path, path.stat().st_size - cut)
    before = scan(path)
    assert before.truncated or before.good_bytes == before.size_bytes
    found = repair(path)
    assert found.closed
    assert found.blocks == before.blocks
    assert len(list(decode_video(path))) == found.blocks


def test_closing_that_was_interrupted_can_be_done_again(tmp_path: Path, red_frames: list[bytes]) -> None:
    whole, torn = tmp_path / "whole.webm", tmp_path / "torn.webm"
    write_video(whole, red_frames)
    write_video(torn, red_frames, close=False)
    # Killed after the cues were appended, before the header was filled in.
    data = whole.read_bytes()
    torn.write_bytes(torn.read_bytes() + data[scan(whole).good_bytes : -3])
    found = repair(torn)
    assert found.closed
    assert found.blocks == len(red_frames)
    assert len(list(decode_video(torn))) == len(red_frames)


def test_closed_file_that_lost_its_end_counts_as_truncated(tmp_path: Path, red_frames: list[bytes]) -> None:
    path = tmp_path / "a.webm"
    write_video(path, red_frames)
    os.truncate(path, path.stat().st_size - 4000)
    found = scan(path)
    assert found.truncated
    assert not found.closed


def test_opus_file_keeps_packets_as_they_are(tmp_path: Path) -> None:
    packets = tone_packets(440, 1.0)
    path = tmp_path / "a.webm"
    writer = MatroskaWriter(path, TrackHeader("opus"))
    for index, packet in enumerate([*packets, OPUS_SILENCE]):
        writer.block(index * 20, packet, keyframe=True, duration_ms=20)
    writer.write_end(writer.take_end())
    with av.open(str(path)) as container:
        read = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    assert read == [*packets, OPUS_SILENCE]


@pytest.mark.parametrize("content", [b"", b"\x1a\x45\xdf\xa3", b"not a film at all" * 20, bytes(4000)])
def test_what_is_no_media_file_is_malformed(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.webm"
    path.write_bytes(content)
    with pytest.raises(MalformedMedia):
        scan(path)


WRITE_FOR_EVER = """
import sys
from pathlib import Path
from recorder.matroska import MatroskaWriter, TrackHeader
from tests.recorder.media import RED, colour_frames
frames = colour_frames([(0, RED)], 4)
writer = MatroskaWriter(Path(sys.argv[1]), TrackHeader("vp8", 320, 180))
n = 0
while True:
    for frame in frames:
        writer.block(n * 66, frame, keyframe=not frame[0] & 1, duration_ms=66)
        n += 1
        if n % 7 == 0:
            writer.write(writer.take())
            print(n, flush=True)
"""


@pytest.mark.parametrize("lines", [3, 40, 111])
def test_killed_process_leaves_a_file_that_plays_to_the_last_flush(tmp_path: Path, lines: int) -> None:
    path = tmp_path / "a.webm"
    with subprocess.Popen(
        [sys.executable, "-c", WRITE_FOR_EVER, str(path)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        flushed = 0
        for _ in range(lines):
            flushed = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
    assert len(list(decode_video(path))) >= flushed
    assert scan(path).blocks >= flushed
    assert repair(path).closed
