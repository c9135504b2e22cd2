from __future__ import annotations

from whiteboard_crdt.catch_up import StreamRange, missing_ranges, take_oldest
from whiteboard_crdt.envelope import Envelope, seal
from whiteboard_crdt.ids import BOARD, CHAT, RoomId, SessionId
from whiteboard_crdt.messages import Head
from whiteboard_crdt.store import MemoryStore

ANNA, BERT = SessionId("a" * 16), SessionId("b" * 16)


def _put(store: MemoryStore, session: SessionId, seq: int, authored_ms: int) -> Envelope:
    envelope = seal(RoomId("r"), BOARD, session, seq, bytes(16), authored_ms, bytes(100), lambda text: bytes(64))
    store.put(envelope)
    return envelope


def test_missing_ranges_are_what_heads_differ_by_B2() -> None:
    ours = [Head(BOARD, ANNA, 5, b""), Head(CHAT, ANNA, 2, b""), Head(BOARD, BERT, 3, b"")]
    theirs = [Head(BOARD, ANNA, 2, b""), Head(BOARD, BERT, 9, b"")]
    assert missing_ranges(ours, theirs) == [StreamRange(BOARD, ANNA, 3, 5), StreamRange(CHAT, ANNA, 1, 2)]


def test_streams_are_merged_by_time_and_stay_in_their_own_order() -> None:
    store = MemoryStore()
    times = {ANNA: (10, 5, 30), BERT: (7, 20, 21)}
    for session, authored in times.items():
        for seq, authored_ms in enumerate(authored, 1):
            _put(store, session, seq, authored_ms)
    taken = take_oldest(store, [StreamRange(BOARD, ANNA, 1, 3), StreamRange(BOARD, BERT, 1, 3)], 10**6)
    assert [(e.session[0], e.seq) for e in taken] == [("b", 1), ("a", 1), ("a", 2), ("b", 2), ("b", 3), ("a", 3)]


def test_stream_ends_at_a_hole_and_bytes_are_bounded() -> None:
    store = MemoryStore()
    for seq in [*range(1, 101), *range(102, 200)]:
        _put(store, ANNA, seq, seq)
    wanted = [StreamRange(BOARD, ANNA, 1, 199)]
    assert [e.seq for e in take_oldest(store, wanted, 10**6)] == list(range(1, 101))
    size = len(store.all()[0].raw)
    assert [e.seq for e in take_oldest(store, wanted, 3 * size + 10)] == [1, 2, 3]
    assert take_oldest(store, [StreamRange(BOARD, ANNA, 101, 199)], 10**6) == []
    assert take_oldest(store, [], 10) == []
