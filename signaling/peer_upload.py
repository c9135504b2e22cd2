"""What a peer brings to the relay that the relay lacks: own work and others' (protocol rules S4 and B2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from whiteboard_crdt.ids import DocRef, SessionId
from whiteboard_crdt.messages import (
    AckEntry,
    EnvelopeMessage,
    HaveMessage,
    Head,
    TicketMessage,
    encode_message,
)
from whiteboard_crdt.replica import Replica

__all__ = ["Upload"]

_UNKNOWN_HASH: Final = bytes(16)


class Upload:
    """Half a MiB at a time: the next stretch goes when the relay acknowledged the end of the last one."""

    def __init__(self, replica: Replica, send: Callable[[bytes], None]) -> None:
        self._replica = replica
        self._send = send
        self._relay: dict[tuple[DocRef, SessionId], Head] = {}
        self._end: tuple[DocRef, SessionId, int] | None = None

    def restart(self) -> None:
        """A new connection: what was under way may be lost."""
        self._relay.clear()
        self._end = None

    def have(self, message: HaveMessage) -> None:
        """The relay's heads, at the start and every 15 s: what it still lacks goes (again: duplicates are dropped)."""
        self._relay = {(head.doc, head.session): head for head in message.heads}
        self._continue()

    def acked(self, entries: Iterable[AckEntry]) -> None:
        """The relay holds more."""
        for entry in entries:
            stream = (entry.doc, entry.session)
            before = self._relay.get(stream)
            if before is None or entry.seq > before.seq:
                self._relay[stream] = Head(entry.doc, entry.session, entry.seq, _UNKNOWN_HASH)
            if self._end is not None and stream == self._end[:2] and entry.seq >= self._end[2]:
                self._continue()

    def _continue(self) -> None:
        tickets, envelopes = self._replica.missing_for(self._relay.values())
        for token in tickets:
            self._send(encode_message(TicketMessage(token)))
        for envelope in envelopes:
            self._send(encode_message(EnvelopeMessage(envelope)))
        last = envelopes[-1] if envelopes else None
        self._end = None if last is None else (last.doc, last.session, last.seq)
