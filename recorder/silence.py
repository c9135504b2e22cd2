"""Stretches of a lesson in which nobody speaks and nothing is written: what a player may skip."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from recorder.ciphered import open_plain
from recorder.mix import RATE_HZ, AudioMix, Samples
from recorder.reading import ArchiveReader

FILE = "silence.json"
_STEP_MS = 100
# About −46 dB of full scale: breathing and a fan are below, a quiet voice is above.
_LOUD = 0.005
# A pause to think is no silence; what is skipped keeps a little of it at both ends.
_SHORTEST_MS = 4000
_MARGIN_MS = 700
_BLOCK_MS = 10_000


def find_silences(levels: list[float], busy_ms: Iterable[int], length_ms: int) -> list[tuple[int, int]]:
    """Silences in film ms, from loudness in steps of 100 ms and the moments at which something was written."""
    idle = np.array(levels, np.float32) < _LOUD
    for t_ms in busy_ms:
        # A stroke arrives when the pen is lifted; it was drawn in the second before.
        idle[max(0, (t_ms - 1500) // _STEP_MS) : max(0, t_ms // _STEP_MS + 1)] = False
    edges = np.flatnonzero(np.diff(np.concatenate(([0], idle.astype(np.int8), [0])))).reshape(-1, 2)
    spans = [(int(a) * _STEP_MS, min(int(b) * _STEP_MS, length_ms)) for a, b in edges]
    return [(a + _MARGIN_MS, b - _MARGIN_MS) for a, b in spans if b - a >= _SHORTEST_MS]


def make_silences(folder: Path, out: Path) -> int:
    """Listen through a lesson and write its silences, room time ms; returns how many. Raises SetupError, OSError."""
    with ArchiveReader(folder) as archive:
        start, end = archive.span()
        voices = [track for track in archive.tracks() if track.kind == "audio" and track.path.is_file()]
        sql = "select e.room_ms from envelopes e join streams s on s.id = e.stream where s.doc in ('board', 'chat')"
        busy = [int(room_ms) - start for (room_ms,) in archive.rows("envelopes", sql)]
    # A lesson without a voice has nothing to be silent between.
    spans = find_silences(_levels(AudioMix(voices, start), end - start), busy, end - start) if voices else []
    out.write_text(json.dumps([[start + a, start + b] for a, b in spans]), encoding="ascii")
    return len(spans)


def load_silences(path: Path) -> list[list[int]]:
    """Silences as the manifest gives them; none while they are not known."""
    try:
        with open_plain(path) as file:
            content = file.read()
        return [[int(a), int(b)] for a, b in json.loads(content)]
    except (OSError, ValueError, TypeError):
        return []


def _levels(mix: AudioMix, length_ms: int) -> list[float]:
    levels: list[float] = []
    step = _STEP_MS * RATE_HZ // 1000
    for at in range(0, length_ms, _BLOCK_MS):
        count = -(-min(_BLOCK_MS, length_ms - at) // _STEP_MS)
        block: Samples = mix.block(count * step)
        levels += np.sqrt((block.reshape(count, step) ** 2).mean(axis=1)).tolist()
    return levels
