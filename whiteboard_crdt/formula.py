"""Formulas as they are stored: their LaTeX, and the glyphs that it was set in (docs/board.md).

Twin of `portal/web/src/core/formula.ts`. Readers believe only this grammar: moves, lines and curves with numbers, and
nothing that could be a name or an address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from whiteboard_crdt.spec import THINGS

__all__ = ["Formula", "Glyph", "Place", "parse_formula"]

_NUMBER: Final = r"-?[0-9]{1,6}(?:\.[0-9]{1,3})?"
_PATH: Final = re.compile(rf"(?:[MLHVCQ]{_NUMBER}(?:[ ]{_NUMBER}|-[0-9]{{1,6}}(?:\.[0-9]{{1,3}})?)*|Z)+")
_STEP: Final = re.compile(r"([MLHVCQZ])([^MLHVCQZ]*)")
_NUMBERS: Final = re.compile(_NUMBER)
_PLACE: Final = re.compile(rf"({_NUMBER}),({_NUMBER}),([0-9](?:\.[0-9]{{1,4}})?)")
_BOX: Final = re.compile(r"([0-9]{1,6}) ([0-9]{1,6})")
_TAKES: Final[Mapping[str, int]] = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "Q": 4, "Z": 0}


class Glyph(NamedTuple):
    """One outline in its own units, y upwards. `verbs`: M, L, C and Z; M and L take a point, C three."""

    verbs: str
    points: tuple[tuple[float, float], ...]


class Place(NamedTuple):
    """Where a glyph stands: `x`, `y` of its origin from the top left corner of the formula's box, y downwards."""

    glyph: int
    x: float
    y: float
    scale: float


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula; lengths in thousandths of its font size."""

    latex: str
    width: float
    height: float
    glyphs: tuple[Glyph, ...]
    places: tuple[Place, ...]


def parse_formula(text: str) -> Formula | None:
    """A formula from what is stored; None for anything that is not exactly one, or is too large."""
    spec = THINGS.formula
    if len(text) > spec.chars:
        return None
    latex, _, rest = text.partition("\n")
    lines = rest.split("\n")
    box = _BOX.fullmatch(lines[0])
    if box is None or len(latex) > spec.latex_chars or len(lines) - 1 > spec.glyphs:
        return None
    width, height = float(box[1]), float(box[2])
    if width == 0 or height == 0:
        return None
    glyphs: list[Glyph] = []
    places: list[Place] = []
    points = 0
    for number, line in enumerate(lines[1:]):
        path, _, stands = line.partition("@")
        glyph, found = _parse_path(path), _parse_places(number, stands)
        if glyph is None or found is None:
            return None
        points += len(glyph.points) * len(found)
        if points > spec.points:
            return None
        glyphs.append(glyph)
        places += found
    return Formula(latex, width, height, tuple(glyphs), tuple(places)) if places else None


def _parse_places(number: int, text: str) -> list[Place] | None:
    found = []
    for entry in text.split(" "):
        match = _PLACE.fullmatch(entry)
        if match is None:
            return None
        found.append(Place(number, float(match[1]), float(match[2]), float(match[3])))
    return found


def _parse_path(text: str) -> Glyph | None:
    if _PATH.fullmatch(text) is None:
        return None
    verbs: list[str] = []
    points: list[tuple[float, float]] = []
    x = y = 0.0
    for step in _STEP.finditer(text):
        verb = step[1]
        numbers = [float(number) for number in _NUMBERS.findall(step[2])]
        # A path begins with a move, and so does what comes after a closed one.
        if len(numbers) != _TAKES[verb] or ((not verbs or verbs[-1] == "Z") and verb != "M"):
            return None
        if verb == "Z":
            verbs.append("Z")
            continue
        if verb == "H":
            numbers = [numbers[0], y]
        elif verb == "V":
            numbers = [x, numbers[0]]
        elif verb == "Q":
            cx, cy, tx, ty = numbers
            numbers = [
                x + 2 / 3 * (cx - x),
                y + 2 / 3 * (cy - y),
                tx + 2 / 3 * (cx - tx),
                ty + 2 / 3 * (cy - ty),
                tx,
                ty,
            ]
        verbs.append("C" if len(numbers) == 6 else "M" if verb == "M" else "L")
        points += zip(numbers[::2], numbers[1::2], strict=True)
        x, y = points[-1]
    return Glyph("".join(verbs), tuple(points))
