"""Signed revocations: honoured whoever brings them, with a relay or without one (rules T5 and S8)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from itertools import combinations
from pathlib import Path

import aiohttp
import aioice.ice
import pytest

from signaling.client import Peer
from signaling.events import Left, Revoked, Stopped
from signaling.links.memory import MemoryLink, memory_pair
from signaling.mesh import MeshOptions
from signaling.server import Relay
from tests.signaling.conftest import StartRelay, session_url
from tests.signaling.drawing import draw
from tests.signaling.raw_client import Scribe, raw_client
from tests.signaling.relay_process import relay_process
from tests.signaling.school import ROOM, SECRET, Person, School
from whiteboard_crdt.errors import CloseCode, TicketError
from whiteboard_crdt.ids import Role, RoomId, SessionId
from whiteboard_crdt.messages import (
    PingMessage,
    PongMessage,
    RevocationMessage,
    TicketMessage,
    decode_message,
    encode_message,
)

NOWHERE = "ws://127.0.0.1:9/v1/session"
BEARER = {"Authorization": f"Bearer {SECRET}"}
OUT_S = 2.0


@pytest.fixture
def loopback_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    """aioice leaves 127.0.0.1 out; a test has no other address to count on."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda *_, **__: ["127.0.0.1"])


def linked(peer: Peer, others: int) -> bool:
    return sum(link.healthy for link in peer.direct.values()) == others


async def put_out(port: int, token: str) -> aiohttp.ClientResponse:
    where = f"http://127.0.0.1:{port}/internal/rooms/{ROOM}/revoke"
    async with aiohttp.ClientSession() as http, http.post(where, json={"token": token}, headers=BEARER) as response:
        await response.read()
        return response


@pytest.mark.usefixtures("loopback_candidates")
async def test_everybody_drops_her_though_the_relay_was_killed_once_the_tutor_had_the_token(school: School) -> None:
    """Real connections. Bob and Cara hear nothing of the relay any more; the tutor's peer is all that they have."""
    people = [school.person("ann", Role.TUTOR), *(school.person(name) for name in ("bob", "cara", "mallory"))]
    async with relay_process(school.data) as relay, AsyncExitStack() as stack:
        peers = [
            await stack.enter_async_context(school.peer(person, relay.url, mesh=MeshOptions())) for person in people
        ]
        ann, bob, cara, mallory = peers
        for peer in peers:
            await peer.wait_for(partial(linked, peer, 3), 20)
        for peer in (bob, cara):
            peer.cut(relay=True)
            await peer.wait_for(partial(lambda one: not one.connected, peer))
        told = asyncio.Event()
        ann.on_event = lambda event: told.set() if isinstance(event, Revoked) else None
        loop = asyncio.get_running_loop()
        asked_s = loop.time()
        posting = asyncio.create_task(put_out(relay.port, school.revocation(user="mallory")))
        await told.wait()
        await relay.kill()
        await asyncio.gather(posting, return_exceptions=True)
        async with asyncio.timeout(OUT_S):
            for peer in (ann, bob, cara):
                await peer.wait_for(partial(lambda one: mallory.session not in one.direct, peer))
            await mallory.wait_for(lambda: mallory.stopped is not None or not mallory.direct)
        assert loop.time() - asked_s <= OUT_S
        for peer in (ann, bob, cara):
            assert linked(peer, 2)
            assert peer.mesh is not None
            assert mallory.session not in peer.mesh.links
        draw(bob, 3)
        await cara.wait_for(lambda: len(cara.board.shapes()) == 3)


class Crew:
    """Peers without any relay, with links in memory between them, and Mallory's bare ends of hers."""

    def __init__(self, school: School, mallory: Person) -> None:
        self.school = school
        self.mallory = mallory
        self.peers: list[Peer] = []
        self.ends: dict[SessionId, MemoryLink] = {}
        self.answered = asyncio.Event()

    def link(self, one: Peer, two: Peer) -> None:
        first, second = memory_pair(one.session, two.session)
        one.attach(first)
        two.attach(second)

    def link_mallory(self, peer: Peer) -> MemoryLink:
        hers, his = memory_pair(self.mallory.session, peer.session)
        hers.on_message = self.take
        peer.attach(his)
        self.ends[peer.session] = hers
        return hers

    async def settle(self, link: MemoryLink) -> None:
        """Until the other end has looked at all that was sent."""
        self.answered.clear()
        link.send(encode_message(PingMessage(7)))
        async with asyncio.timeout(5):
            await self.answered.wait()

    def take(self, data: bytes) -> None:
        if decode_message(data, 2**20) == PongMessage(7):
            self.answered.set()


@asynccontextmanager
async def crew(school: School, *names: str) -> AsyncIterator[Crew]:
    mallory = school.person("mallory")
    people = [school.person(name) for name in names]
    made = Crew(school, mallory)
    async with AsyncExitStack() as stack:
        for person in people:
            made.peers.append(await stack.enter_async_context(school.peer(person, NOWHERE)))
        for peer in made.peers:
            peer.preload([person.token for person in (*people, mallory)], [])
        yield made


async def test_one_hands_it_to_the_next_without_any_relay(school: School) -> None:
    """A chain: nobody but the first heard of it, and everybody drops her."""
    async with crew(school, "ann", "bob", "cara") as made:
        ann, bob, cara = made.peers
        for one, two in combinations(made.peers, 2):
            if {one, two} != {ann, cara}:
                made.link(one, two)
        for peer in made.peers:
            made.link_mallory(peer)
        left: list[object] = []
        cara.on_event = lambda event: left.append(event) if isinstance(event, Revoked | Left) else None
        ann.revocations.honour(school.revocation(made.mallory.session, reason="device"))
        async with asyncio.timeout(OUT_S):
            for peer in made.peers:
                await peer.wait_for(partial(lambda one: made.mallory.session not in one.direct, peer))
        assert left == [Revoked((made.mallory.session,), "device")]
        for peer, others in ((ann, {bob}), (bob, {ann, cara}), (cara, {bob})):
            assert set(peer.direct) == {other.session for other in others}


async def test_her_later_envelopes_are_refused_whoever_brings_them_4405(
    school: School, caplog: pytest.LogCaptureFixture
) -> None:
    async with crew(school, "ann", "bob") as made:
        ann, bob = made.peers
        scribe = Scribe(made.mallory)
        before, after = scribe.write(), scribe.write()
        bob.replica.receive(before.envelope, now_ms=1)
        made.link(ann, bob)
        await ann.wait_for(lambda: bool(ann.replica.heads()))
        ann.revocations.honour(school.revocation(made.mallory.session))
        await bob.wait_for(lambda: bob.replica.is_revoked(made.mallory.session))
        accomplice = school.person("eve")
        bob.replica.admit_ticket(accomplice.token)
        hers, his = memory_pair(accomplice.session, bob.session)
        hers.on_message = made.take
        bob.attach(his)
        hers.send(encode_message(after))
        await made.settle(hers)
        (head,) = bob.replica.heads()
        assert (head.session, head.seq) == (made.mallory.session, 1), "what was taken before it stays"
        assert [line for line in caplog.messages if "envelope refused" in line and "rule=T2" in line]
        made.link_mallory(bob)
        assert not made.ends[bob.session].send(encode_message(after)), "and no new link of hers"


async def test_a_peer_that_comes_later_is_told_as_its_link_opens(school: School) -> None:
    async with crew(school, "ann", "bob") as made:
        ann, bob = made.peers
        ann.revocations.honour(school.revocation(made.mallory.session))
        end = made.link_mallory(bob)
        assert made.mallory.session in bob.direct
        made.link(ann, bob)
        await bob.wait_for(lambda: made.mallory.session not in bob.direct)
        assert not end.send(encode_message(PingMessage(1)))
        # And hers does not come back to who is told nothing new.
        made.link_mallory(bob)
        assert made.mallory.session not in bob.direct


async def test_a_users_ticket_that_comes_later_is_out_as_it_comes(school: School) -> None:
    async with crew(school, "ann", "bob") as made:
        ann, bob = made.peers
        ann.revocations.honour(school.revocation(user="mallory"))
        spare = school.person("mallory", issued_ms=made.mallory.ticket.issued_ms)
        made.link(ann, bob)
        await bob.wait_for(lambda: bob.replica.is_revoked(made.mallory.session))
        await ann.wait_for(lambda: linked(ann, 1))
        eve = school.person("eve")
        bob.replica.admit_ticket(eve.token)
        hers, his = memory_pair(eve.session, bob.session)
        hers.on_message = made.take
        bob.attach(his)
        hers.send(encode_message(TicketMessage(spare.token)))
        hers.send(encode_message(Scribe(spare).write()))
        await made.settle(hers)
        assert bob.replica.is_revoked(spare.session)
        assert not bob.replica.heads()


async def test_a_forged_one_does_nothing_and_closes_the_link_4401(
    school: School, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    forger = School(tmp_path / "forger")  # its own key, under our key's name
    async with crew(school, "ann", "bob") as made:
        ann, bob = made.peers
        made.link(ann, bob)
        end = made.link_mallory(bob)
        end.send(encode_message(RevocationMessage(forger.revocation(ann.session))))
        await bob.wait_for(lambda: made.mallory.session not in bob.direct)
        assert any(line.startswith("link closed") and "code=4401" in line for line in caplog.messages)
        assert not bob.replica.is_revoked(ann.session)
        draw(ann)
        await bob.wait_for(lambda: len(bob.board.shapes()) == 1)


@pytest.mark.parametrize("where", ["school", "room"])
async def test_a_foreign_one_does_nothing_4403(
    school: School, tmp_path: Path, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    """The link stays: keys change, and who has newer ones than we is no enemy."""
    if where == "school":
        token = School(tmp_path / "other", kid="other-key").revocation(user="ann")
    else:
        token = school.revocation(user="ann", room=RoomId("another"))
    async with crew(school, "ann", "bob") as made:
        ann, bob = made.peers
        made.link(ann, bob)
        end = made.link_mallory(bob)
        end.send(encode_message(RevocationMessage(token)))
        await made.settle(end)
        assert any(line.startswith("revocation not honoured code=4403") for line in caplog.messages)
        assert set(bob.direct) == {ann.session, made.mallory.session}
        with pytest.raises(TicketError):
            bob.revocations.honour(token)


async def test_who_is_put_out_stops(school: School) -> None:
    async with crew(school, "bob") as made:
        (bob,) = made.peers
        stopped: asyncio.Queue[Stopped] = asyncio.Queue()
        bob.on_event = lambda event: stopped.put_nowait(event) if isinstance(event, Stopped) else None
        end = made.link_mallory(bob)
        end.send(encode_message(RevocationMessage(school.revocation(bob.session))))
        async with asyncio.timeout(OUT_S):
            assert (await stopped.get()).code == CloseCode.REVOKED


# At the relay


async def test_a_client_brings_it_to_a_relay_that_keeps_it_over_a_restart(
    school: School, relay: Relay, url: str, start_relay: StartRelay
) -> None:
    person, other = school.person("mallory"), school.person("bob")
    token = school.revocation(user="mallory")
    async with raw_client(url) as client, raw_client(url) as bringer:
        await client.join(person)
        await bringer.join(other)
        await bringer.send(RevocationMessage(token))
        assert await client.close_code() == CloseCode.REVOKED
        told = await bringer.control("revoked")
        assert (told["token"], told["sessions"], told["reason"]) == (token, [person.session], "removed")
    room = await relay.lobby.enter(ROOM)
    relay.lobby.entered(ROOM)
    assert room.replica.is_revoked(person.session)
    await relay.stop()
    again = session_url(await start_relay())
    async with raw_client(again) as client:
        welcome = await client.join(other)
        assert welcome["revocations"] == [token]
        assert welcome["frozen"] == []
    async with raw_client(again) as client:
        await client.hello(person)
        assert await client.close_code() == CloseCode.REVOKED


async def test_a_peer_brings_what_it_learned_while_it_was_away(school: School, relay: Relay, url: str) -> None:
    person = school.person("mallory")
    async with raw_client(url) as client, school.peer(school.person("ann", Role.TUTOR), url) as ann:
        await client.join(person)
        await ann.wait_synced()
        ann.cut(relay=True)
        await ann.wait_for(lambda: not ann.connected)
        ann.revocations.honour(school.revocation(person.session))
        ann.cut(relay=False)
        async with asyncio.timeout(OUT_S):
            assert await client.close_code() == CloseCode.REVOKED


@pytest.mark.parametrize(
    ("code", "stays"), [(CloseCode.TICKET_REFUSED, False), (CloseCode.TICKET_FOREIGN, True)], ids=["forged", "foreign"]
)
async def test_what_the_school_did_not_sign_puts_nobody_out(
    school: School, relay: Relay, url: str, tmp_path: Path, code: CloseCode, stays: bool
) -> None:
    signer = School(tmp_path / "other", kid="other-key" if stays else school.kid)
    token = signer.revocation(user="ann")
    response = await put_out(relay.port, token)
    assert response.status == 400
    async with raw_client(url) as client, raw_client(url) as watcher:
        await watcher.join(school.person("ann"))
        await client.join(school.person("mallory"))
        await client.send(RevocationMessage(token))
        if stays:
            await client.send(PingMessage(1))
            await client.message(PongMessage, lambda pong: pong.nonce == 1)
        else:
            assert await client.close_code() == code
        await watcher.send(PingMessage(2))
        await watcher.message(PongMessage, lambda pong: pong.nonce == 2)
        assert not [notice for notice in watcher.controls if notice["t"] == "revoked"]


async def test_more_than_fit_into_the_welcome_follow_it(school: School, relay: Relay, url: str) -> None:
    tokens = [school.revocation(SessionId(f"{number:016x}")) for number in range(1, 40)]
    for token in tokens:
        await relay.lobby.revoke(ROOM, token)
    async with school.peer(school.person("bob"), url) as bob:
        await bob.wait_synced()
        assert set(bob.replica.sessions.revocations) == set(tokens)
