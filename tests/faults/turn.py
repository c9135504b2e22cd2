"""The TURN server of a lesson in which nothing else carries a direct link is killed, and comes back after a while."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic

import aioice.ice

from loadtests.netlab.turnserver import turn_server
from signaling.client import Peer
from tests.faults.crew import WAIT_S, holds
from tests.faults.waiting import within
from tests.netlab.conftest import free_port, relay_only_peer
from tests.signaling.drawing import content, draw
from tests.signaling.relay_process import relay_process
from tests.signaling.school import School
from whiteboard_crdt.ids import Role

STROKES = 20


@dataclass(frozen=True)
class TurnKill:
    """`noticed_s`: until both sides know that the link is down; `back_s`: from the next server's start to a link."""

    noticed_s: float
    back_s: float
    drawn: int
    seen_meanwhile: int
    equal: bool


async def kill_turn(folder: Path) -> TurnKill:
    """Two people whose school lets nothing but TURN carry their link. Raises NoTurnServer and Stuck."""
    school = School(folder / "data")
    port = free_port()
    with _loopback():
        async with relay_process(folder / "data") as relay:
            first = folder / "first"
            async with turn_server(first, "127.0.0.1", port) as server:
                peers = [
                    relay_only_peer(person, relay.url, [server.udp_url], server.secret)
                    for person in (school.person("ann", Role.TUTOR), school.person("bob"))
                ]
                async with peers[0] as ann, peers[1] as bob:
                    await _until(ann, bob, linked=True, what="a link through TURN")
                    draw(ann, STROKES)
                    await bob.wait_for(partial(holds, bob, STROKES), WAIT_S)
                    os.kill(int((first / "turnserver.pid").read_text()), signal.SIGKILL)
                    killed_s = monotonic()
                    draw(ann, STROKES)
                    await bob.wait_for(partial(holds, bob, 2 * STROKES), WAIT_S)
                    seen = len(bob.board.shapes()) - STROKES
                    await _until(ann, bob, linked=False, what="the link to be known as down")
                    noticed_s = monotonic() - killed_s
                    async with turn_server(folder / "second", "127.0.0.1", port, secret=server.secret):
                        begun_s = monotonic()
                        await _until(ann, bob, linked=True, what="a link through the next server")
                        back_s = monotonic() - begun_s
                        draw(bob, STROKES)
                        await ann.wait_for(partial(holds, ann, 3 * STROKES), WAIT_S)
                        await bob.saved(WAIT_S)
                        return TurnKill(noticed_s, back_s, 3 * STROKES, seen, content(ann) == content(bob))


async def _until(one: Peer, two: Peer, *, linked: bool, what: str) -> None:
    async with within(WAIT_S, "the lesson", what):
        for peer in (one, two):
            await peer.wait_for(partial(_is, peer, linked), None)


def _is(peer: Peer, linked: bool) -> bool:
    return any(link.healthy for link in peer.direct.values()) == linked


@contextmanager
def _loopback() -> Iterator[None]:
    """aioice leaves 127.0.0.1 out; a run on one machine has no other address to count on."""
    kept = aioice.ice.get_host_addresses
    aioice.ice.get_host_addresses = lambda *_, **__: ["127.0.0.1"]
    try:
        yield
    finally:
        aioice.ice.get_host_addresses = kept
