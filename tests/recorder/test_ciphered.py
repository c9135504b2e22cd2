"""Encrypted files of recordings: `recorder.ciphered`, and that all that reads recordings reads them."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from recorder.ciphered import (
    CHUNK_BYTES,
    ChunkRefused,
    decrypt_recording,
    encrypt_recording,
    is_ciphered,
    is_encrypted,
    open_plain,
    plain_size,
)
from recorder.custody import KeyGone, destroy_key, has_key
from recorder.export import export
from recorder.matroska_read import scan
from recorder.packing import pack_envelopes
from recorder.projection import Viewer, encode_timeline, load_manifest
from recorder.schema import DATABASE
from recorder.seal import write_hashes
from recorder.verify import verify
from recorder.worker import finish_lesson
from tests.recorder.test_archive import make_whole
from whiteboard_crdt.errors import SetupError

STAFF = Viewer("u1", True)
HEADER = 60
STORED = CHUNK_BYTES + 16


def hashed(folder: Path) -> Path:
    make_whole(folder)
    pack_envelopes(folder)
    write_hashes(folder, folder.name)
    return folder


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    (tmp_path / "keys").mkdir()
    return hashed(tmp_path / "recordings" / "l1")


@pytest.fixture
def large(recording: Path) -> tuple[Path, bytes]:
    """A file of four chunks, the last one short, and its plain bytes."""
    content = random.Random(7).randbytes(3 * CHUNK_BYTES + 1234)
    path = recording / "export" / "lesson.mp4"
    path.parent.mkdir()
    path.write_bytes(content)
    encrypt_recording(recording)
    assert is_ciphered(path)
    return path, content


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_range_is_the_range_of_the_plain_file(large: tuple[Path, bytes]) -> None:
    path, content = large
    assert plain_size(path) == len(content)
    places = random.Random(8)
    with open_plain(path) as file:
        assert file.read() == content
        for _ in range(200):
            first, length = places.randrange(len(content) + 5), places.randrange(3 * CHUNK_BYTES)
            file.seek(first)
            assert file.read(length) == content[first : first + length]
        assert file.seek(-10, os.SEEK_END) == len(content) - 10
        assert file.read() == content[-10:]


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES])
def test_files_of_all_lengths_come_back(recording: Path, size: int) -> None:
    path = recording / "media" / "extra.webm"
    path.write_bytes(bytes(size))
    encrypt_recording(recording)
    with open_plain(path) as file:
        assert file.read() == bytes(size)


def swapped(data: bytearray) -> None:
    first, second = data[HEADER : HEADER + STORED], data[HEADER + STORED : HEADER + 2 * STORED]
    data[HEADER : HEADER + 2 * STORED] = second + first


def cut_at_a_chunk(data: bytearray) -> None:
    del data[HEADER + 3 * STORED :]


def cut_with_a_header_that_agrees(data: bytearray) -> None:
    del data[HEADER + 2 * STORED :]
    data[52:60] = (2 * CHUNK_BYTES).to_bytes(8, "big")


def chunk_left_out(data: bytearray) -> None:
    del data[HEADER + STORED : HEADER + 2 * STORED]


def flipped(data: bytearray) -> None:
    data[HEADER + STORED + 77] ^= 1


def flipped_tag(data: bytearray) -> None:
    data[-1] ^= 1


def flipped_salt(data: bytearray) -> None:
    data[20] ^= 1


def other_chunk_size(data: bytearray) -> None:
    data[48:52] = (1 << 31).to_bytes(4, "big")


@pytest.mark.parametrize(
    "change",
    [
        swapped,
        cut_at_a_chunk,
        cut_with_a_header_that_agrees,
        chunk_left_out,
        flipped,
        flipped_tag,
        flipped_salt,
        other_chunk_size,
    ],
)
def test_changed_file_is_refused(large: tuple[Path, bytes], change: Callable[[bytearray], None]) -> None:
    path, _ = large
    data = bytearray(path.read_bytes())
    change(data)
    path.write_bytes(data)
    with pytest.raises(ChunkRefused), open_plain(path) as file:
        file.read()


def test_file_in_the_place_of_another_is_refused(recording: Path) -> None:
    first, second = recording / "media" / "a.webm", recording / "media" / "b.webm"
    first.write_bytes(b"a" * 100)
    second.write_bytes(b"b" * 100)
    encrypt_recording(recording)
    shutil.copyfile(first, second)
    with pytest.raises(ChunkRefused):
        open_plain(second)


def test_all_that_reads_recordings_reads_an_encrypted_one(recording: Path, tmp_path: Path) -> None:
    before = (list(encode_timeline(recording, STAFF)), load_manifest(recording, STAFF, ""), verify(recording).errors)
    track = next((recording / "media").iterdir())
    scanned = scan(track)
    assert encrypt_recording(recording) == 2
    assert is_encrypted(recording)
    assert encrypt_recording(recording) == 0
    assert before == (list(encode_timeline(recording, STAFF)), load_manifest(recording, STAFF, ""), [])
    assert scan(track) == scanned
    report = export(recording, tmp_path / "film.mp4", lambda _: None)
    assert report.problems == ()


def test_changed_track_is_named_by_verify_and_left_out_of_the_film(recording: Path, tmp_path: Path) -> None:
    encrypt_recording(recording)
    track = next((recording / "media").iterdir())
    data = bytearray(track.read_bytes())
    data[HEADER + 5] ^= 1
    track.write_bytes(data)
    errors = verify(recording).errors
    assert any("was changed after it was sealed" in error for error in errors)
    assert any(track.name in text for text in export(recording, tmp_path / "film.mp4", lambda _: None).problems)


def test_worker_leaves_nothing_in_the_open(recording: Path) -> None:
    assert finish_lesson(recording, encrypt=True) == 0
    assert is_encrypted(recording)
    open_still = {name for name, data in files(recording).items() if not data.startswith(b"chalkmesh-file-1")}
    assert open_still == {"manifest.json", "export/storyboard.json"}
    assert load_manifest(recording, STAFF, "")["storyboard"] is not None
    # Again after a kill: what is there is not made again.
    (recording / "export" / "lesson.html").unlink()
    film = (recording / "export" / "lesson.mp4").read_bytes()
    assert finish_lesson(recording, encrypt=True) == 0
    assert (recording / "export" / "lesson.mp4").read_bytes() == film
    assert is_encrypted(recording)


def test_destroyed_key_leaves_nothing_readable(recording: Path, tmp_path: Path) -> None:
    encrypt_recording(recording)
    keys = tmp_path / "keys"
    assert has_key(keys, "l1")
    assert destroy_key(keys, "l1")
    assert not destroy_key(keys, "l1")
    for path in (recording / DATABASE, next((recording / "media").iterdir())):
        with pytest.raises(KeyGone):
            open_plain(path)
    with pytest.raises(SetupError, match="destroyed"):
        load_manifest(recording, STAFF, "")


@pytest.mark.parametrize("step", range(8))
def test_killed_at_any_step_every_file_is_whole_and_the_next_call_goes_on(
    recording: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """A kill shows as an exception that nothing catches, at the n-th thing that touches the disk for good."""
    plain = {name: data for name, data in files(recording).items() if name != "manifest.json"}
    steps = 0
    real_replace, real_fsync = Path.replace, os.fsync

    def touch() -> None:
        nonlocal steps
        steps += 1
        if steps > step:
            raise KeyboardInterrupt

    def replace(path: Path, target: Path) -> Path:
        touch()
        return real_replace(path, target)

    def fsync(handle: int) -> None:
        touch()
        real_fsync(handle)

    monkeypatch.setattr(Path, "replace", replace)
    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(KeyboardInterrupt):
        encrypt_recording(recording)
    monkeypatch.undo()

    def contents() -> dict[str, bytes]:
        return {name: open_plain(recording / name).read() for name in plain}

    assert contents() == plain
    assert verify(recording).errors == []
    encrypt_recording(recording)
    assert contents() == plain
    assert is_encrypted(recording)
    assert verify(recording).errors == []
    assert not (recording / ".encrypting").exists()


def test_plain_copy_is_the_recording_as_it_was(recording: Path, tmp_path: Path) -> None:
    before = files(recording)
    encrypt_recording(recording)
    assert decrypt_recording(recording, tmp_path / "copy") == len(before)
    assert files(tmp_path / "copy") == before
    with pytest.raises(SetupError, match="exists"):
        decrypt_recording(recording, tmp_path / "copy")


def test_unfinished_recording_is_not_encrypted(recording: Path) -> None:
    (recording / "manifest.json").unlink()
    with pytest.raises(SetupError, match="not finished"):
        encrypt_recording(recording)
