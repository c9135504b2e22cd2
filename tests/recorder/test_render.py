"""The film.

`recorder.render`, `recorder.tiles`, `recorder.mix`, `recorder.encode`, `recorder.poster`, `recorder.export`.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from recorder.export import export
from recorder.mix import AudioMix
from recorder.poster import make_poster
from recorder.projection import person_colours
from recorder.reading import ArchiveReader
from recorder.render import FilmSettings, render
from recorder.schema import DATABASE
from recorder.tiles import initials
from tests.recorder.lesson import Lesson
from tests.recorder.media import (
    BLUE,
    GREEN,
    RED,
    Rgb,
    colour_frames,
    decode_audio,
    decode_video,
    film,
    near,
    tone_level,
    tone_packets,
    tone_starts_s,
)
from whiteboard_crdt.errors import SetupError
from whiteboard_crdt.ids import PageId

# Room time when the lesson goes live; the film's second 0.
LIVE_S = 3.0
LENGTH_S = 10.0
# The network of the test's senders takes at least this, which nobody can tell from an offset.
DELAY_S = 0.02
Picture = npt.NDArray[np.uint8]


def teach(folder: Path) -> None:
    """Ten seconds.

    Two people talk and show colours; strokes at 0, 2, 4 s; at 6 s a second page; the tutor's camera stops at 7 s.
    """
    lesson = Lesson(folder)
    tutor, student = lesson.people
    tutor.line([(100, 100), (1500, 100)], size=16)
    lesson.did(tutor, 500)
    lesson.live(int(LIVE_S * 1000))
    for at_s in (2, 4):
        student.line([(100, 100 + 150 * at_s), (1500, 100 + 150 * at_s)], colour="red", size=16)
        lesson.did(student, int((LIVE_S + at_s) * 1000))
    page = tutor.board.add_page("Two", "plain")
    tutor.line([(800, 100), (800, 800)], page=page, colour="green", size=16)
    tutor.stage.set(page=PageId(page))
    lesson.did(tutor, int((LIVE_S + 6) * 1000))
    lesson.archive.chapter("Two", "page", page, (LIVE_S + 6) * 1000)
    film(
        lesson.archive.media,
        lesson.archive,
        tutor.session,
        tone=tone_packets(440, LENGTH_S, on_s=3),
        pictures=colour_frames([(0, RED), (5, BLUE)], 7),
        start_s=LIVE_S,
        skew=80e-6,
    )
    film(
        lesson.archive.media,
        lesson.archive,
        student.session,
        tone=tone_packets(1000, LENGTH_S - 1, on_s=5),
        pictures=colour_frames([(0, GREEN)], LENGTH_S - 1),
        start_s=LIVE_S + 1,
        skew=-80e-6,
    )
    lesson.finish(int((LIVE_S + LENGTH_S) * 1000))


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recording")
    teach(folder)
    return folder


@pytest.fixture(scope="module")
def made(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[float]]:
    out = tmp_path_factory.mktemp("film") / "lesson.mp4"
    heard: list[float] = []
    report = render(recording, out, heard.append)
    assert report.problems == ()
    return out, heard


def pictures_at(path: Path, seconds: list[float]) -> list[Picture]:
    """The pictures that a viewer sees at those times."""
    found: list[Picture] = [np.zeros((720, 1280, 3), np.uint8)] * len(seconds)
    for time, picture in decode_video(path):
        for index, wanted in enumerate(seconds):
            if time <= wanted:
                found[index] = picture
    return found


def person_rgb(folder: Path, user: str) -> Rgb:
    """The colour that stands for a person."""
    with ArchiveReader(folder) as archive:
        colour = bytes.fromhex(person_colours(list(archive.sessions.values()))[user].removeprefix("#"))
    return colour[0], colour[1], colour[2]


def has_line(picture: Picture, board_x: float, board_y: float, colour: Rgb) -> bool:
    """Whether a horizontal or vertical stroke of that colour goes through a point of the sheet (board beside tiles)."""
    x, y = round(board_x * 0.6), round(board_y * 0.6 + 90)
    return near(picture[y, x], colour, 60)


BLACK_INK, RED_INK, GREEN_INK, WHITE = (31, 35, 40), (209, 52, 63), (26, 127, 75), (255, 255, 255)


def test_every_frame_decodes_and_times_go_up(made: tuple[Path, list[float]]) -> None:
    path, heard = made
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", 1280, 720)
        assert container.streams.audio[0].codec_context.name == "aac"
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert not any(packet.is_corrupt for packet in packets)
        assert container.duration is not None
        assert container.duration / 1e6 == pytest.approx(LENGTH_S, abs=0.1)
    times = [time for time, _ in decode_video(path)]
    assert len(times) == len(packets)
    assert times == sorted(set(times))
    assert times[0] == 0
    assert times[-1] == pytest.approx(LENGTH_S, abs=0.05)
    assert max(b - a for a, b in pairwise(times)) <= 2.05
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    # The index lies in front, so that a browser can start before it has the whole file.
    assert path.read_bytes()[:4096].find(b"moov") > 0


def test_strokes_appear_when_they_arrived(made: tuple[Path, list[float]]) -> None:
    before, after2, after4, after6 = pictures_at(made[0], [1.9, 2.1, 4.1, 6.1])
    assert has_line(before, 800, 100, BLACK_INK)
    assert has_line(before, 800, 400, WHITE)
    assert has_line(after2, 800, 400, RED_INK)
    assert has_line(after2, 800, 700, WHITE)
    assert has_line(after4, 800, 700, RED_INK)
    assert has_line(after6, 800, 400, GREEN_INK)
    assert has_line(after6, 400, 400, WHITE)


def test_tones_are_heard_at_their_time(made: tuple[Path, list[float]]) -> None:
    samples, first_s = decode_audio(made[0])
    assert first_s + tone_starts_s(samples, 440) - DELAY_S == pytest.approx(3.0, abs=0.03)
    assert first_s + tone_starts_s(samples, 1000) - DELAY_S == pytest.approx(6.0, abs=0.03)
    late = samples[9 * 48_000 : 9 * 48_000 + 9600]
    assert tone_level(late, 440) > 0.2
    assert tone_level(late, 1000) > 0.2
    assert tone_level(samples[: 2 * 48_000], 440) < 0.01


def test_colours_are_seen_at_their_time_in_their_tile(made: tuple[Path, list[float]]) -> None:
    tutor, student = (90, 960 + 160), (180 + 90, 960 + 160)
    early, running, turned, off = pictures_at(made[0], [0.5, 4.5, 5.5, 9.9 + 0.9])
    assert near(early[tutor], RED)
    assert not near(early[student], GREEN)
    assert near(running[tutor], RED)
    assert near(running[student], GREEN)
    assert near(turned[tutor], BLUE)
    assert near(off[student], GREEN)
    # In its first pictures the tile has the colour of the person, which may be any.
    turn = next(time for time, picture in decode_video(made[0]) if time > 1 and near(picture[tutor], BLUE))
    assert turn - DELAY_S == pytest.approx(5.0, abs=0.06)


def test_camera_that_stopped_gives_way_to_initials(recording: Path, made: tuple[Path, list[float]]) -> None:
    (end,) = pictures_at(made[0], [10.9])
    # The tile is still for 2.5 s at most, then it has the colour of the person.
    assert near(end[60, 960 + 20], person_rgb(recording, "u1"))
    assert initials("Ada Tutor") == "AT"
    assert initials("Bo") == "B"
    assert initials("") == "?"


def test_mix_is_the_same_in_blocks_of_any_size(recording: Path) -> None:
    with ArchiveReader(recording) as archive:
        tracks = [track for track in archive.tracks() if track.kind == "audio"]
    whole = AudioMix(tracks, LIVE_S * 1000).block(9 * 48_000)
    parts = AudioMix(tracks, LIVE_S * 1000)
    pieces = np.concatenate([parts.block(size) for size in [7, 1000, 48_000, 100_001] * 3])[: 9 * 48_000]
    assert np.array_equal(whole[: len(pieces)], pieces)


def test_board_alone_fills_the_picture(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path / "r")
    lesson.live(0)
    lesson.people[0].line([(100, 450), (1500, 450)], size=16)
    lesson.did(lesson.people[0], 1000)
    lesson.finish(3000)
    out = tmp_path / "film.mp4"
    report = export(tmp_path / "r", out, lambda _: None)
    assert report.pictures < 10
    (picture,) = pictures_at(out, [2.0])
    assert near(picture[360, 640], BLACK_INK, 60)
    assert near(picture[360, 1100], BLACK_INK, 60)


def test_damaged_archive_is_still_rendered_and_the_damage_named(recording: Path, tmp_path: Path) -> None:
    teach(tmp_path / "r")
    media = sorted((tmp_path / "r" / "media").iterdir())
    os.truncate(media[0], media[0].stat().st_size // 2)
    media[1].write_bytes(b"nothing")
    media[2].unlink()
    conn = sqlite3.connect(tmp_path / "r" / DATABASE)
    conn.execute("update envelopes set envelope = zeroblob(300) where id = 2")
    conn.commit()
    conn.close()
    out = tmp_path / "film.mp4"
    report = render(tmp_path / "r", out, lambda _: None)
    assert len(report.problems) >= 3
    assert report.pictures > 50
    assert next(decode_video(out))[1].shape == (720, 1280, 3)


def test_poster_shows_the_page_with_the_most_ink(recording: Path, tmp_path: Path) -> None:
    make_poster(recording, tmp_path / "poster.jpg")
    with Image.open(tmp_path / "poster.jpg") as image:
        assert image.size == (1280, 720)
        pixels = np.asarray(image.convert("RGB"))
    assert near(pixels[round(400 * 0.8), 640], RED_INK, 60)
    assert near(pixels[round(100 * 0.8), 640], BLACK_INK, 60)


def test_export_says_in_one_line_what_is_wrong(recording: Path, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="holds no recording"):
        export(tmp_path, tmp_path / "x.mp4", lambda _: None)
    with pytest.raises(SetupError, match=r"must end in \.mp4"):
        export(recording, tmp_path / "x.avi", lambda _: None)
    lesson = Lesson(tmp_path / "empty")
    lesson.archive.close()
    with pytest.raises(SetupError, match="empty"):
        export(tmp_path / "empty", tmp_path / "x.mp4", lambda _: None)
    assert not (tmp_path / "x.mp4.part").exists()


def test_camera_that_was_switched_off_gives_way_to_initials_at_once(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path / "r")
    tutor = lesson.people[0]
    lesson.live(0)
    lesson.archive.event("media", tutor.session, {"mic": True, "cam": False}, 2000)
    film(lesson.archive.media, lesson.archive, tutor.session, tone=[], pictures=colour_frames([(0, RED)], 4), start_s=0)
    lesson.finish(4000)
    render(tmp_path / "r", tmp_path / "film.mp4", lambda _: None)
    on, off = pictures_at(tmp_path / "film.mp4", [1.9, 2.2])
    assert near(on[60, 980], RED)
    assert near(off[60, 980], person_rgb(tmp_path / "r", "u1"))


KILLED_RENDER = """
import os, signal, sys
from pathlib import Path
from recorder.render import FilmSettings, render

def progress(done: float) -> None:
    if done > 0.5:
        os.kill(os.getpid(), signal.SIGKILL)

render(Path(sys.argv[1]), Path(sys.argv[2]), progress, FilmSettings(part_ms=2000))
"""


def test_killed_render_goes_on_behind_its_last_part_and_gives_the_same_film(recording: Path, tmp_path: Path) -> None:
    settings = FilmSettings(part_ms=2000)
    whole, resumed = tmp_path / "whole.mp4", tmp_path / "resumed.mp4"
    render(recording, whole, lambda _: None, settings)
    killed = subprocess.run([sys.executable, "-c", KILLED_RENDER, recording, resumed], timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not resumed.exists()
    left = sorted((tmp_path / "resumed.mp4.parts").rglob("*.mkv"))
    assert 1 <= len(left) < 5
    made = {path.name: path.stat().st_mtime_ns for path in left}
    first_heard: list[float] = []
    render(recording, resumed, first_heard.append, settings)
    # Only what was missing was made.
    assert first_heard[0] >= len(made) * 0.9 * 2 / LENGTH_S - 0.01
    assert resumed.read_bytes() == whole.read_bytes()
    assert not (tmp_path / "resumed.mp4.parts").exists()


def test_parts_of_another_state_of_the_archive_are_not_used(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path / "lesson")
    lesson.live(0)
    lesson.people[0].line([(100, 100), (1500, 100)], size=16)
    lesson.did(lesson.people[0], 100)
    lesson.finish(3000)
    stale = tmp_path / "out.mp4.parts" / "0123456789abcdef" / "00000.mkv"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"no film")
    render(lesson.folder, tmp_path / "out.mp4", lambda _: None)
    assert len(list(decode_video(tmp_path / "out.mp4"))) > 1
