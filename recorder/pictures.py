"""The pictures of a recording for those who paint it: their bytes by hash, and decoded within bounds."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import warnings
from collections import OrderedDict
from pathlib import Path
from typing import Final

import numpy as np
import skia
from PIL import Image, ImageOps

from recorder.ciphered import open_plain
from recorder.schema import ASSETS
from whiteboard_crdt.assets import ASSET_LIMITS, sniff_mime

__all__ = ["PictureRefused", "Pictures", "decode_picture", "load_picture"]

_ASSET: Final = re.compile(r"[0-9a-f]{64}")
_FORMATS: Final = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
# As in board/imageSize.ts: what a browser would not decode, a film does not show either.
MOST_PIXELS: Final = 40_000_000
LONGEST_SIDE: Final = 16_384
# No film is wider, and more would only cost memory.
_SHOWN_SIDE: Final = 2_048
_KEPT_BYTES: Final = 192 << 20
# What goes into a page as it is; larger ones are written anew.
_SMALL_BYTES: Final = 400_000
_QUALITY: Final = 85


class PictureRefused(ValueError):
    """Bytes that are no picture which may be decoded; the message says why."""


def load_picture(folder: Path, asset: str) -> bytes | None:
    """The bytes of a picture of the recording in `folder`, encrypted on the disk or not; None where they are not there.

    Bytes that do not have that hash count as not there.
    """
    if not _ASSET.fullmatch(asset):
        return None
    try:
        with open_plain(folder / ASSETS / asset) as file:
            data = file.read(ASSET_LIMITS.asset_bytes + 1)
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == asset else None


def decode_picture(data: bytes, longest_side: int = _SHOWN_SIDE) -> Image.Image:
    """A picture as RGBA, upright, at most that large on its longer side. Raises PictureRefused.

    Its size is looked at before it is decoded: a few kilobytes can say that they are a gigapixel.
    """
    kind = _FORMATS.get(sniff_mime(data) or "")
    if kind is None:
        raise PictureRefused("is no picture that is known here")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=[kind]) as picture:
                width, height = picture.size
                if not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE and width * height <= MOST_PIXELS):
                    raise PictureRefused(f"is too large to be painted: {width} × {height}")
                picture.draft("RGB", (longest_side, longest_side))
                upright = ImageOps.exif_transpose(picture).convert("RGBA")
    except PictureRefused:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureRefused("does not decode") from error
    if max(upright.size) > longest_side:
        upright.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
    return upright


class Pictures:
    """The pictures of one recording. What was decoded is kept, 192 MiB at most; the least used goes first."""

    def __init__(self, folder: Path) -> None:
        """`folder`: that of the recording."""
        self._folder = folder
        self._decoded: OrderedDict[str, skia.Image | None] = OrderedDict()
        self._kept_bytes = 0

    def picture(self, asset: str) -> bytes | None:
        """The bytes of a picture, None where they are not there. Whoever reads them minds their limits."""
        return load_picture(self._folder, asset)

    def image(self, asset: str) -> skia.Image | None:
        """A picture that can be painted, None where it is not there or cannot be decoded."""
        if asset in self._decoded:
            self._decoded.move_to_end(asset)
            return self._decoded[asset]
        image = self._decode(asset)
        self._decoded[asset] = image
        self._kept_bytes += _size_bytes(image)
        while self._kept_bytes > _KEPT_BYTES and len(self._decoded) > 1:
            self._kept_bytes -= _size_bytes(self._decoded.popitem(last=False)[1])
        return image

    def data_url(self, asset: str) -> str | None:
        """A picture as an address that holds it, for a page of one file; a large one is made smaller first."""
        data = self.picture(asset)
        mime = sniff_mime(data) if data is not None else None
        if data is None or mime is None:
            return None
        try:
            decoded = decode_picture(data)
        except PictureRefused:
            return None
        if len(data) > _SMALL_BYTES:
            written = io.BytesIO()
            decoded.save(written, "WEBP", quality=_QUALITY)
            data, mime = written.getvalue(), "image/webp"
        return f"data:{mime};base64,{base64.b64encode(data).decode('ascii')}"

    def _decode(self, asset: str) -> skia.Image | None:
        data = self.picture(asset)
        if data is None:
            return None
        try:
            pixels = np.asarray(decode_picture(data))
        except PictureRefused:
            return None
        return skia.Image.fromarray(pixels, colorType=skia.ColorType.kRGBA_8888_ColorType, copy=True)


def _size_bytes(image: skia.Image | None) -> int:
    return 0 if image is None else int(image.width() * image.height() * 4)
