"""Which strokes each person draws: loops on a grid, so that every stroke can be told from its neighbours."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from tests.browser.participant import Point

COLUMNS, ROWS = 20, 11


def loop(cell: int, points: int = 12) -> list[Point]:
    """An open curl in one cell of the grid, in fractions of the board; cells count along the rows."""
    column, row = cell % COLUMNS, cell // COLUMNS % ROWS
    width, height = 0.74 / COLUMNS, 0.66 / ROWS
    centre_x = 0.16 + (column + 0.5) * width
    centre_y = 0.12 + (row + 0.5) * height
    turn = 0.35 * cell
    curl: list[Point] = []
    for index in range(points):
        angle = turn + 2 * math.pi * index / points * 0.9
        radius = 0.36 * (0.55 + 0.45 * index / points)
        curl.append((centre_x + math.cos(angle) * radius * width, centre_y + math.sin(angle) * radius * height))
    return curl


def share(people: int, strokes: int) -> list[list[int]]:
    """The cells of each person: every person draws in cells of their own."""
    return [list(range(person, strokes, people)) for person in range(people)]


def curls(cells: Sequence[int]) -> Iterator[list[Point]]:
    """The strokes of these cells."""
    for cell in cells:
        yield loop(cell)
