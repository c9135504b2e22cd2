"""Where a replica keeps the envelopes that it may have to give to others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from whiteboard_crdt.envelope import Envelope
from whiteboard_crdt.ids import DocRef, SessionId

__all__ = ["EnvelopeStore", "MemoryStore"]


class EnvelopeStore(Protocol):
    """Envelopes by stream and number. Called while an envelope is received: it must not block."""

    def put(self, envelope: Envelope) -> None:
        """Keeps one. Called for each number of a stream in turn."""

    def get(self, doc: DocRef, session: SessionId, seq: int) -> Envelope | None:
        """One envelope, or None where it is not (cheaply) to be had."""

    def range(self, doc: DocRef, session: SessionId, first: int, last: int) -> Sequence[Envelope]:
        """Those held from `first` to `last`, both included, in order; there may be holes."""

    def forget(self, doc: DocRef) -> None:
        """Drops a document's envelopes, since it is rebuilt from the relay (B3)."""


class MemoryStore:
    """Keeps every envelope."""

    def __init__(self) -> None:
        self._streams: dict[tuple[DocRef, SessionId], dict[int, Envelope]] = {}

    def put(self, envelope: Envelope) -> None:
        """Keeps one."""
        self._streams.setdefault((envelope.doc, envelope.session), {})[envelope.seq] = envelope

    def get(self, doc: DocRef, session: SessionId, seq: int) -> Envelope | None:
        """One envelope."""
        return self._streams.get((doc, session), {}).get(seq)

    def range(self, doc: DocRef, session: SessionId, first: int, last: int) -> Sequence[Envelope]:
        """Those held from `first` to `last`."""
        stream = self._streams.get((doc, session), {})
        if last - first < len(stream):
            return [stream[seq] for seq in range(first, last + 1) if seq in stream]
        return [stream[seq] for seq in sorted(stream) if first <= seq <= last]

    def forget(self, doc: DocRef) -> None:
        """Drops a document's envelopes."""
        for key in [key for key in self._streams if key[0] == doc]:
            del self._streams[key]

    def all(self) -> list[Envelope]:
        """Everything kept, stream by stream."""
        return [envelope for stream in self._streams.values() for envelope in stream.values()]
