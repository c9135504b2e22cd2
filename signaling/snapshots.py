"""What a newcomer is sent of a document (S3): the envelopes that it lacks, or a snapshot and the envelopes since.

The snapshot of a big board is made once and kept (sending a kept 8 MB state takes 15 ms, where making it for each took
rival servers 88–126); it is made anew when too much was written since.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from signaling.history import History, Logged
from whiteboard_crdt.ids import DocRef
from whiteboard_crdt.messages import EnvelopeMessage, Head, encode_message
from whiteboard_crdt.replica import Replica
from whiteboard_crdt.spec import LIMITS

__all__ = ["Snapshots"]

_TAIL_ENVELOPES: Final = 500
_TAIL_BYTES: Final = 262_144


@dataclass(frozen=True, slots=True)
class _Kept:
    message: bytes
    upto: int  # envelopes of the document that are in it


class Snapshots:
    """Keeps one snapshot of each document that needed one."""

    def __init__(self, replica: Replica, history: History) -> None:
        self._replica = replica
        self._history = history
        self._kept: dict[DocRef, _Kept] = {}

    def catch_up(self, doc: DocRef, heads: Sequence[Head], *, rebuild: bool = False) -> Iterator[bytes]:
        """The messages that bring somebody with these heads up to date. `rebuild`: it holds something else (B3).

        Each is made when it is asked for: who sends a slice at a time pays for it a slice at a time.
        """
        ranges = self._replica.missing_ranges(heads, lambda ref: ref == doc)
        if not ranges and not rebuild:
            return
        many = sum(stretch.last - stretch.first + 1 for stretch in ranges)
        if not rebuild and many <= LIMITS.catch_up_envelopes:
            missing = self._history.in_ranges(ranges)
            if len(missing) == many and _size(missing) <= LIMITS.catch_up_bytes:
                yield from _encode(missing)
                return
        kept = self._snapshot(doc)
        if len(kept.message) > LIMITS.snapshot_bytes:
            yield from _encode(self._history.in_ranges(ranges))
            return
        # What is written while this goes on is told live.
        since = self._history.of_doc_since(doc, kept.upto) or ()
        yield kept.message
        yield from _encode(since)

    def _snapshot(self, doc: DocRef) -> _Kept:
        kept = self._kept.get(doc)
        if kept is not None:
            tail = self._history.of_doc_since(doc, kept.upto)
            if tail is not None and len(tail) <= _TAIL_ENVELOPES and _size(tail) <= _TAIL_BYTES:
                return kept
        message = encode_message(self._replica.snapshot(doc))
        kept = self._kept[doc] = _Kept(message, self._history.count_of_doc(doc))
        return kept


def _size(logged: Sequence[Logged]) -> int:
    return sum(len(one.envelope.raw) for one in logged)


def _encode(logged: Sequence[Logged]) -> Iterator[bytes]:
    return (encode_message(EnvelopeMessage(one.envelope)) for one in logged)
