"""A voice reaches the recording through the browser's own speech processing, which the lessons of tones switch off."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.async_api import async_playwright

from tests.browser.known_media import SAMPLE_RATE_HZ, save_colour, save_wav
from tests.browser.participant import participant
from tests.browser.servers import classroom
from tests.browser.sound import load_sound

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

Signal = NDArray[np.floating[Any]]
LOOP_S = 6
HEARD_MS = 7_000
WINDOW = SAMPLE_RATE_HZ // 50  # 20 ms
# First three formants (Hz) of a, i, u, e, o of an adult's voice (Peterson & Barney 1952, rounded).
VOWELS = [(730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410)]


def voice() -> Signal:
    """LOOP_S seconds of syllables: a gliding harmonic source through formants, with pauses between words."""
    random = np.random.default_rng(7)
    pieces: list[Signal] = []
    while sum(map(len, pieces)) < LOOP_S * SAMPLE_RATE_HZ:
        for _ in range(int(random.integers(2, 5))):
            pieces.append(_syllable(random))
        pieces.append(np.zeros(int(SAMPLE_RATE_HZ * random.uniform(0.15, 0.4))))
    samples = np.concatenate(pieces)[: LOOP_S * SAMPLE_RATE_HZ]
    voiced: Signal = samples / np.abs(samples).max() * 0.5
    return voiced


def _syllable(random: np.random.Generator) -> Signal:
    count = int(SAMPLE_RATE_HZ * random.uniform(0.14, 0.26))
    pitch_hz = np.linspace(random.uniform(110, 150), random.uniform(95, 130), count)
    phase = 2 * np.pi * np.cumsum(pitch_hz) / SAMPLE_RATE_HZ
    formants = VOWELS[int(random.integers(len(VOWELS)))]
    sound = np.zeros(count)
    for harmonic in range(1, 30):
        gain = sum(1 / (1 + ((harmonic * 120 - formant) / 90) ** 2) for formant in formants)
        sound += gain / harmonic**0.5 * np.sin(harmonic * phase)
    faded: Signal = sound * np.hanning(count) ** 0.5
    return faded


def envelope(samples: Signal) -> Signal:
    """Loudness of every 20 ms, as the root of its mean square."""
    count = len(samples) // WINDOW
    loudness: Signal = np.sqrt((samples[: count * WINDOW].reshape(count, WINDOW).astype(float) ** 2).mean(axis=1))
    return loudness


@dataclass(frozen=True)
class Speaker:
    """A fake microphone that speaks, and a plain camera."""

    def save(self, folder: Path, name: str) -> tuple[Path, Path]:
        """Write `<name>.wav` and `<name>.y4m` and return their paths."""
        audio, video = folder / f"{name}.wav", folder / f"{name}.y4m"
        save_wav(audio, voice())
        save_colour(video, (60, 90, 160))
        return audio, video


async def test_a_voice_survives_the_browsers_speech_processing(tmp_path: Path) -> None:
    async with (
        async_playwright() as playwright,
        classroom(tmp_path / "data") as school,
        participant(playwright, "tutor", school.url, tmp_path, Speaker()) as tutor,
    ):
        path = await tutor.lesson_path("Fractions with Leo")
        await tutor.join(path, original_sound=False)
        await tutor.start_lesson()
        await tutor.wait_mesh(1)
        heard_from = await tutor.room_ms()
        await tutor.page.wait_for_function(
            "until => globalThis.chalkmesh.roomMs() > until", arg=heard_from + HEARD_MS, timeout=30_000
        )
        await tutor.end_lesson()
        lesson = path.split("/")[2]
        await tutor.page.goto(f"{school.url}/recordings/{lesson}")
        await tutor.page.wait_for_function("() => globalThis.chalkmeshPlayer?.ready === true", timeout=20_000)
        manifest = await tutor.ask(f"fetch('/api/recordings/{lesson}').then(answer => answer.json())")
    tracks = [track for track in manifest["tracks"] if track["kind"] == "audio"]
    assert len(tracks) == 1
    samples, _ = load_sound(school.data / "recordings" / lesson / "media" / Path(tracks[0]["url"]).name)
    said, heard = envelope(voice()), envelope(samples)[-(LOOP_S * SAMPLE_RATE_HZ // WINDOW) :]
    assert len(heard) == len(said)
    alike = [np.corrcoef(np.roll(said, shift), heard)[0, 1] for shift in range(len(said))]
    assert max(alike) > 0.8
    # Automatic gain may turn a voice up or down; it must stay a voice at an ordinary loudness.
    assert 0.02 < np.sqrt((heard**2).mean()) < 0.5
