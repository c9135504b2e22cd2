"""The keys of recordings: one a recording, each wrapped by the school key (`docs/recording.md`, Encryption).

`keys/recordings.json` holds the school key and, while it is being changed, the one before. `keys/recordings/<lesson>`
holds a recording's key, encrypted with the school key. Whoever deletes that file has erased the recording, wherever
copies of it lie.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["KeyGone", "destroy_key", "has_key", "keep_key", "keys_beside", "load_key", "rotate_school_key"]

_SCHOOL: Final = "recordings.json"
_RECORDINGS: Final = "recordings"
_LOCK: Final = ".recordings.lock"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_FORMAT: Final = b"chalkmesh-recording-key-1\n"


class KeyGone(OSError):
    """There is no key for this recording, or none that can be unwrapped: nothing of it can be read."""


def keys_beside(folder: Path) -> Path:
    """The folder of keys for a recording at DATA/recordings/<lesson>."""
    return folder.resolve().parent.parent / "keys"


def has_key(keys: Path, lesson: str) -> bool:
    """Whether the recording has a key."""
    return (keys / _RECORDINGS / lesson).is_file()


def load_key(keys: Path, lesson: str) -> bytes:
    """The key of a recording, 32 bytes. Raises KeyGone and OSError."""
    try:
        wrapped = json.loads((keys / _RECORDINGS / lesson).read_bytes())
        nonce, sealed = _decode(wrapped["nonce"]), _decode(wrapped["key"])
        school_keys = _load_school(keys)[1]
        return AESGCM(school_keys[wrapped["school_key"]]).decrypt(nonce, sealed, _FORMAT + lesson.encode())
    except FileNotFoundError:
        raise KeyGone(f"the key of the recording {lesson} is not there: it was destroyed, or is elsewhere") from None
    except (InvalidTag, ValueError, KeyError, TypeError):
        raise KeyGone(f"the key of the recording {lesson} does not fit the school key, or is damaged") from None


def keep_key(keys: Path, lesson: str) -> bytes:
    """The key of a recording; where there is none, a new one, on the disk before this returns.

    Raises KeyGone for one that is there and cannot be unwrapped, and OSError.
    """
    keys.mkdir(mode=0o700, exist_ok=True)
    with _locked(keys):
        if has_key(keys, lesson):
            return load_key(keys, lesson)
        name, school_keys = _load_school(keys) if (keys / _SCHOOL).exists() else _add_school_key(keys, {})
        key = secrets.token_bytes(_KEY_BYTES)
        (keys / _RECORDINGS).mkdir(mode=0o700, exist_ok=True)
        _wrap(keys, lesson, key, name, school_keys[name])
        return key


def destroy_key(keys: Path, lesson: str) -> bool:
    """Destroy the key of a recording for good; False where there is none. Raises OSError."""
    path = keys / _RECORDINGS / lesson
    if not path.exists():
        return False
    with _locked(keys):
        # Where the file system writes in place, the old bytes are gone at once; where it does not, a change of the
        # school key makes what is left of them worthless.
        with path.open("r+b") as file:
            file.write(bytes(os.fstat(file.fileno()).st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        path.with_name(f".{path.name}.part").unlink(missing_ok=True)
        _sync_folder(path.parent)
    return True


def rotate_school_key(keys: Path) -> int:
    """Make a new school key and wrap every recording's key with it; returns how many.

    No recording is read or written. A change that was cut short is completed by the next one: until all keys are
    wrapped anew, both school keys are kept. Raises KeyGone and OSError.
    """
    with _locked(keys):
        known = _load_school(keys)[1] if (keys / _SCHOOL).exists() else {}
        name, school_keys = _add_school_key(keys, known)
        folder = keys / _RECORDINGS
        lessons = sorted(path.name for path in folder.iterdir() if path.name[0] != ".") if folder.is_dir() else []
        for lesson in lessons:
            _wrap(keys, lesson, load_key(keys, lesson), name, school_keys[name])
        _save_school(keys, name, {name: school_keys[name]})
        return len(lessons)


def _wrap(keys: Path, lesson: str, key: bytes, name: str, school_key: bytes) -> None:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(school_key).encrypt(nonce, key, _FORMAT + lesson.encode())
    content = {"version": 1, "school_key": name, "nonce": _encode(nonce), "key": _encode(sealed)}
    _write_whole(keys / _RECORDINGS / lesson, content)


def _load_school(keys: Path) -> tuple[str, dict[str, bytes]]:
    stored = json.loads((keys / _SCHOOL).read_bytes())
    return str(stored["current"]), {str(name): _decode(key) for name, key in stored["keys"].items()}


def _add_school_key(keys: Path, known: dict[str, bytes]) -> tuple[str, dict[str, bytes]]:
    name = secrets.token_hex(8)
    school_keys = {**known, name: secrets.token_bytes(_KEY_BYTES)}
    _save_school(keys, name, school_keys)
    return name, school_keys


def _save_school(keys: Path, current: str, school_keys: dict[str, bytes]) -> None:
    _write_whole(
        keys / _SCHOOL,
        {"version": 1, "current": current, "keys": {name: _encode(key) for name, key in school_keys.items()}},
    )


@contextmanager
def _locked(keys: Path) -> Iterator[None]:
    """One process at a time changes keys: the worker makes them, the portal destroys them, an operator rotates."""
    lock = os.open(keys / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _write_whole(path: Path, content: dict[str, object]) -> None:
    beside = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(json.dumps(content).encode())
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).decode("ascii")


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text)
