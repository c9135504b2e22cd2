"""Lessons of a school with the ICE policy `relay`, through a real TURN server on loopback (protocol rule M10)."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aioice.stun import TransactionFailed
from aioice.turn import create_turn_endpoint

from loadtests.netlab.turnserver import TurnServer, turn_server
from portal.turn import turn_credentials
from signaling.client import Peer
from signaling.control import SignalData
from tests.netlab.conftest import free_port, relay_only_peer
from tests.signaling.drawing import content, draw
from tests.signaling.school import School
from whiteboard_crdt.ids import Role

pytestmark = pytest.mark.skipif(shutil.which("turnserver") is None, reason="coturn is not installed")


@pytest.fixture
async def turn(tmp_path: Path) -> AsyncIterator[TurnServer]:
    async with turn_server(tmp_path / "turn", "127.0.0.1", free_port()) as server:
        yield server


def healthy(peer: Peer) -> bool:
    return any(link.healthy for link in peer.direct.values())


def selected(peer: Peer, other: Peer) -> tuple[str, str]:
    """The types of both ends of the pair of candidates in use. aiortc tells them nowhere else."""
    assert peer.mesh is not None
    connection = peer.mesh.links[other.session].connection
    assert connection is not None and connection.sctp is not None
    ice: Any = connection.sctp.transport.transport._connection
    (pair,) = ice._nominated.values()
    return pair.local_candidate.type, pair.remote_candidate.type


def addresses(signals: list[SignalData]) -> set[str]:
    """The kind of every candidate that signaling let through."""
    lines = [line for data in signals for line in (data.sdp or data.candidate or "").splitlines()]
    return {words[7] for line in lines if len(words := line.split()) > 7 and words[6] == "typ"}


@pytest.mark.parametrize("way", ["udp", "tcp"])
async def test_a_lesson_goes_through_the_turn_server_alone(
    school: School, url: str, turn: TurnServer, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[SignalData] = []
    turn_url = turn.udp_url if way == "udp" else turn.tcp_url
    ann, bob = school.person("ann", Role.TUTOR), school.person("bob")
    async with (
        relay_only_peer(ann, url, [turn_url], turn.secret) as one,
        relay_only_peer(bob, url, [turn_url], turn.secret) as two,
    ):
        for peer in (one, two):
            assert peer.mesh is not None
            take = peer.mesh.on_signal
            monkeypatch.setattr(peer.mesh, "on_signal", partial(note_signal, heard, take))
        for peer in (one, two):
            await peer.wait_for(partial(healthy, peer), 20)
        assert selected(one, two) == ("relay", "relay")
        assert addresses(heard) == {"relay"}
        one.cut(relay=True)
        await one.wait_for(lambda: not one.connected)
        draw(one, 5)
        await two.wait_for(lambda: len(two.board.shapes()) == 5)
        assert content(one) == content(two)


def note_signal(heard: list[SignalData], take: Any, sender: Any, data: SignalData) -> None:
    heard.append(data)
    take(sender, data)


async def test_a_wrong_secret_gets_no_relay_and_the_lesson_stays_on_the_server(
    school: School, url: str, turn: TurnServer
) -> None:
    ann, bob = school.person("ann", Role.TUTOR), school.person("bob")
    async with (
        relay_only_peer(ann, url, [turn.tcp_url], "not the secret") as one,
        relay_only_peer(bob, url, [turn.tcp_url], turn.secret) as two,
    ):
        await one.wait_synced()
        await two.wait_synced()
        draw(one, 3)
        await two.wait_for(lambda: len(two.board.shapes()) == 3)
        assert not healthy(one) and not healthy(two)


async def test_the_next_try_takes_another_way_when_one_is_blocked(school: School, url: str, turn: TurnServer) -> None:
    """The first URL leads nowhere, as UDP does in some schools; aiortc uses only one at a time."""
    urls = [f"turn:127.0.0.1:{free_port()}?transport=tcp", turn.tcp_url]
    ann, bob = school.person("ann", Role.TUTOR), school.person("bob")
    async with (
        relay_only_peer(ann, url, urls, turn.secret) as one,
        relay_only_peer(bob, url, [turn.tcp_url], turn.secret) as two,
    ):
        await one.wait_for(lambda: healthy(one), 40)
        await two.wait_for(lambda: healthy(two), 40)
        assert selected(one, two) == ("relay", "relay")


_RECIPE = Path(__file__).parents[2] / "docs" / "operations.md"
_INSIDE = {
    "127.0.0.1": (
        *("10.0.0.7", "172.20.1.1", "192.168.1.1", "127.0.0.1", "0.0.0.0", "100.64.0.1", "192.0.0.8", "198.18.0.1"),
        *("169.254.169.254", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    ),
    "::1": ("fd00::1", "fe80::1", "fec0::1", "64:ff9b::a00:7", "2002:7f00:1::", "::ffff:10.0.0.7", "::1", "ff02::1"),
}


@pytest.mark.parametrize(("host", "outside"), [("127.0.0.1", "8.8.8.8"), ("::1", "2606:4700::1111")])
async def test_the_recipe_reaches_nothing_inside_a_network(tmp_path: Path, host: str, outside: str) -> None:
    recipe = re.findall(r"^(?:denied-peer-ip=.*|no-tcp-relay|no-multicast-peers)$", _RECIPE.read_text(), re.MULTILINE)
    assert "no-tcp-relay" in recipe
    async with turn_server(tmp_path / "turn", host, free_port(), peers=recipe) as server:
        user, password = turn_credentials(server.secret, "0" * 16, int(time.time() * 1000))
        transport, _ = await create_turn_endpoint(asyncio.DatagramProtocol, (host, server.port), user, password)
        try:
            # `Any`: aioice keeps the client to itself.
            client: Any = vars(transport)["_TurnTransport__inner_protocol"]
            await client.channel_bind(0x4000, (outside, 9))
            for number, peer in enumerate(_INSIDE[host], start=0x4001):
                with pytest.raises(TransactionFailed, match="403"):
                    await client.channel_bind(number, (peer, 9))
        finally:
            transport.close()
