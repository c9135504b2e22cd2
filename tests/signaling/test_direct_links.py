"""Two peers on a link in memory, without any relay: loss, reordering, silence, and hostile messages (M6 to M9)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from itertools import combinations

import pytest

from signaling.client import Peer
from signaling.events import Event, LiveReceived, PresenceChanged
from signaling.links.memory import MemoryLink, memory_pair
from signaling.loss_meter import COPIES, LossMeter
from tests.signaling.drawing import content, draw
from tests.signaling.raw_client import Scribe
from tests.signaling.school import Person, School
from whiteboard_crdt.ids import BOARD, DocRef, Role, SessionId
from whiteboard_crdt.messages import (
    EnvelopeMessage,
    LiveMessage,
    MessageType,
    PingMessage,
    SyncedMessage,
    WantMessage,
    decode_message,
    encode_message,
)

NOWHERE = "ws://127.0.0.1:9/v1/session"


@asynccontextmanager
async def pair(school: School, *people: Person) -> AsyncIterator[tuple[Peer, Peer, MemoryLink, MemoryLink]]:
    """Two peers that know each other's tickets, and the two ends of the link between them."""
    ann, bob = people or (school.person("ann"), school.person("bob"))
    async with school.peer(ann, NOWHERE) as one, school.peer(bob, NOWHERE) as two:
        for peer in (one, two):
            peer.preload([ann.token, bob.token], [])
        first, second = memory_pair(ann.session, bob.session)
        one.attach(first)
        two.attach(second)
        yield one, two, first, second


async def test_what_was_done_before_the_link_opened_is_exchanged_both_ways_M6(school: School) -> None:
    ann, bob = school.person("ann"), school.person("bob")
    async with school.peer(ann, NOWHERE) as one, school.peer(bob, NOWHERE) as two:
        for peer in (one, two):
            peer.preload([ann.token, bob.token], [])
            draw(peer, 7)
            peer.flush()
        first, second = memory_pair(ann.session, bob.session)
        one.attach(first)
        two.attach(second)
        for peer in (one, two):
            await peer.wait_for(lambda p=peer: len(p.board.shapes()) == 14)  # type: ignore[misc]
        assert content(one) == content(two)


async def test_the_lossy_copy_arrives_before_a_stalled_reliable_one_M7(school: School) -> None:
    async with pair(school) as (one, two, first, _):
        draw(one)
        one.flush()
        await two.wait_for(lambda: len(two.board.shapes()) == 1)
        first.held = []
        draw(one)
        one.flush()
        await two.wait_for(lambda: len(two.board.shapes()) == 2)
        first.release()
        draw(one)
        one.flush()
        await two.wait_for(lambda: len(two.board.shapes()) == 3)


@pytest.mark.parametrize(("lost", "copies"), list(zip((0, 1, 12), map(len, COPIES), strict=True)))
async def test_an_unacknowledged_envelope_is_repeated_as_often_as_the_link_loses_M7(
    school: School, lost: int, copies: int
) -> None:
    async with pair(school) as (one, two, first, _):
        (direct,) = one.direct.values()
        direct.meter = LossMeter()
        for n in range(24):
            nonce = direct.meter.ping(float(n))
            if nonce is not None and n >= lost:
                direct.meter.pong(nonce)
        direct.meter.ping(100.0)
        seen: list[bytes] = []

        def note(data: bytes) -> bool:
            seen.append(data)
            return True

        first.lossy_script = note
        draw(one)
        one.flush()
        sent = encode_message(EnvelopeMessage(one.replica.unacked()[-1]))
        await two.wait_for(lambda: len(two.board.shapes()) == 1)
        await one.wait_for(lambda: seen.count(sent) >= copies)
        assert seen.count(sent) == copies


async def test_reordered_envelopes_wait_for_each_other_E6(school: School) -> None:
    async with pair(school) as (one, two, first, _):
        first.lossy_script = lambda _: False
        first.held = []
        for _ in range(6):
            draw(one)
            one.flush()
        first.held.reverse()
        first.release()
        await two.wait_for(lambda: len(two.board.shapes()) == 6)
        assert content(one) == content(two)


async def test_a_lost_envelope_is_asked_for_after_a_moment_E6(school: School) -> None:
    async with pair(school) as (one, two, first, second):
        draw(one)
        one.flush()
        await two.wait_for(lambda: len(two.board.shapes()) == 1)
        first.lossy_script = lambda _: False
        first.held = []
        for _ in range(3):
            draw(one)
            one.flush()
        del first.held[0]
        first.release()
        wants: list[WantMessage] = []
        send = second.send

        def noting(data: bytes) -> bool:
            message = decode_message(data, 65_536)
            if isinstance(message, WantMessage):
                wants.append(message)
            return send(data)

        second.send = noting  # type: ignore[method-assign]
        await two.wait_for(lambda: len(two.board.shapes()) == 4)
        assert [(want.session, want.first, want.last) for want in wants] == [(one.session, 2, 2)]


async def test_a_desk_is_not_told_to_who_may_not_see_it(school: School) -> None:
    tutor, ann, bob = school.person("tutor", Role.TUTOR), school.person("ann"), school.person("bob")
    desk = DocRef.desk("ann")
    scribe = Scribe(ann, desk)
    for other, sees in ((tutor, True), (bob, False)):
        async with pair(school, ann, other) as (one, two, _, _):
            one.preload([], [scribe.write().envelope] if scribe.seq == 0 else [])
            draw(one)
            one.flush()
            await two.wait_for(lambda p=two: len(p.board.shapes()) == 1)  # type: ignore[misc]
            assert desk not in two.replica.documents or sees


@pytest.mark.parametrize(
    "data",
    [b"", b"\x63", encode_message(SyncedMessage((BOARD,))), b"\x01" * 65_537],
    ids=["empty", "unknown", "relay's message", "oversized"],
)
async def test_a_hostile_message_closes_the_link_M9(school: School, data: bytes) -> None:
    async with pair(school) as (one, two, first, _):
        first.send(data)
        await two.wait_for(lambda: not two.direct)
        await one.wait_for(lambda: not one.direct)


async def test_a_forged_envelope_of_the_links_own_session_closes_it(school: School) -> None:
    async with pair(school) as (one, two, first, _):
        scribe = Scribe(school.person("ann", session=one.session, client=one.client_id))
        first.send(encode_message(EnvelopeMessage(scribe.seal(scribe.update()))))
        await two.wait_for(lambda: not two.direct)
        assert not two.replica.heads()


async def test_live_ink_of_another_session_is_dropped_and_the_link_stays_M9(school: School) -> None:
    async with pair(school) as (one, two, first, _):
        seen: list[LiveReceived] = []
        two.subscribe(lambda event: seen.append(event) if isinstance(event, LiveReceived) else None)
        first.send(encode_message(LiveMessage("0" * 16, 1, "main", (1, 1))))  # type: ignore[arg-type]
        one.send_live("main", cursor=(2, 2))
        await two.wait_for(lambda: bool(seen))
        assert [live.message.session for live in seen] == [one.session]


async def test_a_silent_link_is_down_and_up_again_when_it_speaks_M6(school: School) -> None:
    now_s = 1_000.0
    ann, bob = school.person("ann"), school.person("bob")
    async with school.peer(ann, NOWHERE, clock=lambda: now_s) as one:
        one.preload([bob.token], [])
        first, second = memory_pair(ann.session, bob.session)
        one.attach(first)
        assert one.direct[bob.session].healthy
        now_s += 3.1
        await one.wait_for(lambda: not one.direct[bob.session].healthy)
        second.send(encode_message(PingMessage(1)))
        await one.wait_for(lambda: one.direct[bob.session].healthy)


def note_presence(heard: Counter[SessionId], own: SessionId, event: Event) -> None:
    if isinstance(event, PresenceChanged):
        heard[own] += 1


async def test_six_peers_spend_two_messages_on_each_envelope_and_receiver_M7(school: School) -> None:
    """Once reliably, once more where a lost packet costs no round trip; nobody hands on what its author sends."""
    people = [school.person(f"user-{n}") for n in range(6)]
    counts: Counter[str] = Counter()
    all_came = asyncio.Event()
    expected = len(people) * (len(people) - 1) * 5

    def count(way: str, take: Callable[[bytes], None], data: bytes) -> None:
        if data[0] == MessageType.ENVELOPE:
            counts[way] += 1
        take(data)
        if counts["live"] >= expected:
            all_came.set()

    async with AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(school.peer(person, NOWHERE)) for person in people]
        for peer in peers:
            peer.preload([person.token for person in people], [])
        for one, two in combinations(peers, 2):
            for peer, link in zip((one, two), memory_pair(one.session, two.session), strict=True):
                peer.attach(link)
                assert link.on_message is not None and link.on_lossy is not None
                link.on_message = partial(count, "sync", link.on_message)
                link.on_lossy = partial(count, "live", link.on_lossy)
        # Two rounds: in the second everybody has answered the HAVE with which each link begins.
        for _ in range(2):
            heard = Counter[SessionId]()
            for peer in peers:
                peer.on_event = partial(note_presence, heard, peer.session)
            for peer in peers:
                peer.set_presence({"hand": True})
            for peer in peers:
                await peer.wait_for(partial(lambda one, seen: seen[one.session] == 5, peer, heard))
        counts.clear()
        for peer in peers:
            for _ in range(5):
                draw(peer)
                peer.flush()
        for peer in peers:
            await peer.wait_for(partial(lambda one: len(one.board.shapes()) == 30, peer))
        async with asyncio.timeout(10):
            await all_came.wait()
        assert counts == {"sync": expected, "live": expected}
