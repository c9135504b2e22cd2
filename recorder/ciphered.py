"""Files of a recording at rest: AES-256-GCM in chunks, read at any place (`docs/recording.md`, Encryption).

`open_plain` is the one seam through which finished recordings are read, encrypted or not.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from recorder.custody import keep_key, keys_beside, load_key
from recorder.schema import ASSETS, DATABASE, MANIFEST, MEDIA
from whiteboard_crdt.errors import SetupError

__all__ = [
    "ChunkRefused",
    "decrypt_recording",
    "encrypt_recording",
    "is_ciphered",
    "is_encrypted",
    "open_plain",
    "plain_size",
]

CHUNK_BYTES: Final = 64 * 1024
_TAG_BYTES: Final = 16
_MAGIC: Final = b"chalkmesh-file-1"
# magic, salt, chunk size, plain size
_HEADER: Final = struct.Struct(">16s32sIQ")
_MOST_CHUNK_BYTES: Final = 16 << 20
_EXPORT: Final = "export"
# What is made of a recording and shows or plays it. Unfinished files have other endings.
_SHOWING: Final = frozenset({".mp4", ".webm", ".html", ".jpg"})
_HEARD: Final = frozenset({"silence.json", "captions.json"})
_WORK: Final = ".encrypting"


class ChunkRefused(OSError):
    """An encrypted file is not what was written: changed, cut short, put together anew, or another file's."""


class CipheredFile(io.RawIOBase):
    """The plain bytes of an encrypted file; takes over the file. Reads raise ChunkRefused."""

    def __init__(self, file: BinaryIO, key: bytes, name: str) -> None:
        """`name`: where the file belongs in its recording. Raises ChunkRefused for one of a wrong length."""
        super().__init__()
        self._file = file
        self._name = name
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size:
            raise ChunkRefused(f"{name} is cut short")
        _, _, self._chunk_bytes, self.size_bytes = _HEADER.unpack(header)
        if not 0 < self._chunk_bytes <= _MOST_CHUNK_BYTES:
            raise ChunkRefused(f"{name} has a damaged header")
        self._count = _chunk_count(self.size_bytes, self._chunk_bytes)
        if os.fstat(file.fileno()).st_size != _HEADER.size + self.size_bytes + self._count * _TAG_BYTES:
            raise ChunkRefused(f"{name} is not as long as it was")
        self._cipher = _file_cipher(key, header, name)
        self._at = 0
        self._held: tuple[int, bytes] = (-1, b"")
        # An empty file has a chunk too, so that its header is checked.
        self._chunk(0)

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place in the plain bytes."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size_bytes}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        """The place in the plain bytes."""
        return self._at

    # `Any`-like buffer: whatever io hands over that can be written to.
    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        """Fill from the present place, at most to the end of its chunk."""
        if self._at >= self.size_bytes:
            return 0
        number, skip = divmod(self._at, self._chunk_bytes)
        piece = self._chunk(number)[skip : skip + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        """Close the file below too."""
        self._file.close()
        super().close()

    def _chunk(self, number: int) -> bytes:
        if self._held[0] == number:
            return self._held[1]
        self._file.seek(_HEADER.size + number * (self._chunk_bytes + _TAG_BYTES))
        sealed = self._file.read(self._chunk_bytes + _TAG_BYTES)
        try:
            piece = self._cipher.decrypt(_nonce(number), sealed, _aad(number, self._count))
        except (InvalidTag, ValueError):
            raise ChunkRefused(f"{self._name} was changed after it was encrypted (chunk {number})") from None
        self._held = (number, piece)
        return piece


def is_ciphered(path: Path) -> bool:
    """Whether a file is an encrypted one. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def open_plain(path: Path) -> io.BufferedReader:
    """Open a file of a recording for its plain bytes, with `seek`, encrypted or not.

    Raises KeyGone and ChunkRefused, which are both OSErrors, and OSError.
    """
    file = path.open("rb")
    try:
        if file.read(len(_MAGIC)) != _MAGIC:
            file.seek(0)
            return file
        file.seek(0)
        folder, name = _place(path)
        key = load_key(keys_beside(folder), folder.name)
        return io.BufferedReader(CipheredFile(file, key, name), CHUNK_BYTES)
    except BaseException:
        file.close()
        raise


def plain_size(path: Path) -> int:
    """How many plain bytes a file has, by its header alone. Raises OSError."""
    with path.open("rb") as file:
        header = file.read(_HEADER.size)
        if header[: len(_MAGIC)] == _MAGIC and len(header) == _HEADER.size:
            return int(_HEADER.unpack(header)[3])
        return os.fstat(file.fileno()).st_size


def is_encrypted(folder: Path) -> bool:
    """Whether nothing of a recording lies open. Raises OSError."""
    return all(is_ciphered(path) for path in _files(folder))


def encrypt_recording(folder: Path) -> int:
    """Encrypt what is not encrypted yet of a sealed and hashed recording; returns how many files.

    The key is on the disk before the first file, and each file takes the place of its plain one in one step after it
    was read back and compared. Killed at any moment, every file is whole, the one or the other, and the next call goes
    on. Raises SetupError for a recording that is not hashed yet, KeyGone, ChunkRefused and OSError.
    """
    folder = folder.resolve()
    if not (folder / MANIFEST).is_file() or not _is_one_file(folder / DATABASE):
        raise SetupError(f"the recording in {folder} is not finished, so it cannot be encrypted yet")
    plain = [path for path in _files(folder) if not is_ciphered(path)]
    work = folder / _WORK
    shutil.rmtree(work, ignore_errors=True)
    if plain:
        key = keep_key(keys_beside(folder), folder.name)
        work.mkdir()
        for path in plain:
            _encrypt_file(path, work / path.name, key)
        work.rmdir()
    return len(plain)


def decrypt_recording(folder: Path, out: Path) -> int:
    """Write a plain copy of a recording into a new folder; returns how many files. Raises SetupError and OSError."""
    folder = folder.resolve()
    if out.exists():
        raise SetupError(f"{out} exists already")
    count = 0
    for path in _files(folder):
        target = out / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        with open_plain(path) as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy, CHUNK_BYTES)
        count += 1
    for name in (MANIFEST, f"{_EXPORT}/storyboard.json"):
        if (folder / name).is_file():
            shutil.copyfile(folder / name, out / name)
            count += 1
    return count


def _is_one_file(database: Path) -> bool:
    """Whether a database is no longer written to with a log beside it (sqlite.org/fileformat, the write version)."""
    with open_plain(database) as file:
        return file.read(20)[18:] == b"\x01\x01"


def _files(folder: Path) -> Iterator[Path]:
    """What is encrypted of a recording: pictures, media, the database, and what was made of them."""
    for path in sorted(path for name in (ASSETS, MEDIA, _EXPORT) for path in (folder / name).glob("*")):
        shows = path.parent.name != _EXPORT or path.suffix in _SHOWING or path.name in _HEARD
        if shows and path.is_file() and not path.is_symlink():
            yield path
    yield folder / DATABASE


def _place(path: Path) -> tuple[Path, str]:
    """The recording that a file belongs to, and the file's name in it."""
    path = path.resolve()
    folder = path.parent.parent if path.parent.name in (ASSETS, MEDIA, _EXPORT) else path.parent
    return folder, path.relative_to(folder).as_posix()


def _encrypt_file(path: Path, part: Path, key: bytes) -> None:
    stat = path.stat()
    _, name = _place(path)
    header = _HEADER.pack(_MAGIC, secrets.token_bytes(32), CHUNK_BYTES, stat.st_size)
    cipher, count = _file_cipher(key, header, name), _chunk_count(stat.st_size, CHUNK_BYTES)
    before = hashlib.sha256()
    with path.open("rb") as source, part.open("xb") as target:
        target.write(header)
        for number in range(count):
            piece = source.read(CHUNK_BYTES)
            before.update(piece)
            target.write(cipher.encrypt(_nonce(number), piece, _aad(number, count)))
        if source.read(1):
            raise OSError(f"{name} grew while it was encrypted")
        target.flush()
        os.fsync(target.fileno())
    after = hashlib.sha256()
    with io.BufferedReader(CipheredFile(part.open("rb"), key, name), CHUNK_BYTES) as copy:
        while piece := copy.read(CHUNK_BYTES):
            after.update(piece)
    if before.digest() != after.digest():
        raise OSError(f"{name} came out different")
    # A browser that has the plain bytes may keep them: content and time are the same.
    os.utime(part, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    part.replace(path)


def _file_cipher(key: bytes, header: bytes, name: str) -> AESGCM:
    """The cipher of one file: no two files, and no two encryptions of one, share a key, so that a nonce may count."""
    info = header + name.encode()
    return AESGCM(HKDF(hashes.SHA256(), 32, header[len(_MAGIC) : len(_MAGIC) + 32], info).derive(key))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _aad(number: int, count: int) -> bytes:
    return b"last" if number == count - 1 else b"more"


def _chunk_count(size_bytes: int, chunk_bytes: int) -> int:
    return max(1, -(-size_bytes // chunk_bytes))
