"""Who is shown large beside the board: recorder/layouts.py."""

from __future__ import annotations

import itertools
from pathlib import Path

from recorder.export import export
from recorder.layouts import Layout, Turn, find_turns
from recorder.render import FilmSettings
from tests.recorder.lesson import Lesson
from tests.recorder.media import GREEN, RED, colour_frames, decode_video, film, near, tone_packets

LENGTH_S = 12.0


def levels(*parts: tuple[float, float]) -> list[float]:
    """Loudness in steps of 100 ms: (seconds, level) one after another."""
    return [level for seconds, level in parts for _ in range(round(seconds * 10))]


def test_turn_goes_to_who_speaks_and_stays_through_pauses() -> None:
    turns = find_turns({
        "a": levels((5, 0.1), (15, 0)),
        "b": levels((10, 0), (5, 0.1), (5, 0)),
    })  # fmt: skip
    assert [turn.user for turn in turns] == ["a", "b"]
    assert turns[0].from_ms == 0
    assert 10_800 <= turns[1].from_ms <= 11_500


def test_word_in_between_and_a_cough_change_nothing() -> None:
    assert find_turns({
        "a": levels((4, 0.1), (0.5, 0), (10, 0.1)),
        "b": levels((4, 0), (0.4, 0.2), (5, 0), (0.1, 0.9), (5, 0)),
    }) == [Turn(0, "a")]  # fmt: skip


def test_two_who_speak_at_once_do_not_flicker() -> None:
    both = {"a": levels(*[(0.3, 0.1), (0.3, 0.12)] * 100), "b": levels(*[(0.3, 0.12), (0.3, 0.1)] * 100)}
    assert len(find_turns(both)) == 1
    turns = find_turns({"a": levels(*[(1.5, 0.1), (1.5, 0)] * 20), "b": levels(*[(1.5, 0), (1.5, 0.1)] * 20)})
    lengths = [after.from_ms - before.from_ms for before, after in itertools.pairwise(turns)]
    assert min(lengths[1:]) >= 2500


def test_first_to_speak_is_shown_from_the_beginning_and_silence_shows_somebody() -> None:
    assert find_turns({"a": levels((9, 0)), "b": levels((4, 0), (5, 0.1))})[0] == Turn(0, "b")
    assert find_turns({"a": levels((5, 0)), "b": []}) == [Turn(0, "a")]
    assert find_turns({}) == []


def test_speaker_is_large_beside_the_board(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path / "l1")
    tutor, student = lesson.people
    lesson.live(0)
    for person, hz, colour, on_s, off_s in ((tutor, 440, GREEN, 0, 5), (student, 900, RED, 5, 12)):
        film(
            lesson.archive.media, lesson.archive, person.session,
            tone=tone_packets(hz, LENGTH_S, on_s=on_s, off_s=off_s),
            pictures=colour_frames([(0, colour)], LENGTH_S), start_s=0,
        )  # fmt: skip
    folder = lesson.finish(int(LENGTH_S * 1000))
    settings = FilmSettings(layout=Layout.SPEAKER, part_ms=8000)
    assert export(folder, tmp_path / "film.mp4", lambda _: None, settings).problems == ()
    seen = [
        (t, near(picture[360, 1040], RED), near(picture[360, 1040], GREEN))
        for t, picture in decode_video(tmp_path / "film.mp4")
    ]
    assert all(red != green for _, red, green in seen[1:])
    changed = [t for (_, before, _), (t, after, _) in itertools.pairwise(seen) if before != after]
    assert len(changed) == 1
    assert 5.8 <= changed[0] <= 6.8
    # The board has the rest, and above the picture there is none.
    *_, (_, last) = decode_video(tmp_path / "film.mp4")
    assert last[360, 790].mean() > 230
    assert last[100, 1040].mean() < 60


def test_speaker_without_a_camera_has_a_tile_at_every_size(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path / "l1")
    lesson.live(0)
    tutor = lesson.people[0]
    film(lesson.archive.media, lesson.archive, tutor.session, tone=tone_packets(440, 1), pictures=[], start_s=0)
    folder = lesson.finish(1000)
    for height in (720, 1080):
        settings = FilmSettings(layout=Layout.SPEAKER, height=height)
        assert export(folder, tmp_path / "film.mp4", lambda _: None, settings).problems == ()
        *_, (_, last) = decode_video(tmp_path / "film.mp4")
        # The colour of the tutor, beside the initials.
        tile = last[round(height * 0.4), round(last.shape[1] * 0.66)]
        assert int(tile.max()) - int(tile.min()) > 40
