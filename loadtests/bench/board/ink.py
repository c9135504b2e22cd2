"""The seeded ink of the bench: the same strokes as a document of ours and as a scene of Excalidraw."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pycrdt import Doc

from whiteboard_crdt.board import Board
from whiteboard_crdt.ids import MAIN_PAGE, SessionId
from whiteboard_crdt.ink import InkPoint
from whiteboard_crdt.shape import ShapeType

__all__ = ["Stroke", "strokes", "write_excalidraw", "write_ours"]

SEED: Final = 20_000
_AUTHOR: Final = SessionId("00000000000000b5")
# A word's width and a line's height, board px: 20,000 of them fill 6,000 × 4,000 px.
_STEP_X, _STEP_Y, _COLUMNS = 40.0, 30.0, 150
_SAMPLE_MS: Final = 8
_INKS: Final = (("black", "#1e1e1e"), ("blue", "#1971c2"), ("green", "#2f9e44"))


@dataclass(frozen=True, slots=True)
class Stroke:
    """A word's worth of handwriting: board px in tenths, 8 ms apart. `ink` is an index of the inks of both."""

    ink: int
    points: tuple[tuple[float, float], ...]


def strokes(count: int, seed: int = SEED) -> Iterator[Stroke]:
    """Handwriting in rows, 30…90 points a stroke."""
    chance = random.Random(seed)
    for number in range(count):
        left = (number % _COLUMNS) * _STEP_X + chance.uniform(-4, 4)
        middle = (number // _COLUMNS) * _STEP_Y + chance.uniform(-4, 4)
        waves = [(chance.uniform(2, 9), chance.uniform(0, 6.3), chance.uniform(1.5, 6)) for _ in range(3)]
        samples = chance.randint(30, 90)
        points = []
        for at in range(samples):
            share = at / samples
            height = sum(size * math.sin(6.3 * rate * share + phase) for rate, phase, size in waves)
            x = left + 36 * share + 2.5 * math.sin(14 * share + waves[0][1])
            points.append((round(x, 1), round(middle + height, 1)))
        yield Stroke(chance.choices((0, 1, 2), (8, 1, 1))[0], tuple(points))


def write_ours(count: int, path: Path) -> int:
    """The document with these strokes as one update. Returns the number of points."""
    doc: Doc[Any] = Doc(client_id=181)
    board = Board(doc, _AUTHOR)
    total = 0
    for stroke in strokes(count):
        ink = [InkPoint(x, y, None, at * _SAMPLE_MS) for at, (x, y) in enumerate(stroke.points)]
        board.add_stroke(MAIN_PAGE, ink, ShapeType.DRAW, _INKS[stroke.ink][0], 2.0, 0)
        total += len(ink)
    path.write_bytes(doc.get_update())
    return total


def write_excalidraw(count: int, path: Path) -> None:
    """The same as the elements of a scene, and the box around all."""
    elements = [_element(number, stroke) for number, stroke in enumerate(strokes(count))]
    box = {
        "minX": min(element["x"] for element in elements),
        "minY": min(element["y"] for element in elements),
        "maxX": max(element["x"] + element["width"] for element in elements),
        "maxY": max(element["y"] + element["height"] for element in elements),
    }
    path.write_text(json.dumps({"elements": elements, "box": box}, separators=(",", ":")), encoding="utf-8")


def _element(number: int, stroke: Stroke) -> dict[str, Any]:
    (x, y), *_ = stroke.points
    xs, ys = [each[0] for each in stroke.points], [each[1] for each in stroke.points]
    return {
        "id": f"ink-{number}", "type": "freedraw", "x": x, "y": y,
        "width": max(xs) - min(xs), "height": max(ys) - min(ys), "angle": 0,
        "strokeColor": _INKS[stroke.ink][1], "backgroundColor": "transparent", "fillStyle": "solid",
        "strokeWidth": 0.5, "strokeStyle": "solid", "roughness": 1, "opacity": 100, "groupIds": [], "frameId": None,
        "index": None, "roundness": None, "seed": number + 1, "version": 1, "versionNonce": number + 1,
        "isDeleted": False, "boundElements": None, "updated": 1, "link": None, "locked": False,
        "points": [[round(px - x, 1), round(py - y, 1)] for px, py in stroke.points],
        "pressures": [], "simulatePressure": True, "lastCommittedPoint": None,
    }  # fmt: skip
