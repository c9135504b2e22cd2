"""Pointers in a film: `recorder.pointers`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from recorder.projection import person_colours
from recorder.reading import ArchiveReader
from recorder.render import FilmSettings, render
from tests.recorder.lesson import Lesson
from tests.recorder.media import decode_video

Image = npt.NDArray[np.uint8]
LENGTH_MS = 7000
# Board px → film px: 1600×900 fit 1280×720.
SCALE = 0.8


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    """The tutor points at (400, 300), on a black line, from 0.5 s to 1 s, and at (1200, 600) at 1.5 s."""
    made = Lesson(tmp_path / "r")
    tutor, student = made.people
    tutor.line([(100, 310), (1500, 310)], size=16)
    made.did(tutor, 100)
    made.live(0)
    for at_ms in range(500, 1001, 100):
        made.archive.cursor(tutor.session, "main", 4000, 3000, at_ms)
    made.archive.cursor(tutor.session, "main", 12_000, 6000, 1500)
    made.archive.cursor(student.session, "elsewhere", 8000, 4500, 600)
    made.finish(LENGTH_MS)
    return made


def pictures(folder: Path, out: Path, settings: FilmSettings | None = None) -> dict[float, Image]:
    render(folder, out, lambda _: None, settings)
    return {round(t_s, 1): rgb for t_s, rgb in decode_video(out)}


def at(shown: dict[float, Image], t_s: float) -> Image:
    """The picture on the screen at that time."""
    return shown[max(time for time in shown if time <= t_s)]


def coloured(picture: Image, x: float, y: float, rgb: tuple[int, ...]) -> bool:
    """Whether the arrow whose tip is at board (x, y) has that colour."""
    left, top = round(x * SCALE), round(y * SCALE)
    found = picture[top + 5 : top + 9, left + 4 : left + 8].reshape(-1, 3).mean(axis=0)
    return bool(np.abs(found - np.array(rgb)).max() < 40)


def tutor_colour(folder: Path) -> tuple[int, ...]:
    with ArchiveReader(folder) as archive:
        colours = person_colours(list(archive.sessions.values()))
    return tuple(bytes.fromhex(colours["u1"].removeprefix("#")))


def test_pointer_is_where_it_was_and_leaves_the_ink_as_it_found_it(lesson: Lesson, tmp_path: Path) -> None:
    shown = pictures(lesson.folder, tmp_path / "with.mp4")
    bare = pictures(lesson.folder, tmp_path / "bare.mp4", FilmSettings(pointers=False))
    rgb = tutor_colour(lesson.folder)
    assert not coloured(at(shown, 0.3), 400, 300, rgb)
    assert coloured(at(shown, 0.9), 400, 300, rgb)
    assert not coloured(at(shown, 1.9), 400, 300, rgb)
    assert coloured(at(shown, 1.9), 1200, 600, rgb)
    # After four seconds of silence it is gone, and nothing of it is left.
    gone = at(shown, 6.5)
    assert not coloured(gone, 1200, 600, rgb)
    assert np.abs(gone.astype(int) - at(bare, 6.5)).max() < 48
    # Who points at another page is not shown.
    assert np.abs(at(shown, 0.9).astype(int) - at(bare, 0.9))[340:420, 600:760].max() < 48


def test_pointers_make_the_same_film_again_after_a_stop(lesson: Lesson, tmp_path: Path) -> None:
    settings = FilmSettings(part_ms=1000)
    render(lesson.folder, tmp_path / "whole.mp4", lambda _: None, settings)

    class Stopped(Exception):
        pass

    def stop(done: float) -> None:
        if done > 0.3:
            raise Stopped

    with pytest.raises(Stopped):
        render(lesson.folder, tmp_path / "again.mp4", stop, settings)
    render(lesson.folder, tmp_path / "again.mp4", lambda _: None, settings)
    assert (tmp_path / "again.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()
