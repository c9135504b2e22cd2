"""Recordings from which somebody was left out, by their bytes: recorder/redacted_copy.py, redacted_update.py."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import pytest

from recorder.boardstate import BoardState
from recorder.ciphered import encrypt_recording, is_encrypted, open_plain
from recorder.packing import pack_envelopes
from recorder.projection import load_manifest
from recorder.reading import ArchiveReader
from recorder.redact import finish_redaction
from recorder.redacted_copy import make_redacted_copy
from recorder.redacted_update import DocumentRedactor
from recorder.redaction import parse_redaction
from recorder.seal import write_hashes
from recorder.timeline import PUBLIC, UpdateRecord, Viewer, encode_timeline, read_records
from recorder.verify import verify
from tests.recorder.lesson import Lesson, Person
from tests.recorder.media import colour_frames, decode_audio, film, tone_level, tone_packets
from whiteboard_crdt.board import Board
from whiteboard_crdt.errors import SetupError, UpdateRefused
from whiteboard_crdt.ids import BOARD, SessionId
from whiteboard_crdt.ink import InkPoint, encode_ink
from whiteboard_crdt.shape import ShapeType

LENGTH_S = 2.0
TUTOR_HZ, STUDENT_HZ = 440, 1500
SECRETS = {
    "chat": b"secret-in-the-chat",
    "text": b"secret-in-a-text",
    "words in another's text": b"secret-in-between",
    "title": b"secret-title",
    "desk": b"secret-on-the-desk",
    "name": b"Student 1",
}
BETWEEN = SECRETS["words in another's text"].decode()
INK = encode_ink([InkPoint(5.0, 5.0, 255), InkPoint(123.4, 432.1, 200), InkPoint(77.7, 9.9, 100)]).blob


class Recording:
    """Two people: the tutor is `u1`, the student `u2`."""

    def __init__(self, folder: Path, *, media: bool = False) -> None:
        self.folder = folder
        lesson = Lesson(folder)
        self.tutor, self.student = tutor, student = lesson.people
        lesson.live(0)
        self.kept = tutor.line([(100, 200), (1500, 200)], colour="blue")
        lesson.did(tutor, 100)
        ink = [InkPoint(5.0, 5.0, 255), InkPoint(123.4, 432.1, 200), InkPoint(77.7, 9.9, 100)]
        self.gone = student.board.add_stroke("main", ink, ShapeType.DRAW, "red", 8, 1)[0]
        student.board.add_text("main", 5, 5, SECRETS["text"].decode(), "black", 20, 1)
        lesson.did(student, 200)
        # What others do to it, and what the student does to others'.
        tutor.board.set_fields([self.gone], {"colour": "green"})
        self.text = tutor.board.add_text("main", 9, 9, "before ", "black", 20, 1)
        lesson.did(tutor, 300)
        student.board.set_fields([self.kept], {"x": 177.0})
        student.board.edit_text(self.text, f"before {BETWEEN}")
        self.page = student.board.add_page(SECRETS["title"].decode())
        lesson.did(student, 400)
        tutor.board.edit_text(self.text, f"before {BETWEEN} after")
        tutor.line([(1, 1), (2, 2)], page=self.page)
        lesson.did(tutor, 500)
        student.chat.post(SECRETS["chat"].decode(), 5)
        lesson.did(student, 600)
        tutor.chat.post("of the tutor", 7)
        lesson.did(tutor, 650)
        student.desk("u2").add_text("main", 5, 5, SECRETS["desk"].decode(), "black", 20, 1)
        lesson.did(student, 700, share=False)
        for message, person, text in (("m1", student, SECRETS["chat"].decode()), ("m2", tutor, "of the tutor")):
            lesson.archive.chat(message, person.session, text, 5, 600)
        lesson.archive.cursor(student.session, "main", 10, 10, 300)
        lesson.archive.cursor(tutor.session, "main", 20, 20, 300)
        lesson.archive.chapter(SECRETS["title"].decode(), "page", self.page, 500)
        for person, hz in ((tutor, TUTOR_HZ), (student, STUDENT_HZ)) if media else ():
            film(
                lesson.archive.media, lesson.archive, person.session, tone=tone_packets(hz, LENGTH_S),
                pictures=colour_frames([(0, (200, 30, 30))], LENGTH_S), start_s=0,
            )  # fmt: skip
        lesson.finish(int(LENGTH_S * 1000))


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return Recording(tmp_path_factory.mktemp("recordings") / "original")


def plain_content(folder: Path) -> bytes:
    """Every byte of a recording, unpacked and decrypted."""
    content = b""
    for path in sorted(found for found in folder.rglob("*") if found.is_file()):
        with open_plain(path) as file:
            content += file.read()
        content += path.name.encode()
    with ArchiveReader(folder) as archive:
        for (raw,) in archive.rows("envelopes", "select envelope from envelopes"):
            content += raw
    with closing(sqlite3.connect(folder / "lesson.sqlite")) as conn:
        for (data,) in conn.execute("select data from packs"):
            content += zlib.decompress(data)
    return content


def board_of(folder: Path, viewer: Viewer = PUBLIC) -> BoardState:
    """The board at the end of the copy."""
    state = BoardState()
    with ArchiveReader(folder) as archive:
        for record in read_records(archive, viewer):
            if isinstance(record, UpdateRecord):
                state.apply([(record.envelope.doc, record.envelope.update)])
        assert archive.problems == []
    assert state.refused == 0
    return state


def test_original_holds_what_is_looked_for(recording: Recording, tmp_path: Path) -> None:
    make_redacted_copy(recording.folder, tmp_path / "copy", parse_redaction([]))
    found = plain_content(tmp_path / "copy")
    # Names are in base64 in the ticket too; the table has them as they are.
    assert [name for name, secret in SECRETS.items() if secret not in found] == []
    assert INK in found


def test_nothing_of_somebody_is_left_in_any_byte(recording: Recording, tmp_path: Path) -> None:
    assert make_redacted_copy(recording.folder, tmp_path / "copy", parse_redaction(["all:u2"])) == []
    content = plain_content(tmp_path / "copy")
    # "Student 1" is what stands for the name as well; the ticket, where the name stood too, is gone.
    found = [name for name, secret in SECRETS.items() if name != "name" and secret in content]
    assert found == []
    assert INK not in content
    with ArchiveReader(tmp_path / "copy") as archive:
        (ticket,) = [row.ticket for row in archive.sessions.values() if row.user == "u2"]
        assert len(ticket) < 40


def test_names_go_from_tickets_too_and_the_colour_stays(recording: Recording, tmp_path: Path) -> None:
    make_redacted_copy(recording.folder, tmp_path / "copy", parse_redaction(["name:*"]))
    before = load_manifest(recording.folder, PUBLIC, "")["participants"]
    after = load_manifest(tmp_path / "copy", PUBLIC, "")["participants"]
    assert [person["name"] for person in after] == ["Tutor 1", "Student 1"]
    assert [person["colour"] for person in after] == [person["colour"] for person in before]
    assert b"Ada Tutor" not in plain_content(tmp_path / "copy")


def test_what_others_made_stays_and_follows_what_somebody_did_to_it(recording: Recording, tmp_path: Path) -> None:
    make_redacted_copy(recording.folder, tmp_path / "copy", parse_redaction(["ink:u2"]))
    state = board_of(tmp_path / "copy")
    kept = state.shape(recording.kept, "main")
    assert kept is not None
    assert (kept.x, kept.colour) == (177.0, "blue")
    assert [shape.id for shape in state.shapes("main")] == [recording.kept, recording.text]
    assert next(shape.text for shape in state.shapes("main") if shape.text) == "before  after"
    # The page itself stays, since others drew on it.
    assert [page.title for page in state.pages()] == ["", ""]
    assert len(state.shapes(recording.page)) == 1


def test_copy_has_the_chat_and_pointers_of_the_others_only(recording: Recording, tmp_path: Path) -> None:
    make_redacted_copy(recording.folder, tmp_path / "copy", parse_redaction(["ink:u2"]))
    with ArchiveReader(tmp_path / "copy") as archive:
        assert [text for (text,) in archive.rows("chat", "select text from chat")] == ["of the tutor"]
        assert [x for (x,) in archive.rows("cursors", "select x10 from cursors")] == [20]
        assert [title for (title,) in archive.rows("chapters", "select title from chapters")] == ["Page"]
    timeline = b"".join(encode_timeline(tmp_path / "copy", Viewer("u2", staff=True)))
    assert [name for name, secret in SECRETS.items() if name != "name" and secret in timeline] == []


def test_untouched_envelopes_keep_their_signatures(recording: Recording, tmp_path: Path) -> None:
    make_redacted_copy(recording.folder, tmp_path / "copy", parse_redaction(["ink:u2"]))
    report = verify(tmp_path / "copy")
    assert report.errors == []
    assert any("redacted" in note for note in report.notes)


def test_pieces_of_a_rubbed_stroke_go_with_its_author(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path / "original")
    tutor, student = lesson.people
    lesson.live(0)
    theirs = student.line([(0, 0), (100, 0)])
    lesson.did(student, 100)
    own = tutor.line([(0, 50), (100, 50)])
    lesson.did(tutor, 200)

    def rub(person: Person, shape_id: str, x: float) -> str:
        """As board/tools/rubber.ts: away with it, and a piece under its order key, in one transaction."""
        shape = person.board.shape(shape_id)
        assert shape is not None
        with person.replica.doc(BOARD).transaction():
            person.board.erase([shape_id])
            piece = person.line([(x, 7), (x + 10, 7)])
            person.board.set_fields([piece], {"index": shape.index})
        return piece

    piece = rub(tutor, theirs, 1)
    lesson.did(tutor, 300)
    of_piece = rub(tutor, piece, 2)
    lesson.did(tutor, 400)
    of_own = rub(student, own, 3)
    lesson.did(student, 500)
    lesson.finish(1000)
    make_redacted_copy(tmp_path / "original", tmp_path / "copy", parse_redaction(["ink:u2"]))
    assert {shape.id for shape in board_of(tmp_path / "copy").shapes("main")} == {of_own}
    assert of_piece not in {shape.id for shape in board_of(tmp_path / "copy").shapes("main")}


def test_board_that_goes_on_from_the_lesson_fits_the_copy(recording: Recording, tmp_path: Path) -> None:
    """An update over the original also integrates over the copy: nothing that it builds on has lost its place."""
    full, state = Lesson(tmp_path / "unused").people[0], board_of(recording.folder)
    with ArchiveReader(recording.folder) as archive:
        for record in read_records(archive, PUBLIC):
            if isinstance(record, UpdateRecord) and record.envelope.doc == BOARD:
                full.replica.doc(BOARD).apply_update(record.envelope.update)
    before = full.replica.doc(BOARD).get_state()
    board = Board(full.replica.doc(BOARD), full.session)
    board.edit_text(recording.text, "before secret-in-between after, and on")
    board.set_fields([recording.gone], {"colour": "black"})
    work = full.replica.doc(BOARD).get_update(before)
    make_redacted_copy(recording.folder, tmp_path / "copy", parse_redaction(["ink:u2"]))
    state = board_of(tmp_path / "copy")
    assert state.apply([(BOARD, work)]).shapes
    text = state.shape(recording.text, "main")
    assert text is not None
    assert text.text == "before  after, and on"


def test_pictures_go_unless_somebody_else_shows_them_too(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path / "original")
    tutor, student = lesson.people
    lesson.live(0)
    shown: dict[str, bytes] = {}
    for number, people in enumerate(((student,), (tutor,), (student, tutor)), 1):
        data = f"picture {number}".encode()
        shown[hashlib.sha256(data).hexdigest()] = data
        for person in people:
            fields: dict[str, str | float | bool | bytes | None] = {
                "x": 1.0,
                "y": 1.0,
                "w": 9.0,
                "h": 9.0,
                "asset": hashlib.sha256(data).hexdigest(),
            }
            person.board.add_thing("main", ShapeType.IMAGE, fields, ("black", 4), 1)
            lesson.did(person, 100 * number)
    (tmp_path / "original" / "assets").mkdir(exist_ok=True)
    for name, data in shown.items():
        (tmp_path / "original" / "assets" / name).write_bytes(data)
        lesson.archive.asset_named(name, "board", 100)
    lesson.finish(1000)
    make_redacted_copy(tmp_path / "original", tmp_path / "copy", parse_redaction(["ink:u2"]))
    names = list(shown)
    assert sorted(path.name for path in (tmp_path / "copy" / "assets").iterdir()) == sorted(names[1:])
    with ArchiveReader(tmp_path / "copy") as archive:
        assert {row.asset for row in archive.assets()} == set(names[1:])
    assert names[0].encode() not in plain_content(tmp_path / "copy")


def test_only_the_tracks_that_stay_are_copied(tmp_path: Path) -> None:
    original = Recording(tmp_path / "original", media=True)
    make_redacted_copy(original.folder, tmp_path / "copy", parse_redaction(["voice:u2", "video:u1"]))
    manifest = load_manifest(tmp_path / "copy", PUBLIC, "")
    assert {(track["user"], track["kind"]) for track in manifest["tracks"]} == {("u1", "audio"), ("u2", "video")}
    files = {path.name for path in (tmp_path / "copy" / "media").iterdir()}
    assert files == {Path(track["url"]).name for track in manifest["tracks"]}
    stated = json.loads((tmp_path / "copy" / "manifest.json").read_text())["files"]
    assert len(stated) == 1 + len(files)
    kinds = {(row["session"], row["kind"]) for row in manifest["coverage"]}
    assert (original.student.session, "audio") not in kinds


def test_everything_that_is_made_of_the_copy_is_without_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    original = Recording(data / "recordings" / "original", media=True)
    pack_envelopes(original.folder)
    write_hashes(original.folder, "lesson-1")
    encrypt_recording(original.folder)
    out = data / "recordings" / "copy"
    finish_redaction(original.folder, out, parse_redaction(["all:u2"]), encrypt=True)
    assert is_encrypted(out)
    with open_plain(out / "export" / "lesson.html") as file:
        page = file.read()
    assert [name for name, secret in SECRETS.items() if name != "name" and secret in page] == []
    assert b"of the tutor" in page
    with open_plain(out / "export" / "lesson.mp4") as file:
        (tmp_path / "film.mp4").write_bytes(file.read())
    samples, _ = decode_audio(tmp_path / "film.mp4")
    middle = samples[24_000:72_000]
    assert (tone_level(middle, TUTOR_HZ) > 0.1, tone_level(middle, STUDENT_HZ) > 0.1) == (True, False)
    assert (out / "export" / "storyboard.json").is_file()


def test_running_recording_foreign_people_and_a_taken_name_are_refused(recording: Recording, tmp_path: Path) -> None:
    running = Lesson(tmp_path / "running")
    running.archive.flush()
    with pytest.raises(SetupError, match="not finished"):
        make_redacted_copy(tmp_path / "running", tmp_path / "copy", parse_redaction(["ink:u1"]))
    with pytest.raises(SetupError, match="took no part"):
        make_redacted_copy(recording.folder, tmp_path / "copy", parse_redaction(["ink:u9"]))
    with pytest.raises(SetupError, match="exists already"):
        make_redacted_copy(recording.folder, tmp_path / "running", parse_redaction(["ink:u1"]))
    assert not (tmp_path / "copy").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["running"]


@pytest.mark.parametrize("update", [b"", b"\x01", b"\x01\x01\x05\x00\x00\x05\x00", bytes(40)])
def test_updates_that_cannot_be_read_are_refused(update: bytes) -> None:
    with pytest.raises(UpdateRefused):
        DocumentRedactor([]).survey(SessionId("0" * 16), update)
