"""Names of people in what others wrote: recorder/naming.py, redacted_words.py, redacted_values.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder.captions import FILE, Caption, load_captions, save_captions
from recorder.naming import NameMask
from recorder.projection import load_manifest
from recorder.reading import ArchiveReader
from recorder.redact import finish_redaction
from recorder.redacted_copy import make_redacted_copy
from recorder.redacted_words import TextWatch
from recorder.redaction import parse_redaction
from recorder.schema import EXPORT_FOLDER
from recorder.timeline import PUBLIC, UpdateRecord, read_records
from tests.recorder.lesson import Lesson, Person
from tests.recorder.media import film, tone_packets
from tests.recorder.test_redacted_copy import board_of, plain_content
from whiteboard_crdt.board import Board
from whiteboard_crdt.errors import UpdateRefused
from whiteboard_crdt.ids import BOARD
from whiteboard_crdt.places import Item
from whiteboard_crdt.shape import ShapeType

Fields = dict[str, str | float | bool | bytes | None]
NAME = "Noor Al-Sayed"
FORMULA = "\\text{Noor has } 3\n1000 1000\nM0 0L100 0L100 100Z@0,0,1"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("Well done, Noor!", "Well done, Student 1!"),
        ("noor’s and NOOR AL-SAYED’s turn", "Student 1’s and Student 1’s turn"),
        ("Noor  Al-Sayed, Sayed", "Student 1, Student 1"),
        ("noorish, Ignoor", "noorish, Ignoor"),
        ("", ""),
    ],
)
def test_names_are_found_as_words_of_their_own(words: str, shown: str) -> None:
    assert NameMask({NAME: "Student 1"}).text(words) == shown


def test_accents_are_found_however_they_are_typed_and_no_name_hides_nothing() -> None:
    mask = NameMask({"José Núñez": "Student 1"})
    assert mask.text("jose\u0301, JOSÉ, Nu\u0301n\u0303ez") == "Student 1, Student 1, Student 1"
    assert mask.spans("a José") == [(2, 6)]
    assert not NameMask()
    assert NameMask({" ": "x"}).text("a b") == "a b"


def type_letters(lesson: Lesson, person: Person, shape: str, words: str, at_ms: int) -> None:
    """Writes into a text of somebody's letter by letter, an update each."""
    shown = person.board.shape(shape)
    assert shown is not None
    before = shown.text
    for count in range(1, len(words) + 1):
        person.board.edit_text(shape, before + words[:count])
        lesson.did(person, at_ms + count)


class Named:
    """A recording in which the tutor speaks of the student in every place that there is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lesson = lesson = Lesson(folder, student=NAME)
        self.tutor, self.student = tutor, student = lesson.people
        lesson.live(0)
        lesson.archive.meta("title", f"Fractions with {NAME}")
        self.whole = tutor.board.add_text("main", 5, 5, f"{NAME}: well done", "black", 20, 1)
        lesson.did(tutor, 100)
        self.typed = tutor.board.add_text("main", 5, 50, "for ", "black", 20, 1)
        lesson.did(tutor, 110)
        type_letters(lesson, tutor, self.typed, "Nooe", 120)
        # A slip, rubbed out; then somebody else writes the end of the word.
        tutor.board.edit_text(self.typed, "for Noo")
        lesson.did(tutor, 150)
        student.board.edit_text(self.typed, "for Noor 🙂 now")
        lesson.did(student, 160)
        # Two halves that stand together only once the student's letters are away.
        self.apart = tutor.board.add_text("main", 5, 90, "Sa", "black", 20, 1)
        lesson.did(tutor, 170)
        student.board.edit_text(self.apart, "Sa-")
        lesson.did(student, 180)
        tutor.board.edit_text(self.apart, "Sa-yed")
        lesson.did(tutor, 190)
        size = ("black", 24.0)
        self.formula = tutor.board.add_thing(
            "main", ShapeType.MATH, {"x": 0.0, "y": 0.0, "w": 99.0, "h": 99.0, "formula": FORMULA}, size, 1
        )
        plot: Fields = {
            "x": 0.0, "y": 0.0, "w": 99.0, "h": 99.0, "form": "axes", "x_from": 0.0, "x_to": 1.0, "y_from": 0.0,
            "y_to": 1.0, "entries": "noor = 2",
        }  # fmt: skip
        self.plot = tutor.board.add_thing("main", ShapeType.PLOT, plot, size, 1)
        picture: Fields = {"x": 0.0, "y": 0.0, "w": 9.0, "h": 9.0, "asset": "0" * 64, "caption": f"the sheet of {NAME}"}
        tutor.board.add_thing("main", ShapeType.IMAGE, picture, size, 1)
        page = tutor.board.add_page(f"For {NAME}")
        lesson.did(tutor, 200)
        tutor.chat.post(f"and you, {NAME}?", 5)
        lesson.did(tutor, 300)
        tutor.desk("u1").add_text("main", 5, 5, f"{NAME} is slow today", "black", 20, 1)
        lesson.did(tutor, 350, share=False)
        lesson.archive.chat("m1", tutor.session, f"and you, {NAME}?", 5, 300)
        lesson.archive.chapter(f"For {NAME}", "page", page, 400)
        film(lesson.archive.media, lesson.archive, student.session, tone=tone_packets(700, 1.0), pictures=[], start_s=0)
        lesson.finish(1000)
        (folder / EXPORT_FOLDER).mkdir(exist_ok=True)
        heard = [Caption(1, 100, 200, "u1", "very good new or"), Caption(2, 300, 400, "u2", "I am Noor")]
        save_captions(folder / EXPORT_FOLDER / FILE, heard, "test")


def test_no_byte_of_the_copy_has_the_name_or_the_voice_in_it(tmp_path: Path) -> None:
    """Pages, texts, formulas, plots, captions, chapters, chat, desks, titles; and what is made of the copy."""
    named = Named(tmp_path / "original")
    make_redacted_copy(named.folder, tmp_path / "as it was", parse_redaction([]))
    before = plain_content(tmp_path / "as it was")
    assert min(before.count(part) for part in (b"Noor", b"Al-Sayed")) > 5
    voice = (next((named.folder / "media").glob("*-audio-*"))).read_bytes()[-400:]
    assert voice in before
    out = tmp_path / "copy"
    words = {1: "very good, Noor"}
    redaction = parse_redaction(["name:u2", "voice:u2"])
    finish_redaction(named.folder, out, redaction, encrypt=False, words=words)
    content = plain_content(out)
    for part in ("Noor", "noor", "Al-Sayed", "Sayed"):
        for coded in (part.encode(), part.encode("utf-16-le")):
            assert coded not in content
    assert voice not in content
    with ArchiveReader(out) as archive:
        assert [text for (text,) in archive.rows("chat", "select text from chat")] == ["and you, Student 1?"]
        assert [title for (title,) in archive.rows("chapters", "select title from chapters")] == ["For Student 1"]
    manifest = load_manifest(out, PUBLIC, "")
    assert (manifest["title"], manifest["tracks"]) == ("Fractions with Student 1", [])
    assert [one.text for one in load_captions(out / EXPORT_FOLDER / FILE)] == ["very good, Student 1"]
    state = board_of(out)
    shown = {shape.id: shape for shape in state.shapes("main")}
    assert shown[named.whole].text == "•••• ••-•••••: well done"
    assert shown[named.typed].text == "for •••• 🙂 now"
    assert named.formula not in shown
    assert [page.title for page in state.pages()] == ["", "For Student 1"]


def test_every_state_on_the_way_is_without_the_name_and_boards_that_go_on_still_fit(tmp_path: Path) -> None:
    named = Named(tmp_path / "original")
    make_redacted_copy(named.folder, tmp_path / "copy", parse_redaction(["name:u2", "ink:u2"]))
    person = Lesson(tmp_path / "unused").people[0]
    doc = person.replica.doc(BOARD)
    with ArchiveReader(tmp_path / "copy") as archive:
        for record in read_records(archive, PUBLIC):
            if isinstance(record, UpdateRecord) and record.envelope.doc == BOARD:
                doc.apply_update(record.envelope.update)
                for shape in Board(doc, person.session).shapes("main"):
                    assert "noor" not in (shape.text or "").lower()
    # Without the student's hyphen the tutor's letters would have made the name.
    texts = {shape.id: shape.text for shape in Board(doc, person.session).shapes("main")}
    assert texts[named.apart] == "•••••"
    board = Board(doc, person.session)
    board.edit_text(named.whole, f"{texts[named.whole]}, and on")
    assert next(shape.text for shape in board.shapes("main") if shape.id == named.whole).endswith(", and on")


def test_ranges_longer_than_all_that_there_is_cost_nothing() -> None:
    """A delete set may name two thousand million letters, and so may an item whose letters are gone."""
    watch = TextWatch(NameMask({NAME: "x"}))
    word = Item(1, 0, 4, root="text")
    watch.take([(word, "Noor")], {}, goes=False)
    watch.take([], {1: [(0, 2**31 - 1)], 2: [(0, 2**31 - 1)]}, goes=False)
    assert watch.named(word) == [0, 1, 2, 3]
    with pytest.raises(UpdateRefused):
        watch.take([(Item(2, 0, 2**30, root="text"), None)], {}, goes=False)
