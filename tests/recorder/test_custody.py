"""Keys of recordings: `recorder.custody`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recorder import custody
from recorder.custody import KeyGone, check_keys, destroy_key, has_key, keep_key, load_key, rotate_school_key


def school_keys(keys: Path) -> dict[str, str]:
    found = json.loads((keys / "recordings.json").read_bytes())["keys"]
    assert isinstance(found, dict)
    return found


def test_key_is_made_once_and_is_only_there_wrapped(tmp_path: Path) -> None:
    key = keep_key(tmp_path, "l1")
    assert len(key) == 32
    assert keep_key(tmp_path, "l1") == load_key(tmp_path, "l1") == key
    assert keep_key(tmp_path, "l2") != key
    assert key not in b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.rglob("*"))


def test_new_school_key_wraps_all_keys_anew(tmp_path: Path) -> None:
    before = {lesson: keep_key(tmp_path, lesson) for lesson in ("l1", "l2")}
    old = school_keys(tmp_path)
    assert rotate_school_key(tmp_path) == 2
    assert {lesson: load_key(tmp_path, lesson) for lesson in before} == before
    assert len(school_keys(tmp_path)) == 1
    assert not school_keys(tmp_path).keys() & old.keys()


def test_change_of_school_key_that_was_cut_short_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {lesson: keep_key(tmp_path, lesson) for lesson in ("l1", "l2", "l3")}
    real = custody._wrap

    def wrap(keys: Path, lesson: str, *rest: object) -> None:
        if lesson == "l2":
            raise KeyboardInterrupt
        real(keys, lesson, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(custody, "_wrap", wrap)
    with pytest.raises(KeyboardInterrupt):
        rotate_school_key(tmp_path)
    monkeypatch.undo()
    assert {lesson: load_key(tmp_path, lesson) for lesson in before} == before
    assert rotate_school_key(tmp_path) == 3
    assert {lesson: load_key(tmp_path, lesson) for lesson in before} == before
    assert len(school_keys(tmp_path)) == 1


def test_old_copy_of_a_destroyed_key_is_worthless_after_the_school_key_changed(tmp_path: Path) -> None:
    keep_key(tmp_path, "l1")
    kept = (tmp_path / "recordings" / "l1").read_bytes()
    assert destroy_key(tmp_path, "l1")
    assert not has_key(tmp_path, "l1")
    rotate_school_key(tmp_path)
    (tmp_path / "recordings" / "l1").write_bytes(kept)
    with pytest.raises(KeyGone):
        load_key(tmp_path, "l1")


def test_key_of_one_recording_does_not_pass_for_anothers(tmp_path: Path) -> None:
    keep_key(tmp_path, "l1")
    (tmp_path / "recordings" / "l2").write_bytes((tmp_path / "recordings" / "l1").read_bytes())
    with pytest.raises(KeyGone):
        load_key(tmp_path, "l2")


@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "foreign"])
def test_a_lost_or_damaged_school_key_is_put_back_from_its_copy(damage: str, tmp_path: Path) -> None:
    key = keep_key(tmp_path, "l1")
    path = tmp_path / "recordings.json"
    whole = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "cut": whole[:40], "foreign": b'{"version": 1, "keys": []}'}[damage])
    # Even before it is put back, everything can be read and no other school key is made.
    assert load_key(tmp_path, "l1") == key
    keep_key(tmp_path, "l2")
    custody = check_keys(tmp_path)
    assert (custody.recordings, custody.lost, custody.repaired) == (2, (), True)
    assert path.read_bytes() == whole
    assert not check_keys(tmp_path).repaired


def test_a_copy_that_is_lost_is_made_again(tmp_path: Path) -> None:
    keep_key(tmp_path, "l1")
    (tmp_path / "recordings.json.copy").unlink()
    assert check_keys(tmp_path).repaired
    (tmp_path / "recordings.json").unlink()
    assert check_keys(tmp_path).lost == ()


def test_without_any_school_key_no_new_one_takes_its_place(tmp_path: Path) -> None:
    kept = keep_key(tmp_path, "l1")
    names = ("recordings.json", "recordings.json.copy")
    whole = [(tmp_path / name).read_bytes() for name in names]
    for name in names:
        (tmp_path / name).unlink()
    for attempt in (
        lambda: keep_key(tmp_path, "l2"),
        lambda: load_key(tmp_path, "l1"),
        lambda: rotate_school_key(tmp_path),
    ):
        with pytest.raises(KeyGone, match=r"the school key .* is not there"):
            attempt()
    assert check_keys(tmp_path).lost == ("l1",)
    for name, content in zip(names, whole, strict=True):
        (tmp_path / name).write_bytes(content)
    assert load_key(tmp_path, "l1") == kept
    for name in names:
        (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(KeyGone, match="damaged"):
        keep_key(tmp_path, "l2")


def test_keys_are_looked_at_where_there_are_none(tmp_path: Path) -> None:
    assert check_keys(tmp_path / "nowhere").recordings == 0
    assert check_keys(tmp_path).lost == ()


def test_a_new_school_key_leaves_no_copy_of_the_old_one(tmp_path: Path) -> None:
    keep_key(tmp_path, "l1")
    (old,) = school_keys(tmp_path).values()
    rotate_school_key(tmp_path)
    assert all(old.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
