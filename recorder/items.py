"""What painters paint: strokes, letters, figures and pictures, in board px. Twin of the types in `board/scene.ts`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from recorder.turn import Box

# The ascent of Atkinson Hyperlegible in em: where the first baseline stands under a text's origin.
FONT_ASCENT_EM = 0.95


class MeasureText(Protocol):
    """Width of one line, board px, at a font size."""

    def __call__(self, line: str, size: float, bold: bool = False, /) -> float:  # noqa: D102
        ...


@dataclass(frozen=True, slots=True)
class StrokeItem:
    """A stroke: its outline relative to x, y; the path's curves end in the middles between its corners."""

    x: float
    y: float
    outline: Sequence[tuple[float, float]]
    spine: Sequence[tuple[float, float]]
    colour: str
    opacity: float
    size: float
    box: Box


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text; x, baseline: left end of its baseline, board px."""

    text: str
    x: float
    baseline: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TextItem:
    """A text laid out in lines, turned about x, y; size in board px."""

    x: float
    y: float
    rotation: float
    lines: Sequence[TextLine]
    colour: str
    opacity: float
    bold: bool
    size: float
    box: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class FigurePath:
    """Lines and curves in board px, filled (`fill` is the opacity, 0 for none) or drawn with a pen of `width` px.

    `verbs`: one letter a step; M and L take a point, C three, Z none. `colour`: a name of the palette, `paper`, or
    `note:` and a name. `dash`: lengths of dash and gap, px; empty for a whole line.
    """

    verbs: str
    points: Sequence[tuple[float, float]]
    colour: str
    fill: float = 0.0
    width: float = 0.0
    dash: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class FigureItem:
    """Paths one above the other, and letters on top."""

    paths: Sequence[FigurePath]
    label: TextItem | None
    opacity: float
    box: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageItem:
    """A picture named by its hash, upright before it is turned about its middle."""

    asset: str
    x: float
    y: float
    w: float
    h: float
    rotation: float
    opacity: float
    box: Box


SceneItem = StrokeItem | TextItem | FigureItem | ImageItem
