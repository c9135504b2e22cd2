"""The keys of recordings: one a recording, each wrapped by the school key (`docs/recording.md`, Encryption).

`keys/recordings.json` holds the school key and, while it is being changed, the one before; `recordings.json.copy` is
the same again, written before it, for when that is damaged or deleted. `keys/recordings/<lesson>` holds a recording's
key, encrypted with the school key. Whoever deletes that file has erased the recording, wherever copies of it lie.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = [
    "Custody", "KeyGone", "check_keys", "destroy_key", "has_key", "keep_key", "keys_beside", "keys_locked", "load_key",
    "rotate_school_key",
]  # fmt: skip

_SCHOOL: Final = "recordings.json"
_SCHOOL_COPY: Final = "recordings.json.copy"
_RECORDINGS: Final = "recordings"
_LOCK: Final = ".recordings.lock"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_FORMAT: Final = b"chalkmesh-recording-key-1\n"


class KeyGone(OSError):
    """There is no key for this recording, or none that can be unwrapped: nothing of it can be read."""


@dataclass(frozen=True, slots=True)
class Custody:
    """How the keys are. `lost`: recordings whose key cannot be unwrapped; `repaired`: the school key was put back."""

    recordings: int
    lost: tuple[str, ...]
    repaired: bool


def check_keys(keys: Path) -> Custody:
    """Unwrap every recording's key, and put the school key back where its copy alone is whole. Raises OSError."""
    if not keys.is_dir():
        return Custody(0, (), False)
    with keys_locked(keys):
        repaired = _mend_school(keys)
        lost: list[str] = []
        lessons = _lessons(keys)
        for lesson in lessons:
            try:
                load_key(keys, lesson)
            except KeyGone:
                lost.append(lesson)
        return Custody(len(lessons), tuple(lost), repaired)


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
    except FileNotFoundError as error:
        if error.filename is not None and Path(error.filename).name == _SCHOOL:
            raise KeyGone(f"the school key {keys / _SCHOOL} is not there: put it back from a backup") from None
        raise KeyGone(f"the key of the recording {lesson} is not there: it was destroyed, or is elsewhere") from None
    except (InvalidTag, ValueError, KeyError, TypeError):
        raise KeyGone(f"the key of the recording {lesson} does not fit the school key, or is damaged") from None


def keep_key(keys: Path, lesson: str) -> bytes:
    """The key of a recording; where there is none, a new one, on the disk before this returns.

    Raises KeyGone for one that is there and cannot be unwrapped, and where the school key is gone that holds others:
    a new one in its place would stand in the way of the old one when it is put back. Raises OSError.
    """
    keys.mkdir(mode=0o700, exist_ok=True)
    with keys_locked(keys):
        if has_key(keys, lesson):
            return load_key(keys, lesson)
        try:
            name, school_keys = _load_school(keys)
        except FileNotFoundError:
            if others := len(_lessons(keys)):
                where = keys / _SCHOOL
                raise KeyGone(f"the school key {where} is not there, and {others} recordings need it") from None
            name, school_keys = _add_school_key(keys, {})
        except (ValueError, KeyError, TypeError, AttributeError):
            raise KeyGone(f"the school key {keys / _SCHOOL} is damaged: put it back from a backup") from None
        key = secrets.token_bytes(_KEY_BYTES)
        (keys / _RECORDINGS).mkdir(mode=0o700, exist_ok=True)
        _wrap(keys, lesson, key, name, school_keys[name])
        return key


def destroy_key(keys: Path, lesson: str) -> bool:
    """Destroy the key of a recording for good; False where there is none. Raises OSError."""
    path = keys / _RECORDINGS / lesson
    if not path.exists():
        return False
    with keys_locked(keys):
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
    with keys_locked(keys):
        lessons = _lessons(keys)
        try:
            known = _load_school(keys)[1]
        except FileNotFoundError:
            if lessons:
                raise KeyGone(f"the school key {keys / _SCHOOL} is not there: put it back from a backup") from None
            known = {}
        name, school_keys = _add_school_key(keys, known)
        for lesson in lessons:
            _wrap(keys, lesson, load_key(keys, lesson), name, school_keys[name])
        _save_school(keys, name, {name: school_keys[name]})
        return len(lessons)


def _wrap(keys: Path, lesson: str, key: bytes, name: str, school_key: bytes) -> None:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(school_key).encrypt(nonce, key, _FORMAT + lesson.encode())
    content = {"version": 1, "school_key": name, "nonce": _encode(nonce), "key": _encode(sealed)}
    _write_whole(keys / _RECORDINGS / lesson, content)


def _lessons(keys: Path) -> list[str]:
    folder = keys / _RECORDINGS
    return sorted(path.name for path in folder.iterdir() if path.name[0] != ".") if folder.is_dir() else []


def _load_school(keys: Path) -> tuple[str, dict[str, bytes]]:
    """The name of the key in use, and all keys. Raises FileNotFoundError, or ValueError and its like for damage."""
    try:
        return _read_school(keys / _SCHOOL)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        try:
            return _read_school(keys / _SCHOOL_COPY)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            # What is said is said of the file itself.
            pass
        raise


def _read_school(path: Path) -> tuple[str, dict[str, bytes]]:
    stored = json.loads(path.read_bytes())
    current, school_keys = str(stored["current"]), {str(name): _decode(key) for name, key in stored["keys"].items()}
    if len(school_keys[current]) != _KEY_BYTES:
        raise ValueError("length of the school key")
    return current, school_keys


def _mend_school(keys: Path) -> bool:
    """Write the file anew from its copy, or the copy from the file, where one alone is whole; says whether it did."""
    whole: list[tuple[str, dict[str, bytes]]] = []
    for name in (_SCHOOL, _SCHOOL_COPY):
        try:
            whole.append(_read_school(keys / name))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    if len(whole) != 1:
        return False
    _save_school(keys, *whole[0])
    return True


def _add_school_key(keys: Path, known: dict[str, bytes]) -> tuple[str, dict[str, bytes]]:
    name = secrets.token_hex(8)
    school_keys = {**known, name: secrets.token_bytes(_KEY_BYTES)}
    _save_school(keys, name, school_keys)
    return name, school_keys


def _save_school(keys: Path, current: str, school_keys: dict[str, bytes]) -> None:
    content = {"version": 1, "current": current, "keys": {name: _encode(key) for name, key in school_keys.items()}}
    # The copy first: while the file is there it counts, and so the file is never the only one of a new key.
    for name in (_SCHOOL_COPY, _SCHOOL):
        _write_whole(keys / name, content)


@contextmanager
def keys_locked(keys: Path) -> Iterator[None]:
    """One process at a time changes keys: the worker makes them, the portal destroys them, an operator rotates.

    A backup holds it while it copies them.
    """
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
