"""Where the people stand in a film: a strip of tiles beside the board, or whoever speaks, large."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

import numpy as np

from recorder.mix import RATE_HZ, AudioMix
from recorder.projection import person_colours
from recorder.reading import ArchiveReader, TrackRow
from recorder.redaction import Redaction
from recorder.tiles import TILE_HEIGHT, TILE_WIDTH, VideoSource, paint_label, paint_placeholder
from recorder.yuv import Picture
from whiteboard_crdt.ids import Role

__all__ = ["FILM_HEIGHT", "FILM_WIDTH", "STRIP_LUMA", "Column", "Layout", "Tile", "Turn", "find_turns", "make_column"]

FILM_WIDTH: Final = 1280
FILM_HEIGHT: Final = 720
# How bright the column is where there is no picture.
STRIP_LUMA: Final = 40
_MAX_TILES: Final = FILM_HEIGHT // TILE_HEIGHT
# The speaker's column, as so many widths of a tile.
_SPEAKER_SCALE: Final = 1.5
_STEP_MS: Final = 100
# About −40 dB of full scale: somebody who speaks. Over a second, so that a word is not yet a turn.
_SPEAKS: Final = 0.01
_SMOOTH_STEPS: Final = 10
# Somebody else must be louder by this factor for so long, and nobody is taken away sooner than after this.
_LOUDER: Final = 1.5
_TAKES_MS: Final = 800
_HOLDS_MS: Final = 2500


class Layout(StrEnum):
    """How a film is divided."""

    TILES = "tiles"
    BOARD = "board"
    SPEAKER = "speaker"


@dataclass(frozen=True, slots=True)
class Turn:
    """From this moment of the film on, this person is shown large."""

    from_ms: int
    user: str


class Place(Protocol):
    """What stands beside the board."""

    def hear(self, cameras: Mapping[str, bool]) -> None:
        """Which cameras are on, as presence says: session → on."""

    def begin(self, room_ms: float) -> None:
        """A part begins: what is shown follows from here on, whatever was painted before."""

    def paint(self, picture: Picture, room_ms: float) -> bool:
        """Bring it up to that moment; returns whether it changed."""

    @property
    def failed(self) -> list[str]:
        """What could not be read."""


@dataclass(frozen=True, slots=True)
class Column:
    """What stands beside the board, and how much room it takes, px. Empty: the board has all."""

    width: int
    places: Sequence[Place]


class Tile:
    """One person's place in the picture."""

    def __init__(self, name: str, colour: str, tracks: list[TrackRow], x: int, y: int, scale: float) -> None:
        """`scale`: how much larger than `TILE_WIDTH` × `TILE_HEIGHT`; `x`, `y`: upper left corner, px, both even."""
        # Colour is kept for two lines and two columns together.
        self._width, self._height = (2 * round(side * scale / 2) for side in (TILE_WIDTH, TILE_HEIGHT))
        self.source = VideoSource(tracks, self._width, self._height)
        self.sessions = {track.session.session for track in tracks}
        self._x, self._y = x, y
        self._label = paint_label(name, scale)
        self._empty = paint_placeholder(name, colour, scale)
        self._shows: str = ""
        self._size = (0, 0)
        self.camera_on = True

    def hear(self, cameras: Mapping[str, bool]) -> None:
        """Which cameras are on, as presence says: session → on."""
        self.camera_on = any(cameras.get(session, True) for session in self.sessions)

    def begin(self, room_ms: float) -> None:
        """A part begins: what is shown follows from here on, whatever was painted before."""
        self.source.jump(room_ms)
        self._shows = ""

    def paint(self, picture: Picture, room_ms: float) -> bool:
        """Bring the tile up to that moment; returns whether it changed."""
        frame = self.source.advance(room_ms)
        if frame is None or not self.camera_on or self.source.is_off(room_ms):
            # A camera that is switched off goes on sending black; presence says so.
            if self._shows == "empty" or (self._shows and self.camera_on and not self.source.is_off(room_ms)):
                return False
            picture.paint_rgba(self._empty.pixels, 0, 0, self._width, self._height, self._x, self._y)
            self._shows = "empty"
        else:
            if self._shows != "camera" or (frame.width, frame.height) != self._size:
                picture.fill(self._x, self._y, self._width, self._height, STRIP_LUMA)
            self._shows, self._size = "camera", (frame.width, frame.height)
            x = self._x + ((self._width - frame.width) // 2 & ~1)
            picture.paint_frame(frame, x, self._y + ((self._height - frame.height) // 2 & ~1))
        label = self._label
        bottom = self._y + self._height
        picture.paint_rgba(label.pixels, 0, 0, label.width, label.height, self._x, bottom - label.height)
        return True

    @property
    def failed(self) -> list[str]:
        """What could not be read."""
        return self.source.failed


class SpeakerTile:
    """Whoever speaks, in one place. Only that person's camera is decoded."""

    def __init__(self, tiles: Mapping[str, Tile], turns: Sequence[Turn], start_ms: int) -> None:
        """`turns` in film ms, the first at 0; `start_ms`: the film's beginning in room time."""
        self._tiles = tiles
        self._turns = turns
        self._begins = [turn.from_ms for turn in turns]
        self._start_ms = start_ms
        self._shown = ""

    def hear(self, cameras: Mapping[str, bool]) -> None:
        """Which cameras are on."""
        for tile in self._tiles.values():
            tile.hear(cameras)

    def begin(self, room_ms: float) -> None:
        """A part begins."""
        self._shown = ""

    def paint(self, picture: Picture, room_ms: float) -> bool:
        """Bring it up to that moment."""
        user = self._turns[max(0, bisect_right(self._begins, room_ms - self._start_ms) - 1)].user
        tile = self._tiles[user]
        if user != self._shown:
            self._shown = user
            tile.begin(room_ms)
        return tile.paint(picture, room_ms)

    @property
    def failed(self) -> list[str]:
        """What could not be read."""
        return [words for tile in self._tiles.values() for words in tile.failed]


def find_turns(levels: Mapping[str, Sequence[float]]) -> list[Turn]:
    """Who is shown when, from everybody's loudness in steps of 100 ms; the first turn is at 0.

    Whoever is shown stays for at least 2.5 s, through every pause, until somebody else has clearly been louder for
    0.8 s, so that a cough or a word in between changes nothing.
    """
    users = list(levels)
    smooth = {user: _smoothed(np.array(levels[user], np.float32)) for user in users}
    count = max((len(values) for values in smooth.values()), default=0)
    table = np.zeros((len(users), count), np.float32)
    for row, user in enumerate(users):
        table[row, : len(smooth[user])] = smooth[user]
    loud = np.flatnonzero(table.max(axis=0) >= _SPEAKS) if users and count else np.array([], int)
    shown = int(table[:, loud[0]].argmax()) if len(loud) else 0
    turns = [Turn(0, users[shown])] if users else []
    since, rival, rival_since = 0, -1, 0
    for step in range(count):
        best = int(table[:, step].argmax())
        level = table[best, step]
        if best == shown or level < _SPEAKS or level < _LOUDER * table[shown, step]:
            rival = -1
            continue
        if best != rival:
            rival, rival_since = best, step
        held = (step - since) * _STEP_MS >= _HOLDS_MS or len(turns) == 1
        if held and (step - rival_since) * _STEP_MS >= _TAKES_MS:
            # The turn began when the voice did, but nothing is shown before it is known.
            shown, since, rival = best, step, -1
            turns.append(Turn(step * _STEP_MS, users[shown]))
    return turns


def _smoothed(values: np.typing.NDArray[np.float32]) -> np.typing.NDArray[np.float32]:
    """Mean over the last second: what comes later must not be known."""
    sums = np.cumsum(np.concatenate([np.zeros(1, np.float32), values]))
    first = np.maximum(np.arange(1, len(values) + 1) - _SMOOTH_STEPS, 0)
    mean: np.typing.NDArray[np.float32] = ((sums[1:] - sums[first]) / _SMOOTH_STEPS).astype(np.float32)
    return mean


def _levels(tracks: list[TrackRow], start_ms: int, length_ms: int) -> list[float]:
    mix = AudioMix(tracks, start_ms)
    step = _STEP_MS * RATE_HZ // 1000
    return [float(np.sqrt(np.mean(mix.block(step) ** 2))) for _ in range(-(-length_ms // _STEP_MS))]


def make_column(
    archive: ArchiveReader, tracks: list[TrackRow], layout: Layout, scale: float, redaction: Redaction
) -> Column:
    """What stands beside the board in this layout. `tracks`: those that are shown and heard."""
    people = [row for row in archive.sessions.values() if row.role != Role.RECORDER]
    colours, names = person_colours(people), redaction.names(people)
    own = {user: [track for track in tracks if track.session.user == user] for user in colours}
    videos = {user: [track for track in found if track.kind == "video"] for user, found in own.items()}

    def tile(user: str, x: float, y: float, size: float) -> Tile:
        return Tile(names[user], colours[user], videos[user], round(x) & ~1, round(y) & ~1, size)

    if layout is Layout.TILES:
        shown = [user for user, found in videos.items() if found][:_MAX_TILES]
        x = (FILM_WIDTH - TILE_WIDTH) * scale
        places = [tile(user, x, index * TILE_HEIGHT * scale, scale) for index, user in enumerate(shown)]
        return Column(round(TILE_WIDTH * scale) if places else 0, places)
    heard = [user for user, found in own.items() if found]
    if layout is Layout.BOARD or not heard:
        return Column(0, [])
    return _speaker_column(archive, own, heard, scale, tile)


def _speaker_column(
    archive: ArchiveReader,
    own: Mapping[str, list[TrackRow]],
    heard: Sequence[str],
    scale: float,
    tile: Callable[[str, float, float, float], Tile],
) -> Column:
    start, end = archive.span()
    voices = {user: [track for track in own[user] if track.kind == "audio"] for user in heard}
    turns = find_turns({user: _levels(found, start, end - start) for user, found in voices.items()})
    size = _SPEAKER_SCALE * scale
    x, y = FILM_WIDTH * scale - TILE_WIDTH * size, (FILM_HEIGHT * scale - TILE_HEIGHT * size) / 2
    tiles = {user: tile(user, x, y, size) for user in heard}
    return Column(round(TILE_WIDTH * size), [SpeakerTile(tiles, turns, start)])
