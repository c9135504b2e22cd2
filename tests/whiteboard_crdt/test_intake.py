from __future__ import annotations

import pytest

from tests.vectors.ybytes import block, child, deleted, rooted, update
from tests.whiteboard_crdt.room import NOW_MS, Peer, Room
from whiteboard_crdt.envelope import FIRST_PREV, Envelope, decode_envelope, envelope_hash
from whiteboard_crdt.errors import CloseCode
from whiteboard_crdt.events import Applied, Dropped, Duplicate, Equivocation, Event, Parked, Refused
from whiteboard_crdt.ids import BOARD, CHAT, STAGE, DocRef, Role
from whiteboard_crdt.messages import WantMessage
from whiteboard_crdt.spec import LIMITS
from whiteboard_crdt.streams import ParkReason


def _take(peer: Peer, envelope: Envelope, now_ms: int = NOW_MS) -> list[Event]:
    return peer.replica.receive(envelope, now_ms=now_ms)


def _kinds(events: list[Event]) -> list[type]:
    return [type(event) for event in events]


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def anna(room: Room) -> Peer:
    return room.join("anna")


@pytest.fixture
def bert(room: Room, anna: Peer) -> Peer:
    return room.join("bert")


def _refused(events: list[Event]) -> tuple[str, CloseCode]:
    (event,) = events
    assert isinstance(event, Refused)
    return event.rule, event.code


# Order and duplicates


def test_envelopes_in_order_are_applied_and_again_are_duplicates_E4_E5(anna: Peer, bert: Peer) -> None:
    drawn = [anna.draw() for _ in range(3)]
    for envelope in drawn:
        (event,) = _take(bert, envelope)
        assert event == Applied(envelope, envelope_hash(bert.replica.room, envelope.body))
    for envelope in drawn:
        assert _take(bert, envelope) == [Duplicate(envelope)]
    assert bert.board.shapes() == anna.board.shapes()


def test_hole_parks_what_follows_and_filling_it_applies_all_in_order_E6(anna: Peer, bert: Peer) -> None:
    drawn = [anna.draw() for _ in range(4)]
    assert _take(bert, drawn[3]) == [Parked(drawn[3], ParkReason.HOLE)]
    assert _take(bert, drawn[1]) == [Parked(drawn[1], ParkReason.HOLE)]
    assert _take(bert, drawn[3]) == [Duplicate(drawn[3])]
    assert [getattr(e, "envelope", None) for e in _take(bert, drawn[0])] == drawn[:2]
    assert [getattr(e, "envelope", None) for e in _take(bert, drawn[2])] == drawn[2:]


def test_hole_is_asked_for_after_200_ms_and_ever_more_rarely_E6(anna: Peer, bert: Peer) -> None:
    drawn = [anna.draw() for _ in range(5)]
    _take(bert, drawn[4])
    _take(bert, drawn[3])
    assert bert.replica.wants(NOW_MS + 199) == []
    want = WantMessage(BOARD, anna.session, 1, 3)
    assert bert.replica.wants(NOW_MS + 200) == [want]
    assert bert.replica.wants(NOW_MS + 300) == []
    assert bert.replica.wants(NOW_MS + 600) == [want]
    for envelope in drawn[:3]:
        _take(bert, envelope)
    assert bert.replica.wants(NOW_MS + 9000) == []


def test_wide_hole_is_asked_for_in_parts_that_a_want_may_span_B5(anna: Peer, bert: Peer) -> None:
    _take(bert, anna.forge(BOARD, 5000, bytes(16), b"\x00\x00"))
    (want,) = bert.replica.wants(NOW_MS + 200)
    assert (want.first, want.last) == (1, 1 + LIMITS.want_span)


def test_what_waited_for_30_s_is_dropped_and_found_again_E6(anna: Peer, bert: Peer) -> None:
    first, second = anna.draw(), anna.draw()
    _take(bert, second)
    assert bert.replica.expire(NOW_MS + LIMITS.park_ms - 1) == []
    assert bert.replica.expire(NOW_MS + LIMITS.park_ms) == [Dropped(second)]
    assert _kinds(_take(bert, first)) == [Applied]
    assert bert.replica.missing_ranges(bert.replica.heads()) == []
    assert _kinds(_take(bert, second)) == [Applied]


def test_parking_is_bounded_and_keeps_what_helps_soonest_E6(anna: Peer, bert: Peer) -> None:
    events = [
        event
        for seq in range(2, LIMITS.park_envelopes + 12)
        for event in _take(bert, anna.forge(BOARD, seq, bytes(16), b"\x00\x00"))
    ]
    dropped = [event.envelope.seq for event in events if isinstance(event, Dropped)]
    assert dropped == list(range(LIMITS.park_envelopes + 2, LIMITS.park_envelopes + 12))


# Signatures


def test_signature_is_checked_whoever_brings_it_unless_it_is_out_of_our_own_store_E9(anna: Peer, bert: Peer) -> None:
    good = anna.draw()
    spoiled = decode_envelope(good.body + bytes(64))
    assert _refused(_take(bert, spoiled)) == ("E2", CloseCode.UPDATE_REFUSED)
    assert _refused(bert.replica.receive(spoiled, now_ms=NOW_MS, trusted_author=bert.session))[0] == "E2"
    assert _refused(bert.replica.receive(spoiled, now_ms=NOW_MS, from_relay=True))[0] == "E2"
    assert _kinds(bert.replica.receive(spoiled, now_ms=NOW_MS, trusted_author=anna.session)) == [Applied]


def test_envelope_of_another_room_does_not_hold_E2(anna: Peer, bert: Peer) -> None:
    other = Room("elsewhere").join("anna")
    foreign = anna.draw()._replace(sig=other.key.sign(b"x"))
    assert _refused(_take(bert, foreign))[0] == "E2"


# Equivocation


def test_two_envelopes_of_one_number_freeze_the_session_E5(anna: Peer, bert: Peer) -> None:
    first = anna.draw()
    second = anna.forge(BOARD, 1, FIRST_PREV, update(block(anna.ticket.client, 0, rooted("meta", "k"))))
    _take(bert, first)
    assert _take(bert, second) == [Equivocation(anna.session, first, second)]
    assert _refused(_take(bert, anna.draw())) == ("E5", CloseCode.EQUIVOCATION)
    assert _take(bert, first) == [Duplicate(first)]
    assert bert.replica.sessions.frozen == {anna.session}
    assert len(bert.board.shapes()) == 1


def test_equivocation_far_behind_the_head_is_found_in_the_store_E5(anna: Peer, bert: Peer) -> None:
    drawn = [anna.draw() for _ in range(3)]
    for envelope in drawn:
        _take(bert, envelope)
    second = anna.forge(BOARD, 2, drawn[1].prev, b"\x00\x00")
    assert _take(bert, second) == [Equivocation(anna.session, drawn[1], second)]


def test_wrong_previous_hash_is_equivocation_E5(anna: Peer, bert: Peer) -> None:
    first = anna.draw()
    _take(bert, first)
    second = anna.forge(BOARD, 2, bytes(16), b"\x00\x00")
    assert _take(bert, second) == [Equivocation(anna.session, first, second)]


def test_two_parked_envelopes_of_one_number_are_equivocation_E5(anna: Peer, bert: Peer) -> None:
    one = anna.forge(BOARD, 5, bytes(16), b"\x00\x00")
    two = anna.forge(BOARD, 5, bytes(16), b"\x00\x00", NOW_MS + 1)
    _take(bert, one)
    assert _take(bert, two) == [Equivocation(anna.session, one, two)]
    assert bert.replica.wants(NOW_MS + 1000) == []


def test_forged_second_envelope_freezes_nobody_E5(anna: Peer, bert: Peer) -> None:
    _take(bert, anna.draw())
    forged = anna.forge(BOARD, 1, FIRST_PREV, b"\x00\x00")._replace(sig=bytes(64))
    assert _refused(_take(bert, forged))[0] == "E2"
    assert bert.replica.sessions.frozen == set()
    assert _kinds(_take(bert, anna.draw())) == [Applied]


# Causal wait


def test_edit_of_a_shape_that_is_not_there_yet_waits_for_it_E7(room: Room, anna: Peer, bert: Peer) -> None:
    cora = room.join("cora")
    drawn = [anna.draw(), anna.draw()]
    for envelope in drawn:
        _take(bert, envelope)
    bert.board.move([shape.id for shape in bert.board.shapes()], 5, 5)
    (moved,) = bert.replica.flush_local(NOW_MS)
    following = bert.draw()
    assert _take(cora, moved) == [Parked(moved, ParkReason.BASE)]
    assert _take(cora, following) == [Parked(following, ParkReason.HOLE)]
    assert cora.replica.heads() == []
    assert _take(cora, moved) == [Duplicate(moved)]
    assert WantMessage(BOARD, anna.session, 1, 257) in cora.replica.wants(NOW_MS + 200)
    assert _kinds(_take(cora, drawn[0])) == [Applied]
    assert _kinds(_take(cora, drawn[1])) == [Applied, Applied, Applied]
    assert cora.board.shapes() == bert.board.shapes()


def test_delete_of_what_is_not_there_yet_waits_E7(room: Room, anna: Peer, bert: Peer) -> None:
    drawn = anna.draw()
    wipe = bert.forge(BOARD, 1, FIRST_PREV, update(deletes=deleted((anna.ticket.client, [(1, 1)]))))
    reader = room.reader()
    assert reader.receive(wipe, now_ms=NOW_MS) == [Parked(wipe, ParkReason.BASE)]
    assert _kinds(reader.receive(drawn, now_ms=NOW_MS)) == [Applied, Applied]


def test_base_that_nobody_knows_is_dropped_in_the_end_E7(anna: Peer, bert: Peer) -> None:
    lost = anna.forge(BOARD, 1, FIRST_PREV, update(block(anna.ticket.client, 0, child(4_000_000, 7, "k"))))
    assert _take(bert, lost) == [Parked(lost, ParkReason.BASE)]
    assert bert.replica.wants(NOW_MS + 200) == []
    assert bert.replica.expire(NOW_MS + LIMITS.park_ms) == [Dropped(lost)]


# Unknown sessions


def test_envelopes_of_an_unknown_session_wait_for_its_ticket_E8(room: Room, anna: Peer) -> None:
    reader = room.reader()
    bert = room.join("bert", introduced=False)
    drawn = [bert.draw(), bert.draw()]
    assert [reader.receive(e, now_ms=NOW_MS) for e in drawn] == [[Parked(e, ParkReason.TICKET)] for e in drawn]
    assert reader.receive(drawn[0], now_ms=NOW_MS) == [Duplicate(drawn[0])]
    ticket, events = reader.admit_ticket(bert.token)
    assert ticket == bert.ticket
    assert _kinds(events) == [Applied, Applied]
    assert reader.admit_ticket(bert.token)[1] == []


def test_unknown_sessions_wait_within_bounds_and_30_s_E8(room: Room) -> None:
    reader = room.reader()
    strangers = [room.join(f"s{number}", introduced=False) for number in range(12)]
    kept = []
    for stranger in strangers:
        for seq in range(1, 4):
            envelope = stranger.forge(BOARD, seq, bytes(16), bytes(50_000))
            kept += [e for e in reader.receive(envelope, now_ms=NOW_MS) if isinstance(e, Parked)]
    assert sum(len(event.envelope.raw) for event in kept) <= LIMITS.park_stream_bytes
    assert reader.documents == ()
    assert reader.expire(NOW_MS + 29_999) == []
    assert len(reader.expire(NOW_MS + 30_000)) == len(kept)
    assert _kinds(reader.receive(strangers[0].draw(), now_ms=NOW_MS)) == [Parked]


# Rules


def test_update_that_breaks_a_rule_is_refused_and_nothing_after_it_is_applied_P3(anna: Peer, bert: Peer) -> None:
    gap = anna.forge(BOARD, 1, FIRST_PREV, update(block(anna.ticket.client, 7, rooted("meta", "k"))))
    after = anna.forge(BOARD, 2, envelope_hash(bert.replica.room, gap.body), b"\x00\x00")
    _take(bert, after)
    assert _refused(_take(bert, gap)) == ("P3", CloseCode.UPDATE_REFUSED)
    assert bert.replica.heads() == []
    assert _refused(_take(bert, gap))[0] == "P3"


@pytest.mark.parametrize("data", ["01016fffffffff0f0401017402455600", "0101d20f02c4e90739e9073a0000", "ff"])
def test_poison_never_reaches_the_crdt_library_P1(anna: Peer, bert: Peer, data: str) -> None:
    poison = anna.forge(BOARD, 1, FIRST_PREV, bytes.fromhex(data))
    before = bert.replica.doc(BOARD).get_update()
    assert _refused(_take(bert, poison))[0] == "P1"
    assert bert.replica.doc(BOARD).get_update() == before


def test_writing_where_one_may_not_is_refused_and_makes_no_document_P7(room: Room, anna: Peer, bert: Peer) -> None:
    data = update(block(anna.ticket.client, 0, rooted("stage", "state")))
    for ref in (STAGE, DocRef.desk("bert"), DocRef.desk("nobody")):
        assert _refused(_take(bert, anna.forge(ref, 1, FIRST_PREV, data))) == ("P7", CloseCode.NOT_ALLOWED)
    assert bert.replica.documents == (BOARD, CHAT)
    tutor = room.join("tara", Role.TUTOR)
    data = update(block(tutor.ticket.client, 0, rooted("meta", "title")))
    assert _kinds(_take(bert, tutor.forge(DocRef.desk("bert"), 1, FIRST_PREV, data))) == [Applied]


def test_holes_of_one_document_do_not_hold_up_another_D3(anna: Peer, bert: Peer) -> None:
    anna.draw()
    parked = anna.draw()
    anna.chat.post("hi", NOW_MS)
    (posted,) = anna.replica.flush_local(NOW_MS)
    assert _kinds(_take(bert, parked)) == [Parked]
    assert _kinds(_take(bert, posted)) == [Applied]


def test_revocation_drops_what_waits_S8(anna: Peer, bert: Peer) -> None:
    first, second = anna.draw(), anna.draw()
    _take(bert, second)
    bert.replica.revoke(anna.session)
    assert _kinds(bert.replica.receive(first, now_ms=NOW_MS, from_relay=True)) == [Applied]
