"""Films from which somebody was left out: `recorder.redaction`."""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder.export import export
from recorder.reading import ArchiveReader
from recorder.redaction import Redaction, parse_redaction
from recorder.render import FilmSettings
from tests.recorder.lesson import Lesson
from tests.recorder.media import (
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
)
from whiteboard_crdt.errors import SetupError

LENGTH_S = 3.0
TUTOR_HZ, STUDENT_HZ = 440, 1500


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """Three seconds of two people who talk, show a colour and draw; their users."""
    folder = tmp_path_factory.mktemp("recordings") / "l1"
    lesson = Lesson(folder)
    tutor, student = lesson.people
    lesson.live(0)
    tutor.line([(100, 200), (1500, 200)], colour="blue", size=16)
    lesson.did(tutor, 100)
    student.line([(100, 600), (1500, 600)], colour="red", size=16)
    lesson.did(student, 200)
    for person, hz, colour in ((tutor, TUTOR_HZ, GREEN), (student, STUDENT_HZ, RED)):
        film(
            lesson.archive.media,
            lesson.archive,
            person.session,
            tone=tone_packets(hz, LENGTH_S),
            pictures=colour_frames([(0, colour)], LENGTH_S),
            start_s=0,
        )
    lesson.finish(int(LENGTH_S * 1000))
    with ArchiveReader(folder) as archive:
        users = {row.session: row.user for row in archive.sessions.values()}
    return folder, users[tutor.session], users[student.session]


def seen(recording: tuple[Path, str, str], out: Path, *words: str) -> tuple[dict[str, bool], Path]:
    """What there is in a film made without these."""
    settings = FilmSettings(redaction=parse_redaction(words), part_ms=1000)
    assert export(recording[0], out, lambda _: None, settings).problems == ()
    samples, _ = decode_audio(out)
    middle = samples[48_000 : 2 * 48_000]
    *_, (_, last) = decode_video(out)
    wide = not any(near(last[60, x], colour, 60) for x in (1000, 1100, 1250) for colour in (RED, GREEN))
    x, scale, top = (640, 0.8, 0) if wide else (480, 0.6, 90)

    def line(y: float, colour: Rgb) -> bool:
        return near(last[round(y * scale + top), x], colour, 70)

    tiles = last[:, 960:]
    return {
        "tutor's voice": tone_level(middle, TUTOR_HZ) > 0.1,
        "student's voice": tone_level(middle, STUDENT_HZ) > 0.1,
        "tutor's video": near(tiles[60, 160], GREEN) or near(tiles[240, 160], GREEN),
        "student's video": near(tiles[60, 160], RED) or near(tiles[240, 160], RED),
        "tutor's ink": line(200, BLUE_INK),
        "student's ink": line(600, RED_INK),
    }, out


BLUE_INK, RED_INK = (33, 87, 201), (209, 52, 63)
ALL = dict.fromkeys(
    ["tutor's voice", "student's voice", "tutor's video", "student's video", "tutor's ink", "student's ink"], True
)


def test_without_a_redaction_all_is_there(recording: tuple[Path, str, str], tmp_path: Path) -> None:
    assert seen(recording, tmp_path / "film.mp4")[0] == ALL


@pytest.mark.parametrize("what", ["voice", "video", "ink"])
def test_only_what_was_named_is_left_out(recording: tuple[Path, str, str], tmp_path: Path, what: str) -> None:
    found, _ = seen(recording, tmp_path / "film.mp4", f"{what}:{recording[2]}")
    assert found == {**ALL, f"student's {what}": False}


def test_everything_of_one_person_is_left_out(recording: tuple[Path, str, str], tmp_path: Path) -> None:
    found, _ = seen(recording, tmp_path / "film.mp4", f"all:{recording[2]}")
    assert found == {name: name.startswith("tutor") for name in ALL}


def test_hidden_names_are_replaced_by_parts_and_numbers(recording: tuple[Path, str, str], tmp_path: Path) -> None:
    with ArchiveReader(recording[0]) as archive:
        people = list(archive.sessions.values())
    assert parse_redaction([f"name:{recording[2]}"]).names(people) == {
        recording[1]: "Ada Tutor",
        recording[2]: "Student 1",
    }
    assert set(parse_redaction(["name:*"]).names(people).values()) == {"Tutor 1", "Student 1"}
    _, plain = seen(recording, tmp_path / "plain.mp4")
    _, hidden = seen(recording, tmp_path / "hidden.mp4", "name:*")
    *_, (_, before) = decode_video(plain)
    *_, (_, after) = decode_video(hidden)
    # The label at the lower left of the tutor's tile; the student's name happens to be what stands for it.
    label = slice(160, 180), slice(960, 1040)
    assert abs(before[label].astype(int) - after[label].astype(int)).max() > 60


def test_somebody_who_was_not_there_is_an_error_and_no_film(recording: tuple[Path, str, str], tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="took no part"):
        seen(recording, tmp_path / "film.mp4", "voice:somebody")
    assert not (tmp_path / "film.mp4").exists()


@pytest.mark.parametrize("word", ["", "voice", "voice:", "face:u1", ":u1"])
def test_words_that_mean_nothing_are_refused(word: str) -> None:
    with pytest.raises(SetupError, match="is not one of"):
        parse_redaction([word])


def test_equal_redactions_look_the_same_so_that_a_killed_film_goes_on() -> None:
    assert str(parse_redaction(["ink:b", "voice:a"])) == str(parse_redaction(["voice:a", "ink:b", "ink:b"]))
    assert Redaction() == parse_redaction([])
