"""Renders a lesson into a film: the board, the webcams beside it, all voices (`docs/recording.md`, The film)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from recorder.boardstate import BoardState, Changes
from recorder.encode import FilmWriter
from recorder.mix import RATE_HZ, AudioMix
from recorder.projection import person_colours
from recorder.raster import PageRaster
from recorder.reading import ArchiveReader, TrackRow
from recorder.tiles import TILE_HEIGHT, TILE_WIDTH, VideoSource, paint_label, paint_placeholder
from recorder.timeline import PUBLIC, EventRecord, Record, UpdateRecord, read_records
from recorder.yuv import Picture
from whiteboard_crdt.errors import SetupError
from whiteboard_crdt.ids import DocRef, Role

WIDTH, HEIGHT = 1280, 720
_MAX_TILES = HEIGHT // TILE_HEIGHT
# A picture at least this often even when nothing moves, so that seeking and progress bars have something to hold on to.
_STILL_MS = 2000
_SOUND_MS = 1000
_STRIP_LUMA = 40


@dataclass(frozen=True, slots=True)
class FilmSettings:
    """How a film is made. `board_tick_ms`: the clock of a film without webcams."""

    video_tick_ms: int = field(
        default=40, metadata={"help": "shortest time between pictures with webcams", "unit": "ms"}
    )
    board_tick_ms: int = field(
        default=100, metadata={"help": "shortest time between pictures without webcams", "unit": "ms"}
    )
    crf: int = field(default=26, metadata={"help": "x264 quality, lower is better and larger", "unit": ""})


@dataclass(frozen=True, slots=True)
class FilmReport:
    """What was made. `problems`: one sentence for each thing that could not be read."""

    duration_ms: int
    pictures: int
    problems: tuple[str, ...]


class _Tile:
    """One person's place in the strip."""

    def __init__(self, name: str, colour: str, tracks: list[TrackRow], x: int, y: int) -> None:
        self.source = VideoSource(tracks)
        self.sessions = {track.session.session for track in tracks}
        self._x, self._y = x, y
        self._label = paint_label(name)
        self._empty = paint_placeholder(name, colour)
        self._shows: str = ""
        self._size = (0, 0)
        self.camera_on = True

    def paint(self, picture: Picture, room_ms: float) -> bool:
        """Bring the tile up to that moment; returns whether it changed."""
        frame = self.source.advance(room_ms)
        if frame is None or not self.camera_on:
            # A camera that is switched off goes on sending black; presence says so.
            if self._shows == "empty" or (self.camera_on and not self.source.is_off(room_ms)):
                return False
            picture.paint_rgba(self._empty.pixels, 0, 0, TILE_WIDTH, TILE_HEIGHT, self._x, self._y)
            self._shows = "empty"
        else:
            if self._shows != "camera" or (frame.width, frame.height) != self._size:
                picture.fill(self._x, self._y, TILE_WIDTH, TILE_HEIGHT)
            self._shows, self._size = "camera", (frame.width, frame.height)
            x = self._x + ((TILE_WIDTH - frame.width) // 2 & ~1)
            picture.paint_frame(frame, x, self._y + ((TILE_HEIGHT - frame.height) // 2 & ~1))
        label = self._label
        picture.paint_rgba(label.pixels, 0, 0, label.width, label.height, self._x, self._y + TILE_HEIGHT - label.height)
        return True


class BoardView:
    """The page that the stage shows, on a raster."""

    def __init__(self, width: int, height: int) -> None:
        self.state = BoardState()
        self.raster = PageRaster(width, height)
        self._page = self.state.page

    def apply(self, updates: list[tuple[DocRef, bytes]]) -> None:
        """Bring raster and state up to date."""
        changes: Changes = self.state.apply(updates)
        page = self.state.page
        if page != self._page:
            self._page = page
            self.raster.show(self.state.shapes(page), self.state.background(page))
            return
        if changes.pages:
            self.raster.set_background(self.state.background(page))
        if changes.shapes:
            self.raster.update(
                {identifier: self.state.shape(identifier, page) for identifier in sorted(changes.shapes)}
            )


class _Feed:
    """The records up to a moment, one batch after another.

    `cameras`: session → whether its camera is on, as last heard.
    """

    def __init__(self, records: Iterator[Record]) -> None:
        self._records = records
        self._next: Record | None = next(records, None)
        self.cameras: dict[str, bool] = {}

    def until(self, room_ms: int) -> list[tuple[DocRef, bytes]]:
        """Updates that arrived up to then."""
        found: list[tuple[DocRef, bytes]] = []
        while self._next is not None and self._next.room_ms <= room_ms:
            if isinstance(self._next, UpdateRecord):
                found.append((self._next.envelope.doc, self._next.envelope.update))
            elif isinstance(self._next, EventRecord) and self._next.kind == "media":
                self.cameras[self._next.session] = json.loads(self._next.data).get("cam") is not False
            self._next = next(self._records, None)
        return found


def render(
    folder: Path, out: Path, progress: Callable[[float], None], settings: FilmSettings | None = None
) -> FilmReport:
    """Make the film of the archive in `folder`; `progress` hears fractions from 0 to 1.

    The file appears under its name only when it is complete. Raises SetupError, OSError and av.FFmpegError.
    """
    settings = settings or FilmSettings()
    part = out.with_name(out.name + ".part")
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with ArchiveReader(folder) as archive:
            report = _render(archive, part, progress, settings)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return report


def _render(
    archive: ArchiveReader, path: Path, progress: Callable[[float], None], settings: FilmSettings
) -> FilmReport:
    start, end = archive.span()
    if end <= start:
        raise SetupError(f"the recording in {archive.folder} is empty")
    tracks = [track for track in archive.tracks() if _readable(track, archive.problems)]
    tiles = _make_tiles(archive, [track for track in tracks if track.kind == "video"])
    mix = AudioMix([track for track in tracks if track.kind == "audio"], start)
    board_width = WIDTH - TILE_WIDTH if tiles else WIDTH
    view = BoardView(board_width, HEIGHT)
    feed = _Feed(read_records(archive, PUBLIC))
    picture = Picture(WIDTH, HEIGHT)
    if tiles:
        picture.fill(board_width, 0, TILE_WIDTH, HEIGHT, _STRIP_LUMA)
    tick = settings.video_tick_ms if tiles else settings.board_tick_ms
    sound = any(track.kind == "audio" for track in tracks)
    pictures, shown_ms, heard_ms = 0, -_STILL_MS, 0
    with FilmWriter(path, WIDTH, HEIGHT, sound=sound, crf=settings.crf) as film:
        for t_ms in range(0, end - start + tick, tick):
            t_ms = min(t_ms, end - start)
            view.apply(feed.until(start + t_ms))
            dirty = view.raster.take_dirty()
            for rect in dirty:
                picture.paint_rgba(view.raster.pixels, *rect)
            for tile in tiles:
                tile.camera_on = any(feed.cameras.get(session, True) for session in tile.sessions)
            moved = [tile.paint(picture, start + t_ms) for tile in tiles]
            due = bool(dirty) or any(moved) or t_ms - shown_ms >= _STILL_MS or t_ms == end - start
            if due and t_ms > shown_ms:
                film.picture(picture.frame(), t_ms)
                shown_ms = t_ms
                pictures += 1
            while sound and heard_ms < t_ms:
                step = min(_SOUND_MS, end - start - heard_ms)
                film.sound(mix.block(step * RATE_HZ // 1000))
                heard_ms += step
                progress(heard_ms / (end - start))
            if not sound and t_ms % 1000 < tick:
                progress(t_ms / (end - start))
        film.finish()
    progress(1.0)
    problems = [*archive.problems, *mix.failed, *(text for tile in tiles for text in tile.source.failed)]
    if view.state.refused:
        problems.append(f"{view.state.refused} updates of the board were refused")
    return FilmReport(end - start, pictures, tuple(problems))


def _readable(track: TrackRow, problems: list[str]) -> bool:
    if os.access(track.path, os.R_OK) and abs(track.rate - 1.0) < 0.01:
        return True
    problems.append(f"the file {track.path.name} is missing or makes no sense")
    return False


def _make_tiles(archive: ArchiveReader, tracks: list[TrackRow]) -> list[_Tile]:
    people = [row for row in archive.sessions.values() if row.role != Role.RECORDER]
    colours = person_colours(people)
    names = {row.user: row.name for row in people}
    by_user = {user: [track for track in tracks if track.session.user == user] for user in colours}
    shown = [user for user, own in by_user.items() if own][:_MAX_TILES]
    return [
        _Tile(names[user], colours[user], by_user[user], WIDTH - TILE_WIDTH, index * TILE_HEIGHT)
        for index, user in enumerate(shown)
    ]
