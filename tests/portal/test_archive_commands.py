"""portal/archive_commands.py, over real archives."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from portal.archive_commands import TenthSayer, run_export, run_verify
from portal.keyfiles import prepare_data
from portal.recording_keys_command import run_decrypt, run_encrypt, run_rotate
from recorder.archive import LessonInfo, open_archive
from recorder.custody import destroy_key
from recorder.seal import write_hashes
from whiteboard_crdt.errors import SetupError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    keyring = prepare_data(tmp_path)
    folder = tmp_path / "recordings" / "lesson-one"
    folder.mkdir()
    open_archive(folder, LessonInfo("lesson-one", "room-one", "Fractions", "School", keyring.jwks.decode())).close()
    return folder


def test_archive_in_order_says_so_and_is_0(folder: Path) -> None:
    said: list[str] = []
    assert run_verify(folder, None, said.append) == 0
    assert said[-1] == f"{folder}: all is well"
    assert not any("forgery" in line for line in said)


def test_damaged_archive_names_what_is_wrong_and_is_1(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"version": 1, "files": {"media/gone.webm": {"bytes": 1, "sha256": "00"}}}')
    said: list[str] = []
    assert run_verify(folder, None, said.append) == 1
    assert any(line.startswith("error: ") for line in said)
    assert said[-1].endswith("errors")


def test_archive_outside_a_data_folder_is_checked_with_a_warning(folder: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere" / "deep" / "lesson"
    moved.parent.mkdir(parents=True)
    folder.rename(moved)
    said: list[str] = []
    assert run_verify(moved, None, said.append) == 0
    assert any("forgery" in line for line in said)
    with pytest.raises(SetupError, match="cannot be read"):
        run_verify(moved, tmp_path / "no-keys.json", said.append)


def test_film_under_another_name_is_refused_in_one_sentence(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"must end in \.mp4"):
        run_export(folder, tmp_path / "film.avi", print)


def test_progress_is_said_at_each_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    sayer = TenthSayer("Rendering x.mp4")
    for done in (0.0, 0.05, 0.1, 0.11, 0.75, 1.0):
        sayer(done)
    assert capsys.readouterr().err.splitlines() == [f"Rendering x.mp4: {part} %" for part in (0, 10, 70, 100)]


@pytest.fixture
def finished(folder: Path) -> Path:
    with closing(sqlite3.connect(folder / "lesson.sqlite")) as conn:
        conn.execute("pragma journal_mode = delete")
    write_hashes(folder, "lesson-one")
    return folder


def test_recordings_are_encrypted_where_they_lie_verified_and_opened_again(finished: Path, tmp_path: Path) -> None:
    plain = (finished / "lesson.sqlite").read_bytes()
    said: list[str] = []
    assert run_encrypt(tmp_path, said.append) == 0
    assert run_encrypt(tmp_path, said.append) == 0
    assert said == ["lesson-one: 1 files encrypted", "lesson-one: encrypted already"]
    assert (finished / "lesson.sqlite").read_bytes() != plain
    assert run_rotate(tmp_path, said.append) == 0
    assert run_verify(finished, None, said.append) == 0
    assert run_decrypt(finished, tmp_path / "copy", said.append) == 0
    assert (tmp_path / "copy" / "lesson.sqlite").read_bytes() == plain


def test_recording_that_goes_on_is_left_as_it_is(folder: Path, tmp_path: Path) -> None:
    said: list[str] = []
    assert run_encrypt(tmp_path, said.append) == 0
    assert said == ["lesson-one: not finished yet, left as it is"]


def test_what_a_destroyed_key_means_is_one_sentence(finished: Path, tmp_path: Path) -> None:
    run_encrypt(tmp_path, lambda _: None)
    destroy_key(tmp_path / "keys", "lesson-one")
    gone = "the key of the recording lesson-one is not there"
    with pytest.raises(SetupError, match=gone):
        run_verify(finished, None, print)
    with pytest.raises(SetupError, match=gone):
        run_export(finished, tmp_path / "film.mp4", print)
    with pytest.raises(SetupError, match=gone):
        run_decrypt(finished, tmp_path / "copy", print)
    said: list[str] = []
    assert run_encrypt(tmp_path, said.append) == 1
    with pytest.raises(SetupError, match="no data folder"):
        run_rotate(finished, print)
