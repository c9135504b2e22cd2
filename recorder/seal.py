"""The hash manifest of a sealed archive: `manifest.json` beside `lesson.sqlite` (`docs/recording.md`)."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path

from recorder.ciphered import open_plain, plain_size
from recorder.schema import ASSETS, DATABASE, MANIFEST, MEDIA

_PIECE_BYTES = 1 << 20


def sha256_file(path: Path) -> str:
    """Hex digest of a file's plain content. Raises OSError."""
    digest = hashlib.sha256()
    with open_plain(path) as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def archive_files(folder: Path) -> list[Path]:
    """Every file of an archive that the manifest covers, in a fixed order."""
    own = sorted(path for name in (ASSETS, MEDIA) for path in (folder / name).glob("*") if path.is_file())
    return [folder / DATABASE, *own]


def write_hashes(folder: Path, lesson: str) -> None:
    """Write `manifest.json` of a sealed archive. Raises OSError."""
    files = {
        path.relative_to(folder).as_posix(): {"bytes": plain_size(path), "sha256": sha256_file(path)}
        for path in archive_files(folder)
    }
    manifest = {"version": 1, "lesson": lesson, "hashed_at": int(time.time() * 1000), "files": files}
    part = folder / (MANIFEST + ".part")
    with part.open("w", encoding="utf-8") as file:
        json.dump(manifest, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / MANIFEST)
