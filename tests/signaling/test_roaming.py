"""A network that changed or went silent: what a Python peer makes of it, and how soon (rules M5 and M6)."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import aioice.ice
import pytest

from signaling.client import Peer
from signaling.control import SignalData
from signaling.events import Connected, Disconnected, Event
from signaling.mesh import MeshOptions
from signaling.network_watch import NetworkWatch
from tests.signaling.drawing import draw
from tests.signaling.school import School

# 3 s of silence (M6), a look at the relay, and the new connection.
SOON_S = 6.0


@pytest.fixture(autouse=True)
def loopback_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    """aioice leaves 127.0.0.1 out; a test has no other address to count on."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda *_, **__: ["127.0.0.1"])


def healthy(peer: Peer) -> bool:
    return any(link.healthy for link in peer.direct.values())


async def link_up(*peers: Peer) -> None:
    for peer in peers:
        await peer.wait_for(partial(healthy, peer))


def epoch(peer: Peer, other: Peer) -> int:
    assert peer.mesh is not None
    return peer.mesh.links[other.session].epoch


def deafen(peer: Peer, other: Peer) -> None:
    """The connection that stands sends nothing any more, as when its address has gone; nobody is told."""
    assert peer.mesh is not None
    connection = peer.mesh.links[other.session].connection
    assert connection is not None
    assert connection.sctp is not None
    ice: Any = connection.sctp.transport.transport._connection

    async def lose(*_: object) -> None:
        pass

    ice.sendto = lose
    ice.send = lose


async def test_a_connection_that_fell_silent_is_made_anew_while_the_relay_is_heard(school: School, url: str) -> None:
    """aiortc itself would say `closed` after half a minute."""
    async with (
        school.peer(school.person("ann"), url, mesh=MeshOptions()) as one,
        school.peer(school.person("bob"), url, mesh=MeshOptions()) as two,
    ):
        await link_up(one, two)
        before = epoch(one, two)
        deafen(one, two)
        deafen(two, one)
        loop = asyncio.get_running_loop()
        since_s = loop.time()
        for peer, other in ((one, two), (two, one)):
            await peer.wait_for(lambda p=peer, o=other: epoch(p, o) > before and healthy(p), SOON_S + 2)  # type: ignore[misc]
        assert loop.time() - since_s <= SOON_S
        draw(one)
        await two.wait_for(lambda: len(two.board.shapes()) == 1)


async def test_a_lost_address_is_not_waited_for(school: School, url: str) -> None:
    """The machine says that its address is gone: the socket is left at once, and the link after 1.2 s of silence."""
    async with (
        school.peer(school.person("ann"), url, mesh=MeshOptions()) as one,
        school.peer(school.person("bob"), url, mesh=MeshOptions()) as two,
    ):
        await link_up(one, two)
        await one.wait_synced()
        before = epoch(one, two)
        events: list[Event] = []
        one.on_event = events.append
        deafen(one, two)
        deafen(two, one)
        loop = asyncio.get_running_loop()
        since_s = loop.time()
        one._moved(frozenset({"127.0.0.1"}))
        await one.wait_for(lambda: epoch(one, two) > before and healthy(one), SOON_S)
        assert loop.time() - since_s <= 3.0
        kinds = [type(event) for event in events if isinstance(event, Connected | Disconnected)]
        assert kinds == [Disconnected, Connected]


async def test_an_address_that_the_socket_does_not_use_leaves_it_alone(school: School, url: str) -> None:
    """The link is down sooner should it fall silent; one word of it, and all is as before."""
    async with (
        school.peer(school.person("ann"), url, mesh=MeshOptions()) as one,
        school.peer(school.person("bob"), url, mesh=MeshOptions()) as two,
    ):
        await link_up(one, two)
        await one.wait_synced()
        before = epoch(one, two)
        events: list[Event] = []
        one.on_event = events.append
        one._moved(frozenset({"192.0.2.7"}))
        (direct,) = one.direct.values()
        one._direct.tick(direct.heard_s + 1.1)
        assert healthy(one)
        one._direct.tick(direct.heard_s + 1.3)
        assert not healthy(one)
        await one.wait_for(lambda: healthy(one))
        assert not [event for event in events if isinstance(event, Disconnected)]
        assert (epoch(one, two), direct.suspect) == (before, False)


async def test_who_asks_again_under_our_number_did_not_get_our_offer_M5(school: School, url: str) -> None:
    """The offer went to a socket that was dead already: the other must not wait for ten seconds."""
    async with (
        school.peer(school.person("ann"), url, mesh=MeshOptions()) as one,
        school.peer(school.person("bob"), url, mesh=MeshOptions()) as two,
    ):
        await link_up(one, two)
        offers, answers = (one, two) if one.session < two.session else (two, one)
        assert offers.mesh is not None
        link = offers.mesh.links[answers.session]
        before = link.epoch
        deafen(one, two)
        deafen(two, one)
        await offers.wait_for(lambda: not healthy(offers))
        # What the other side says after its return, under a number that we have used up meanwhile.
        offers.mesh.on_signal(answers.session, SignalData(epoch=before, kind="hello"))
        await offers.wait_for(lambda: link.epoch > before and healthy(offers), SOON_S)


class Addresses:
    """The addresses of a machine, as a test says."""

    def __init__(self) -> None:
        self.now = frozenset({"10.0.0.1"})

    def __call__(self) -> frozenset[str]:
        return self.now


def test_the_watch_tells_what_went_and_what_came_once() -> None:
    machine = Addresses()
    watch = NetworkWatch(machine)
    assert watch.look(1.0) == (frozenset(), frozenset())
    machine.now = frozenset({"10.0.0.2"})
    assert watch.look(1.1) == (frozenset(), frozenset()), "too soon to look again"
    assert watch.look(2.0) == (frozenset({"10.0.0.1"}), frozenset({"10.0.0.2"}))
    assert watch.look(3.0) == (frozenset(), frozenset())
    machine.now = frozenset()
    assert watch.look(4.0) == (frozenset({"10.0.0.2"}), frozenset())
    machine.now = frozenset({"10.0.0.2"})
    assert watch.look(5.0) == (frozenset(), frozenset({"10.0.0.2"}))
