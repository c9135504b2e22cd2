"""Encodes voices and camera pictures, and writes them into a lesson's archive as the recorder would."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

import av
import numpy as np

from portal.showcase.avatar import HEIGHT_PX, WIDTH_PX, Avatar, Look
from portal.showcase.voice import RATE_HZ, Syllable, mouth_open, synthesise
from recorder.archive import Archive
from recorder.matroska import MatroskaWriter, TrackHeader
from recorder.tracks import TrackState

FRAMES_A_SECOND: Final = 15
_PACKET_MS: Final = 20
_KEYFRAME_EVERY_S: Final = 10
_REPORT_EVERY_MS: Final = 5000
_FLUSH_BYTES: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Frame:
    """One encoded frame; `t_ms` since the beginning of its track."""

    t_ms: int
    length_ms: float
    data: bytes
    keyframe: bool


def encode_voice(spoken: Sequence[Syllable], length_ms: int, seed: int) -> Iterator[Frame]:
    """A voice as Opus, 20 ms in a packet, without a hole."""
    encoder = av.AudioCodecContext.create("libopus", "w")
    encoder.sample_rate = RATE_HZ
    encoder.layout = "mono"
    encoder.format = av.AudioFormat("s16")
    encoder.bit_rate = 24_000
    encoder.options = {"application": "voip", "frame_duration": str(_PACKET_MS), "vbr": "on"}
    samples = (synthesise(spoken, length_ms, seed) * 32767).astype(np.int16)
    step = RATE_HZ * _PACKET_MS // 1000
    packets: list[av.Packet[av.AudioStream]] = []
    count = len(samples) // step
    for number in range(count):
        frame = av.AudioFrame.from_ndarray(samples[None, number * step : (number + 1) * step], "s16", "mono")
        frame.sample_rate = RATE_HZ
        frame.pts = number * step
        frame.time_base = Fraction(1, RATE_HZ)
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    # The encoder's delay makes a packet or two more than there are frames.
    for number, packet in enumerate(packets[:count]):
        yield Frame(number * _PACKET_MS, _PACKET_MS, bytes(packet), True)


def encode_camera(look: Look, spoken: Sequence[Syllable], length_ms: int) -> Iterator[Frame]:
    """A camera picture as VP8, 15 frames a second, a keyframe every 10 s."""
    encoder = av.VideoCodecContext.create("libvpx", "w")
    encoder.width, encoder.height = WIDTH_PX, HEIGHT_PX
    encoder.pix_fmt = "yuv420p"
    encoder.time_base = Fraction(1, FRAMES_A_SECOND)
    encoder.framerate = Fraction(FRAMES_A_SECOND)
    encoder.bit_rate = 120_000
    encoder.gop_size = FRAMES_A_SECOND * _KEYFRAME_EVERY_S
    encoder.thread_count = 1
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "auto-alt-ref": "0"}
    avatar = Avatar(look)
    count = length_ms * FRAMES_A_SECOND // 1000
    for number in range(count):
        t_ms = number * 1000 / FRAMES_A_SECOND
        picture = avatar.frame(t_ms / 1000, mouth_open(spoken, t_ms))
        frame = av.VideoFrame.from_ndarray(picture, "bgra").reformat(format="yuv420p")
        frame.pts = number
        frame.time_base = encoder.time_base
        yield from _pictures(encoder.encode(frame))
    yield from _pictures(encoder.encode(None))


def _pictures(packets: Sequence[av.Packet[av.VideoStream]]) -> Iterator[Frame]:
    for packet in packets:
        t_ms = round((packet.pts or 0) * 1000 / FRAMES_A_SECOND)
        yield Frame(t_ms, 1000 / FRAMES_A_SECOND, bytes(packet), packet.is_keyframe)


def write_track(
    archive: Archive,
    session: str,
    kind: Literal["audio", "video"],
    frames: Iterator[Frame],
    start_ms: float,
    checkpoint: Callable[[], None],
) -> None:
    """Writes one track as one closed media file, and its row. `start_ms`: room time of the first frame.

    `checkpoint` is called for every frame and may raise to give up.
    """
    codec = "opus" if kind == "audio" else "vp8"
    header = TrackHeader("opus") if kind == "audio" else TrackHeader("vp8", WIDTH_PX, HEIGHT_PX)
    epoch = archive.next_epoch(session, kind)
    path = archive.media / f"{session}-{kind}-{epoch}{header.suffix}"
    writer = MatroskaWriter(path, header)
    count = keyframes = 0
    length_ms = 0.0
    try:
        for frame in frames:
            checkpoint()
            writer.block(frame.t_ms, frame.data, keyframe=frame.keyframe, duration_ms=frame.length_ms)
            count += 1
            keyframes += frame.keyframe
            length_ms = frame.t_ms + frame.length_ms
            if writer.pending_bytes > _FLUSH_BYTES:
                writer.write(writer.take())
    except BaseException:
        writer.abandon()
        raise
    writer.write_end(writer.take_end())
    archive.track(
        session,
        TrackState(
            kind=kind,
            codec=codec,
            file=path.name,
            epoch=epoch,
            start_ms=start_ms,
            rate=1.0,
            fit_n=int(length_ms // _REPORT_EVERY_MS),
            fit_error_ms=0.0,
            end_ms=start_ms + length_ms,
            frames=count,
            keyframes=keyframes,
            bytes=writer.size_bytes,
            lost=0,
            width=WIDTH_PX if kind == "video" else None,
            height=HEIGHT_PX if kind == "video" else None,
            closed=True,
        ),
    )
