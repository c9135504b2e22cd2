from __future__ import annotations

from whiteboard_crdt.envelope import Envelope, seal
from whiteboard_crdt.ids import BOARD, CHAT, DocRef, RoomId, SessionId
from whiteboard_crdt.store import MemoryStore

SESSION = SessionId("a" * 16)


def _envelope(seq: int, doc: DocRef = BOARD) -> Envelope:
    return seal(RoomId("r"), doc, SESSION, seq, bytes(16), 0, b"u", lambda text: bytes(64))


def test_envelopes_are_found_by_stream_and_number() -> None:
    store = MemoryStore()
    for seq in (1, 2, 3, 5):
        store.put(_envelope(seq))
    store.put(_envelope(1, CHAT))
    assert store.get(BOARD, SESSION, 5) == _envelope(5)
    assert store.get(BOARD, SESSION, 4) is None
    assert [e.seq for e in store.range(BOARD, SESSION, 2, 9)] == [2, 3, 5]
    assert [e.seq for e in store.range(BOARD, SESSION, 1, 2**50)] == [1, 2, 3, 5]
    assert store.range(CHAT, SessionId("b" * 16), 1, 9) == []
    assert len(store.all()) == 5


def test_forgotten_document_is_gone() -> None:
    store = MemoryStore()
    store.put(_envelope(1))
    store.put(_envelope(1, CHAT))
    store.forget(BOARD)
    assert [e.doc for e in store.all()] == [CHAT]
