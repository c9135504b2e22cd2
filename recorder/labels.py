"""Letters inside a box: broken into lines, made smaller until they fit, set in the middle.

Pure, and the twin of `portal/web/src/board/labels.ts`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from recorder.items import FONT_ASCENT_EM, MeasureText, TextItem, TextLine
from recorder.turn import Box, turned_box
from whiteboard_crdt.arrows import Point
from whiteboard_crdt.spec import INK, THINGS

_SPEC = THINGS.label


@dataclass(frozen=True, slots=True)
class LabelLook:
    """How letters look; they are turned about `pivot`."""

    size: float
    colour: str
    bold: bool
    opacity: float
    rotation: float
    pivot: Point


def fit_label(
    text: str, width: float, height: float, size: float, bold: bool, measure: MeasureText
) -> tuple[list[str], float]:
    """The lines of a text and the size at which they fit into width × height, board px. What never fits is left out."""
    letters = text[: _SPEC.chars]
    at = size
    while True:
        small = max(at, _SPEC.least)
        most = max(1, math.floor(height / (small * INK.line_height)))
        lines, fits = _break_lines(letters, width, most, lambda words, small=small: measure(words, small, bold))  # type: ignore[misc]
        if fits or small <= _SPEC.least:
            return lines, small
        at *= _SPEC.shrink


def _break_lines(text: str, width: float, most: int, measure: Callable[[str], float]) -> tuple[list[str], bool]:
    """Greedy: words to a line as long as they fit; a word that is too wide alone is broken between its letters."""
    lines: list[str] = []
    fits = True
    for paragraph in text.split("\n"):
        line = ""
        for index, word in enumerate(paragraph.split(" ")):
            if len(lines) >= most:
                return lines, False
            longer = word if index == 0 else f"{line} {word}"
            if measure(longer) <= width:
                line = longer
                continue
            if index > 0:
                lines.append(line)
            line = word
            if measure(word) > width:
                fits = False
                line = ""
                for letter in word:
                    if line and measure(line + letter) > width:
                        lines.append(line)
                        line = ""
                        if len(lines) >= most:
                            return lines, fits
                    line += letter
        if len(lines) >= most:
            return lines, False
        lines.append(line)
    return lines, fits


def label_item(text: str, box: Box, look: LabelLook, measure: MeasureText) -> TextItem | None:
    """Letters in the middle of a box, which is upright before it is turned; None for none."""
    if not text:
        return None
    padding = min(_SPEC.padding, (box.right - box.left) / 8, (box.bottom - box.top) / 8)
    width, height = box.right - box.left - 2 * padding, box.bottom - box.top - 2 * padding
    lines, size = fit_label(text, width, height, look.size, look.bold, measure)
    step = size * INK.line_height
    top = (box.top + box.bottom) / 2 - len(lines) * step / 2
    middle = (box.left + box.right) / 2
    widths = [measure(line, size, look.bold) for line in lines]
    placed = [
        TextLine(line, middle - width / 2, top + FONT_ASCENT_EM * size + index * step)
        for index, (line, width) in enumerate(zip(lines, widths, strict=True))
    ]
    widest = max(widths)
    upright = Box(middle - widest / 2, top, middle + widest / 2, top + len(lines) * step)
    return TextItem(
        x=look.pivot.x,
        y=look.pivot.y,
        rotation=look.rotation,
        lines=placed,
        colour=look.colour,
        opacity=look.opacity,
        bold=look.bold,
        size=size,
        box=turned_box(upright, look.pivot, look.rotation),
    )
