"""Camera and microphone files with a tone and a colour of their own, for Chromium's fake devices."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

WIDTH_PX, HEIGHT_PX, FRAMES_PER_S = 320, 240, 15
# Every picture carries its number in the loop: a strip at its foot of MARK_BITS blocks between a dark and a bright one.
MARK_BITS = 6
PICTURES_IN_LOOP = 2**MARK_BITS
# How much brighter (luma) a block is that stands for a one, and how many lines of the picture's height the strip takes.
MARK_LUMA, STRIP_LINES = 40, HEIGHT_PX // 4
SAMPLE_RATE_HZ = 48_000


class FakeMedia(Protocol):
    """What a fake microphone and camera play."""

    def save(self, folder: Path, name: str) -> tuple[Path, Path]:
        """Write `<name>.wav` and `<name>.y4m` and return their paths."""


@dataclass(frozen=True, slots=True)
class KnownMedia:
    """What one participant sends: a steady sine and a plain colour with numbered pictures."""

    tone_hz: int
    rgb: tuple[int, int, int]

    def save(self, folder: Path, name: str) -> tuple[Path, Path]:
        """Write `<name>.wav` and `<name>.y4m` and return their paths."""
        audio, video = folder / f"{name}.wav", folder / f"{name}.y4m"
        save_tone(audio, self.tone_hz)
        save_colour(video, self.rgb)
        return audio, video


def save_tone(path: Path, tone_hz: int, seconds: int = 10) -> None:
    """A mono 16-bit sine at a third of full scale; whole periods, so that Chromium's loop does not click."""
    time_s = np.arange(SAMPLE_RATE_HZ * seconds) / SAMPLE_RATE_HZ
    save_wav(path, np.sin(2 * np.pi * tone_hz * time_s) * 0.33)


def save_wav(path: Path, samples: NDArray[np.floating[Any]]) -> None:
    """Mono samples (−1…1, 48 kHz) as 16-bit PCM."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE_HZ)
        out.writeframes((samples * 32767).astype("<i2").tobytes())


def yuv_of(rgb: tuple[int, int, int]) -> tuple[int, int, int]:
    """BT.601 limited range, as a webcam's I420."""
    red, green, blue = (value / 255 for value in rgb)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return (
        round(16 + 219 * luma),
        round(128 + 224 * (blue - luma) / 1.772),
        round(128 + 224 * (red - luma) / 1.402),
    )


def save_colour(path: Path, rgb: tuple[int, int, int]) -> None:
    """A YUV4MPEG2 loop of one colour whose pictures carry their number, so that each one's time can be told."""
    luma, blue, red = yuv_of(rgb)
    chroma = bytes([blue]) * (WIDTH_PX * HEIGHT_PX // 4) + bytes([red]) * (WIDTH_PX * HEIGHT_PX // 4)
    plain = bytes([luma]) * (WIDTH_PX * (HEIGHT_PX - STRIP_LINES))
    with path.open("wb") as out:
        out.write(f"YUV4MPEG2 W{WIDTH_PX} H{HEIGHT_PX} F{FRAMES_PER_S}:1 Ip A1:1 C420jpeg\n".encode())
        for number in range(PICTURES_IN_LOOP):
            bits = [0, *(number >> bit & 1 for bit in reversed(range(MARK_BITS))), 1]
            line = b"".join(bytes([luma + bit * MARK_LUMA]) * (WIDTH_PX // len(bits)) for bit in bits)
            out.write(b"FRAME\n" + plain + line * STRIP_LINES + chroma)


def number_of(levels: Sequence[float]) -> int | None:
    """The number that a strip's blocks stand for, from their brightness; None where the strip cannot be read."""
    dark, *bits, bright = levels
    if bright - dark < MARK_LUMA / 2:
        return None
    middle = (dark + bright) / 2
    return sum((level > middle) << place for place, level in enumerate(reversed(bits)))
