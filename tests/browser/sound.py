"""Finds known tones, colours and numbered pictures in what was recorded, with the time at which they begin and end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from recorder.demux import open_media
from tests.browser.known_media import HEIGHT_PX, MARK_BITS, STRIP_LINES, number_of

RATE_HZ = 48_000
WINDOW_MS = 20

Samples = NDArray[np.float32]


def load_sound(path: Path) -> tuple[Samples, float]:
    """All sound of a file as mono float32 at 48 kHz, and the time (ms) of its first sample."""
    blocks: list[Samples] = []
    first_ms: float | None = None
    with open_media(path) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
        for frame in container.decode(audio=0):
            if first_ms is None:
                first_ms = float(frame.time or 0.0) * 1000
            blocks += [part.to_ndarray().reshape(-1).astype(np.float32) for part in resampler.resample(frame)]
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32), first_ms or 0.0


def tone_level(samples: Samples, tone_hz: float) -> NDArray[np.float64]:
    """Amplitude of one frequency in windows of 20 ms (a sliding DFT bin with a Hann window), one value per window."""
    size = RATE_HZ * WINDOW_MS // 1000
    count = len(samples) // size
    windows = samples[: count * size].reshape(count, size).astype(np.float64)
    time_s = np.arange(size) / RATE_HZ
    probe = np.hanning(size) * np.exp(-2j * np.pi * tone_hz * time_s)
    level: NDArray[np.float64] = np.abs(windows @ probe) * 2 / np.hanning(size).sum()
    return level


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch in which something was there, ms."""

    start_ms: float
    end_ms: float


def spans(present: NDArray[np.bool_], step_ms: float, origin_ms: float, least_ms: float = 200) -> list[Span]:
    """Stretches of True, with holes and stretches shorter than `least_ms` smoothed away."""
    found: list[Span] = []
    for index in np.flatnonzero(present):
        start = origin_ms + float(index) * step_ms
        if found and start - found[-1].end_ms <= least_ms:
            found[-1] = Span(found[-1].start_ms, start + step_ms)
        else:
            found.append(Span(start, start + step_ms))
    return [span for span in found if span.end_ms - span.start_ms >= least_ms]


def tone_spans(path: Path, tone_hz: float) -> list[Span]:
    """When the tone is heard in a file, in the file's own time (ms)."""
    samples, first_ms = load_sound(path)
    return spans(tone_level(samples, tone_hz) > 0.05, WINDOW_MS, first_ms)


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a film: its time (ms), its number in the camera's loop, the mean colour of its middle."""

    t_ms: float
    number: int | None
    rgb: NDArray[np.float64]


def pictures(path: Path) -> list[Picture]:
    """Every picture of a film, in order."""
    seen: list[Picture] = []
    with open_media(path) as container:
        for frame in container.decode(video=0):
            pixels = frame.to_ndarray(format="rgb24").astype(np.float64)
            height, width = pixels.shape[:2]
            middle = pixels[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3]
            foot = pixels[height - height * STRIP_LINES // HEIGHT_PX * 3 // 4 :].mean(axis=(0, 2))
            blocks = np.array_split(foot, MARK_BITS + 2)
            levels = [float(block[len(block) // 4 : -len(block) // 4].mean()) for block in blocks]
            seen.append(Picture(float(frame.time or 0.0) * 1000, number_of(levels), middle.reshape(-1, 3).mean(axis=0)))
    return seen


def is_near(colour: NDArray[np.float64], rgb: tuple[int, int, int]) -> bool:
    """Whether a colour is this one, as far as an encoder keeps it."""
    return bool(np.abs(colour - np.array(rgb)).max() < 25)
