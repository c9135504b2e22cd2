"""Lines with Hebrew or Arabic in them: letters joined and put into order by HarfBuzz and ICU, as a browser does."""

from __future__ import annotations

import functools
import math
from importlib.resources import as_file, files
from typing import Final

import skia

from recorder.direction import is_right_to_left

__all__ = ["draw_shaped", "measure_shaped"]

_FAMILIES: Final = ("Atkinson Hyperlegible", "Noto Sans Hebrew", "Noto Sans Arabic")
_FILES: Final = ("AtkinsonHyperlegible", "NotoSansHebrew", "NotoSansArabic")
# What is between them is laid out from right to left by itself: a paragraph here has no direction of its own.
_ISOLATE, _END = "\u2067", "\u2069"
_WIDE: Final = 1e6
# A paragraph hints the letters of upright lines, which moves their edges by up to 0.3 px, and it cannot be told not to.
# A slant of a twelfth of a px for letters of 40 px is the least that makes it stop.
_UNHINTED: Final = 1 / 512


@functools.cache
def _fonts() -> skia.textlayout.FontCollection:
    manager = skia.textlayout.TypefaceFontProvider()
    for name in _FILES:
        for weight in ("Regular", "Bold"):
            with as_file(files("whiteboard_crdt").joinpath("fonts", f"{name}-{weight}.ttf")) as path:
                manager.registerTypeface(skia.Typeface.MakeFromFile(str(path)))
    collection = skia.textlayout.FontCollection()
    collection.setDefaultFontManager(manager)
    return collection


@functools.cache
def _unicode() -> skia.Unicode:
    return skia.Unicodes.ICU.Make()


def _paragraph(line: str, size: float, bold: bool, paint: skia.Paint | None) -> skia.textlayout.Paragraph:
    style = skia.textlayout.TextStyle()
    style.setFontFamilies(list(_FAMILIES))
    style.setFontSize(size)
    if bold:
        style.setFontStyle(skia.FontStyle.Bold())
    if paint is not None:
        style.setForegroundPaint(paint)
    whole = skia.textlayout.ParagraphStyle()
    whole.setTextStyle(style)
    builder = skia.textlayout.ParagraphBuilder.make(whole, _fonts(), _unicode())
    builder.pushStyle(style)
    builder.addText(f"{_ISOLATE}{line}{_END}" if is_right_to_left(line) else line)
    paragraph = builder.Build()
    paragraph.layout(_WIDE)
    return paragraph


def measure_shaped(line: str, size: float, bold: bool) -> float:
    """Width of a line, px."""
    return float(_paragraph(line, size, bold, None).LongestLine)


def draw_shaped(
    canvas: skia.Canvas, line: str, x: float, baseline: float, size: float, paint: skia.Paint, bold: bool
) -> None:
    """Paints a line; `x`: its left end, wherever it begins."""
    paragraph = _paragraph(line, size, bold, paint)
    matrix = canvas.getTotalMatrix()
    if matrix.getSkewX() == 0 and matrix.getSkewY() == 0:
        # Upright letters stand on whole device px, as those of `drawString` and of the canvas do.
        scale = matrix.getScaleY()
        at = scale * baseline + matrix.getTranslateY()
        # What lies beyond all numbers, or is flat, is nowhere to be seen.
        if scale and math.isfinite(at):
            baseline += (math.floor(at + 0.5) - at) / scale
    canvas.save()
    canvas.translate(x, baseline)
    canvas.skew(_UNHINTED, 0)
    # Where the paragraph has its baseline: it rounds what its fonts say.
    paragraph.paint(canvas, 0, -math.floor(float(paragraph.AlphabeticBaseline) + 0.5))
    canvas.restore()
