"""Sealed recordings that still take late work: somebody who was away may bring some until the room is closed."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from recorder.archive import LATE_OPEN
from recorder.portal_client import WantedLesson
from recorder.reading import ArchiveReader
from recorder.schema import DATABASE, MANIFEST
from whiteboard_crdt.errors import SetupError

__all__ = ["Sealing", "find_open", "load_sealing"]

log = logging.getLogger("chalkmesh.recorder")


@dataclass(frozen=True, slots=True)
class Sealing:
    """How long a sealed recording is, and whether late work may still come."""

    duration_ms: int
    takes_late_work: bool


def load_sealing(folder: Path) -> Sealing | None:
    """None for a lesson that is not sealed, or not even begun. Raises SetupError."""
    if not (folder / DATABASE).is_file():
        return None
    with ArchiveReader(folder) as archive:
        start, end = archive.span()
        return Sealing(end - start, _takes(archive)) if archive.sealed else None


def find_open(recordings: Path) -> list[WantedLesson]:
    """Lessons that were sealed by a recorder which was killed before their rooms were closed.

    The portal no longer lists them: as far as it knows they are done.
    """
    found: list[WantedLesson] = []
    for path in sorted(recordings.glob(f"*/{DATABASE}")):
        if (path.parent / MANIFEST).is_file():
            # Hashed: nothing of it changes any more. Most are, and need not be opened.
            continue
        try:
            with ArchiveReader(path.parent) as archive:
                if archive.sealed and _takes(archive) and archive.meta.get("lesson") == path.parent.name:
                    room, title, school = (str(archive.meta.get(key, "")) for key in ("room", "title", "school"))
                    found.append(WantedLesson(path.parent.name, room, title, "ended", school))
        except SetupError:
            log.warning("a recording cannot be read lesson=%s", path.parent.name)
    return found


def _takes(archive: ArchiveReader) -> bool:
    return archive.meta.get(LATE_OPEN) is True and not (archive.folder / MANIFEST).is_file()
