"""portal/archive_commands.py, over real archives."""

from pathlib import Path

import pytest

from portal.archive_commands import TenthSayer, run_export, run_verify
from portal.keyfiles import prepare_data
from recorder.archive import LessonInfo, open_archive
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
