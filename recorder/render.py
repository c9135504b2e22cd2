"""Renders a lesson into a film: the board, the webcams beside it, all voices (`docs/recording.md`, The film)."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import av

from recorder.boardstate import BoardState, Changes
from recorder.captions import FILE as CAPTIONS
from recorder.captions import load_captions
from recorder.captions_film import CaptionBand, FilmCaptions, archive_lines
from recorder.encode import FilmChapter, FilmJoiner, PartWriter
from recorder.layouts import FILM_HEIGHT, FILM_WIDTH, STRIP_LUMA, Layout, make_column
from recorder.mix import RATE_HZ, AudioMix
from recorder.pictures import Pictures
from recorder.pointers import Pointers
from recorder.projection import person_colours
from recorder.raster import PageRaster
from recorder.reading import ArchiveReader, TrackRow
from recorder.redaction import Part, Redaction
from recorder.schema import EXPORT_FOLDER
from recorder.timeline import PUBLIC, CursorRecord, Record, UpdateRecord, read_records
from recorder.yuv import Picture
from whiteboard_crdt.errors import SetupError
from whiteboard_crdt.ids import DocRef, Role

# A picture at least this often even when nothing moves, so that seeking and progress bars have something to hold on to.
_STILL_MS = 2000
_SOUND_MS = 1000
# What joining and the sound come after, as a share of the whole.
_JOINING = 0.9


@dataclass(frozen=True, slots=True)
class FilmSettings:
    """How a film is made. `board_tick_ms`: the clock of a film without webcams."""

    video_tick_ms: int = field(
        default=40, metadata={"help": "shortest time between pictures with webcams", "unit": "ms"}
    )
    board_tick_ms: int = field(
        default=100, metadata={"help": "shortest time between pictures without webcams", "unit": "ms"}
    )
    part_ms: int = field(
        default=30_000, metadata={"help": "length of a part; a killed render loses at most one", "unit": "ms"}
    )
    pointers: bool = field(default=True, metadata={"help": "show where everybody points", "unit": ""})
    height: Literal[720, 1080] = field(default=720, metadata={"help": "lines of the picture", "unit": "px"})
    layout: Layout = field(
        default=Layout.TILES,
        metadata={"help": "the board with the webcams beside it, alone, or with whoever speaks", "unit": ""},
    )
    captions: FilmCaptions = field(
        default=FilmCaptions.SOFT,
        metadata={"help": "captions to be switched on in the film, painted into it, or none", "unit": ""},
    )
    webm: bool = field(default=False, metadata={"help": "WebM (VP9, Opus) instead of MP4 (H.264, AAC)", "unit": ""})
    redaction: Redaction = field(default=Redaction(), metadata={"help": "what of whom is left out", "unit": ""})
    crf: int = field(default=26, metadata={"help": "x264 quality, lower is better and larger", "unit": ""})

    @property
    def scale(self) -> float:
        """How much larger everything is than in a film of 720 lines."""
        return self.height / FILM_HEIGHT


@dataclass(frozen=True, slots=True)
class FilmReport:
    """What was made. `problems`: one sentence for each thing that could not be read."""

    duration_ms: int
    pictures: int
    problems: tuple[str, ...]


class BoardView:
    """The page that the stage shows, on a raster."""

    def __init__(
        self, width: int, height: int, unseen: Set[str] = frozenset(), pictures: Pictures | None = None
    ) -> None:
        """`unseen`: sessions whose shapes are not painted. `pictures`: those on the board."""
        self.state = BoardState(unseen)
        self.raster = PageRaster(width, height, pictures=pictures)
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

    def __init__(self, records: Iterator[Record], pointers: Pointers) -> None:
        self._records = records
        self._pointers = pointers
        self._next: Record | None = next(records, None)
        self.cameras: dict[str, bool] = {}

    def until(self, room_ms: int) -> list[tuple[DocRef, bytes]]:
        """Updates that arrived up to then."""
        found: list[tuple[DocRef, bytes]] = []
        while self._next is not None and self._next.room_ms <= room_ms:
            if isinstance(self._next, UpdateRecord):
                found.append((self._next.envelope.doc, self._next.envelope.update))
            elif isinstance(self._next, CursorRecord):
                seen = self._next
                self._pointers.heard(seen.session, seen.room_ms, seen.page, seen.x10 / 10, seen.y10 / 10)
            elif self._next.kind == "media":
                self.cameras[self._next.session] = json.loads(self._next.data).get("cam") is not False
            self._next = next(self._records, None)
        return found


def render(
    folder: Path,
    out: Path,
    progress: Callable[[float], None],
    settings: FilmSettings | None = None,
    words: Mapping[int, str] = MappingProxyType({}),
) -> FilmReport:
    """Make the film of the archive in `folder`; `progress` hears fractions from 0 to 1.

    `words`: people's corrections of its captions, as in `correct_captions`.
    The file appears under its name only when it is complete; until then its finished parts lie in `<out>.parts`, and a
    render that was killed goes on behind them. Raises SetupError, OSError and av.FFmpegError.
    """
    settings = settings or FilmSettings()
    part = out.with_name(out.name + ".part")
    parts = out.with_name(out.name + ".parts")
    try:
        with ArchiveReader(folder) as archive:
            # Not before the archive is known to be there: the folder of one that was destroyed must not come back.
            out.parent.mkdir(parents=True, exist_ok=True)
            report = _Render(archive, parts, settings, progress, words).run(part)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    shutil.rmtree(parts, ignore_errors=True)
    return report


class _Render:
    """One film. Everything that is shown at a moment follows from the archive alone, not from where a run began."""

    def __init__(
        self,
        archive: ArchiveReader,
        parts: Path,
        settings: FilmSettings,
        progress: Callable[[float], None],
        words: Mapping[int, str],
    ) -> None:
        self._start, end = archive.span()
        self._length = end - self._start
        if self._length <= 0:
            raise SetupError(f"the recording in {archive.folder} is empty")
        self._archive = archive
        self._settings = settings
        self._progress = progress
        redaction = settings.redaction
        redaction.check(archive)
        self._tracks = [
            track
            for track in archive.tracks()
            if not redaction.hides(Part.VOICE if track.kind == "audio" else Part.VIDEO, track.session.user)
            and _readable(track, archive.problems)
        ]
        self._width, self._height = round(FILM_WIDTH * settings.scale), settings.height
        column = make_column(archive, self._tracks, settings.layout, settings.scale, redaction)
        self._tiles, strip = column.places, column.width
        self._board_width = self._width - strip
        unseen = {row.session for row in archive.sessions.values() if redaction.hides(Part.INK, row.user)}
        self._view = BoardView(self._board_width, self._height, unseen, Pictures(archive.folder))
        people = [row for row in archive.sessions.values() if row.role != Role.RECORDER and settings.pointers]
        colours = person_colours(people)
        names = redaction.names(people)
        pointing = [row for row in people if row.session not in unseen]
        self._pointers = Pointers(
            {row.session: names[row.user] for row in pointing},
            {row.session: colours[row.user] for row in pointing},
            settings.scale,
        )
        self._feed = _Feed(read_records(archive, PUBLIC), self._pointers)
        self._picture = Picture(self._width, self._height)
        if self._tiles:
            self._picture.fill(self._board_width, 0, strip, self._height, STRIP_LUMA)
        self._lines = (
            []
            if settings.captions is FilmCaptions.NONE
            else archive_lines(archive, load_captions(archive.folder / EXPORT_FOLDER / CAPTIONS), words, redaction)
        )
        burnt = self._lines if settings.captions is FilmCaptions.BURNT else []
        self._band = CaptionBand(burnt, self._board_width, self._height, settings.scale)
        self._tick = settings.video_tick_ms if self._tiles else settings.board_tick_ms
        self._parts = self._open_parts(parts)

    def _open_parts(self, folder: Path) -> Path:
        """Where this film's parts lie; those of another archive or other settings are thrown away."""
        facts = [self._start, self._length, av.__version__, str(self._settings)]
        facts += [(track.path.name, track.bytes, track.start_ms, track.rate) for track in self._tracks]
        sql = (
            "select count(*), max(id), max(room_ms) from envelopes union all select count(*), max(id), 0 from events"
            " union all select count(*), max(id), 0 from cursors"
        )
        facts += list(self._archive.rows("envelopes", sql))
        if self._settings.captions is FilmCaptions.BURNT:
            facts += self._lines
        facts += [each.asset for each in self._archive.assets() if each.held_ms is not None]
        own = folder / hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]
        if folder.is_dir():
            for other in folder.iterdir():
                if other != own:
                    shutil.rmtree(other, ignore_errors=True)
        own.mkdir(parents=True, exist_ok=True)
        return own

    def run(self, path: Path) -> FilmReport:
        """Make what is missing, then join."""
        span = self._settings.part_ms // self._tick * self._tick
        paths = [self._parts / f"{number:05}.mkv" for number in range(-(-(self._length + 1) // span))]
        for number, part in enumerate(paths):
            first, until = number * span, min((number + 1) * span, self._length + 1)
            if part.exists():
                # Only the board's own story matters for what comes later.
                for t_ms in self._ticks(first, until):
                    self._view.apply(self._feed.until(self._start + t_ms))
            else:
                self._make_part(part, first, until)
        pictures, failed = self._join(path, paths)
        self._progress(1.0)
        problems = [*self._archive.problems, *failed, *(text for tile in self._tiles for text in tile.failed)]
        if self._view.state.refused:
            problems.append(f"{self._view.state.refused} updates of the board were refused")
        return FilmReport(self._length, pictures, tuple(problems))

    def _ticks(self, first: int, until: int) -> Iterator[int]:
        """The film's clock from a part's first moment on; the film ends with a tick of its own."""
        yield from range(first, until, self._tick)
        if until > self._length and self._length % self._tick:
            yield self._length

    def _make_part(self, path: Path, first: int, until: int) -> None:
        settings = self._settings
        writer = PartWriter(path, self._width, self._height, crf=settings.crf, webm=settings.webm)
        whole = (0, 0, self._board_width, self._height)
        shown_ms = -_STILL_MS
        try:
            for t_ms in self._ticks(first, until):
                begins = t_ms == first
                self._view.apply(self._feed.until(self._start + t_ms))
                dirty = self._view.raster.take_dirty()
                for rect in [whole] if begins else dirty:
                    self._picture.paint_rgba(self._view.raster.pixels, *rect)
                if begins:
                    self._pointers.begin()
                moved = self._pointers.paint(
                    self._picture,
                    self._view.raster.pixels,
                    self._view.raster.frame,
                    self._view.state.page,
                    self._start + t_ms,
                    dirty,
                )
                for tile in self._tiles:
                    tile.hear(self._feed.cameras)
                    if begins:
                        tile.begin(self._start + t_ms)
                    moved |= tile.paint(self._picture, self._start + t_ms)
                if begins:
                    self._band.begin()
                moved |= self._band.paint(
                    self._picture, self._view.raster.pixels, t_ms, [whole] if begins else dirty, moved=moved
                )
                if begins or dirty or moved or t_ms - shown_ms >= _STILL_MS or t_ms == self._length:
                    writer.picture(self._picture.frame(), t_ms)
                    shown_ms = t_ms
                if t_ms % 1000 < self._tick:
                    self._progress(t_ms / self._length * _JOINING)
            writer.finish()
        except BaseException:
            writer.abandon()
            raise

    def _chapters(self) -> list[FilmChapter]:
        """Those of the archive; before the first one the lesson itself."""
        mask = self._settings.redaction.mask(self._archive.sessions.values())
        title = mask.text(str(self._archive.meta.get("title", "")))
        found: dict[int, str] = {0: title}
        for room_ms, name in self._archive.rows("chapters", "select room_ms, title from chapters order by room_ms, id"):
            if isinstance(room_ms, int) and room_ms - self._start < self._length:
                found[max(0, room_ms - self._start)] = mask.text(str(name))
        if len(found) == 1 and found[0] == title:
            return []
        begins = sorted(found)
        ends = [*begins[1:], self._length]
        return [FilmChapter(begin, end, found[begin]) for begin, end in zip(begins, ends, strict=True)]

    def _join(self, path: Path, parts: list[Path]) -> tuple[int, list[str]]:
        voices = [track for track in self._tracks if track.kind == "audio"]
        mix = AudioMix(voices, self._start)
        pictures = heard_ms = 0
        lines = self._lines if self._settings.captions is FilmCaptions.SOFT else []
        with FilmJoiner(
            path,
            parts[0],
            sound=bool(voices),
            webm=self._settings.webm,
            chapters=self._chapters(),
            captions=bool(lines),
        ) as film:
            waiting = iter(lines)
            line = next(waiting, None)

            def sound_until(t_ms: int) -> None:
                nonlocal heard_ms, line
                while line is not None and line.from_ms <= t_ms:
                    film.caption(line.from_ms, line.to_ms, line.text)
                    line = next(waiting, None)
                while voices and heard_ms < t_ms:
                    step = min(_SOUND_MS, self._length - heard_ms)
                    film.sound(mix.block(step * RATE_HZ // 1000))
                    heard_ms += step
                    self._progress(_JOINING + (1 - _JOINING) * heard_ms / self._length)

            for part in parts:
                pictures += film.part(part, sound_until)
            sound_until(self._length)
            film.finish()
        return pictures, mix.failed


def _readable(track: TrackRow, problems: list[str]) -> bool:
    if os.access(track.path, os.R_OK) and abs(track.rate - 1.0) < 0.01:
        return True
    problems.append(f"the file {track.path.name} is missing or makes no sense")
    return False
