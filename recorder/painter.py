"""Paints scene items with skia on the CPU, as `portal/web/src/board/painter.ts` paints them on a canvas.

Light theme only.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import as_file, files

import numpy as np
import numpy.typing as npt
import skia

from recorder.direction import needs_shaping
from recorder.items import FigureItem, FigurePath, ImageItem, SceneItem, StrokeItem, TextItem
from recorder.shaping import draw_shaped, measure_shaped
from recorder.turn import Box
from whiteboard_crdt.spec import load_spec

Pixels = npt.NDArray[np.uint8]

# Under this many device px per board px a stroke is painted as a thinned line: nobody sees its outline.
OUTLINE_MIN_SCALE = 0.45
_THIN_LINE_MIN_PX = 0.6
_RULING_STEP = 40
_RULING_CLOSEST_PX = 14
_HOLLOW = "#e9e7df"
_RULING_LINE, _RULING_AXIS = "#e3e0d6", "#a9a597"
_AXES_X, _AXES_Y = 800, 440
_PALETTE = load_spec("palette")
PAPER: str = _PALETTE["paper"]["light"]


@dataclass(frozen=True, slots=True)
class Frame:
    """Where board px lie on a canvas: device = board × scale + origin."""

    scale: float
    origin_x: float
    origin_y: float

    def device_box(self, box: Box, width: int, height: int) -> tuple[int, int, int, int]:
        """The whole device px that a box touches: left, top, right, bottom, cut to the canvas (empty: left ≥ right)."""
        left = math.floor(box.left * self.scale + self.origin_x) - 1
        top = math.floor(box.top * self.scale + self.origin_y) - 1
        right = math.ceil(box.right * self.scale + self.origin_x) + 1
        bottom = math.ceil(box.bottom * self.scale + self.origin_y) + 1
        return max(0, left), max(0, top), min(width, right), min(height, bottom)


def fit(box: Box, width: int, height: int) -> Frame:
    """The frame that shows a whole box, centred."""
    scale = min(width / max(1.0, box.right - box.left), height / max(1.0, box.bottom - box.top))
    origin_x = width / 2 - (box.left + box.right) / 2 * scale
    return Frame(scale, origin_x, height / 2 - (box.top + box.bottom) / 2 * scale)


def colour(name: str) -> skia.Color4f:
    """A colour of the palette by name, `paper`, `note:` and a name, or `#rrggbb`; an unknown name is black."""
    if name.startswith("note:"):
        entry = _PALETTE["notes"].get(name.removeprefix("note:"), _PALETTE["notes"]["yellow"])
    elif name == "paper":
        entry = _PALETTE["paper"]
    else:
        entry = _PALETTE["colours"].get(name, _PALETTE["colours"]["black"])
    text = name if name.startswith("#") else entry["light"]
    red, green, blue = (int(text[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return skia.Color4f(red, green, blue, 1.0)


@functools.cache
def typeface(name: str = "Regular") -> skia.Typeface:
    """Atkinson Hyperlegible, `Regular` or `Bold`."""
    with as_file(files("whiteboard_crdt").joinpath("fonts", f"AtkinsonHyperlegible-{name}.ttf")) as path:
        return skia.Typeface.MakeFromFile(str(path))


def make_font(size: float, face: skia.Typeface | None = None) -> skia.Font:
    """The one way text is set: exact positions, no hinting, so that its pixels agree with the canvas's."""
    font = skia.Font(face or typeface(), size)
    font.setSubpixel(True)
    font.setHinting(skia.FontHinting.kNone)
    font.setEdging(skia.Font.Edging.kAntiAlias)
    return font


@functools.lru_cache(maxsize=4096)
def _fallback(code: int) -> skia.Typeface | None:
    return skia.FontMgr().matchFamilyStyleCharacter("sans-serif", skia.FontStyle(), ["en"], code)


def _runs(text: str, bold: bool = False) -> list[tuple[skia.Typeface, str]]:
    """A line in pieces of one typeface each; characters that the font lacks come from the system's, as in a browser."""
    own = typeface("Bold" if bold else "Regular")
    runs: list[tuple[skia.Typeface, str]] = []
    for character in text:
        face = own
        if not own.unicharToGlyph(ord(character)):
            face = _fallback(ord(character)) or own
        if runs and runs[-1][0] is face:
            runs[-1] = (face, runs[-1][1] + character)
        else:
            runs.append((face, character))
    return runs


def measure_text(line: str, size: float, bold: bool = False, /) -> float:
    """Width of a line, px, without kerning."""
    if needs_shaping(line):
        return measure_shaped(line, size, bold)
    return float(sum(make_font(size, face).measureText(run) for face, run in _runs(line, bold)))


def outline_path(item: StrokeItem) -> skia.Path:
    """The closed path of quadratic curves through the middles of the outline's sides, its corners as control points."""
    path = skia.Path()
    corners = item.outline
    if len(corners) < 2:
        return path
    (last_x, last_y), (first_x, first_y) = corners[-1], corners[0]
    path.moveTo((last_x + first_x) / 2, (last_y + first_y) / 2)
    for index, (x, y) in enumerate(corners):
        next_x, next_y = corners[(index + 1) % len(corners)]
        path.quadTo(x, y, (x + next_x) / 2, (y + next_y) / 2)
    path.close()
    return path


class Canvas:
    """A picture in memory; `pixels` is RGBA, height × width × 4, and always shows what was painted."""

    def __init__(self, width: int, height: int) -> None:
        self.pictures: Callable[[str], skia.Image | None] = lambda _asset: None
        self.pixels: Pixels = np.zeros((height, width, 4), np.uint8)
        self._surface = skia.Surface(self.pixels)
        self._canvas = self._surface.getCanvas()
        self.width, self.height = width, height

    def clip(self, left: int, top: int, right: int, bottom: int) -> None:
        """Paint only inside until `unclip`."""
        self._canvas.save()
        self._canvas.clipRect(skia.Rect.MakeLTRB(left, top, right, bottom))

    def unclip(self) -> None:
        """Undo the last `clip`."""
        self._canvas.restore()

    def fill(self, name: str) -> None:
        """Cover everything inside the clip."""
        self._canvas.drawPaint(skia.Paint(Color4f=colour(name)))

    def rect(self, x: float, y: float, width: float, height: float, name: str) -> None:
        """A filled rectangle in device px."""
        self._canvas.drawRect(skia.Rect.MakeXYWH(x, y, width, height), skia.Paint(AntiAlias=True, Color4f=colour(name)))

    def label(self, text: str, x: float, baseline: float, size: float, name: str, *, bold: bool = False) -> None:
        """A line of text in device px, beginning at x."""
        paint = skia.Paint(AntiAlias=True, Color4f=colour(name))
        self._line(text, x, baseline, size, paint, bold=bold)

    def item(self, item: SceneItem, frame: Frame) -> None:
        """Paint one item of a board."""
        canvas = self._canvas
        canvas.save()
        canvas.translate(frame.origin_x, frame.origin_y)
        canvas.scale(frame.scale, frame.scale)
        if isinstance(item, TextItem):
            self._text(item)
        elif isinstance(item, FigureItem):
            self._figure(item)
        elif isinstance(item, ImageItem):
            self._image(item)
        else:
            paint = skia.Paint(AntiAlias=True, Color4f=colour(item.colour))
            paint.setAlphaf(item.opacity)
            canvas.translate(item.x, item.y)
            if frame.scale < OUTLINE_MIN_SCALE and len(item.spine) > 1:
                self._spine(item, frame.scale, paint)
            else:
                canvas.drawPath(outline_path(item), paint)
        canvas.restore()

    def _text(self, item: TextItem) -> None:
        paint = skia.Paint(AntiAlias=True, Color4f=colour(item.colour))
        paint.setAlphaf(item.opacity)
        self._canvas.save()
        self._canvas.rotate(math.degrees(item.rotation), item.x, item.y)
        for line in item.lines:
            self._line(line.text, line.x, line.baseline, item.size, paint, bold=item.bold)
        self._canvas.restore()

    def _figure(self, item: FigureItem) -> None:
        for part in item.paths:
            path = _figure_path(part)
            paint = skia.Paint(AntiAlias=True, Color4f=colour(part.colour))
            if part.fill > 0:
                paint.setAlphaf(item.opacity * part.fill)
                self._canvas.drawPath(path, paint)
            if part.width > 0:
                paint.setAlphaf(item.opacity)
                paint.setStyle(skia.Paint.kStroke_Style)
                paint.setStrokeWidth(part.width)
                paint.setStrokeCap(skia.Paint.kRound_Cap)
                paint.setStrokeJoin(skia.Paint.kRound_Join)
                if part.dash:
                    paint.setPathEffect(skia.DashPathEffect.Make(list(part.dash), 0))
                self._canvas.drawPath(path, paint)
        if item.label is not None:
            self._text(item.label)

    def _image(self, item: ImageItem) -> None:
        x, y = item.x + item.w / 2, item.y + item.h / 2
        rect = skia.Rect.MakeXYWH(item.x, item.y, item.w, item.h)
        paint = skia.Paint(AntiAlias=True, Color4f=colour(_HOLLOW))
        paint.setAlphaf(item.opacity)
        self._canvas.save()
        self._canvas.rotate(math.degrees(item.rotation), x, y)
        picture = self.pictures(item.asset)
        if picture is None:
            self._canvas.drawRect(rect, paint)
        else:
            self._canvas.drawImageRect(picture, rect, skia.SamplingOptions(skia.CubicResampler.Mitchell()), paint)
        self._canvas.restore()

    def _line(
        self, text: str, x: float, baseline: float, size: float, paint: skia.Paint, *, bold: bool = False
    ) -> None:
        if needs_shaping(text):
            draw_shaped(self._canvas, text, x, baseline, size, paint, bold)
            return
        for face, run in _runs(text, bold):
            font = make_font(size, face)
            self._canvas.drawString(run, x, baseline, font, paint)
            x += font.measureText(run)

    def _spine(self, item: StrokeItem, scale: float, paint: skia.Paint) -> None:
        path = skia.Path()
        x, y = item.spine[0]
        path.moveTo(x, y)
        step = 0.75 / scale
        for index, (next_x, next_y) in enumerate(item.spine[1:], 1):
            if index == len(item.spine) - 1 or abs(next_x - x) + abs(next_y - y) >= step:
                x, y = next_x, next_y
                path.lineTo(x, y)
        paint.setStyle(skia.Paint.kStroke_Style)
        paint.setStrokeWidth(max(item.size, _THIN_LINE_MIN_PX / scale))
        paint.setStrokeCap(skia.Paint.kRound_Cap)
        paint.setStrokeJoin(skia.Paint.kRound_Join)
        self._canvas.drawPath(path, paint)

    def ruling(self, background: str, frame: Frame) -> None:
        """Lines, grid, dots or axes under the ink; twin of `backgrounds.ts`."""
        if background == "plain":
            return
        step = _RULING_STEP * frame.scale
        while step < _RULING_CLOSEST_PX:
            step *= 2
        weight = max(1, _round(frame.scale))
        across = _positions(frame.origin_x, step, self.width)
        down = _positions(frame.origin_y, step, self.height)
        if background == "dots":
            paint = skia.Paint(AntiAlias=True, Color4f=colour(_RULING_AXIS))
            paint.setAlphaf(0.6)
            for y in down:
                for x in across:
                    self._canvas.drawCircle(x, y, max(1.0, 1.6 * frame.scale), paint)
            return
        for y in down:
            self.rect(0, y, self.width, weight, _RULING_LINE)
        if background != "lined":
            for x in across:
                self.rect(x, 0, weight, self.height, _RULING_LINE)
        if background == "axes":
            self.rect(0, _round(frame.origin_y + _AXES_Y * frame.scale), self.width, 2 * weight, _RULING_AXIS)
            self.rect(_round(frame.origin_x + _AXES_X * frame.scale), 0, 2 * weight, self.height, _RULING_AXIS)


def _figure_path(part: FigurePath) -> skia.Path:
    path = skia.Path()
    points = iter(part.points)
    for verb in part.verbs:
        if verb == "M":
            path.moveTo(*next(points))
        elif verb == "L":
            path.lineTo(*next(points))
        elif verb == "C":
            path.cubicTo(*next(points), *next(points), *next(points))
        else:
            path.close()
    return path


def _round(value: float) -> int:
    # Halves go up, as in JavaScript.
    return math.floor(value + 0.5)


def _positions(origin: float, step: float, length: int) -> list[int]:
    index = math.ceil(-origin / step)
    found: list[int] = []
    while origin + index * step < length:
        found.append(_round(origin + index * step))
        index += 1
    return found
