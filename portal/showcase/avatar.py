"""The camera picture of somebody who is not there: a friendly figure in their colour that moves a little and speaks."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import skia

from recorder.painter import typeface

WIDTH_PX: Final = 320
HEIGHT_PX: Final = 240

Pixels = npt.NDArray[np.uint8]
Rgb = tuple[int, int, int]

_SKINS: Final[tuple[Rgb, ...]] = ((241, 200, 167), (198, 140, 104), (140, 90, 62), (224, 178, 138))
_HAIRS: Final[tuple[Rgb, ...]] = ((74, 49, 36), (41, 33, 31), (30, 26, 28), (150, 96, 50))
_INK: Final = skia.Color(45, 38, 36)


@dataclass(frozen=True, slots=True)
class Look:
    """Who it is: initials, `#rrggbb`, and a number that picks skin, hair and the rhythm of movement."""

    initials: str
    colour: str
    number: int


class Avatar:
    """Paints frames of one person into one surface."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._surface = skia.Surface(WIDTH_PX, HEIGHT_PX)
        red, green, blue = (int(look.colour[i : i + 2], 16) for i in (1, 3, 5))
        self._tint: Rgb = (red, green, blue)
        self._font = skia.Font(typeface("Bold"), 28)
        # What stands still is painted once; a gradient costs more than all the rest.
        self._room = self._paint_room()

    def frame(self, t_s: float, mouth: float) -> Pixels:
        """The picture at a time: height × width × 4, BGRA. `mouth` 0…1. The array is a copy."""
        beat = self._look.number * 1.7
        sway = 5.0 * math.sin(0.55 * t_s + beat) + 2.0 * math.sin(1.3 * t_s + 2 * beat)
        nod = 2.5 * math.sin(0.9 * t_s + beat) + 2.2 * mouth
        canvas = self._surface.getCanvas()
        canvas.drawImage(self._room, 0, 0)
        self._body(canvas, sway * 0.5)
        canvas.save()
        canvas.translate(WIDTH_PX / 2 + sway, 104 + nod)
        canvas.rotate(0.35 * sway)
        self._head(canvas, t_s, mouth)
        canvas.restore()
        pixels: Pixels = np.array(self._surface.toarray(colorType=skia.ColorType.kBGRA_8888_ColorType), copy=True)
        return pixels

    def _paint_room(self) -> skia.Image:
        surface = skia.Surface(WIDTH_PX, HEIGHT_PX)
        canvas = surface.getCanvas()
        wall = skia.GradientShader.MakeLinear(
            points=[(0, 0), (WIDTH_PX, HEIGHT_PX)], colors=[_mixed(self._tint, 0.80), _mixed(self._tint, 0.52)]
        )
        canvas.drawPaint(skia.Paint(Shader=wall))
        light = _paint(skia.ColorSetA(skia.ColorWHITE, 64))
        # The initials hang in a frame: what is low in a picture is under the name in most tiles.
        canvas.drawRoundRect(skia.Rect.MakeXYWH(222, 46, 70, 54), 8, 8, _paint(skia.ColorWHITE))
        width = self._font.measureText(self._look.initials)
        canvas.drawString(self._look.initials, 257 - width / 2, 83, self._font, _paint(skia.Color(*self._tint)))
        canvas.drawRoundRect(skia.Rect.MakeXYWH(26, 58, 44, 10), 4, 4, light)
        canvas.drawRoundRect(skia.Rect.MakeXYWH(30, 34, 10, 24), 2, 2, light)
        canvas.drawRoundRect(skia.Rect.MakeXYWH(44, 40, 9, 18), 2, 2, light)
        return surface.makeImageSnapshot()

    def _body(self, canvas: skia.Canvas, sway: float) -> None:
        middle = WIDTH_PX / 2 + sway
        canvas.drawRoundRect(skia.Rect.MakeXYWH(middle - 18, 132, 36, 52), 15, 15, _paint(_shade(self._skin, 0.9)))
        canvas.drawRoundRect(skia.Rect.MakeXYWH(middle - 84, 172, 168, 120), 52, 52, _paint(skia.Color(*self._tint)))

    def _head(self, canvas: skia.Canvas, t_s: float, mouth: float) -> None:
        hair = _paint(skia.Color(*_HAIRS[self._look.number % len(_HAIRS)]))
        long_hair = self._look.number % 3 != 1
        if long_hair:
            canvas.drawRoundRect(skia.Rect.MakeXYWH(-55, -58, 110, 92), 44, 44, hair)
        canvas.drawOval(skia.Rect.MakeXYWH(-46, -54, 92, 112), _paint(skia.Color(*self._skin)))
        fringe = skia.Path()
        fringe.moveTo(-48, -8)
        fringe.cubicTo(-54, -72, 54, -76, 48, -8)
        fringe.cubicTo(34, -38, 4 if long_hair else -10, -40, -8, -34)
        fringe.cubicTo(-26, -32, -40, -22, -48, -8)
        canvas.drawPath(fringe, hair)
        blink = (t_s + 0.8 * self._look.number) % 3.7 < 0.14
        for x in (-18, 18):
            if blink:
                canvas.drawLine(x - 5, -2, x + 5, -2, _line(2.5))
            else:
                canvas.drawOval(skia.Rect.MakeXYWH(x - 4, -7, 8, 10), _paint(_INK))
            brow = -17 - 2.5 * mouth
            canvas.drawLine(x - 7, brow, x + 7, brow, _line(2.5))
        canvas.drawLine(0, 8, -3, 17, _line(2.0))
        if mouth > 0.08:
            opening = skia.Rect.MakeXYWH(-11 + 2 * mouth, 29 - 2 * mouth, 22 - 4 * mouth, 3 + 13 * mouth)
            canvas.drawOval(opening, _paint(skia.Color(122, 44, 48)))
        else:
            smile = skia.Path()
            smile.moveTo(-13, 28)
            smile.quadTo(0, 38, 13, 28)
            canvas.drawPath(smile, _line(2.8))

    @property
    def _skin(self) -> Rgb:
        return _SKINS[self._look.number % len(_SKINS)]


def _paint(colour: int) -> skia.Paint:
    return skia.Paint(AntiAlias=True, Color=colour)


def _line(width: float) -> skia.Paint:
    return skia.Paint(
        AntiAlias=True,
        Color=_INK,
        Style=skia.Paint.kStroke_Style,
        StrokeWidth=width,
        StrokeCap=skia.Paint.kRound_Cap,
    )


def _mixed(colour: Rgb, white: float) -> int:
    return int(skia.Color(*(round(c + (255 - c) * white) for c in colour)))


def _shade(colour: Rgb, factor: float) -> int:
    return int(skia.Color(*(round(c * factor) for c in colour)))
