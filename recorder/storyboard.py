"""Small pictures along a film, in one sprite: what the player shows over its line (`docs/recording.md`, The film)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PIL import Image

from recorder.demux import open_media

SPRITE, INDEX = "storyboard.jpg", "storyboard.json"
WIDTH, HEIGHT, COLUMNS = 192, 108, 10
# Keyframes are at most ten seconds apart, and a long lesson needs no more pictures than a line has room for.
_MOST = 100
_QUALITY = 72


def make_storyboard(film: Path, folder: Path) -> int:
    """Write sprite and index of a finished film into a folder; returns the number of pictures.

    Only keyframes are decoded. Raises OSError and av.FFmpegError.
    """
    shots: list[tuple[int, Image.Image]] = []
    with open_media(film) as container:
        stream = container.streams.video[0]
        stream.codec_context.skip_frame = "NONKEY"
        length_ms = float((container.duration or 0) / 1000)
        every_ms = length_ms / _MOST
        for frame in container.decode(stream):
            t_ms = round(float(frame.time or 0.0) * 1000)
            if not shots or t_ms - shots[-1][0] >= every_ms:
                small: Any = frame.reformat(WIDTH, HEIGHT, format="rgb24").to_ndarray()
                shots.append((t_ms, Image.fromarray(small)))
    rows = max(1, -(-len(shots) // COLUMNS))
    sprite = Image.new("RGB", (COLUMNS * WIDTH, rows * HEIGHT), "white")
    for number, (_, picture) in enumerate(shots):
        sprite.paste(picture, (number % COLUMNS * WIDTH, number // COLUMNS * HEIGHT))
    part = folder / (SPRITE + ".part")
    sprite.save(part, "JPEG", quality=_QUALITY)
    part.replace(folder / SPRITE)
    index = {"width": WIDTH, "height": HEIGHT, "columns": COLUMNS, "times_ms": [t_ms for t_ms, _ in shots]}
    (folder / INDEX).write_text(json.dumps(index), encoding="ascii")
    return len(shots)


def load_storyboard(folder: Path) -> dict[str, object] | None:
    """The index as the manifest gives it, or None while there is none."""
    if not (folder / SPRITE).is_file():
        return None
    try:
        index = json.loads((folder / INDEX).read_bytes())
        times = [int(t_ms) for t_ms in index["times_ms"]]
        return {name: int(index[name]) for name in ("width", "height", "columns")} | {"times_ms": times}
    except (OSError, ValueError, KeyError, TypeError):
        return None
