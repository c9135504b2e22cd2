"""`chalkmesh backup` and `chalkmesh restore`: the data folder as one encrypted file, taken while the service runs."""

import os
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, cast

from portal.sealed_file import SealedReader, SealedWriter
from recorder.custody import keys_locked
from whiteboard_crdt.errors import SetupError

DATABASES = (Path("portal.sqlite"), Path("relay/rooms.sqlite"))
# What is copied as it is. Finished recordings never change; one that goes on is whole in the next backup.
_FOLDERS = (Path("assets"), Path("materials"), Path("recordings"))
# After the recordings: one that is encrypted while this goes on has its key in the backup too.
_KEYS = Path("keys")
_FILES = (Path("chalkmesh.toml"),)
_LEAST_KEY = 16


def read_key(path: Path) -> str:
    """The passphrase in a file. Raises SetupError for one that is missing or too short."""
    try:
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"The key file {path} cannot be read.") from error
    if len(key) < _LEAST_KEY:
        raise SetupError(f"The key in {path} is shorter than {_LEAST_KEY} characters.")
    return key


def run_backup(data: Path, output: Path, key: str, say: Callable[[str], None]) -> int:
    """Writes the backup, whole or not at all. Raises SetupError."""
    if not (data / "keys").is_dir():
        raise SetupError(f"There is no data folder at {data}.")
    if output.exists():
        raise SetupError(f"{output} exists already.")
    try:
        with TemporaryDirectory(dir=output.parent, prefix=".backup-") as work, _whole_file(output) as file:
            writer = SealedWriter(file, key)
            with tarfile.open(fileobj=cast(IO[bytes], writer), mode="w|") as tar:
                count = sum(_add(tar, data, Path(work), say))
            writer.finish()
    except (OSError, sqlite3.Error, tarfile.TarError) as error:
        raise SetupError(f"The backup could not be written: {error}.") from error
    say(f"{output}: {count} files, {output.stat().st_size:,} bytes.")
    return 0


def run_restore(backup: Path, data: Path, key: str, say: Callable[[str], None]) -> int:
    """Puts a backup into an empty place. Raises SetupError, and then leaves nothing behind."""
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise SetupError(f"{data} is not empty. Restore into a new folder.")
    data.parent.mkdir(parents=True, exist_ok=True)
    try:
        with TemporaryDirectory(dir=data.parent, prefix=".restore-") as work:
            fresh = Path(work) / "data"
            fresh.mkdir(mode=0o700)
            with backup.open("rb") as file:
                reader = SealedReader(file, key)
                with tarfile.open(fileobj=cast(IO[bytes], reader), mode="r|") as tar:
                    tar.extractall(fresh, filter="data")
                # What follows the tar's own end: the last piece must have been there and right.
                reader.read()
            for name in DATABASES:
                if (fresh / name).exists():
                    _check_database(fresh / name)
            if data.exists():
                data.rmdir()
            fresh.rename(data)
    except (OSError, sqlite3.Error, tarfile.TarError) as error:
        raise SetupError(f"The backup could not be restored: {error}.") from error
    say(f"Restored into {data}. Start with: chalkmesh serve --data {data}")
    return 0


def _add(tar: tarfile.TarFile, data: Path, work: Path, say: Callable[[str], None]) -> Iterator[int]:
    for name in DATABASES:
        if not (data / name).exists():
            say(f"{name} is not there. A portal on PostgreSQL is backed up by pg_dump.")
            continue
        copy = work / name.name
        with closing(sqlite3.connect(data / name)) as source, closing(sqlite3.connect(copy)) as target:
            # SQLite's online backup: one consistent state, while the service writes on.
            source.backup(target)
        tar.add(copy, str(name))
        copy.unlink()
        yield 1
    for name in _FILES:
        if (data / name).is_file():
            tar.add(data / name, str(name))
            yield 1
    for folder in _FOLDERS:
        yield from _add_folder(tar, data, folder)
    with keys_locked(data / _KEYS):
        yield from _add_folder(tar, data, _KEYS)


def _add_folder(tar: tarfile.TarFile, data: Path, folder: Path) -> Iterator[int]:
    for path in sorted((data / folder).rglob("*")):
        if path.is_file() and not path.is_symlink():
            try:
                tar.add(path, str(path.relative_to(data)))
            except FileNotFoundError:
                # A recording of somebody who was erased a moment ago.
                continue
            yield 1


def _check_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        (verdict,) = connection.execute("PRAGMA quick_check").fetchone()
    if verdict != "ok":
        raise SetupError(f"The database {path.name} in the backup is damaged: {verdict}.")


@contextmanager
def _whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that is there when the block has ended well, and not before; readable by its owner only."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
