"""Somebody on the network bends, replays and forges the packets that keep a direct link: it stays where it is (M1)."""

from __future__ import annotations

import asyncio
import logging
import random
from functools import partial
from typing import Any

import aioice.ice
import pytest
from aioice import stun

from signaling.client import Peer
from signaling.loop_errors import LoopErrors
from tests.attacks.test_mesh import loopback_candidates, pair
from tests.signaling.drawing import draw
from tests.signaling.school import Person

__all__ = ["loopback_candidates", "pair"]

Packet = tuple[aioice.ice.StunProtocol, bytes, tuple[str, int]]
ROUNDS = 40


class Wire:
    """What went over the direct links: genuine packets, in the order of their arrival."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []

    def connections(self) -> set[aioice.ice.Connection]:
        """Those of the links; their sockets are all that this test knows of them."""
        found = {protocol.receiver for protocol, _, _ in self.packets}
        return {one for one in found if one._nominated}

    def ways(self) -> dict[int, list[tuple[str, int]]]:
        """Where each connection sends to."""
        return {
            id(one): [chosen.remote_addr for chosen in one._nominated.values()]
            for one in sorted(self.connections(), key=id)
        }


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    made = Wire()
    received = aioice.ice.StunProtocol.datagram_received

    def tap(protocol: aioice.ice.StunProtocol, data: Any, addr: Any) -> None:
        if data[0] < 4:  # STUN, and neither DTLS nor media
            made.packets.append((protocol, bytes(data), addr))
        received(protocol, data, addr)

    monkeypatch.setattr(aioice.ice.StunProtocol, "datagram_received", tap)
    return made


class Stranger(asyncio.DatagramProtocol):
    """Answers every check with a success and with an error that nobody signed."""

    def __init__(self) -> None:
        self.checks = 0
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        request = stun.parse_message(data)
        if request.message_class != stun.Class.REQUEST:
            return
        self.checks += 1
        for kind in (stun.Class.RESPONSE, stun.Class.ERROR):
            answer = stun.Message(stun.Method.BINDING, kind, request.transaction_id)
            if kind == stun.Class.RESPONSE:
                answer.attributes["XOR-MAPPED-ADDRESS"] = addr
            else:
                answer.attributes["ERROR-CODE"] = (487, "Role Conflict")
            self._transport.sendto(bytes(answer), addr)


def bent(data: bytes, chance: random.Random) -> bytes:
    """A genuine packet with bytes flipped, cut off, repeated or inserted."""
    work = bytearray(data)
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(work))
        kind = chance.randrange(4)
        if kind == 0:
            work[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del work[at : at + chance.randrange(1, 9)]
        elif kind == 2:
            work[at:at] = work[at : at + chance.randrange(1, 9)]
        else:
            work[at] = chance.randrange(256)
        if not work:
            return b"\x00"
    return bytes(work)


def _is_alone(peer: Peer) -> bool:
    return not peer.connected


def _holds(peer: Peer, shapes: int) -> bool:
    return len(peer.board.shapes()) == shapes


async def still_drawing(*peers: Peer) -> None:
    """Each sees what the other draws, though there is no relay."""
    for peer in peers:
        peer.cut(relay=True)
        await peer.wait_for(partial(_is_alone, peer))
    before = len(peers[0].board.shapes())
    for peer in peers:
        draw(peer)
        peer.flush()
    for peer in peers:
        await peer.wait_for(partial(_holds, peer, before + len(peers)))


async def test_bent_stun_in_the_peers_name(
    wire: Wire, pair: tuple[Peer, Peer, Person], caplog: pytest.LogCaptureFixture
) -> None:
    """As if from the peer's own address, which somebody on the way can write on a packet."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(LoopErrors())
    genuine, before = list(wire.packets), wire.ways()
    assert len(before) == 2
    for _ in range(ROUNDS):
        for protocol, data, addr in genuine:
            loop.call_soon(protocol.datagram_received, bent(data, chance), addr)
        await asyncio.sleep(0)
    assert wire.ways() == before, f"seed {seed}"
    await still_drawing(*pair[:2])
    assert wire.ways() == before, f"seed {seed}"
    told = [record for record in caplog.records if record.name == "chalkmesh.loop" and record.levelno >= logging.ERROR]
    assert len(told) < 20, "a flood of faults is told once a second"


async def test_replayed_and_forged_stun_of_a_stranger(wire: Wire, pair: tuple[Peer, Peer, Person]) -> None:
    """Genuine checks again from another address, which name that one as the way; its answers are signed by nobody."""
    genuine, before = list(wire.packets), wire.ways()
    assert len(before) == 2
    loop = asyncio.get_running_loop()
    transport, stranger = await loop.create_datagram_endpoint(Stranger, local_addr=("127.0.0.1", 0))
    try:
        for protocol, data, _ in genuine:
            transport.sendto(data, protocol.transport.get_extra_info("sockname"))
        await still_drawing(*pair[:2])
        assert wire.ways() == before
        assert stranger.checks, "it was looked at, as a peer that has moved would be"
        await still_drawing(*pair[:2])
    finally:
        transport.close()
    assert wire.ways() == before
