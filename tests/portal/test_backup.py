"""Backup and restore, and the first school: portal/{sealed_file,backup,school_command}.py."""

import io
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select

from portal.backup import DATABASES, read_key, run_backup, run_restore
from portal.keyfiles import load_keyring, prepare_data
from portal.schema import metadata
from portal.school_command import run_school
from portal.sealed_file import SealedReader, SealedWriter
from tests.portal.every_table import fill_every_table
from tests.portal.world import make_build
from whiteboard_crdt.errors import SetupError

KEY = "four words of a key"
PIECE = 1024 * 1024


def seal(content: bytes) -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(file, KEY)
    writer.write(content)
    writer.finish()
    return file.getvalue()


@pytest.mark.parametrize("size", [0, 1, PIECE, PIECE + 1, 2 * PIECE])
def test_sealed_file_gives_back_what_was_written(size: int) -> None:
    content = bytes(n % 251 for n in range(size))
    sealed = seal(content)
    reader = SealedReader(io.BytesIO(sealed), KEY)
    assert reader.read(10) + reader.read() == content
    assert reader.read(1) == b""
    assert size < 100 or content[:100] not in sealed


@pytest.mark.parametrize("cut", [1, PIECE // 2, PIECE + 16])
def test_file_that_was_cut_off_or_changed_is_refused(cut: int) -> None:
    sealed = seal(b"x" * (2 * PIECE))
    with pytest.raises(SetupError):
        SealedReader(io.BytesIO(sealed[:-cut]), KEY).read()
    changed = bytearray(sealed)
    changed[-cut] ^= 1
    with pytest.raises(SetupError):
        SealedReader(io.BytesIO(bytes(changed)), KEY).read()


def test_wrong_key_and_foreign_file_say_so() -> None:
    with pytest.raises(SetupError, match="The key does not fit"):
        SealedReader(io.BytesIO(seal(b"secret")), "another key of some").read()
    with pytest.raises(SetupError, match="no backup"):
        SealedReader(io.BytesIO(b"PK\x03\x04"), KEY)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a row in each database, and the portal's being written to."""
    folder = tmp_path / "data"
    prepare_data(folder)
    make_build(folder / "assets")
    (folder / "recordings" / "lesson").mkdir()
    (folder / "recordings" / "lesson" / "ink.webm").write_bytes(b"ink")
    for name in DATABASES:
        (folder / name).parent.mkdir(exist_ok=True)
        with closing(sqlite3.connect(folder / name)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE t (n)")
            connection.execute("INSERT INTO t VALUES (7)")
            connection.commit()
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    skipped = (*map(str, DATABASES), *(f"{name}-{end}" for name in DATABASES for end in ("wal", "shm")))
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name not in skipped}


def test_backup_of_a_running_service_is_restored_whole(data: Path, tmp_path: Path) -> None:
    said: list[str] = []
    with closing(sqlite3.connect(data / "portal.sqlite")) as busy:
        busy.execute("BEGIN IMMEDIATE")
        busy.execute("INSERT INTO t VALUES (8)")  # not committed: it is in no backup
        assert run_backup(data, tmp_path / "b", KEY, said.append) == 0
    assert b"ink.webm" not in (tmp_path / "b").read_bytes()
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o600
    assert run_restore(tmp_path / "b", tmp_path / "new" / "data", KEY, said.append) == 0
    fresh = tmp_path / "new" / "data"
    assert files_of(fresh) == files_of(data)
    assert load_keyring(fresh).jwks == load_keyring(data).jwks
    for name in DATABASES:
        with closing(sqlite3.connect(fresh / name)) as connection:
            assert connection.execute("SELECT n FROM t").fetchall() == [(7,)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "data", "new"]  # nothing half-made is left


def test_backup_brings_back_a_row_of_every_table_of_the_portal(tmp_path: Path, migrated: Path) -> None:
    prepare_data(tmp_path / "data")
    shutil.copy(migrated, tmp_path / "data" / "portal.sqlite")

    def everything(folder: Path) -> dict[str, list[tuple[object, ...]]]:
        engine = create_engine(f"sqlite:///{folder / 'portal.sqlite'}")
        with engine.begin() as connection:
            if folder.name == "data":
                fill_every_table(connection, metadata.sorted_tables, {"student": "s", "other": "s"}, {"users.id": "s"})
            found = {table.name: connection.execute(select(table)).all() for table in metadata.sorted_tables}
        engine.dispose()
        return {name: [tuple(row) for row in rows] for name, rows in found.items()}

    before = everything(tmp_path / "data")
    assert [name for name, rows in before.items() if not rows] == []
    run_backup(tmp_path / "data", tmp_path / "b", KEY, print)
    run_restore(tmp_path / "b", tmp_path / "restored", KEY, print)
    assert everything(tmp_path / "restored") == before


def test_restore_touches_nothing_that_is_there_and_leaves_nothing_when_it_fails(data: Path, tmp_path: Path) -> None:
    run_backup(data, tmp_path / "b", KEY, print)
    with pytest.raises(SetupError, match="is not empty"):
        run_restore(tmp_path / "b", data, KEY, print)
    with pytest.raises(SetupError, match="exists already"):
        run_backup(data, tmp_path / "b", KEY, print)
    (tmp_path / "b").write_bytes((tmp_path / "b").read_bytes()[:-20])
    with pytest.raises(SetupError):
        run_restore(tmp_path / "b", tmp_path / "new", KEY, print)
    assert not (tmp_path / "new").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "data"]


def test_key_must_be_there_and_long_enough(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="cannot be read"):
        read_key(tmp_path / "none")
    (tmp_path / "key").write_text("short\n")
    with pytest.raises(SetupError, match="shorter than 16"):
        read_key(tmp_path / "key")


def test_first_school_has_a_coordinator_who_can_choose_a_password(tmp_path: Path) -> None:
    said: list[str] = []
    people = (("Ruth Klein", "Ruth@school.example"), "North", ("Dana Diaz", "dana@district.example"))
    with pytest.raises(SetupError, match="is no time zone"):
        run_school(tmp_path, None, "Hill School", "EST5CDT9", *people, "https://l.example/", said.append)
    run_school(tmp_path, None, "Hill School", "America/Chicago", *people, "https://l.example/", said.append)
    assert said[0].startswith("coordinator Ruth Klein: https://l.example/welcome/")
    assert said[1].startswith("district admin Dana Diaz: https://l.example/welcome/")
    with pytest.raises(SetupError, match="already"):
        run_school(tmp_path, None, "Other", "America/Chicago", *people, "https://l.example/", said.append)
    with closing(sqlite3.connect(tmp_path / "portal.sqlite")) as connection:
        assert connection.execute("SELECT login, role FROM users ORDER BY login").fetchall() == [
            ("dana@district.example", "district_admin"),
            ("ruth@school.example", "coordinator"),
        ]
        assert connection.execute("SELECT count(*) FROM schools").fetchone() == (1,)
