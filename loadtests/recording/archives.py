"""What an archive holds of a room: was every edit of the load test recorded?"""

from __future__ import annotations

from pathlib import Path

from loadtests.users.lines import RoomRecording
from recorder.reading import ArchiveReader
from whiteboard_crdt.errors import SetupError

__all__ = ["count_archive"]


def count_archive(room: int, folder: Path) -> RoomRecording:
    """The envelopes in a lesson's folder; none where there is no archive that can be read."""
    try:
        with ArchiveReader(folder) as archive:
            (count,) = next(archive.rows("envelopes", "select count(*) from envelopes"), (0,))
            return RoomRecording(room, int(count), archive.sealed)
    except SetupError:
        return RoomRecording(room, 0, sealed=False)
