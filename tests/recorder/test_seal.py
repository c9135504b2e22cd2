"""The hash manifest: `recorder.seal`, and what `recorder.verify` makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder.schema import DATABASE, MANIFEST
from recorder.seal import write_hashes
from recorder.verify import verify
from tests.recorder.test_archive import make_whole


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    make_whole(tmp_path)
    write_hashes(tmp_path, "lesson-1")
    return tmp_path


def test_hashed_archive_verifies_without_a_note(sealed: Path) -> None:
    report = verify(sealed)
    assert (report.errors, report.notes) == ([], [])


@pytest.mark.parametrize("place", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("what", ["media", "database"])
def test_flipped_byte_is_found(sealed: Path, what: str, place: float) -> None:
    path = sealed / DATABASE if what == "database" else next((sealed / "media").iterdir())
    data = bytearray(path.read_bytes())
    data[int(len(data) * place)] ^= 0x40
    path.write_bytes(data)
    report = verify(sealed)
    assert any("was changed after it was sealed" in error for error in report.errors)


def test_added_and_missing_files_are_found(sealed: Path) -> None:
    (sealed / "media" / "extra.webm").write_bytes(b"")
    next(path for path in (sealed / "media").iterdir() if path.name != "extra.webm").unlink()
    errors = verify(sealed).errors
    assert any("was added" in error for error in errors)
    assert any("is missing" in error for error in errors)


def test_damaged_manifest_is_found(sealed: Path) -> None:
    (sealed / MANIFEST).write_text('{"files": 3}')
    assert f"{MANIFEST} is damaged" in verify(sealed).errors
