"""Pictures as masks of ink: where something is drawn on light paper."""

from __future__ import annotations

import base64
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Mask = NDArray[np.bool_]

# How far (0…255) a pixel's darkest channel must lie below the paper to count as ink.
INK_DEPTH = 64


def ink_of(data_url: str) -> Mask:
    """The ink of a PNG data URL."""
    raw = base64.b64decode(data_url.split(",", 1)[1])
    with Image.open(BytesIO(raw), formats=("PNG",)) as image:
        return ink(np.asarray(image.convert("RGB")))


def ink(pixels: NDArray[np.uint8]) -> Mask:
    """Pixels of an RGB array (height, width, 3) that are clearly not white paper."""
    mask: Mask = pixels.min(axis=2) < 255 - INK_DEPTH
    return mask


def grown(mask: Mask, by_px: int) -> Mask:
    """The mask with everything within `by_px` (Euclidean) added."""
    result = mask.copy()
    for dy in range(-by_px, by_px + 1):
        for dx in range(-by_px, by_px + 1):
            if dx * dx + dy * dy <= by_px * by_px:
                result |= _shifted(mask, dx, dy)
    return result


def _shifted(mask: Mask, dx: int, dy: int) -> Mask:
    height, width = mask.shape
    moved = np.zeros_like(mask)
    moved[max(0, dy) : height + min(0, dy), max(0, dx) : width + min(0, dx)] = mask[
        max(0, -dy) : height + min(0, -dy), max(0, -dx) : width + min(0, -dx)
    ]
    return moved
