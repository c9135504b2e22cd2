"""The replica as a state machine under a hostile session: whatever comes, in whatever order, honest work stays."""

from __future__ import annotations

import random

from tests.property.mutate import mutate
from tests.whiteboard_crdt.room import NOW_MS, Peer, Room
from whiteboard_crdt.board import Board
from whiteboard_crdt.envelope import FIRST_PREV, Envelope, decode_envelope, envelope_hash
from whiteboard_crdt.errors import ProtocolError, TicketError, UpdateRefused
from whiteboard_crdt.ids import BOARD, CHAT, DocRef, SessionId
from whiteboard_crdt.messages import Head, SnapshotMessage
from whiteboard_crdt.replica import Replica
from whiteboard_crdt.spec import LIMITS
from whiteboard_crdt.yupdate import scan_update

__all__ = ["replica"]

_SOMEBODY = SessionId("f" * 16)


def replica(rnd: random.Random) -> None:
    """An honest author and a hostile one speak to a relay's replica in turns."""
    room = Room()
    honest, hostile = room.join("anna"), room.join("eve")
    relay = room.reader()
    genuine: list[Envelope] = []
    heads: dict[DocRef, tuple[int, bytes]] = {}
    now_ms = NOW_MS
    for _ in range(rnd.randrange(4, 14)):
        now_ms += rnd.choice((0, 50, 300, 31_000))
        if rnd.random() < 0.3:
            envelope = honest.draw(now_ms)
            genuine.append(envelope)
            relay.receive(envelope, now_ms=now_ms)
        else:
            _attack(rnd, room, relay, honest, hostile, genuine, heads, now_ms)
        relay.wants(now_ms)
        relay.expire(now_ms)
        assert relay._intake._parking.bytes <= LIMITS.park_total_bytes
    # The honest author's stream is whole, however often its envelopes were lost or doubled on the way.
    for envelope in genuine:
        relay.receive(envelope, now_ms=now_ms)
    head = {one.session: one for one in relay.heads(BOARD)}.get(honest.session)
    assert (head.seq if head else 0) == len(genuine)
    # What the relay holds can be loaded by whoever comes next, and shows the honest work as it was made, but for what
    # was overwritten or deleted outright: whoever may draw may do that to another's fields (docs/threat-model.md).
    late = room.reader()
    for ref in relay.documents:
        late.apply_snapshot(relay.snapshot(ref))
    shapes = {shape.id: shape for shape in Board(late.doc(BOARD), _SOMEBODY).shapes(erased=True)}
    assert _untouched(relay, honest, hostile, genuine) <= shapes.keys()
    assert all(shape.author in (honest.session, hostile.session) for shape in shapes.values())


def _untouched(relay: Replica, honest: Peer, hostile: Peer, genuine: list[Envelope]) -> set[str]:
    """The honest author's shapes of which the hostile one has deleted and overwritten nothing."""
    client = honest.ticket.client
    scans = [scan_update(one.update) for one in relay.store.range(BOARD, hostile.session, 1, 1_000)]
    touched = [stretch for scan in scans for stretch in scan.deletes.get(client, ())]
    touched += [(clock, 1) for scan in scans for whose, clock in (*scan.parents, *scan.origins) if whose == client]
    whole = set()
    for envelope in genuine:
        scan = scan_update(envelope.update)
        (first, length), *_ = scan.structs[client]
        if not any(at < first + length and first < at + many for at, many in touched):
            whole |= {item.key for item in scan.root_keys}
    return whole


def _attack(
    rnd: random.Random, room: Room, relay: Replica, honest: Peer, hostile: Peer, genuine: list[Envelope],
    heads: dict[DocRef, tuple[int, bytes]], now_ms: int,
) -> None:  # fmt: skip
    kind = rnd.randrange(9)
    if kind <= 3:
        doc = rnd.choice((BOARD, BOARD, BOARD, CHAT, DocRef.desk("eve"), DocRef.desk("anna")))
        seq, prev = heads.get(doc, (0, FIRST_PREV))
        if rnd.random() < 0.3:
            seq = max(0, seq + rnd.choice((-1, 1, 5, 300, 2**40)))
        if rnd.random() < 0.1:
            prev = rnd.randbytes(16)
        envelope = hostile.forge(doc, seq + 1, prev, _content(rnd, hostile, genuine, now_ms), now_ms)
        trusted = rnd.choice((None, hostile.session))
        relay.receive(envelope, now_ms=now_ms, trusted_author=trusted, from_relay=rnd.random() < 0.2)
        if {head.session: head.seq for head in relay.heads(doc)}.get(hostile.session) == seq + 1:
            heads[doc] = (seq + 1, envelope_hash(room.name, envelope.body))
    elif kind == 4 and genuine:
        raw = mutate(rnd.choice(genuine).raw, rnd)
        try:
            relay.receive(decode_envelope(raw), now_ms=now_ms)
        except ProtocolError:
            return
    elif kind == 5 and genuine:
        relay.receive(rnd.choice(genuine), now_ms=now_ms)
    elif kind == 6:
        token = mutate(rnd.choice(room.tokens).encode(), rnd).decode("latin-1")
        try:
            relay.admit_ticket(token)
        except TicketError:
            return
    elif kind == 7:
        claimed = [Head(BOARD, rnd.choice((honest.session, hostile.session)), rnd.randrange(9), rnd.randbytes(16))]
        relay.mismatches(claimed)
        relay.missing_for(claimed)
    elif kind == 8:
        state = mutate(honest.replica.doc(BOARD).get_update(), rnd)
        peer = room.reader()
        try:
            peer.apply_snapshot(SnapshotMessage(BOARD, (), state))
        except UpdateRefused:
            return
        Board(peer.doc(BOARD), _SOMEBODY).shapes(erased=True)


def _content(rnd: random.Random, hostile: Peer, genuine: list[Envelope], now_ms: int) -> bytes:
    """An update of Eve's: good, mutated, or Anna's with Eve's client id."""
    how = rnd.random()
    if genuine and how < 0.3:
        return mutate(rnd.choice(genuine).update, rnd) or b"\x00"
    hostile.board.add_text("main", 1, 1, rnd.choice(("a", "\U0001f600b", "x" * 300)), "red", 24, now_ms)
    (envelope, *_) = hostile.replica.flush_local(now_ms)
    return envelope.update if how < 0.6 else mutate(envelope.update, rnd) or b"\x00"
