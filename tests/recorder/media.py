"""Known media: tones and colours as encoded frames, and ways to find them again in files."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from recorder.clock import RoomClock, SenderClock
from recorder.demux import open_media
from recorder.frames import EncodedFrame, vp8_is_keyframe
from recorder.tracks import DiskJob, TrackJournal, TrackRecorder

NTP_EPOCH_S = 2_208_988_800
RED, GREEN, BLUE = (200, 30, 30), (30, 180, 60), (40, 60, 210)
Rgb = tuple[int, int, int]


def ntp_of(unix_ms: float) -> int:
    """Unix ms → 64-bit NTP."""
    whole, part = divmod(unix_ms, 1000)
    return (int(whole) + NTP_EPOCH_S) << 32 | int(part / 1000 * 2**32)


def tone_packets(hz: float, seconds: float, *, on_s: float = 0.0, off_s: float = 1e9) -> list[bytes]:
    """20 ms Opus packets of a sine that sounds from `on_s` to `off_s`."""
    context = av.CodecContext.create("libopus", "w")
    assert isinstance(context, av.AudioCodecContext)
    context.sample_rate, context.format, context.layout = 48_000, av.AudioFormat("s16"), av.AudioLayout("stereo")
    context.bit_rate = 48_000
    count = round(seconds * 50)
    t = np.arange(count * 960) / 48_000
    wave = np.where((t >= on_s) & (t < off_s), 12_000 * np.sin(2 * np.pi * hz * t), 0).astype(np.int16)
    packets: list[bytes] = []
    for index in range(count):
        part = np.repeat(wave[index * 960 : (index + 1) * 960], 2).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(part, format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, index * 960, Fraction(1, 48_000)
        packets += [bytes(packet) for packet in context.encode(frame)]
    return packets


def colour_frames(
    colours: list[tuple[float, Rgb]], seconds: float, *, fps: int = 15, key_s: float = 2.0
) -> list[bytes]:
    """VP8 frames of 320×180 that show one colour after another: (from second, colour)."""
    context = av.CodecContext.create("libvpx", "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = 320, 180, "yuv420p"
    context.time_base, context.framerate = Fraction(1, fps), Fraction(fps)
    context.bit_rate = 300_000
    context.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "g": str(round(key_s * fps))}
    noise = np.random.default_rng(1).integers(-6, 6, (180, 320, 3))
    frames: list[bytes] = []
    for index in range(round(seconds * fps)):
        colour = [rgb for since, rgb in colours if since <= index / fps + 1e-9][-1]
        pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = index, Fraction(1, fps)
        frames += [bytes(packet) for packet in context.encode(frame)]
    return frames


class Camera:
    """Feeds one track recorder with frames as a sender would: its own clocks, sender reports, network delay."""

    def __init__(self, recorder: TrackRecorder, *, skew: float = 0.0, unix_ms: float = 1.8e12, seed: int = 0) -> None:
        self.recorder = recorder
        self._skew = skew
        self._unix_ms = unix_ms
        self._chance = random.Random(seed)
        self._hz = 48_000 if recorder.kind == "audio" else 90_000
        self._reported_s = -1e9

    def send(self, data: bytes, at_s: float, *, key: bool = True, gap: bool = False, ssrc: int = 1) -> None:
        """A frame that was captured at room second `at_s`."""
        own_s = at_s * (1 + self._skew)
        sent_s = at_s + 0.02 + self._chance.uniform(0, 0.015)
        # A packet of sound cannot leave before its last sample was heard.
        arrival = sent_s + (0.02 if self.recorder.kind == "audio" else 0.0)
        codec = "opus" if self.recorder.kind == "audio" else "vp8"
        stamp = round(own_s * self._hz) + 123_456
        self.recorder.frame(EncodedFrame(self.recorder.kind, codec, data, stamp, arrival, key, gap, int(gap), ssrc))
        if at_s - self._reported_s >= 1:
            self._reported_s = at_s
            self.recorder.report(stamp, ntp_of(self._unix_ms + own_s * 1000), sent_s)


def room_clock() -> RoomClock:
    """A room clock on which monotonic second 0 is room time 0."""
    clock = RoomClock()
    clock.observe(0.0, 0.0)
    return clock


def film(
    media: Path,
    journal: TrackJournal,
    session: str,
    *,
    tone: list[bytes],
    pictures: list[bytes],
    start_s: float,
    fps: int = 15,
    skew: float = 0.0,
) -> None:
    """Record one participant's tone and pictures, from room second `start_s` on, and close the files."""
    clock, sender = room_clock(), SenderClock()
    recorders = [
        TrackRecorder(
            session=session,
            kind=kind,
            media=media,
            journal=journal,
            room=clock,
            sender=sender,
            ask_keyframe=lambda: None,
        )
        for kind in ("audio", "video")
    ]
    cameras = [Camera(recorder, skew=skew, seed=index) for index, recorder in enumerate(recorders)]
    for recorder in recorders:
        recorder.start()
    for index, packet in enumerate(tone):
        cameras[0].send(packet, start_s + index * 0.02)
    for index, frame in enumerate(pictures):
        cameras[1].send(frame, start_s + index / fps, key=vp8_is_keyframe(frame))
    for recorder in recorders:
        finish(recorder.take())
        finish(recorder.take_end())


def finish(jobs: list[DiskJob]) -> None:
    """Do what waits for the disk."""
    for job in jobs:
        job()


def decode_audio(path: Path) -> tuple[npt.NDArray[np.float32], float]:
    """Mono samples at 48 kHz of the first audio stream, and the time of the first one in s."""
    parts: list[npt.NDArray[np.float32]] = []
    first = 0.0
    with open_media(path) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=48_000)
        for frame in container.decode(audio=0):
            if not parts:
                first = float(frame.time or 0.0)
            parts += [part.to_ndarray()[0] for part in resampler.resample(frame)]
    return np.concatenate(parts), first


def decode_video(path: Path) -> Iterator[tuple[float, npt.NDArray[np.uint8]]]:
    """(time in s, RGB picture) of every frame."""
    with open_media(path) as container:
        for frame in container.decode(video=0):
            yield float(frame.time or 0.0), frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)


def tone_level(samples: npt.NDArray[np.float32], hz: float) -> float:
    """How strong a tone is in samples of 48 kHz, about 0 … 1 of full scale."""
    t = np.arange(len(samples)) / 48_000
    return float(2 * abs(np.mean(samples * np.exp(-2j * np.pi * hz * t))))


def tone_starts_s(samples: npt.NDArray[np.float32], hz: float, *, level: float = 0.1) -> float:
    """When a tone is first heard, in s, to within 5 ms; raises AssertionError if never."""
    step = 240
    for at in range(0, len(samples) - 960, step):
        if tone_level(samples[at : at + 960], hz) >= level:
            # The window of 20 ms is half full of it.
            return (at + 480) / 48_000
    raise AssertionError(f"no tone of {hz} Hz")


def near(pixel: npt.NDArray[np.uint8], colour: Rgb, tolerance: int = 40) -> bool:
    """Whether a pixel shows about that colour."""
    return all(abs(int(a) - b) <= tolerance for a, b in zip(pixel, colour, strict=True))
