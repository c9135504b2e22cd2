"""Films of other sizes, layouts and containers, and chapters in them: `recorder.render`, `recorder.encode`."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from recorder.export import export
from recorder.layouts import Layout
from recorder.render import FilmSettings
from tests.recorder.lesson import Lesson
from tests.recorder.media import (
    BLUE,
    colour_frames,
    decode_audio,
    decode_video,
    film,
    near,
    tone_level,
    tone_packets,
)

LENGTH_S = 3.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three seconds: a black line, a blue camera, a tone, and a second chapter at 1 s."""
    lesson = Lesson(tmp_path / "r")
    tutor = lesson.people[0]
    tutor.line([(100, 450), (1500, 450)], size=32)
    lesson.did(tutor, 100)
    lesson.live(500)
    lesson.archive.chapter("Two", "marker", "main", 1500)
    film(
        lesson.archive.media,
        lesson.archive,
        tutor.session,
        tone=tone_packets(440, LENGTH_S),
        pictures=colour_frames([(0, BLUE)], LENGTH_S),
        start_s=0.5,
    )
    return lesson.finish(500 + round(LENGTH_S * 1000))


def ignore(_: float) -> None:
    """Nobody watches the progress."""


def test_film_of_1080_lines_shows_the_same_in_the_same_places(folder: Path, tmp_path: Path) -> None:
    export(folder, tmp_path / "small.mp4", ignore)
    export(folder, tmp_path / "large.mp4", ignore, FilmSettings(height=1080))
    small, large = ([rgb for _, rgb in decode_video(tmp_path / name)] for name in ("small.mp4", "large.mp4"))
    assert (small[-1].shape, large[-1].shape) == ((720, 1280, 3), (1080, 1920, 3))
    assert len(small) == len(large)
    for picture, scale in ((small[-1], 1.0), (large[-1], 1.5)):
        assert near(picture[round(60 * scale), round(1120 * scale)], BLUE)
        # The middle of the board, which the line crosses, and a place beside it.
        assert picture[round(360 * scale), round(480 * scale)].max() < 60
        assert picture[round(300 * scale), round(480 * scale)].min() > 200


def test_board_alone_has_the_whole_picture(folder: Path, tmp_path: Path) -> None:
    export(folder, tmp_path / "board.mp4", ignore, FilmSettings(layout=Layout.BOARD))
    picture = [rgb for _, rgb in decode_video(tmp_path / "board.mp4")][-1]
    assert picture[360, 1100].max() < 60
    assert picture[60, 1120].min() > 200
    samples = decode_audio(tmp_path / "board.mp4")[0]
    assert tone_level(np.asarray(samples), 440) > 0.05


def test_webm_holds_the_same_as_mp4(folder: Path, tmp_path: Path) -> None:
    export(folder, tmp_path / "film.webm", ignore, FilmSettings(part_ms=1000))
    with av.open(str(tmp_path / "film.webm")) as container:
        names = {stream.codec_context.name for stream in container.streams if stream.type in ("audio", "video")}
        assert names in ({"libvpx-vp9", "opus"}, {"vp9", "opus"})
        assert container.duration is not None
        assert container.duration / 1e6 == pytest.approx(LENGTH_S, abs=0.1)
    shown = list(decode_video(tmp_path / "film.webm"))
    # Across the edges of its parts, at the film's own pace.
    times = [t_s for t_s, _ in shown]
    assert times == sorted(set(times))
    assert max(b - a for a, b in pairwise(times)) < 0.2
    assert near(shown[-1][1][60, 1120], BLUE)
    assert shown[-1][1][360, 480].max() < 60
    assert tone_level(np.asarray(decode_audio(tmp_path / "film.webm")[0]), 440) > 0.05


@pytest.mark.parametrize("name", ["film.mp4", "film.webm"])
def test_chapters_are_in_the_file(folder: Path, tmp_path: Path, name: str) -> None:
    export(folder, tmp_path / name, ignore, FilmSettings(layout=Layout.BOARD))
    with av.open(str(tmp_path / name)) as container:
        found = [
            (round(float(each["start"] * (each["time_base"] or 0)), 2), each["metadata"]["title"])
            for each in container.chapters()
        ]
    assert found == [(0.0, "Fractions"), (1.0, "Two")]
