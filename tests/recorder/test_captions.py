"""Captions: recorder/captions.py, captions_film.py and the engine in captions_whisper.py, on real speech.

`speech_*.ogg` were spoken by espeak-ng, by two of its voices.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
import pytest

from recorder.captions import (
    FILE,
    HEARD_HZ,
    Caption,
    Spoken,
    format_vtt,
    load_captions,
    make_captions,
    save_captions,
    utterances,
)
from recorder.captions_film import FilmCaptions, film_lines
from recorder.captions_whisper import OFF, load_recogniser
from recorder.export import export
from recorder.mix import Samples
from recorder.redacted_copy import make_redacted_copy
from recorder.redaction import parse_redaction
from recorder.render import FilmSettings
from recorder.worker import finish_lesson
from tests.recorder.lesson import Lesson
from tests.recorder.media import colour_frames, decode_video, film
from whiteboard_crdt.errors import SetupError

HERE = Path(__file__).parent
STUDENT_FROM_S = 6.0


class Parrot:
    """Hears the same in everything."""

    name = "parrot"

    def recognise(self, samples: Samples) -> Iterable[Spoken]:
        """One word as long as the sound."""
        yield Spoken(0.0, len(samples) / HEARD_HZ, " hello\n there ")


def speech_packets(name: str) -> list[bytes]:
    with av.open(str(HERE / f"speech_{name}.ogg")) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tutor speaks from the beginning, the student from the sixth second on."""
    lesson = Lesson(tmp_path_factory.mktemp("recordings") / "l1")
    tutor, student = lesson.people
    lesson.live(0)
    for person, name, start_s in ((tutor, "tutor", 0.0), (student, "student", STUDENT_FROM_S)):
        film(
            lesson.archive.media, lesson.archive, person.session, tone=speech_packets(name),
            pictures=colour_frames([(0, (9, 9, 9))], 0.2), start_s=start_s,
        )  # fmt: skip
    return lesson.finish(11_000)


def words(captions: Iterable[Caption], user: str) -> str:
    text = " ".join(caption.text for caption in captions if caption.user == user).lower()
    return "".join(letter for letter in text if letter.isalnum() or letter == " ")


def test_real_engine_writes_down_who_said_what_and_when(spoken: Path) -> None:
    recogniser = load_recogniser(None)
    assert recogniser is not None
    captions = make_captions(spoken, recogniser)
    assert [caption.id for caption in captions] == list(range(1, len(captions) + 1))
    assert "today we learn how to add fractions" in words(captions, "u1")
    assert "open your book on page" in words(captions, "u1")
    assert "common denominator" in words(captions, "u2")
    first = {user: next(one for one in captions if one.user == user) for user in ("u1", "u2")}
    assert first["u1"].from_ms < 700
    assert abs(first["u2"].from_ms - STUDENT_FROM_S * 1000) < 700
    assert all(caption.from_ms < caption.to_ms <= 11_000 for caption in captions)


def test_engine_that_is_off_or_misnamed(tmp_path: Path) -> None:
    assert load_recogniser(OFF) is None
    with pytest.raises(SetupError, match=r"no model\.bin"):
        load_recogniser(str(tmp_path))


def test_worker_writes_captions_once_and_the_film_carries_them(spoken: Path) -> None:
    finish_lesson(spoken, FilmSettings(part_ms=4000), recogniser=Parrot)
    captions = load_captions(spoken / "export" / FILE)
    assert {caption.user for caption in captions} == {"u1", "u2"}
    assert {caption.text for caption in captions} == {"hello there"}
    with av.open(str(spoken / "export" / "lesson.mp4")) as container:
        packets = [bytes(packet)[2:].decode() for packet in container.demux(subtitles=0) if packet.size > 2]
    assert packets[0] == "Ada Tutor: hello there"
    assert packets[-1] == "Student 1: hello there"

    def fails() -> None:
        raise AssertionError("captions are there already")

    finish_lesson(spoken, recogniser=fails)


def test_engine_that_fails_costs_the_captions_and_not_the_film(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path / "l1")
    lesson.live(0)
    lesson.finish(500)

    def bad() -> Parrot:
        raise SetupError("no model")

    assert finish_lesson(tmp_path / "l1", recogniser=bad) == 1
    assert (tmp_path / "l1" / "export" / "lesson.mp4").is_file()
    # A model that took the process along left its mark: it is not tried again.
    (tmp_path / "l1" / "export" / "captions.tried").touch()
    assert finish_lesson(tmp_path / "l1", recogniser=Parrot) == 1
    assert load_captions(tmp_path / "l1" / "export" / FILE) == []


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_soft_captions_and_chapters_are_in_both_kinds_of_film(tmp_path: Path, suffix: str) -> None:
    lesson = Lesson(tmp_path / "l1")
    lesson.live(0)
    lesson.archive.chapter("Second page", "page", "main", 1000)
    lesson.archive.chapter("Remember this", "marker", "main", 1500)
    folder = lesson.finish(2000)
    (folder / "export").mkdir()
    save_captions(folder / "export" / FILE, [Caption(1, 200, 900, "u1", "ümläut")], "test")
    out = tmp_path / f"film{suffix}"
    export(folder, out, lambda _: None)
    with av.open(str(out)) as container:
        assert [chapter["metadata"]["title"] for chapter in container.chapters()] == [
            "Fractions", "Second page", "Remember this",
        ]  # fmt: skip
        shown = [
            (round(float((packet.pts or 0) * packet.time_base) * 1000), bytes(packet))
            for packet in container.demux(subtitles=0)
            if packet.size > 2
        ]
    (one,) = shown
    assert one[0] == 200
    assert one[1].endswith("Ada Tutor: ümläut".encode())


def test_burnt_captions_stand_on_the_board_for_their_time(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path / "l1")
    lesson.live(0)
    folder = lesson.finish(2000)
    (folder / "export").mkdir()
    save_captions(folder / "export" / FILE, [Caption(1, 500, 1500, "u1", "over the board")], "test")
    out = tmp_path / "film.mp4"
    export(folder, out, lambda _: None, FilmSettings(captions=FilmCaptions.BURNT, part_ms=1000))
    dark = {round(t * 1000): bool(picture[690, 560:720].mean() < 128) for t, picture in decode_video(out)}
    # The second part begins in the midst of it.
    assert {t_ms: is_dark for t_ms, is_dark in dark.items() if is_dark != (500 <= t_ms < 1500)} == {}
    assert {True, False} == set(dark.values())


def test_words_at_once_stand_together_and_no_two_lines_overlap() -> None:
    captions = [
        Caption(1, 1000, 3000, "a", "one"),
        Caption(2, 2000, 4000, "b", "two"),
        Caption(3, 9000, 9900, "a", "x"),
    ]
    assert [tuple(line) for line in film_lines(captions, str.upper, 500, 9000)] == [
        (500, 1500, "A: one"),
        (1500, 2500, "A: one\nB: two"),
        (2500, 3500, "B: two"),
        (8500, 9000, "A: x"),
    ]


def test_vtt_has_a_voice_a_caption_and_no_way_out_of_one() -> None:
    captions = [Caption(7, 3_661_250, 3_662_000, "u", "a < b --> c\n\n& d"), Caption(8, 0, 50, "u", "before")]
    assert format_vtt(captions, lambda _: "Ada <i>", 100) == (
        "WEBVTT\n\n7\n01:01:01.150 --> 01:01:01.900\n<v Ada &lt;i&gt;>a &lt; b --&gt; c &amp; d</v>\n"
    )


def test_speech_is_cut_at_pauses_and_long_speech_at_its_quietest_place() -> None:
    def sound(*parts: tuple[float, float]) -> Samples:
        noise = np.random.default_rng(1)
        pieces = [noise.normal(0, level, int(seconds * HEARD_HZ)).astype(np.float32) for seconds, level in parts]
        return np.concatenate(pieces)

    spoken = sound((2, 0), (1, 0.1), (2.5, 0), (0.06, 0.1), (3, 0), (25, 0.1), (0.1, 0.02), (10, 0.1))
    pieces = [(at / HEARD_HZ, spoken[at : at + 960]) for at in range(0, len(spoken), 960)]
    found = [(round(begin, 1), round(len(samples) / HEARD_HZ, 1)) for begin, samples in utterances(pieces)]
    # A knock of 60 ms is nothing.
    assert [begin for begin, _ in found] == pytest.approx([1.8, 8.4, 33.6], abs=0.25)
    assert found[1][1] == pytest.approx(25.3, abs=0.3)


def test_copy_without_a_voice_has_no_captions_of_it(spoken: Path, tmp_path: Path) -> None:
    (spoken / "export").mkdir(exist_ok=True)
    captions = [Caption(1, 0, 500, "u1", "kept"), Caption(2, 600, 900, "u2", "secret-word")]
    kept = (spoken / "export" / FILE).read_bytes() if (spoken / "export" / FILE).is_file() else None
    save_captions(spoken / "export" / FILE, captions, "test")
    make_redacted_copy(spoken, tmp_path / "copy", parse_redaction(["voice:u2"]))
    if kept is not None:
        (spoken / "export" / FILE).write_bytes(kept)
    assert load_captions(tmp_path / "copy" / "export" / FILE) == [captions[0]]
    assert b"secret-word" not in b"".join(
        path.read_bytes() for path in (tmp_path / "copy").rglob("*") if path.is_file()
    )


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"captions": [{}]}', '{"captions": 5}', json.dumps({"captions": 1})]
)
def test_damaged_captions_are_none(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    assert load_captions(tmp_path / FILE) == []
