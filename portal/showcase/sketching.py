"""What a drawing bot draws next, and where: pictures in free places of the page, never over somebody's ink. Pure."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from portal.showcase.drawings import PICTURES, placed
from portal.showcase.handwriting import Hand, Stroke, Style
from whiteboard_crdt.shape import Shape, ShapeType

COLUMNS: Final = 4
ROWS: Final = 2
_PAGE_WIDTH: Final = 1600.0
_PAGE_HEIGHT: Final = 900.0
_CELL: Final = (_PAGE_WIDTH / COLUMNS, _PAGE_HEIGHT / ROWS)
# Half the side of the square in which a picture of the largest scale lies, smoke and feelers included.
_REACH_PX: Final = 165.0
_SCALE: Final = (1.05, 1.35)
# Width and height of a letter, per font size: enough to keep clear of somebody's text.
_LETTER: Final = (0.55, 1.3)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the board, px."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        """Whether the two overlap."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


@dataclass(frozen=True, slots=True)
class SketchStroke:
    """One stroke of a sketch; its times count from the sketch's beginning."""

    stroke: Stroke
    colour: str


class Sketchbook:
    """One bot's ideas: which picture comes next, and the hand that draws it.

    The page is a chessboard: one bot draws on its white fields (`colour` 0), the other on its black ones (1), so that
    two that look for a place at the same moment do not take the same.
    """

    def __init__(self, seed: int, colour: int, style: Style | None = None) -> None:
        self._random = random.Random(seed)
        self._hand = Hand(seed + 1, style)
        self._colour = colour
        self._ideas: list[int] = []

    def next_sketch(self, taken: Collection[Box]) -> list[SketchStroke] | None:
        """A picture in a cell that nothing touches, or None if the page is full."""
        free = [cell for cell in self._own_cells() if not any(_cell_box(cell).meets(box) for box in taken)]
        if not free:
            return None
        picture = PICTURES[self._next_idea()]()
        middle_x, middle_y = _middle(self._random.choice(free))
        x = middle_x + self._random.uniform(-18, 18)
        y = middle_y + self._random.uniform(-12, 12)
        lines = placed(picture, x, y, self._random.uniform(*_SCALE), self._random.uniform(-5, 5))
        strokes = self._hand.draw([each.path for each in lines], detail_px=170.0)
        return [SketchStroke(stroke, each.colour) for stroke, each in zip(strokes, lines, strict=True)]

    def rest_s(self) -> float:
        """How long the bot looks at its work, seconds."""
        return self._random.uniform(1.5, 4.0)

    def _own_cells(self) -> list[int]:
        return [cell for cell in range(COLUMNS * ROWS) if (cell % COLUMNS + cell // COLUMNS) % 2 == self._colour]

    def _next_idea(self) -> int:
        if not self._ideas:
            self._ideas = self._random.sample(range(len(PICTURES)), len(PICTURES))
        return self._ideas.pop()


def shape_boxes(shapes: Sequence[Shape]) -> list[Box]:
    """The places that shapes take."""
    return [box for shape in shapes if (box := _shape_box(shape)) is not None]


def _shape_box(shape: Shape) -> Box | None:
    if shape.type is ShapeType.TEXT:
        lines = shape.text.split("\n")
        width = max(len(line) for line in lines) * shape.size * _LETTER[0]
        return Box(shape.x, shape.y, shape.x + width, shape.y + len(lines) * shape.size * _LETTER[1])
    pen = shape.size / 2
    if shape.ends is not None:
        x1, y1, x2, y2 = shape.ends
        return Box(min(x1, x2) - pen, min(y1, y2) - pen, max(x1, x2) + pen, max(y1, y2) + pen)
    if shape.w <= 0 and shape.h <= 0 and not shape.ink:
        return None  # Nobody sees it.
    return Box(shape.x - pen, shape.y - pen, shape.x + shape.w + pen, shape.y + shape.h + pen)


def _middle(cell: int) -> tuple[float, float]:
    return (cell % COLUMNS + 0.5) * _CELL[0], (cell // COLUMNS + 0.5) * _CELL[1]


def _cell_box(cell: int) -> Box:
    x, y = _middle(cell)
    return Box(x - _REACH_PX, y - _REACH_PX, x + _REACH_PX, y + _REACH_PX)
