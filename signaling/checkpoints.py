"""Snapshots of a room in its log, so that it is loaded from its state and not from its whole life.

Its state is read in a thread and taken in at once, two to three times as fast as its envelopes one by one; and the
envelopes themselves stay on the disk.
Each is written when enough new work stands behind it that all snapshots together stay a fraction of the log itself.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from signaling.history import History
from signaling.roomlog import LogOverflow, RoomLog
from whiteboard_crdt.messages import encode_message
from whiteboard_crdt.replica import Replica
from whiteboard_crdt.spec import LIMITS

__all__ = ["Checkpoints"]

log = logging.getLogger("chalkmesh.relay.room")

EVERY_ENVELOPES: Final = 2_000
LAST_ENVELOPES: Final = 200
"""Worth a snapshot when the room leaves memory."""


class Checkpoints:
    """Decides when a room's state goes into the log, and puts it there."""

    def __init__(self, replica: Replica, history: History, store: RoomLog) -> None:
        self._replica = replica
        self._history = history
        self._store = store
        self._upto = 0
        self._size_bytes = 0
        self._saved_at_bytes = 0

    def begin(self) -> None:
        """The room is restored: count from here what its records after the last snapshot are."""
        self._upto = self._history.count - self._history.replayed

    def save_when_due(self, now_ms: int, *, leaving: bool = False) -> asyncio.Future[None] | None:
        """Write a snapshot if it is time. Call it only when all that the room took is in the log's queue."""
        fresh = self._history.count - self._upto
        if leaving:
            due = fresh >= LAST_ENVELOPES
        else:
            grown_bytes = self._history.added_bytes - self._saved_at_bytes
            due = fresh >= EVERY_ENVELOPES and grown_bytes * 4 >= self._size_bytes
        return self._save(now_ms) if due else None

    def _save(self, now_ms: int) -> asyncio.Future[None] | None:
        snapshots = {doc.text: encode_message(self._replica.snapshot(doc)) for doc in self._replica.documents}
        if any(len(snapshot) > LIMITS.snapshot_bytes for snapshot in snapshots.values()):
            return None  # it would not be taken back
        try:
            saved = self._store.save_snapshots(self._replica.room, snapshots, now_ms)
        except LogOverflow:
            return None  # the next round tries again
        self._upto = self._history.count
        self._size_bytes = sum(map(len, snapshots.values()))
        self._saved_at_bytes = self._history.added_bytes
        log.info("room snapshot room=%s bytes=%d", self._replica.room, self._size_bytes)
        return saved
