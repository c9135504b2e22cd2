"""One document of a replica: its CRDT, its ledger for the rules, its streams, and the capture of local edits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pycrdt import Doc, TransactionEvent, merge_updates

from whiteboard_crdt.errors import UpdateRefused
from whiteboard_crdt.ids import ClientId, DocRef, SessionId
from whiteboard_crdt.policy import Ledger
from whiteboard_crdt.spec import LIMITS, SNAPSHOT_LIMITS, UPDATE_LIMITS
from whiteboard_crdt.streams import Stream
from whiteboard_crdt.ysplit import split_update
from whiteboard_crdt.yupdate import Scan, scan_update

__all__ = ["Document", "Documents", "apply_unobserved", "merge_local"]

_MERGED_AT_ONCE = 64  # merging is superlinear in the number of updates


def apply_unobserved(doc: Doc[Any], update: bytes) -> None:
    """`Doc.apply_update` for a document that nobody observes or edits: without Python's half of the transaction.

    That half is as dear as the update itself (2.1 against 1.2 µs). It keeps track of nested transactions, of origins
    and of what observers raise, of which there are none here. Raises as `Doc.apply_update`.
    """
    inner = doc._doc
    transaction = inner.create_transaction()
    try:
        inner.apply_update(transaction, update)
    finally:
        transaction.commit()
        transaction.drop()


class Document:
    """State of one document. With a `client` (D2), edits made through `doc` are captured for envelopes."""

    def __init__(self, ref: DocRef, client: ClientId | None, on_edit: Callable[[DocRef], None] | None = None) -> None:
        self.ref = ref
        self._on_edit = on_edit
        # `Any`: the root types of a document have no static type.
        self.doc: Doc[Any] = Doc() if client is None else Doc(client_id=client)
        self.ledger = Ledger()
        self.streams: dict[SessionId, Stream] = {}
        self.waiting: set[SessionId] = set()
        """Sessions whose streams have parked envelopes."""
        self.captured: list[bytes] = []
        self._applying = False
        self._observed = client is not None
        if client is not None:
            self.doc.observe(self._capture)

    def stream(self, session: SessionId) -> Stream:
        """The stream of a session, made on demand."""
        stream = self.streams.get(session)
        if stream is None:
            stream = self.streams[session] = Stream(self.ref, session)
        return stream

    def apply(self, update: bytes, scan: Scan) -> None:
        """Hands a checked update to the CRDT library. Raises UpdateRefused where the library still finds a fault."""
        self._applying = True
        try:
            if self._observed:
                self.doc.apply_update(update)
            else:
                apply_unobserved(self.doc, update)
        except (ValueError, RuntimeError):
            raise UpdateRefused("P1", "not understood by the CRDT library") from None
        finally:
            self._applying = False
        self.ledger.note(scan)

    def _capture(self, event: TransactionEvent) -> None:
        if not self._applying:
            self.captured.append(bytes(event.update))
            if self._on_edit is not None:
                self._on_edit(self.ref)

    def take_captured(self) -> list[bytes]:
        """Local edits since the last call, merged and cut so that each fits an envelope (E11)."""
        captured, self.captured = self.captured, []
        return merge_local(captured)


class Documents:
    """The documents of a room, made on demand; iterates over them in the order of their refs."""

    def __init__(self, client: ClientId | None, on_edit: Callable[[DocRef], None] | None = None) -> None:
        self._client = client
        self._on_edit = on_edit
        self._documents: dict[DocRef, Document] = {}

    def __iter__(self) -> Iterator[Document]:
        return (self._documents[ref] for ref in sorted(self._documents))

    def get(self, ref: DocRef) -> Document | None:
        """A document, if it is there."""
        return self._documents.get(ref)

    def make(self, ref: DocRef) -> Document:
        """A document, made if it is not there."""
        document = self._documents.get(ref)
        if document is None:
            document = self._documents[ref] = Document(ref, self._client, self._on_edit)
        return document

    def take_out(self, ref: DocRef) -> Document | None:
        """Removes a document."""
        return self._documents.pop(ref, None)

    def stream(self, ref: DocRef, session: SessionId) -> Stream | None:
        """A stream, if it is there."""
        document = self._documents.get(ref)
        return None if document is None else document.streams.get(session)


def merge_local(updates: list[bytes]) -> list[bytes]:
    """Merges consecutive updates of one client into as few as the limits of an envelope allow, in order."""
    batches: list[list[bytes]] = []
    room = 0
    for update in updates:
        if not batches or len(update) > room or len(batches[-1]) == _MERGED_AT_ONCE:
            batches.append([])
            room = LIMITS.update_bytes
        batches[-1].append(update)
        room -= len(update)
    merged = [batch[0] if len(batch) == 1 else merge_updates(*batch) for batch in batches]
    return [piece for update in merged for piece in _fit(update)]


def _fit(update: bytes) -> list[bytes]:
    if len(update) <= LIMITS.update_bytes:
        scan = scan_update(update, SNAPSHOT_LIMITS)
        deleted = sum(length for ranges in scan.deletes.values() for _, length in ranges)
        if deleted <= LIMITS.max_foreign_deletes and scan.struct_count <= UPDATE_LIMITS.structs:
            return [update]
    return split_update(update)
