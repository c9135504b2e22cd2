"""`chalkmesh recordings`: encryption at rest in the hands of an operator."""

from collections.abc import Callable
from pathlib import Path

from recorder.ciphered import decrypt_recording, encrypt_recording, is_encrypted
from recorder.custody import rotate_school_key
from recorder.schema import DATABASE, MANIFEST
from whiteboard_crdt.errors import SetupError

_BROKEN = 1


def run_encrypt(data: Path, say: Callable[[str], None]) -> int:
    """Encrypts every finished recording of a data folder where it lies; 0, or 1 when one could not be."""
    _check_data(data)
    failed = 0
    for folder in sorted(path.parent for path in (data / "recordings").glob(f"*/{DATABASE}")):
        if not (folder / MANIFEST).is_file():
            say(f"{folder.name}: not finished yet, left as it is")
            continue
        try:
            count = encrypt_recording(folder)
        except (SetupError, OSError) as error:
            failed += 1
            say(f"error: {folder.name}: {error}")
        else:
            say(f"{folder.name}: {f'{count} files encrypted' if count else 'encrypted already'}")
    return _BROKEN if failed else 0


def run_decrypt(folder: Path, output: Path, say: Callable[[str], None]) -> int:
    """Writes a plain copy, for tools that read SQLite and WebM. Raises SetupError."""
    if not (folder / DATABASE).is_file():
        raise SetupError(f"{folder} is no recorded lesson: it holds no {DATABASE}.")
    try:
        count = decrypt_recording(folder, output)
        encrypted = is_encrypted(folder)
    except OSError as error:
        raise SetupError(f"{error.filename or folder}: {error.strerror or error}") from error
    say(f"{output}: {count} files{' in the clear' if encrypted else '; the recording was not encrypted'}.")
    return 0


def run_rotate(data: Path, say: Callable[[str], None]) -> int:
    """Makes a new school key. Raises SetupError."""
    _check_data(data)
    try:
        count = rotate_school_key(data / "keys")
    except OSError as error:
        raise SetupError(f"The school key was not changed: {error.strerror or error}.") from error
    say(f"A new school key holds the keys of {count} recordings. Backups from before open with the old one only.")
    return 0


def _check_data(data: Path) -> None:
    if not (data / "keys").is_dir():
        raise SetupError(f"There is no data folder at {data}.")
