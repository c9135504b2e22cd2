"""What one replica sends another that lacks envelopes (B2): the oldest first, up to a number of bytes."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from whiteboard_crdt.envelope import Envelope
from whiteboard_crdt.ids import DocRef, SessionId
from whiteboard_crdt.messages import Head
from whiteboard_crdt.store import EnvelopeStore

__all__ = ["Readable", "StreamRange", "first_of", "missing_ranges", "oldest_first", "take_oldest"]

Readable = Callable[[DocRef], bool]
_AT_ONCE: Final = 64  # envelopes taken from the store in one go


class StreamRange(NamedTuple):
    """The envelopes `first` to `last` of a stream, both included."""

    doc: DocRef
    session: SessionId
    first: int
    last: int


def missing_ranges(ours: Iterable[Head], theirs: Iterable[Head]) -> list[StreamRange]:
    """What they lack of our streams."""
    known = {(head.doc, head.session): head.seq for head in theirs}
    return [
        StreamRange(head.doc, head.session, have + 1, head.seq)
        for head in ours
        if head.seq > (have := known.get((head.doc, head.session), 0))
    ]


def take_oldest(store: EnvelopeStore, ranges: Iterable[StreamRange], max_bytes: int) -> list[Envelope]:
    """`oldest_first`, all at once."""
    return list(oldest_first(store, ranges, max_bytes))


def oldest_first(store: EnvelopeStore, ranges: Iterable[StreamRange], max_bytes: int) -> Iterator[Envelope]:
    """Merges streams by authored time, each in its own order, and stops at a hole in each. At least one, if any.

    The store is read on the way, so that who sends a slice at a time pays for it a slice at a time.
    """
    streams = (_with_time(_walk(store, wanted)) for wanted in ranges)
    size = 0
    for _, _, envelope in heapq.merge(*streams, key=lambda entry: entry[:2]):
        if size and size + len(envelope.raw) > max_bytes:
            return
        size += len(envelope.raw)
        yield envelope


def first_of(envelopes: Iterable[Envelope], max_bytes: int) -> Iterator[Envelope]:
    """The first envelopes, up to a number of bytes (B5: the rest is asked for again). At least one, if any."""
    size = 0
    for envelope in envelopes:
        if size and size + len(envelope.raw) > max_bytes:
            return
        size += len(envelope.raw)
        yield envelope


def _walk(store: EnvelopeStore, wanted: StreamRange) -> Iterator[Envelope]:
    for start in range(wanted.first, wanted.last + 1, _AT_ONCE):
        expected = start
        last = min(start + _AT_ONCE - 1, wanted.last)
        for envelope in store.range(wanted.doc, wanted.session, start, last):
            if envelope.seq != expected:
                return
            expected += 1
            yield envelope
        if expected <= last:
            return


def _with_time(envelopes: Iterable[Envelope]) -> Iterator[tuple[int, SessionId, Envelope]]:
    # A clock that was set back must not put a stream out of its own order.
    latest = 0
    for envelope in envelopes:
        latest = max(latest, envelope.authored_ms)
        yield latest, envelope.session, envelope
