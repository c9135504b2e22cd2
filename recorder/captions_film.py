"""Captions in a film: as a track of text to be switched on, or painted over the foot of the board."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple

from recorder.captions import Caption, correct_captions
from recorder.painter import Canvas, Pixels, measure_text
from recorder.raster import Rect
from recorder.reading import ArchiveReader
from recorder.redaction import Part, Redaction
from recorder.yuv import Picture

__all__ = ["CaptionBand", "FilmCaptions", "Line", "archive_lines", "film_lines"]

_FONT_PX: Final = 20.0
_LINE_PX: Final = 26
_MARGIN_PX: Final = 12
_MOST_LINES: Final = 3
_DARK, _LIGHT = "#20262c", "#ffffff"


class FilmCaptions(StrEnum):
    """How a film carries captions."""

    NONE = "none"
    SOFT = "soft"
    BURNT = "burnt"


class Line(NamedTuple):
    """What stands there for a while, film ms; no two at once. `text` has a line for each who speaks."""

    from_ms: int
    to_ms: int
    text: str


def film_lines(captions: Iterable[Caption], names: Callable[[str], str], start_ms: int, length_ms: int) -> list[Line]:
    """Captions one after another: where several people speak, their words stand together."""
    spans = [
        (max(0, one.from_ms - start_ms), min(length_ms, one.to_ms - start_ms), f"{names(one.user)}: {one.text}")
        for one in captions
    ]
    spans = [span for span in spans if span[0] < span[1]]
    edges = sorted({edge for begin, end, _ in spans for edge in (begin, end)})
    spans.sort()
    lines: list[Line] = []
    active: list[tuple[int, int, str]] = []
    at = 0
    for begin, end in pairwise(edges):
        while at < len(spans) and spans[at][0] <= begin:
            active.append(spans[at])
            at += 1
        active = [span for span in active if span[1] > begin]
        text = "\n".join(words for _, _, words in active)
        if not text:
            continue
        if lines and lines[-1].to_ms == begin and lines[-1].text == text:
            lines[-1] = lines[-1]._replace(to_ms=end)
        else:
            lines.append(Line(begin, end, text))
    return lines


def archive_lines(
    archive: ArchiveReader, heard: Iterable[Caption], words: Mapping[int, str], redaction: Redaction
) -> list[Line]:
    """What a film of an archive shows of its captions: with people's words, and without whose voice is left out."""
    start, end = archive.span()
    people = list(archive.sessions.values())
    names, mask = redaction.names(people), redaction.mask(people)
    shown = [
        replace(one, text=mask.text(one.text))
        for one in correct_captions(heard, words)
        if not redaction.hides(Part.VOICE, one.user)
    ]
    return film_lines(shown, lambda user: names.get(user, ""), start, end - start)


class CaptionBand:
    """The captions at the foot of the board."""

    def __init__(self, lines: Sequence[Line], width: int, height: int, scale: float) -> None:
        """`width`, `height`: of the board, px."""
        self._lines = lines
        self._begins = [line.from_ms for line in lines]
        self._width, self._height, self._scale = width, height, scale
        self._text = ""
        self._canvas: Canvas | None = None
        self._at = (0, 0)

    def begin(self) -> None:
        """A part begins: the whole board was painted, without captions."""
        self._text, self._canvas = "", None

    def paint(self, picture: Picture, board: Pixels, t_ms: int, covered: Sequence[Rect], *, moved: bool) -> bool:
        """Bring it up to that moment of the film; returns whether it changed.

        `covered`: what was just painted of the board, perhaps over it; `moved`: something else was laid over the board.
        """
        number = bisect_right(self._begins, t_ms) - 1
        text = self._lines[number].text if number >= 0 and t_ms < self._lines[number].to_ms else ""
        if text == self._text:
            if self._canvas is not None and (covered or moved):
                self._put(picture)
            return False
        if self._canvas is not None:
            x, y = self._at
            picture.paint_rgba(board, x, y, x + self._canvas.width, y + self._canvas.height)
        self._text = text
        self._canvas = self._paint(text) if text else None
        if self._canvas is not None:
            self._put(picture)
        return True

    def _put(self, picture: Picture) -> None:
        assert self._canvas is not None
        picture.paint_rgba(self._canvas.pixels, 0, 0, self._canvas.width, self._canvas.height, *self._at)

    def _paint(self, text: str) -> Canvas:
        font, margin = _FONT_PX * self._scale, _MARGIN_PX * self._scale
        room = self._width - 6 * margin
        rows = [row for line in text.split("\n") for row in _wrapped(line, room, font)][-_MOST_LINES:]
        width = round(min(room, max(measure_text(row, font) for row in rows)) + 2 * margin) & ~1
        height = round(len(rows) * _LINE_PX * self._scale + margin) & ~1
        canvas = Canvas(width, height)
        canvas.fill(_DARK)
        for number, row in enumerate(rows):
            canvas.label(row, margin, (number + 0.85) * _LINE_PX * self._scale + margin / 4, font, _LIGHT)
        self._at = ((self._width - width) // 2 & ~1, round(self._height - height - margin) & ~1)
        return canvas


def _wrapped(line: str, room: float, font: float) -> list[str]:
    rows = [""]
    for word in line.split():
        longer = f"{rows[-1]} {word}".strip()
        if rows[-1] and measure_text(longer, font) > room:
            rows.append(word)
        else:
            rows[-1] = longer
    return rows
