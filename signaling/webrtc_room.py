"""An open room as a y-webrtc mesh knows it (rule O7): everybody hands on everybody's work, so nobody owns anything.

The same reading and the same ledger as on the relay stand before the CRDT library. The room is not stored here: the
relay, one of its clients, does that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from signaling.frames import binary_frame
from signaling.lobby import wall_ms
from signaling.open_ledger import OpenUpdate
from signaling.open_protocol import OPEN_LIMITS, AwarenessEntry, UpdateMessage, decode_open_message, encode_awareness
from signaling.open_rooms import OpenClient, OpenRoom
from signaling.roomlog import Record, RoomHistory
from whiteboard_crdt.errors import CloseCode, ProtocolError
from whiteboard_crdt.spec import LIMITS, UpdateLimits

__all__ = ["MESH_LIMITS", "MeshRoom"]

_AWARE: Final = 1_024
# y-protocols: a state that was not renewed for so long is of somebody who left.
_OUTDATED_S: Final = 30.0
# The relay's answer to our step 1 is its whole room, which it has checked piece by piece.
MESH_LIMITS: Final[UpdateLimits] = replace(
    OPEN_LIMITS, bytes=LIMITS.snapshot_bytes, clients=65_536, structs=4_000_000, string=LIMITS.snapshot_bytes
)


class _NoLog:
    def append(self, room: str, record: Record) -> asyncio.Future[None]:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


class MeshRoom(OpenRoom):
    """Times are seconds of any monotonic clock, handed in."""

    def __init__(self, name: str) -> None:
        super().__init__(name, RoomHistory(0, False, (), (), ()), _NoLog(), "any", wall_ms, MESH_LIMITS)
        self._heard_s: dict[int, float] = {}
        self._now_s = 0.0

    def receive_at(self, client: OpenClient, data: bytes, now_s: float, *, longest: int | None = None) -> None:
        """One message of a peer or, with `longest`, of the relay. Raises ProtocolError."""
        self._now_s = now_s
        message = decode_open_message(data) if longest is None else decode_open_message(data, longest)
        if isinstance(message, UpdateMessage) and longest is None and len(message.update) > OPEN_LIMITS.bytes:
            raise ProtocolError("update too long", CloseCode.OVERSIZED)
        self._handle(client, message)

    def expire(self, now_s: float) -> None:
        """Null awareness for whoever was not heard for 30 s. Now and then."""
        gone = [key for key, heard_s in self._heard_s.items() if now_s - heard_s >= _OUTDATED_S]
        nulls = []
        for key in gone:
            del self._heard_s[key]
            entry = self._aware.pop(key)
            nulls.append(AwarenessEntry(key, entry.clock + 1, b"null"))
            self._remember_gone(key, entry.clock + 1)
        if nulls:
            self._fanout.put(binary_frame(encode_awareness(nulls)))

    def _awareness(self, client: OpenClient, entries: Iterable[AwarenessEntry]) -> None:
        """By clocks alone, as y-protocols does: a peer's state comes by many hands."""
        changed = []
        for entry in entries:
            held = self._aware.get(entry.client)
            newest = self._gone.get(entry.client, -1) if held is None else held.clock
            if entry.gone:
                if held is None or entry.clock < held.clock:
                    continue
                del self._aware[entry.client], self._heard_s[entry.client]
                self._remember_gone(entry.client, entry.clock)
            elif entry.clock <= newest:
                continue
            else:
                if held is None and len(self._aware) >= _AWARE:
                    raise ProtocolError("too many awareness states", CloseCode.RATE_LIMITED)
                self._aware[entry.client] = entry
                self._heard_s[entry.client] = self._now_s
            changed.append(entry)
        if changed:
            self._fanout.put_relaxed(binary_frame(encode_awareness(changed)), but=(client,))

    def _check_owner(self, client: OpenClient, update: OpenUpdate) -> None:
        """Anybody may bring anybody's work."""
