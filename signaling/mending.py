"""Holes in the log under a room's snapshot: a record that turned out damaged is asked for again, and put back.

The room's state has it all the same. Nothing is believed of whoever brings it: its hash must be the one that the next
envelope of the stream names (E3).
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from signaling.history import History
from signaling.roomlog import LogOverflow, Record, RoomLog
from whiteboard_crdt.envelope import Envelope, envelope_hash
from whiteboard_crdt.ids import DocRef, RoomId, SessionId
from whiteboard_crdt.messages import WantMessage
from whiteboard_crdt.replica import Replica

__all__ = ["Mending"]

log = logging.getLogger("chalkmesh.relay.room")

_ASK_EVERY_MS: Final = 1_000
_AT_ONCE: Final = 16


class Mending:
    """Asks for what is missing in the history of a room, and stores what comes."""

    def __init__(self, room: RoomId, replica: Replica, history: History, store: RoomLog) -> None:
        self._room = room
        self._replica = replica
        self._history = history
        self._store = store
        self._asked_ms = 0

    def wants(self, now_ms: int) -> list[WantMessage]:
        """What to ask the room for now. The last holes first: each is proven by what follows it."""
        holes = self._history.holes
        if not holes or now_ms - self._asked_ms < _ASK_EVERY_MS:
            return []
        self._asked_ms = now_ms
        return [WantMessage(*hole, hole[2]) for hole in sorted(holes, reverse=True)[:_AT_ONCE]]

    def mend(self, envelope: Envelope, now_ms: int) -> None:
        """An envelope came that the room has applied before: if the log lost it, it is stored again."""
        hole = (envelope.doc, envelope.session, envelope.seq)
        if hole not in self._history.holes or not self._is_it(envelope):
            return
        after = self._history.of_stream(envelope.doc, envelope.session, envelope.seq + 1, envelope.seq + 1)
        room_ms = after[0].room_ms if after else 0
        record = Record(envelope.doc.text, str(envelope.session), envelope.seq, room_ms, now_ms, envelope.raw)
        try:
            stored = self._store.append(self._room, record)
        except LogOverflow:
            return  # it is asked for again
        stored.add_done_callback(lambda done: self._mended(hole, done))

    def _mended(self, hole: tuple[DocRef, SessionId, int], done: asyncio.Future[None]) -> None:
        if not done.cancelled() and done.exception() is None and self._history.holes.pop(hole, None) is not None:
            log.warning("log mended room=%s session=%s seq=%d", self._room, hole[1], hole[2])

    def _is_it(self, envelope: Envelope) -> bool:
        digest = envelope_hash(self._room, envelope.body)
        after = self._history.get(envelope.doc, envelope.session, envelope.seq + 1)
        if after is not None:
            return after.prev == digest
        return any(
            (head.session, head.seq, head.hash) == (envelope.session, envelope.seq, digest)
            for head in self._replica.heads(envelope.doc)
        )
