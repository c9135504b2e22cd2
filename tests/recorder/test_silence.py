"""Silences and storyboard: `recorder.silence`, `recorder.storyboard`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recorder.projection import Viewer, load_manifest
from recorder.render import FilmSettings
from recorder.schema import EXPORT_FOLDER, FILM
from recorder.silence import find_silences, load_silences
from recorder.storyboard import COLUMNS, HEIGHT, SPRITE, WIDTH, load_storyboard
from recorder.worker import finish_lesson
from tests.recorder.lesson import Lesson
from tests.recorder.media import film, near, tone_packets

LOUD, QUIET = 0.1, 0.0


def test_pause_to_think_is_no_silence_and_a_silence_keeps_its_edges() -> None:
    levels = [LOUD] * 10 + [QUIET] * 30 + [LOUD] * 10 + [QUIET] * 60 + [LOUD] * 10
    assert find_silences(levels, [], 12_000) == [(5700, 10_300)]


def test_writing_without_a_word_is_no_silence() -> None:
    levels = [QUIET] * 200
    assert find_silences(levels, range(0, 20_000, 1000), 20_000) == []
    assert find_silences(levels, [10_000], 20_000) == [(700, 7800), (10_800, 19_300)]


@pytest.mark.parametrize("data", ["", "{}", "[[1]]", "[null]", '[["a", 2]]'])
def test_damaged_file_means_no_silences(tmp_path: Path, data: str) -> None:
    (tmp_path / "silence.json").write_text(data)
    assert load_silences(tmp_path / "silence.json") == []
    assert load_storyboard(tmp_path) is None


def test_worker_finds_the_silence_and_makes_the_storyboard(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path / "lesson")
    lesson.live(1000)
    lesson.people[0].line([(0, 450), (1600, 450)], colour="red", size=90)
    lesson.did(lesson.people[0], 1500)
    session = lesson.people[0].session
    film(lesson.archive.media, lesson.archive, session, tone=tone_packets(440, 12, on_s=9), pictures=[], start_s=1.0)
    folder = lesson.finish(13_000)
    assert finish_lesson(folder, FilmSettings(part_ms=5000)) == 0
    manifest = load_manifest(folder, Viewer("u1", True), "/r")
    ((begins, ends),) = manifest["silences"]
    assert 1500 < begins < 3500
    assert 8500 < ends < 10_100
    board = manifest["storyboard"]
    assert board["url"] == "/r/storyboard.jpg"
    assert (folder / EXPORT_FOLDER / FILM).is_file()
    times = board["times_ms"]
    assert times[0] == 0
    assert times == sorted(times)
    assert len(times) >= 3
    with Image.open(folder / EXPORT_FOLDER / SPRITE) as sprite:
        assert sprite.width == COLUMNS * WIDTH
        last = np.asarray(sprite)[(len(times) - 1) // COLUMNS * HEIGHT :, (len(times) - 1) % COLUMNS * WIDTH :]
    assert near(last[HEIGHT // 2, WIDTH // 2], (209, 52, 63), 60)
    assert json.loads(json.dumps(manifest)) == manifest
