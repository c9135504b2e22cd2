"""Who is kept from the board, and whose desk is shown: whiteboard_crdt/holds.py, and what a replica makes of it."""

from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Doc, Map

from tests.vectors.fixtures import ticket
from tests.whiteboard_crdt.room import NOW_MS, Peer, Room
from tests.whiteboard_crdt.vectors import load
from whiteboard_crdt.envelope import Envelope
from whiteboard_crdt.events import Applied, Duplicate, Event, Parked
from whiteboard_crdt.holds import Holds
from whiteboard_crdt.ids import BOARD, STAGE, DocRef, Role, UserId
from whiteboard_crdt.spec import LIMITS
from whiteboard_crdt.stage import Stage
from whiteboard_crdt.streams import ParkReason

LATER_MS = NOW_MS + LIMITS.hold_grace_ms
ANNA = UserId("anna")


def test_holds_are_those_of_the_vectors_P10_D4() -> None:
    doc: Doc[Any] = Doc()
    holds = Holds()
    for step in load("holds.json"):
        doc.get("stage", type=Map).update(step["set"])
        assert holds.read(doc, step["now_ms"]) == step["freed"]
        assert holds.shown_desk == step["shown"]
        for ask in step["asks"]:
            asked = ticket(user=ask["user"], role=Role(ask["role"]))
            assert holds.keeps_out(asked, DocRef.parse(ask["doc"]), step["now_ms"]) == ask["kept"]


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def tutor(room: Room) -> Peer:
    return room.join("tara", Role.TUTOR)


@pytest.fixture
def anna(room: Room, tutor: Peer) -> Peer:
    return room.join("anna")


def _hold(tutor: Peer, held: bool, now_ms: int = NOW_MS) -> Envelope:
    Stage(tutor.replica.doc(STAGE)).hold(ANNA, held)
    (envelope,) = tutor.replica.flush_local(now_ms)
    return envelope


def _kinds(events: list[Event]) -> list[type]:
    return [type(event) for event in events]


def test_work_of_who_is_held_waits_and_follows_in_order_when_they_are_let_go_P10(
    room: Room, tutor: Peer, anna: Peer
) -> None:
    relay = room.reader()
    assert _kinds(relay.receive(anna.draw(), now_ms=NOW_MS)) == [Applied]
    relay.receive(_hold(tutor, True), now_ms=NOW_MS)
    assert relay.held == {ANNA}
    under_way = anna.draw()
    assert _kinds(relay.receive(under_way, now_ms=LATER_MS - 1)) == [Applied]
    drawn = [anna.draw() for _ in range(3)]
    for envelope in (drawn[0], drawn[2], drawn[1]):
        assert relay.receive(envelope, now_ms=LATER_MS) == [Parked(envelope, ParkReason.HELD)]
    assert not relay.wants(LATER_MS + 10_000)
    assert _kinds(relay.receive(under_way, now_ms=LATER_MS)) == [Duplicate]
    freed = relay.receive(_hold(tutor, False), now_ms=LATER_MS)
    assert [event.envelope for event in freed if isinstance(event, Applied)][1:] == drawn
    assert relay.held == frozenset()


def test_what_waited_for_too_long_is_found_again_by_its_number_P10_E6(room: Room, tutor: Peer, anna: Peer) -> None:
    relay = room.reader()
    relay.receive(_hold(tutor, True), now_ms=NOW_MS)
    drawn = anna.draw()
    relay.receive(drawn, now_ms=LATER_MS)
    relay.expire(LATER_MS + LIMITS.park_ms)
    relay.receive(_hold(tutor, False), now_ms=LATER_MS + 60_000)
    _, missing = anna.replica.missing_for(relay.heads())
    assert missing == [drawn]
    assert _kinds(relay.receive(drawn, now_ms=LATER_MS + 60_000)) == [Applied]


def test_what_the_relay_took_is_taken_by_all_and_own_stores_are_read_whole_P10(
    room: Room, tutor: Peer, anna: Peer
) -> None:
    hold, drawn = _hold(tutor, True), anna.draw()
    bert, again = room.join("bert").replica, room.reader()
    for replica in (bert, again):
        replica.receive(hold, now_ms=NOW_MS)
    assert _kinds(bert.receive(drawn, now_ms=LATER_MS)) == [Parked]
    assert _kinds(bert.receive(drawn, now_ms=LATER_MS, from_relay=True)) == [Applied]
    assert _kinds(again.receive(drawn, now_ms=LATER_MS, trusted_author=anna.session)) == [Applied]


def test_the_tutors_own_copy_keeps_the_hold_too_and_lets_go_within_a_second_P10(tutor: Peer, anna: Peer) -> None:
    _hold(tutor, True)
    drawn = anna.draw()
    assert _kinds(tutor.replica.receive(drawn, now_ms=LATER_MS)) == [Parked]
    _hold(tutor, False, LATER_MS)
    assert _kinds(tutor.replica.expire(LATER_MS + 1)) == [Applied]
    assert tutor.board.shapes() == anna.board.shapes()


def test_a_snapshot_of_the_stage_is_a_hold_without_grace_P10(room: Room, tutor: Peer, anna: Peer) -> None:
    _hold(tutor, True)
    relay = room.reader()
    relay.apply_snapshot(tutor.replica.snapshot(STAGE))
    assert _kinds(relay.receive(anna.draw(), now_ms=NOW_MS)) == [Parked]
    assert BOARD not in relay.documents or not relay.heads(BOARD)


def test_a_shown_desk_is_read_as_written_and_wrong_ones_as_none_D4() -> None:
    doc: Doc[Any] = Doc()
    stage = Stage(doc)
    updates: list[object] = []
    doc.observe(updates.append)
    stage.show_desk(ANNA)
    stage.show_desk(ANNA)
    assert (stage.shown_desk, len(updates)) == (ANNA, 1)
    stage.show_desk(None)
    assert stage.shown_desk is None
