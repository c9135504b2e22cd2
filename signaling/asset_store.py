"""A room's pictures on the server's disk: ``DATA/assets/<room>/<sha256>``, each file what its name says.

One folder for each room, so that a hash learnt elsewhere opens nothing, and a room is erased with its folder.
Whoever keeps lessons for longer than their rooms (the recorder when it seals) copies the files it needs from
`AssetStore.folder`, or fetches them as a participant with `Peer.assets.get`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
from pathlib import Path
from typing import Final, Literal

from whiteboard_crdt.assets import ASSET_LIMITS, AssetId, sniff_mime
from whiteboard_crdt.ids import RoomId

__all__ = ["AssetStore", "PutResult"]

PutResult = Literal["stored", "known", "wrong_hash", "not_a_picture", "room_full"]
_ROOM_HEX: Final = 32
_PART: Final = ".part-"


class AssetStore:
    """Blocking calls: use them from a thread. One relay process writes one store."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def folder(self, room: RoomId) -> Path:
        """Where a room's pictures are; it may not exist. Room ids are hashed: they may hold anything."""
        return self._root / hashlib.sha256(room.encode("utf-8", "surrogatepass")).hexdigest()[:_ROOM_HEX]

    def path(self, room: RoomId, asset: AssetId) -> Path | None:
        """The file of an asset, None when the room has none."""
        path = self.folder(room) / asset
        return path if path.is_file() else None

    def mime(self, path: Path) -> str:
        """What kind of picture a stored file is."""
        with path.open("rb") as file:
            return sniff_mime(file.read(16)) or "application/octet-stream"

    def put(self, room: RoomId, asset: AssetId, data: bytes) -> PutResult:
        """Check and store an asset durably. Raises OSError where the disk does not take it."""
        if hashlib.sha256(data).hexdigest() != asset:
            return "wrong_hash"
        if sniff_mime(data) is None:
            return "not_a_picture"
        folder = self.folder(room)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / asset
        if path.is_file():
            return "known"
        held_bytes = 0
        for entry in os.scandir(folder):
            if entry.name.startswith(_PART):
                Path(entry.path).unlink()  # of a process that died: there is one writer at a time
            else:
                held_bytes += entry.stat().st_size
        if held_bytes + len(data) > ASSET_LIMITS.room_bytes:
            return "room_full"
        part = folder / f"{_PART}{secrets.token_hex(8)}"
        try:
            with part.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.rename(path)
        except BaseException:
            with contextlib.suppress(OSError):
                part.unlink()
            raise
        _sync_folder(folder)
        return "stored"

    def forget(self, room: RoomId) -> None:
        """Remove all pictures of a room. Raises OSError; then it can be called again."""
        folder = self.folder(room)
        if folder.exists():
            shutil.rmtree(folder)
            _sync_folder(self._root)


def _sync_folder(folder: Path) -> None:
    """Make what changed of its names durable too."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
