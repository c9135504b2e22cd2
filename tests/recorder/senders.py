"""Tracks that a test peer sends: a tone that sets in, and a colour that changes."""

from __future__ import annotations

import asyncio
import time
from fractions import Fraction

import av
import numpy as np
from aiortc.mediastreams import MediaStreamTrack

from tests.recorder.media import Rgb


class ToneTrack(MediaStreamTrack):
    """A sine that is heard from monotonic second `since_s` on."""

    kind = "audio"

    def __init__(self, hz: float, since_s: float) -> None:
        super().__init__()
        self._hz = hz
        self._since_s = since_s
        self._began_s: float | None = None
        self._samples = 0

    async def recv(self) -> av.AudioFrame:
        if self._began_s is None:
            self._began_s = time.monotonic()
        due_s = self._began_s + self._samples / 48_000
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        t = due_s + np.arange(960) / 48_000
        wave = np.where(t >= self._since_s, 12_000 * np.sin(2 * np.pi * self._hz * t), 0).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(wave.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, self._samples, Fraction(1, 48_000)
        self._samples += 960
        return frame


class ColourTrack(MediaStreamTrack):
    """One colour, and another from monotonic second `since_s` on; 15 pictures a second of 320×180."""

    kind = "video"

    def __init__(self, before: Rgb, after: Rgb, since_s: float) -> None:
        super().__init__()
        noise = np.random.default_rng(1).integers(-6, 6, (180, 320, 3))
        self._pictures = [np.clip(np.array(rgb) + noise, 0, 255).astype(np.uint8) for rgb in (before, after)]
        self._since_s = since_s
        self._began_s: float | None = None
        self._count = 0

    async def recv(self) -> av.VideoFrame:
        if self._began_s is None:
            self._began_s = time.monotonic()
        due_s = self._began_s + self._count / 15
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        pixels = self._pictures[time.monotonic() >= self._since_s]
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts, frame.time_base = self._count * 6000, Fraction(1, 90_000)
        self._count += 1
        return frame
