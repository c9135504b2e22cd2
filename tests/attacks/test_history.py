"""Attacks on who wrote what, and in which order: signatures, numbers, two histories, what waits (sections E, T)."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial

import pytest

from signaling.client import Peer
from signaling.events import EquivocationSeen, Event
from signaling.links.memory import memory_pair
from tests.attacks.conftest import Attack, relay_front
from tests.attacks.front import Front, RelayFront
from tests.attacks.updates import Target
from tests.signaling.conftest import StartRelay, session_url
from tests.signaling.raw_client import Scribe, raw_client
from tests.signaling.school import School
from tests.vectors.ybytes import block, child, update
from whiteboard_crdt.envelope import Envelope, decode_envelope, envelope_hash, seal
from whiteboard_crdt.errors import CloseCode
from whiteboard_crdt.ids import BOARD, Role, RoomId, SessionId
from whiteboard_crdt.keys import SessionKey
from whiteboard_crdt.messages import EnvelopeMessage, TicketMessage, encode_message
from whiteboard_crdt.replica import Replica
from whiteboard_crdt.spec import LIMITS

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256


def _equivocations(peer: Peer) -> list[SessionId]:
    seen: list[SessionId] = []

    def note(event: Event) -> None:
        if isinstance(event, EquivocationSeen):
            seen.append(event.session)

    peer.subscribe(note)
    return seen


def _annas(front: Front) -> Envelope:
    envelope = front.ann.replica.envelope(BOARD, front.ann.session, 1)
    assert envelope is not None
    return envelope


def _signed_by(envelope: Envelope, key: SessionKey, room: RoomId) -> Envelope:
    return seal(room, envelope.doc, envelope.session, envelope.seq, envelope.prev, 1, envelope.update, key.sign)


def _malleated(envelope: Envelope) -> Envelope:
    """Another signature of the same text: (r, n - s) holds where (r, s) does."""
    s = _ORDER - int.from_bytes(envelope.sig[32:], "big")
    return decode_envelope(envelope.raw[:-32] + s.to_bytes(32, "big"))


async def test_forged_author(attack: Attack) -> None:
    """An envelope in Ann's name, signed by Mallory. On a link it is passed over: who hands on need not have forged."""
    front = await attack()
    head = next(head for head in front.ann.replica.heads(BOARD) if head.session == front.ann.session)
    forged = seal(
        front.ann.room, BOARD, front.ann.session, head.seq + 1, head.hash, 1, b"\x00\x00", front.mallory.key.sign
    )
    await front.send(forged)
    if front.way == "relay":
        await front.refused(CloseCode.UPDATE_REFUSED)
    else:
        await front.heard()
    await front.unharmed()


async def test_own_envelope_with_a_wrong_signature(attack: Attack) -> None:
    front = await attack()
    scribe = Scribe(front.mallory)
    await front.send(scribe.seal(scribe.update(), key=SessionKey.generate()))
    await front.refused(CloseCode.UPDATE_REFUSED)
    await front.unharmed()


async def test_wrong_signature_after_many_good_ones(attack: Attack) -> None:
    """All are looked at (E9): there is no rate over which one slips through."""
    front = await attack()
    scribe = Scribe(front.mallory)
    for number in range(100):
        await front.send(scribe.seal(scribe.update(value=float(number))))
    await front.send(scribe.seal(scribe.update(value=-1.0), key=SessionKey.generate()))
    await front.refused(CloseCode.UPDATE_REFUSED)
    await front.unharmed(mallorys=None)


async def test_malleated_signature(attack: Attack) -> None:
    front = await attack()
    await front.send(_malleated(_annas(front)))
    await front.heard()
    assert not front.refusals()
    await front.unharmed()


async def test_envelope_of_another_room(attack: Attack) -> None:
    front = await attack()
    scribe = Scribe(front.mallory)
    await front.send(_signed_by(scribe.seal(scribe.update()), front.mallory.key, RoomId("another")))
    await front.refused(CloseCode.UPDATE_REFUSED)
    await front.unharmed()


async def test_replayed_envelopes(attack: Attack) -> None:
    front = await attack()
    for _ in range(100):
        await front.send(_annas(front))
    await front.heard()
    assert not front.refusals()
    await front.unharmed()


async def test_two_histories_under_one_number(attack: Attack) -> None:
    """E5: frozen for good, and staff are told, on whichever way it was seen."""
    front = await attack()
    told = _equivocations(front.ann)
    one, two = Scribe(front.mallory), Scribe(front.mallory)
    await front.send(one.write())
    await front.heard()
    await front.send(two.seal(two.update(value="another")))
    await front.refused(CloseCode.EQUIVOCATION)
    await front.ann.wait_for(lambda: front.mallory.session in told)
    await front.unharmed(mallorys=None)


async def test_fork_by_the_hash_before(attack: Attack) -> None:
    front = await attack()
    scribe = Scribe(front.mallory)
    await front.send(scribe.write())
    scribe.prev = b"\x07" * 16
    await front.send(scribe.write())
    await front.refused(CloseCode.EQUIVOCATION)
    await front.unharmed(mallorys=None)


async def test_one_history_for_the_relay_and_another_for_a_peer(at_relay: RelayFront) -> None:
    """Bob, who has seen both, proves it: the relay freezes Mallory, all are told, and all hold the relay's history."""
    told = _equivocations(at_relay.ann)
    hers, his = memory_pair(at_relay.mallory.session, at_relay.bob.session)
    at_relay.bob.attach(his)
    one, two = Scribe(at_relay.mallory), Scribe(at_relay.mallory)
    await at_relay.send(one.write())
    hers.send(encode_message(EnvelopeMessage(two.seal(two.update(value="another")))))
    assert await at_relay.closed() == CloseCode.EQUIVOCATION
    await at_relay.ann.wait_for(lambda: at_relay.mallory.session in told)
    await at_relay.bob.wait_for(lambda: at_relay.mallory.session not in at_relay.bob.direct)
    await at_relay.unharmed(mallorys=None)


async def test_a_peers_history_gives_way_to_the_relays(
    school: School, start_relay: StartRelay, caplog: pytest.LogCaptureFixture
) -> None:
    """Bob took the other history first, directly. The relay's digest shows it, and his board is rebuilt (B3)."""
    async with AsyncExitStack() as stack:
        front = await relay_front(school, partial(start_relay, digest_every_ms=100), stack, caplog)
        hers, his = memory_pair(front.mallory.session, front.bob.session)
        front.bob.cut(relay=True)
        front.bob.attach(his)
        one, two = Scribe(front.mallory), Scribe(front.mallory)
        hers.send(encode_message(EnvelopeMessage(two.seal(two.update(value="another")))))
        heads = front.bob.replica.heads
        await front.bob.wait_for(lambda: front.mallory.session in {head.session for head in heads()})
        await front.send(one.write())
        await front.heard()
        front.bob.cut(relay=False)
        theirs = front.ann.replica.heads(BOARD)
        await front.bob.wait_for(lambda: set(theirs) <= set(heads(BOARD)))
        await front.unharmed(mallorys=None)


async def test_a_frozen_session_stays_out_over_a_restart(school: School, start_relay: StartRelay) -> None:
    mallory = school.person("mallory")
    relay = await start_relay()
    async with raw_client(session_url(relay)) as client:
        await client.join(mallory)
        one, two = Scribe(mallory), Scribe(mallory)
        await client.send(one.write())
        await client.send(EnvelopeMessage(two.seal(two.update(value="another"))))
        assert await client.close_code() == CloseCode.EQUIVOCATION
    async with raw_client(session_url(relay)) as client:
        await client.hello(mallory)
        assert await client.close_code() == CloseCode.EQUIVOCATION
    await relay.stop()
    async with raw_client(session_url(await start_relay())) as client:
        await client.hello(mallory)
        assert await client.close_code() == CloseCode.REVOKED


async def test_far_ahead_numbers(attack: Attack) -> None:
    """E6: what comes too early waits within 256 envelopes and 1 MiB; the rest is dropped, and nobody waits for it."""
    front = await attack()
    scribe = Scribe(front.mallory)
    scribe.seq = 1_000
    for _ in range(LIMITS.park_envelopes + 100):
        await front.send(scribe.seal(bytes(200)))
    await front.heard()
    assert 0 < _parked_bytes(await front.under_attack()) <= LIMITS.park_stream_bytes
    await front.unharmed()


async def test_parked_bytes_of_one_stream(attack: Attack) -> None:
    front = await attack()
    scribe = Scribe(front.mallory)
    scribe.seq = 1_000
    for _ in range(30):
        await front.send(scribe.seal(bytes(57_000)))
    await front.heard()
    assert 1_000_000 < _parked_bytes(await front.under_attack()) <= LIMITS.park_stream_bytes
    await front.unharmed()


async def test_work_that_waits_for_what_never_comes(attack: Attack) -> None:
    """E7: it builds on clocks of Ann's that will never be: it waits within bounds, unseen, and holds up nobody."""
    front = await attack()
    target = Target.of(front)
    scribe = Scribe(front.mallory)
    for _ in range(LIMITS.park_envelopes + 50):
        await front.send(scribe.seal(update(block(target.mine, 0, child(target.ann, 1_000_000, "k")))))
    await front.heard()
    await front.unharmed()


async def test_flood_of_unknown_sessions(attack: Attack) -> None:
    """E8: envelopes of sessions that nobody knows wait within 1 MiB in all, and then are dropped."""
    front = await attack()
    for number in range(60):
        stranger = front.school.person("nobody", session=f"{number:016x}")
        await front.send(Scribe(stranger).seal(bytes(57_000)))
    await front.heard()
    assert (await front.under_attack())._intake._stranger_bytes <= LIMITS.park_stream_bytes
    await front.unharmed()


async def test_lying_times(attack: Attack) -> None:
    """`authored_ms` orders nothing that others rely on: neither the year 285428 nor 1970 hides or moves their work."""
    front = await attack()
    scribe = Scribe(front.mallory)
    ticket = front.mallory.ticket
    for authored_ms in (2**53 - 1, 0):
        prev = scribe.prev
        made = scribe.seal(scribe.update())
        envelope = seal(
            ticket.room, BOARD, ticket.session, made.seq, prev, authored_ms, made.update, front.mallory.key.sign
        )
        await front.send(envelope)
        scribe.prev = envelope_hash(ticket.room, envelope.body)
    await front.heard()
    assert not front.refusals()
    await front.unharmed(mallorys=None)


async def test_ticket_of_another_school_brought_to_the_room(attack: Attack, school: School) -> None:
    front = await attack()
    forger = School(school.data / "forger")
    await front.send(TicketMessage(forger.person("eve").token))
    await front.send(TicketMessage(school.person("eve", room=RoomId("another")).token))
    await front.send(TicketMessage(school.person("eve", session=front.ann.session).token))
    await front.send(TicketMessage(school.person("eve", client=front.ann.client_id).token))
    await front.heard()
    known = (await front.under_attack()).sessions.get(front.ann.session)
    assert known is not None and known.ticket.user == "ann"
    front.nothing_leaked()
    await front.unharmed()


async def test_writing_under_a_recorded_ticket(attack: Attack) -> None:
    """A recorded ticket lets nobody write for its owner: envelopes want its key, and more rights want a new ticket."""
    front = await attack()
    absent = front.school.person("absent", Role.TUTOR)
    await front.send(TicketMessage(absent.token))
    scribe = Scribe(absent)
    await front.send(scribe.seal(scribe.update(), key=front.mallory.key))
    if front.way == "relay":
        await front.refused(CloseCode.UPDATE_REFUSED)
    else:
        await front.heard()
    await front.unharmed()


def _parked_bytes(replica: Replica) -> int:
    return replica._intake._parking.bytes
