"""The finished recording: what the recorder's own tools find in it."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from portal.showcase.cast import Person, Signer
from portal.showcase.fractions_lesson import fractions_lesson
from portal.showcase.recording import LIVE_MS, MadeRecording, make_recording
from portal.showcase.script import Draw, Erase, Write
from recorder.archive import LessonInfo
from recorder.boardstate import BoardState
from recorder.projection import load_manifest
from recorder.reading import ArchiveReader
from recorder.timeline import CursorRecord, EventRecord, UpdateRecord, Viewer, read_records
from recorder.verify import verify
from whiteboard_crdt.ids import Role
from whiteboard_crdt.keys import dump_jwks
from whiteboard_crdt.shape import ShapeType

PEOPLE: Mapping[str, Person] = {
    "tutor": Person("u-tutor", "Maya Torres", Role.TUTOR),
    "leo": Person("u-leo", "Leo Novak", Role.STUDENT),
    "amara": Person("u-amara", "Amara Okafor", Role.STUDENT),
}
LIVE_AT_MS = 1_790_000_000_000
STAFF = Viewer("u-tutor", True)


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer(ec.generate_private_key(ec.SECP256R1()), "school")


@pytest.fixture(scope="module")
def made(signer: Signer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, MadeRecording]:
    folder = tmp_path_factory.mktemp("recordings") / "fractions"
    lesson = LessonInfo("fractions", "room-1", "Adding fractions", "Riverside", dump_jwks(signer.keys).decode())
    return folder, make_recording(folder, lesson, fractions_lesson(), PEOPLE, signer, LIVE_AT_MS)


def test_verify_finds_nothing_wrong(made: tuple[Path, MadeRecording], signer: Signer) -> None:
    report = verify(made[0], signer.keys)
    assert report.errors == [] and report.notes == []
    assert (report.sessions, report.tracks) == (3, 6)
    assert report.envelopes > 100


def test_the_manifest_says_what_was_played(made: tuple[Path, MadeRecording]) -> None:
    manifest = load_manifest(made[0], STAFF, "/r")
    script = fractions_lesson()
    assert manifest["state"] == "sealed" and manifest["problems"] == []
    assert (manifest["start_ms"], manifest["end_ms"]) == (LIVE_MS, LIVE_MS + script.length_ms)
    assert manifest["started_at"] == LIVE_AT_MS
    assert [person["name"] for person in manifest["participants"]] == ["Maya Torres", "Leo Novak", "Amara Okafor"]
    assert [chapter["title"] for chapter in manifest["chapters"]] == [script.title, "Number line"]
    for track in manifest["tracks"]:
        assert track["closed"] and track["gaps"] == []
        assert track["start_ms"] == LIVE_MS
        assert track["end_ms"] == pytest.approx(LIVE_MS + script.length_ms, abs=70)


def test_the_board_ends_as_the_script_says(made: tuple[Path, MadeRecording]) -> None:
    script = fractions_lesson()
    state = BoardState()
    with ArchiveReader(made[0]) as archive:
        records = list(read_records(archive, STAFF))
    state.apply([(r.envelope.doc, r.envelope.update) for r in records if isinstance(r, UpdateRecord)])
    assert state.refused == 0
    pages = state.pages()
    assert [page.background for page in pages] == ["plain", "grid"]
    shapes = [shape for page in pages for shape in state.shapes(page.id)]
    erased = {tag for action in script.actions if isinstance(action, Erase) for tag in action.tags}
    drawn = [a for a in script.actions if isinstance(a, Draw) and a.tag not in erased]
    # One slip is taken back with undo.
    assert len([s for s in shapes if s.type is not ShapeType.TEXT]) == len(drawn) - 1
    assert [s.text for s in shapes if s.type is ShapeType.TEXT] == ["Check it on the number line"]
    cursors = [record for record in records if isinstance(record, CursorRecord)]
    assert len({cursor.session for cursor in cursors}) == 3 and len(cursors) > 300
    events = [record.kind for record in records if isinstance(record, EventRecord)]
    assert events.count("join") == 3 and events.count("leave") == 3
    assert events.count("hand") == 2 and events.count("page") == 2 and events.count("state") == 2


def test_strokes_arrive_when_the_pen_is_up(made: tuple[Path, MadeRecording]) -> None:
    first = next(action for action in fractions_lesson().actions if isinstance(action, Draw))
    with ArchiveReader(made[0]) as archive:
        updates = [r for r in read_records(archive, STAFF) if isinstance(r, UpdateRecord)]
    board = next(r for r in updates if r.envelope.doc.text == "board")
    assert board.room_ms == pytest.approx(LIVE_MS + first.up_ms, abs=60)
    assert board.envelope.authored_ms == LIVE_AT_MS + first.up_ms


def test_the_chat_is_searchable(made: tuple[Path, MadeRecording]) -> None:
    with ArchiveReader(made[0]) as archive:
        texts = [text for (text,) in archive.rows("chat", "select text from chat order by room_ms")]
    assert texts == [action.text for action in fractions_lesson().actions if isinstance(action, Write)]


def test_a_folder_that_is_there_is_not_touched(made: tuple[Path, MadeRecording], signer: Signer) -> None:
    lesson = LessonInfo("fractions", "room-1", "t", "s", dump_jwks(signer.keys).decode())
    with pytest.raises(FileExistsError):
        make_recording(made[0], lesson, fractions_lesson(), PEOPLE, signer, LIVE_AT_MS)


def test_giving_up_leaves_nothing_behind(signer: Signer, tmp_path: Path) -> None:
    calls = 0

    def checkpoint() -> None:
        nonlocal calls
        calls += 1
        # Some way into the first track.
        if calls == 1500:
            raise InterruptedError

    lesson = LessonInfo("fractions", "room-1", "t", "s", dump_jwks(signer.keys).decode())
    with pytest.raises(InterruptedError):
        make_recording(tmp_path / "f", lesson, fractions_lesson(), PEOPLE, signer, LIVE_AT_MS, checkpoint)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
