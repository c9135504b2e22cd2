"""Voices without words: soft syllables with formants like a vowel's, only while somebody speaks. Deterministic."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

RATE_HZ: Final = 16_000
_LOUDNESS: Final = 0.16
_HIGHEST_HZ: Final = 3800.0
# First three formants of five vowels, Hz (Peterson and Barney, 1952, averages of women).
_VOWELS: Final = ((850, 1220, 2810), (610, 2330, 2990), (310, 2790, 3310), (590, 920, 2710), (470, 1160, 2680))
_BANDWIDTHS_HZ: Final = (110.0, 150.0, 240.0)
_GAINS: Final = (1.0, 0.55, 0.22)

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Syllable:
    """One syllable: when, how high at its beginning and end, which vowel, how loud (0…1)."""

    from_ms: int
    to_ms: int
    from_hz: float
    to_hz: float
    vowel: int
    loudness: float


def syllables(stretches: Sequence[tuple[int, int]], pitch_hz: float, seed: int) -> list[Syllable]:
    """Fills stretches of speech (from, to, ms) with syllables in phrases; the pitch falls towards each phrase's end."""
    chance = random.Random(seed)
    made: list[Syllable] = []
    for begin_ms, end_ms in stretches:
        now_ms, left = begin_ms + 40, 0
        count = 1
        while now_ms < end_ms - 200:
            if not left:
                count = left = chance.randint(4, 9)
            length_ms = chance.randint(110, 200) + (90 if left == 1 else 0)
            length_ms = min(length_ms, end_ms - now_ms)
            fall = pitch_hz * (1.08 - 0.16 * (count - left) / count) * chance.uniform(0.96, 1.05)
            made.append(
                Syllable(
                    now_ms, now_ms + length_ms, fall, fall * chance.uniform(0.93, 1.02),
                    chance.randrange(len(_VOWELS)), chance.uniform(0.55, 1.0),
                )
            )  # fmt: skip
            left -= 1
            now_ms += length_ms + chance.randint(15, 60) + (chance.randint(220, 420) if not left else 0)
    return made


def mouth_open(spoken: Sequence[Syllable], t_ms: float) -> float:
    """How far the mouth is open at a time: 0…1."""
    for each in spoken:
        if each.from_ms <= t_ms < each.to_ms:
            share = (t_ms - each.from_ms) / (each.to_ms - each.from_ms)
            return float(np.sin(np.pi * share)) * each.loudness
    return 0.0


def synthesise(spoken: Sequence[Syllable], length_ms: int, seed: int) -> Samples:
    """The voice as mono samples at `RATE_HZ`, −1…1."""
    noise = np.random.default_rng(seed)
    out = np.zeros(length_ms * RATE_HZ // 1000, dtype=np.float32)
    for each in spoken:
        first = each.from_ms * RATE_HZ // 1000
        sound = _syllable(each, noise)[: max(0, len(out) - first)]
        out[first : first + len(sound)] += sound
    return out


def _syllable(each: Syllable, noise: np.random.Generator) -> Samples:
    count = (each.to_ms - each.from_ms) * RATE_HZ // 1000
    t = np.arange(count) / RATE_HZ
    pitch = np.linspace(each.from_hz, each.to_hz, count) * (1 + 0.006 * np.sin(2 * np.pi * 5.2 * t))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
    middle_hz = (each.from_hz + each.to_hz) / 2
    wave = np.zeros(count)
    for harmonic in range(1, int(_HIGHEST_HZ / middle_hz) + 1):
        wave += _gain(harmonic * middle_hz, _VOWELS[each.vowel]) / harmonic**0.6 * np.sin(harmonic * phase)
    wave += 0.012 * noise.standard_normal(count)
    peak = float(np.max(np.abs(wave))) if count else 1.0
    # Quick rise, slower fall; both smooth, so that nothing clicks.
    shape = np.sin(np.pi * np.linspace(0.0, 1.0, count) ** 0.75) ** 0.8
    return (wave / peak * shape * each.loudness * _LOUDNESS).astype(np.float32)


def _gain(hz: float, formants: tuple[int, int, int]) -> float:
    curves = zip(formants, _BANDWIDTHS_HZ, _GAINS, strict=True)
    return sum(gain / (1 + ((hz - centre) / width) ** 2) for centre, width, gain in curves) + 0.015
