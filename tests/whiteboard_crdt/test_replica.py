from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Map

from tests.property.network import content
from tests.vectors.ybytes import block, rooted, update
from tests.whiteboard_crdt.room import NOW_MS, Peer, Room
from whiteboard_crdt.board import Board
from whiteboard_crdt.envelope import FIRST_PREV, envelope_hash
from whiteboard_crdt.errors import TicketError, UpdateRefused
from whiteboard_crdt.events import Applied, Duplicate, Mismatch
from whiteboard_crdt.ids import BOARD, CHAT, STAGE, DocRef, Role, SessionId
from whiteboard_crdt.keys import SessionKey
from whiteboard_crdt.messages import AckEntry, Head, SnapshotHead, SnapshotMessage
from whiteboard_crdt.replica import Replica
from whiteboard_crdt.store import MemoryStore


def _give(sender: Peer, to: Any, count: int = 1) -> None:
    for _ in range(count):
        (event,) = to.receive(sender.draw(), now_ms=NOW_MS)
        assert isinstance(event, Applied)


# Writing


def test_edits_become_envelopes_of_a_chain_E4_E11() -> None:
    anna = Room().join("anna")
    first = anna.draw()
    anna.board.add_page()
    anna.board.add_page()
    anna.chat.post("hi", NOW_MS)
    edited = anna.replica.has_local_edits
    board, chat = anna.replica.flush_local(NOW_MS + 50)
    assert (edited, anna.replica.has_local_edits) == (True, False)
    assert (first.seq, first.prev, board.seq, chat.seq) == (1, FIRST_PREV, 2, 1)
    assert board.prev == envelope_hash(anna.replica.room, first.body)
    assert (chat.doc, chat.prev, board.authored_ms) == (CHAT, FIRST_PREV, NOW_MS + 50)
    assert anna.replica.flush_local(NOW_MS) == []


def test_every_document_is_written_with_the_client_id_of_the_ticket_D2() -> None:
    anna = Room().join("anna", Role.TUTOR)
    for ref in (BOARD, STAGE, CHAT, DocRef.desk("anna")):
        assert anna.replica.doc(ref).client_id == anna.ticket.client


def test_edit_that_others_would_refuse_is_refused_at_home_P7() -> None:
    anna = Room().join("anna", caps=frozenset())
    with pytest.raises(UpdateRefused) as caught:
        anna.draw()
    assert caught.value.rule == "P7"


def test_writing_without_a_session_or_a_ticket_is_our_own_bug() -> None:
    room = Room()
    reader = room.reader()
    with pytest.raises(AssertionError):
        reader.author(BOARD, b"\x00\x00", NOW_MS)


def test_driver_hears_of_local_edits_only_E11() -> None:
    room = Room()
    anna, bert = room.join("anna"), room.join("bert")
    heard: list[DocRef] = []
    replica = Replica(room.name, bert.replica.own, room.jwks, on_local_edit=heard.append)
    for token in room.tokens:
        replica.admit_ticket(token)
    replica.receive(anna.draw(), now_ms=NOW_MS)
    assert heard == []
    Board(replica.doc(BOARD), bert.session).add_page()
    assert heard == [BOARD]


def test_acks_take_own_envelopes_off_the_list_B1() -> None:
    room = Room()
    anna, bert = room.join("anna"), room.join("bert")
    drawn = [anna.draw(NOW_MS + number) for number in range(3)]
    anna.chat.post("hi", NOW_MS)
    (posted,) = anna.replica.flush_local(NOW_MS + 10)
    assert anna.replica.unacked() == [*drawn, posted]
    anna.replica.ack(
        [AckEntry(BOARD, anna.session, 2), AckEntry(STAGE, anna.session, 9), AckEntry(BOARD, bert.session, 1)]
    )
    assert anna.replica.unacked() == [drawn[2], posted]
    assert (anna.replica.acked(BOARD, anna.session), anna.replica.acked(CHAT, anna.session)) == (2, 0)
    anna.replica.ack([AckEntry(BOARD, anna.session, 1), AckEntry(CHAT, anna.session, 99)])
    assert anna.replica.unacked() == [drawn[2]]
    assert anna.replica.acked(CHAT, anna.session) == 1


def test_own_envelopes_of_the_store_are_unacknowledged_again_after_a_restart() -> None:
    room = Room()
    anna = room.join("anna")
    drawn = [anna.draw(), anna.draw()]
    again = Peer(Replica(room.name, anna.replica.own, room.jwks), anna.key, anna.ticket, anna.token)
    for envelope in drawn:
        again.replica.receive(envelope, now_ms=NOW_MS)
    assert again.replica.unacked() == drawn
    assert again.draw().seq == 3
    assert [s.id[-1] for s in again.board.shapes()] == ["1", "2", "3"]


# Tickets


def test_ticket_of_another_room_or_school_is_refused_T1_T3() -> None:
    room, other = Room(), Room("room-2")
    ticket = other.ticket(1, SessionKey.generate(), "x")
    for token in (other.issue(ticket), room.issue(ticket)):
        with pytest.raises(TicketError):
            room.reader().admit_ticket(token)


def test_revoked_session_is_heard_no_more_but_from_the_relay_T2_S8() -> None:
    room = Room()
    anna, bert = room.join("anna"), room.join("bert")
    _give(anna, bert.replica)
    bert.replica.revoke(anna.session)
    late = anna.draw()
    (refused,) = bert.replica.receive(late, now_ms=NOW_MS)
    assert getattr(refused, "rule", "") == "T2"
    assert bert.replica.is_revoked(anna.session) and not bert.replica.is_revoked(bert.session)
    (applied,) = bert.replica.receive(late, now_ms=NOW_MS, from_relay=True)
    assert isinstance(applied, Applied)


# Comparing


def test_what_another_lacks_comes_oldest_first_after_the_tickets_B2() -> None:
    room = Room()
    anna, bert = room.join("anna"), room.join("bert")
    for number in range(3):
        bert.replica.receive(anna.draw(NOW_MS + 2 * number), now_ms=NOW_MS)
        anna.replica.receive(bert.draw(NOW_MS + 2 * number + 1), now_ms=NOW_MS)
    tokens, envelopes = bert.replica.missing_for([])
    assert sorted(tokens) == sorted([anna.token, bert.token])
    assert [e.authored_ms - NOW_MS for e in envelopes] == list(range(6))
    late = room.reader()
    for envelope in envelopes:
        late.receive(envelope, now_ms=NOW_MS)
    assert content(late) == content(anna.replica)
    assert bert.replica.missing_for(late.heads()) == ([], [])


def test_answer_to_have_is_bounded_and_goes_on_where_it_stopped_B2() -> None:
    room = Room()
    anna = room.join("anna")
    for _ in range(30):
        anna.draw()
    late = room.reader()
    rounds = 0
    while late.heads() != anna.replica.heads():
        rounds += 1
        _, envelopes = anna.replica.missing_for(late.heads(), max_bytes=1500)
        assert sum(len(e.raw) for e in envelopes) <= 1500
        for envelope in envelopes:
            late.receive(envelope, now_ms=NOW_MS)
    assert 3 < rounds < 30
    assert len(anna.replica.missing_for([], max_bytes=1)[1]) == 1


def test_documents_that_one_may_not_read_are_not_named_nor_given_D3() -> None:
    room = Room()
    anna = room.join("anna")
    desk = DocRef.desk("anna")
    anna.draw()
    with anna.replica.doc(desk).transaction():
        anna.replica.doc(desk).get("meta", type=Map)["title"] = "mine"
    anna.replica.flush_local(NOW_MS)

    def readable(ref: DocRef) -> bool:
        return ref != desk

    assert {head.doc for head in anna.replica.heads()} == {BOARD, desk}
    assert {head.doc for head in anna.replica.heads(readable=readable)} == {BOARD}
    assert {e.doc for e in anna.replica.missing_for([], readable)[1]} == {BOARD}
    assert [r.doc for r in anna.replica.missing_ranges([], readable)] == [BOARD]
    assert [head.doc for head in anna.replica.heads(desk)] == [desk]


def test_relay_that_keeps_no_envelopes_names_what_is_missing_B2() -> None:
    room = Room()
    anna = room.join("anna")
    store = MemoryStore()
    relay = room.reader(store)
    _give(anna, relay, 4)
    store.forget(BOARD)
    ranges = relay.missing_ranges([Head(BOARD, anna.session, 1, bytes(16))])
    assert [tuple(r) for r in ranges] == [(BOARD, anna.session, 2, 4)]
    assert relay.missing_for([]) == ([], [])
    assert relay.envelope(BOARD, anna.session, 1) is None
    assert anna.replica.envelope(BOARD, anna.session, 1) is not None


def test_entry_with_another_hash_is_a_mismatch_B3() -> None:
    anna = Room().join("anna")
    anna.draw()
    anna.draw()
    good = anna.replica.heads()
    assert anna.replica.mismatches(good) == []
    for seq in (1, 2):
        assert anna.replica.mismatches([Head(BOARD, anna.session, seq, bytes(16))]) == [
            Mismatch(BOARD, anna.session, seq)
        ]
    assert (
        anna.replica.mismatches([Head(BOARD, anna.session, 3, bytes(16)), Head(CHAT, anna.session, 1, bytes(16))]) == []
    )


# Snapshots


def test_snapshot_and_what_follows_equal_all_envelopes_P8() -> None:
    room = Room()
    anna, bert = room.join("anna"), room.join("bert")
    relay = room.reader()
    _give(anna, relay, 3)
    snapshot = relay.snapshot(BOARD)
    assert snapshot.heads == (SnapshotHead(anna.session, 3, anna.replica.heads()[0].hash),)
    assert bert.replica.apply_snapshot(snapshot) == []
    (event,) = bert.replica.receive(anna.draw(), now_ms=NOW_MS)
    assert isinstance(event, Applied)
    assert content(bert.replica) == content(anna.replica)


def test_snapshot_sets_free_what_waited_for_it_and_keeps_what_is_newer_P8() -> None:
    room = Room()
    anna, bert = room.join("anna"), room.join("bert")
    relay = room.reader()
    drawn = [anna.draw() for _ in range(4)]
    for envelope in drawn[:2]:
        relay.receive(envelope, now_ms=NOW_MS)
    snapshot = relay.snapshot(BOARD)
    bert.draw()
    for envelope in (drawn[1], drawn[2]):
        bert.replica.receive(envelope, now_ms=NOW_MS)
    assert [type(event) for event in bert.replica.apply_snapshot(snapshot)] == [Applied]
    assert {head.session: head.seq for head in bert.replica.heads(BOARD)} == {anna.session: 3, bert.session: 1}
    assert bert.replica.apply_snapshot(snapshot) == []
    bert.replica.receive(drawn[3], now_ms=NOW_MS)
    assert len(bert.board.shapes()) == 5


@pytest.mark.parametrize("data", [b"", b"\x01", update(block(1, 3, rooted("meta", "k")))])
def test_broken_snapshot_is_refused_and_changes_nothing_P8(data: bytes) -> None:
    anna = Room().join("anna")
    with pytest.raises(UpdateRefused):
        anna.replica.apply_snapshot(SnapshotMessage(BOARD, (SnapshotHead(SessionId("f" * 16), 1, bytes(16)),), data))
    assert anna.replica.heads() == []


def test_document_that_differs_is_rebuilt_from_the_relay_with_own_work_on_top_B3() -> None:
    room = Room()
    anna, bert = room.join("anna"), room.join("bert")
    relay = room.reader()
    bert.replica.receive(anna.draw(), now_ms=NOW_MS)
    own = bert.draw()
    other = anna.forge(BOARD, 1, FIRST_PREV, update(block(anna.ticket.client, 0, rooted("meta", "title"))))
    relay.receive(other, now_ms=NOW_MS)
    snapshot = relay.snapshot(BOARD)
    before = content(bert.replica)
    assert bert.replica.apply_snapshot(snapshot) == [Mismatch(BOARD, anna.session, 1)]
    assert content(bert.replica) == before
    assert [type(event) for event in bert.replica.rebuild(snapshot, NOW_MS)] == [Applied]
    relay.receive(own, now_ms=NOW_MS)
    assert content(bert.replica) == content(relay)
    assert bert.replica.heads() == relay.heads()
    assert bert.replica.unacked() == [own]


def test_rebuild_that_would_lose_own_work_is_refused_B3() -> None:
    room = Room()
    anna, bert = room.join("anna"), room.join("bert")
    bert.replica.receive(anna.draw(), now_ms=NOW_MS)
    bert.board.erase([bert.board.shapes()[0].id])
    bert.replica.flush_local(NOW_MS)
    with pytest.raises(UpdateRefused) as caught:
        bert.replica.rebuild(SnapshotMessage(BOARD, (), b"\x00\x00"), NOW_MS)
    assert caught.value.rule == "B3"


def test_rebuild_with_unflushed_edits_is_our_own_bug() -> None:
    anna = Room().join("anna")
    anna.board.add_page()
    with pytest.raises(AssertionError):
        anna.replica.rebuild(SnapshotMessage(BOARD, (), b"\x00\x00"), NOW_MS)


def test_store_is_that_of_the_caller() -> None:
    room = Room()
    store = MemoryStore()
    anna = room.join("anna", store=store)
    drawn = anna.draw()
    assert store.all() == [drawn]
    assert [type(e) for e in anna.replica.receive(drawn, now_ms=NOW_MS)] == [Duplicate]
    assert anna.replica.documents == (BOARD, CHAT)
