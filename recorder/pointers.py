"""The participants' pointers in a film: an arrow in the person's colour, laid over the board.

Where it rests, the name stands beside it. A name that moved along would cost an hour's film 7 MB, the arrow costs half
of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from recorder.painter import Canvas, Frame, Pixels
from recorder.raster import Rect
from recorder.yuv import Picture

__all__ = ["Pointers"]

# As in the player (`player/cursors.ts`).
_SHOWN_MS: Final = 4_000
# Pointers alone make no more than so many pictures: five a second look calm, and every picture costs room in the file.
_STEP_MS: Final = 200
_ARROW_PX: Final = 18
_LABEL_HEIGHT: Final = 16
_WIDEST_NAME: Final = 24

Alpha = npt.NDArray[np.float32]


class _Sprite:
    """What moves. The tip of the arrow is its upper left corner."""

    def __init__(self, name: str, colour: str, scale: float) -> None:
        shown = name if len(name) <= _WIDEST_NAME else name[: _WIDEST_NAME - 1] + "…"
        label_width = 10 + round(6.4 * len(shown))
        self.width, self.height = round((14 + label_width) * scale), round((_ARROW_PX + _LABEL_HEIGHT - 4) * scale)
        canvas = Canvas(self.width, self.height)
        canvas.fill(colour)
        canvas.label(shown, 19 * scale, self.height - 4 * scale, 12 * scale, "#ffffff")
        self.pixels = canvas.pixels[:, :, :3].astype(np.float32)
        moving: Alpha = np.zeros((self.height, self.width, 1), np.float32)
        arrow = _arrow(scale)
        moving[: len(arrow), : len(arrow), 0] = arrow
        resting = moving.copy()
        label = resting[-round(_LABEL_HEIGHT * scale) :, round(14 * scale) :]
        np.maximum(label, 0.85, out=label)
        self.alpha = {False: moving, True: resting}


class _Place(NamedTuple):
    """Upper left corner in the picture, and whether the pointer rests there."""

    left: int
    top: int
    rests: bool


class Pointers:
    """Where everybody points, and what of it is painted in the picture."""

    def __init__(self, names: Mapping[str, str], colours: Mapping[str, str], scale: float = 1.0) -> None:
        """Both by session; a session that is in neither has no pointer. `scale`: how much larger than at 720 lines."""
        self._names, self._colours, self._scale = names, colours, scale
        self._sprites: dict[str, _Sprite] = {}
        self._heard: dict[str, tuple[int, str, float, float]] = {}
        self._painted: dict[str, _Place] = {}
        self._looked_ms = 0

    def heard(self, session: str, room_ms: int, page: str, x: float, y: float) -> None:
        """Somebody's pointer is at (x, y), board px."""
        if session in self._names:
            self._heard[session] = (room_ms, page, x, y)

    def begin(self) -> None:
        """A part begins: the whole board was painted, without pointers."""
        self._painted = {}
        self._looked_ms = -_STEP_MS

    def paint(self, picture: Picture, board: Pixels, frame: Frame, page: str, room_ms: int, dirty: list[Rect]) -> bool:
        """Bring the pointers up to date; returns whether anything moved.

        `dirty`: what was just painted of the board, perhaps over a pointer.
        """
        due = room_ms - self._looked_ms >= _STEP_MS
        places = self._places(board, frame, page, room_ms) if due else self._painted
        if due:
            self._looked_ms = room_ms
        moved = places != self._painted
        if not moved and not any(_meet(rect, self._rect(*entry)) for rect in dirty for entry in self._painted.items()):
            return False
        for session, place in self._painted.items():
            left, top, right, bottom = self._rect(session, place)
            picture.paint_rgba(board, left, top, min(right, board.shape[1]), min(bottom, board.shape[0]))
        self._painted = places
        # In one order always, so that the film is the same however often it is made.
        for session, (left, top, rests) in sorted(places.items()):
            sprite = self._sprite(session)
            under = board[top : top + sprite.height, left : left + sprite.width]
            height, width = under.shape[:2]
            patch = under.copy()
            alpha = sprite.alpha[rests][:height, :width]
            patch[:, :, :3] = (under[:, :, :3] * (1 - alpha) + sprite.pixels[:height, :width] * alpha + 0.5).astype(
                np.uint8
            )
            picture.paint_rgba(patch, 0, 0, width & ~1, height & ~1, left, top)
        return moved

    def _places(self, board: Pixels, frame: Frame, page: str, room_ms: int) -> dict[str, _Place]:
        found: dict[str, _Place] = {}
        for session, (heard_ms, where, x, y) in self._heard.items():
            left, top = round(x * frame.scale + frame.origin_x) & ~1, round(y * frame.scale + frame.origin_y) & ~1
            inside = 0 <= left < board.shape[1] - 2 and 0 <= top < board.shape[0] - 2
            if where == page and inside and room_ms - heard_ms <= _SHOWN_MS:
                before = self._painted.get(session)
                found[session] = _Place(left, top, before is not None and before[:2] == (left, top))
        return found

    def _sprite(self, session: str) -> _Sprite:
        sprite = self._sprites.get(session)
        if sprite is None:
            colour = self._colours.get(session, "black")
            sprite = self._sprites[session] = _Sprite(self._names[session], colour, self._scale)
        return sprite

    def _rect(self, session: str, place: _Place) -> Rect:
        sprite = self._sprite(session)
        return place.left, place.top, place.left + sprite.width, place.top + sprite.height


def _meet(one: Rect, other: Rect) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _arrow(scale: float) -> Alpha:
    """An arrow that points to the upper left, with soft edges."""
    fine, side = 4, round(_ARROW_PX * scale)
    y, x = np.mgrid[0 : side * fine, 0 : side * fine] / (fine * scale)
    inside = (x >= 0) & (y >= x * 0.32) & (x >= y * 0.32) & (x + y <= 19)
    cells: Alpha = inside.reshape(side, fine, side, fine).mean(axis=(1, 3)).astype(np.float32)
    return cells
