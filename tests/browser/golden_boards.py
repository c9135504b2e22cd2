"""Small boards that show every kind of shape: name → (background, shapes by id), all within 800 × 600 px."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from whiteboard_crdt.ink import InkPoint, encode_ink
from whiteboard_crdt.spec import THINGS

__all__ = ["BOARDS"]

Board = dict[str, dict[str, Any]]
_AUTHOR: Final = "0123456789abcdef"
_COLOURS: Final = ("black", "red", "orange", "green", "blue", "violet", "yellow", "grey")


def _board(shapes: Iterable[dict[str, Any]]) -> Board:
    made: Board = {}
    for number, fields in enumerate(shapes, 1):
        index = f"a{'0123456789abcdefghijklmnopqrstuvwxyz'[number]}"
        made[f"{_AUTHOR}-{number}"] = {"page": "main", "index": index, "colour": "blue", "size": 4.0, **fields}
    return made


def _geo(x: float, y: float, form: str, **more: Any) -> dict[str, Any]:
    return {"type": "geo", "x": x, "y": y, "w": 150.0, "h": 110.0, "form": form, **more}


def _wave(x: float, y: float, *, pressure: bool = True) -> dict[str, Any]:
    points = [InkPoint(x + t * 5, y + 30 * math.sin(t / 5), 90 + t * 3 if pressure else None) for t in range(40)]
    ink = encode_ink(points)
    return {"x": ink.x, "y": ink.y, "ink": ink.blob}


def _forms() -> Iterable[dict[str, Any]]:
    polygon = encode_ink([InkPoint(0, 0), InkPoint(80, 20), InkPoint(60, 70), InkPoint(10, 50)]).blob
    for number, form in enumerate(THINGS.forms):
        x, y = 30.0 + 190 * (number % 4), 30.0 + 150 * (number // 4)
        yield _geo(x, y, form, colour=_COLOURS[number], ink=polygon, fill=THINGS.fills[number % 3])
        yield _geo(x, y + 290, form, colour=_COLOURS[number], ink=polygon, dash=THINGS.dashes[number % 3],
                   rotation=0.3 * number, opacity=0.6, size=2.0 + number, w=100.0, h=80.0)  # fmt: skip


def _lines() -> Iterable[dict[str, Any]]:
    for number in range(12):
        angle = number * math.pi / 6
        end = {"dx": 240 * math.cos(angle), "dy": 240 * math.sin(angle)}
        look = {
            "dash": THINGS.dashes[number % 3],
            "head": ("end", "both")[number % 2],
            "size": (2.0, 4.0, 8.0)[number % 3],
        }
        kind = "line" if number % 4 == 3 else "arrow"
        yield (
            {"type": kind, "x": 400 + end["dx"] / 8, "y": 300 + end["dy"] / 8, "colour": _COLOURS[number % 8]}
            | end
            | look
        )


def _bound() -> Iterable[dict[str, Any]]:
    yield _geo(40, 60, "ellipse")
    yield _geo(560, 90, "diamond", rotation=0.4)
    yield _geo(80, 420, "star", fill="soft")
    yield {"type": "note", "x": 500.0, "y": 360.0, "w": 180.0, "h": 180.0, "colour": "green"}
    for start, end in ((1, 2), (2, 3), (3, 4), (4, 1)):
        ends = {"start": f"{_AUTHOR}-{start}", "end": f"{_AUTHOR}-{end}"}
        yield {"type": "arrow", "x": 0.0, "y": 0.0, "dx": 1.0, "dy": 1.0, "colour": "red", **ends}


def _letters() -> Iterable[dict[str, Any]]:
    note = {"type": "note", "w": 180.0, "h": 180.0, "size": 26.0}
    yield {**note, "x": 20.0, "y": 20.0, "colour": "yellow", "text": "One half is\ntwo quarters"}
    yield {**note, "x": 220.0, "y": 20.0, "colour": "red", "text": "Look at the denominator before you add anything up"}
    yield {
        **note,
        "x": 440.0,
        "y": 40.0,
        "colour": "violet",
        "rotation": 0.2,
        "bold": True,
        "text": "Homework: 3, 4, 7",
    }
    yield _geo(20, 260, "ellipse", text="numerator", w=260.0, h=140.0)
    yield _geo(320, 260, "rectangle", text="½ + ¼", fill="solid", colour="green", bold=True)
    yield _geo(520, 250, "triangle", text="a", fill="soft", w=200.0, h=180.0)
    yield {"type": "text", "x": 40.0, "y": 450.0, "size": 36.0, "text": "Größe: x = 1\nsecond line"}
    yield {"type": "text", "x": 420.0, "y": 560.0, "size": 24.0, "rotation": -0.35, "bold": True, "text": "turned"}


def _right_to_left() -> Iterable[dict[str, Any]]:
    note = {"type": "note", "w": 200.0, "h": 200.0, "size": 26.0}
    yield {"type": "text", "x": 40.0, "y": 30.0, "size": 36.0, "text": "שלום לכולם!\nשברים: 3/4 + 1/4"}
    yield {"type": "text", "x": 40.0, "y": 150.0, "size": 36.0, "bold": True, "text": "أهلاً بكم\nالكسور (1/2)"}
    yield {"type": "text", "x": 420.0, "y": 40.0, "size": 28.0, "text": "half = חצי, نصف\nחצי = half\nنصف = 50%"}
    yield {"type": "text", "x": 480.0, "y": 260.0, "size": 24.0, "rotation": 0.3, "text": "מסובב مائل"}
    yield {**note, "x": 40.0, "y": 340.0, "colour": "yellow", "text": "תסתכלו על המכנה לפני שמחברים"}
    yield {**note, "x": 280.0, "y": 340.0, "colour": "green", "bold": True, "text": "انظروا إلى المقام قبل الجمع"}
    yield _geo(540, 380, "ellipse", text="מעגל دائرة", w=220.0, h=140.0)
    yield {"type": "frame", "x": 420.0, "y": 180.0, "w": 340.0, "h": 60.0, "size": 20.0, "text": "משימה 1: שלישים"}


def _ink() -> Iterable[dict[str, Any]]:
    for number in range(4):
        yield {"type": "draw", **_wave(40, 80 + 60 * number), "size": 2.0 * 2**number, "colour": _COLOURS[number]}
    yield {"type": "highlight", **_wave(60, 180, pressure=False), "size": 28.0, "colour": "yellow"}
    yield {"type": "draw", **_wave(400, 120), "w": 320.0, "h": 120.0, "size": 4.0, "rotation": 0.5}
    yield {"type": "draw", **_wave(400, 420), "w": 90.0, "opacity": 0.5, "size": 16.0}


# Formulas as the dialog of the classroom sets them: {formula, width, height}, both of the font size.
_FORMULAS: Final = json.loads(Path(__file__).with_name("golden_formulas.json").read_bytes())


def _maths() -> Iterable[dict[str, Any]]:
    for number, each in enumerate(_FORMULAS):
        size = (36.0, 24.0, 44.0)[number % 3]
        yield {
            "type": "math", "x": 30.0 + 270 * (number % 3), "y": 30.0 + 190 * (number // 3), "size": size,
            "w": each["width"] * size, "h": each["height"] * size * (1.3 if number == 5 else 1),
            "formula": each["formula"], "colour": _COLOURS[number], "opacity": 0.5 if number == 1 else 1.0,
            "rotation": 0.2 if number == 4 else 0.0,
        }  # fmt: skip


def _plots() -> Iterable[dict[str, Any]]:
    axes = {"type": "plot", "form": "axes", "w": 340.0, "h": 260.0, "size": 18.0, "colour": "black"}
    span = {"x_from": -5.0, "x_to": 5.0, "y_from": -4.0, "y_to": 4.0}
    curves = "x^2-2\nsin(x)\ntan(x)\n1/x\nsqrt(x)\nfloor(x)"
    yield {**axes, **span, "x": 30.0, "y": 30.0, "grid": True, "entries": curves}
    yield {**axes, "x": 430.0, "y": 50.0, "w": 300.0, "h": 200.0, "x_from": 0.0, "x_to": 1.0, "y_from": 0.0,
           "y_to": 90.0, "x_step": "1/3", "rotation": 0.12, "entries": "90x^3", "size": 14.0,
           "opacity": 0.7}  # fmt: skip
    line = {"type": "plot", "form": "line", "x": 30.0, "w": 720.0, "h": 120.0, "size": 24.0, "colour": "blue"}
    yield {**line, "y": 330.0, "x_from": 0.0, "x_to": 2.0, "x_step": "1/8", "entries": "3/8\n1.25\n5/3"}
    yield {
        **line,
        "y": 470.0,
        "w": 400.0,
        "size": 18.0,
        "x_from": -1.0,
        "x_to": 1.0,
        "x_step": "1/3",
        "entries": "-2/3",
    }


def _frames() -> Iterable[dict[str, Any]]:
    frame = {"type": "frame", "w": 300.0, "h": 180.0, "size": 20.0}
    yield {**frame, "x": 40.0, "y": 60.0, "text": "Task 1: thirds", "colour": "grey"}
    yield {**frame, "x": 420.0, "y": 260.0, "text": "turned", "bold": True, "rotation": 0.05, "size": 28.0}
    yield {**frame, "x": 40.0, "y": 360.0, "colour": "red"}


BOARDS: Final[dict[str, tuple[str, Board]]] = {
    "forms": ("plain", _board(_forms())),
    "lines": ("plain", _board(_lines())),
    "bound": ("plain", _board(_bound())),
    "letters": ("plain", _board(_letters())),
    "right to left": ("plain", _board(_right_to_left())),
    "ink": ("plain", _board(_ink())),
    "maths": ("plain", _board(_maths())),
    "plots": ("plain", _board(_plots())),
    "frames": ("plain", _board(_frames())),
    **{f"on {background}": (background, _board([_geo(100, 100, "rectangle")])) for background in (
        "grid", "lined", "dots", "axes",
    )},
}  # fmt: skip
