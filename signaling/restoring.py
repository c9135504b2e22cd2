"""Rebuilding a room from the log: its snapshots, then the records after them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from signaling.history import History, Logged
from signaling.roomlog import Record, RoomHistory
from whiteboard_crdt.envelope import Envelope, decode_envelope
from whiteboard_crdt.errors import ProtocolError, UpdateRefused
from whiteboard_crdt.events import Applied
from whiteboard_crdt.ids import DocRef, SessionId
from whiteboard_crdt.messages import Head, SnapshotMessage, decode_message
from whiteboard_crdt.replica import Replica
from whiteboard_crdt.spec import LIMITS, SNAPSHOT_LIMITS
from whiteboard_crdt.yupdate import scan_update

__all__ = ["restore_history"]

log = logging.getLogger("chalkmesh.relay.room")

_SLICE: Final = 200
_HEADER_BYTES: Final = 1_048_576  # of a snapshot message around its update: 40 bytes a stream
Known = Callable[[DocRef, SessionId, int], None]


async def restore_history(replica: Replica, history: History, stored: RoomHistory, durable: Known) -> bool:
    """Bring an empty replica and history to where the log is; `durable` is told each head. Lets others run meanwhile.

    Returns False when something that the log names is not there afterwards: with snapshots, the whole log is worth a
    second reading; without, members that hold it bring it again (B2).
    """
    if not await _take_snapshots(replica, history, stored):
        return False
    lost: dict[tuple[DocRef, SessionId, int], tuple[Envelope, Record]] = {}
    for count, record in enumerate(stored.records, 1):
        if count % _SLICE == 0:
            await asyncio.sleep(0)
        try:
            envelope = decode_envelope(record.payload)
        except ProtocolError:
            continue
        lost[envelope.doc, envelope.session, envelope.seq] = envelope, record
        _replay(replica, history, envelope, lost)
    # What a damaged record held up was perhaps too much to be parked (E6).
    before = -1
    while lost and len(lost) != before:
        before = len(lost)
        for key in sorted(lost):
            if key in lost:
                _replay(replica, history, lost[key][0], lost)
        await asyncio.sleep(0)
    reached = {(head.doc.text, str(head.session)): head.seq for head in replica.heads()}
    for head in replica.heads():
        durable(head.doc, head.session, head.seq)
    history.durable(history.count - 1)
    whole = not stored.damaged and all(reached.get(stream) == seq for stream, seq in stored.heads.items())
    if not whole:
        log.error("room restored with holes room=%s damaged=%d left_out=%d", replica.room, stored.damaged, len(lost))
    return whole


async def _take_snapshots(replica: Replica, history: History, stored: RoomHistory) -> bool:
    heads: list[Head] = []
    for blob in stored.snapshots:
        try:
            message = decode_message(blob, LIMITS.snapshot_bytes + _HEADER_BYTES)
            if not isinstance(message, SnapshotMessage):
                raise ProtocolError("no snapshot")
            # In a thread: a big board takes a second to read, and other rooms go on meanwhile.
            scan = await asyncio.to_thread(scan_update, message.update, SNAPSHOT_LIMITS)
            replica.apply_snapshot(message, scan)
        except (ProtocolError, UpdateRefused) as error:
            log.error("stored snapshot not taken room=%s reason=%s", replica.room, error.reason)
            return False
        heads += [Head(message.doc, head.session, head.seq, head.hash) for head in message.heads]
    history.begin(heads)
    return True


def _replay(
    replica: Replica,
    history: History,
    envelope: Envelope,
    lost: dict[tuple[DocRef, SessionId, int], tuple[Envelope, Record]],
) -> Logged | None:
    """Receive one; what it sets free is taken with the time of its own record."""
    taken = None
    arrival_ms = lost[envelope.doc, envelope.session, envelope.seq][1].arrival_ms
    for event in replica.receive(envelope, now_ms=arrival_ms, trusted_author=envelope.session, from_relay=True):
        if isinstance(event, Applied):
            applied = event.envelope
            _, record = lost.pop((applied.doc, applied.session, applied.seq))
            taken = history.add(applied, record.room_ms)
    return taken
