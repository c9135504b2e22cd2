"""Two histories of one session, told to different peers: how they find out, with and without a relay (E5 and B3)."""

from __future__ import annotations

import asyncio
import time
from functools import partial

import aioice.ice
import pytest

from signaling.client import Peer
from signaling.events import EquivocationSeen, Event
from signaling.links.memory import MemoryLink, memory_pair
from signaling.mesh import MeshOptions
from tests.signaling.drawing import content, draw
from tests.signaling.raw_client import Scribe
from tests.signaling.school import Person, School
from whiteboard_crdt.envelope import Envelope
from whiteboard_crdt.errors import CloseCode
from whiteboard_crdt.ids import Role
from whiteboard_crdt.messages import EnvelopeMessage, encode_message

NOWHERE = "ws://127.0.0.1:9/v1/session"
OUT_S = 2.0


def two_histories(mallory: Person) -> tuple[Envelope, Envelope]:
    """The first envelope of the session, twice."""
    one, two = Scribe(mallory), Scribe(mallory)
    return one.seal(one.update(value=1.0)), two.seal(two.update(value=2.0))


def seen_by(peer: Peer, found: list[str], event: Event) -> None:
    if isinstance(event, EquivocationSeen):
        found.append(peer.session)


def tell(link: MemoryLink, envelope: Envelope) -> None:
    link.send(encode_message(EnvelopeMessage(envelope)))


@pytest.mark.parametrize("first", ["link opens", "heads change"])
async def test_two_peers_without_a_relay_find_out_as_they_compare(school: School, first: str) -> None:
    """Each freezes the session and lets go of its link, though nobody but the two has seen anything."""
    mallory, found = school.person("mallory"), list[str]()
    people = [school.person("ann", Role.TUTOR), school.person("bob")]
    async with school.peer(people[0], NOWHERE) as ann, school.peer(people[1], NOWHERE) as bob:
        for peer in (ann, bob):
            peer.preload([person.token for person in (*people, mallory)], [])
            peer.on_event = partial(seen_by, peer, found)
        one, two = memory_pair(ann.session, bob.session)
        if first == "heads change":
            ann.attach(one)
            bob.attach(two)
        for peer, history in zip((ann, bob), two_histories(mallory), strict=True):
            hers, his = memory_pair(mallory.session, peer.session)
            peer.attach(his)
            tell(hers, history)
            await peer.wait_for(lambda p=peer: mallory.session in {head.session for head in p.replica.heads()})  # type: ignore[misc]
        if first == "link opens":
            ann.attach(one)
            bob.attach(two)
        else:
            ann._direct.tick(time.monotonic() + 6)  # HAVE goes every 5 s while heads change (B4)
        async with asyncio.timeout(OUT_S):
            for peer in (ann, bob):
                await peer.wait_for(partial(lambda p: mallory.session not in p.direct, peer))
        assert set(found) == {ann.session, bob.session}
        assert bob.session in ann.direct, "who brought the proof is not to blame"
        hers, his = memory_pair(mallory.session, bob.session)
        bob.attach(his)
        assert mallory.session not in bob.direct


@pytest.fixture
def loopback_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    """aioice leaves 127.0.0.1 out; a test has no other address to count on."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda *_, **__: ["127.0.0.1"])


def links(peer: Peer, count: int) -> bool:
    return sum(link.healthy for link in peer.direct.values()) == count


@pytest.mark.usefixtures("loopback_candidates")
async def test_over_real_connections_she_is_out_of_socket_and_mesh_and_all_hold_the_same(
    school: School, url: str
) -> None:
    """Bob is away from the relay and takes what she tells him alone; on his return his board is the relay's (B3)."""
    mallory, found = school.person("mallory"), list[str]()
    people = [school.person("ann", Role.TUTOR), school.person("bob"), mallory]
    async with (
        school.peer(people[0], url, mesh=MeshOptions()) as ann,
        school.peer(people[1], url, mesh=MeshOptions()) as bob,
        school.peer(mallory, url, mesh=MeshOptions()) as eve,
    ):
        for peer in (ann, bob, eve):
            await peer.wait_for(partial(links, peer, 2))
        for peer in (ann, bob):
            peer.on_event = partial(seen_by, peer, found)
        bob.cut(relay=True)
        await bob.wait_for(lambda: not bob.connected)
        for_all, for_bob = two_histories(mallory)
        eve.direct[bob.session].link.send(encode_message(EnvelopeMessage(for_bob)))
        await bob.wait_for(lambda: bool(bob.replica.heads()))
        eve.relay.send(encode_message(EnvelopeMessage(for_all)))
        await ann.wait_for(lambda: bool(ann.replica.heads()))
        ann._direct.tick(time.monotonic() + 6)  # Ann and Bob compare over their link
        async with asyncio.timeout(OUT_S):
            for peer in (ann, bob):
                await peer.wait_for(partial(lambda p: eve.session not in p.direct, peer))
            await eve.wait_for(lambda: eve.stopped is not None)
        assert eve.stopped is not None
        assert eve.stopped.code == CloseCode.EQUIVOCATION
        assert set(found) == {ann.session, bob.session}
        bob.cut(relay=False)
        theirs = {(head.session, head.seq, head.hash) for head in ann.replica.heads()}
        await bob.wait_for(lambda: {(head.session, head.seq, head.hash) for head in bob.replica.heads()} >= theirs)
        draw(bob)
        await ann.wait_for(lambda: len(ann.board.shapes()) == 1)
        assert content(bob) == content(ann)
