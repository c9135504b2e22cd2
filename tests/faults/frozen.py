"""A relay that freezes or panics under the real supervisor: how long until another one serves the room."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp

from portal.serving import Probe, claim_port
from portal.supervisor import ChildSpec, Supervisor
from signaling.client import Peer
from signaling.events import Connected, Event
from tests.faults.crew import WAIT_S
from tests.signaling.drawing import draw
from tests.signaling.school import SECRET, School


@dataclass(frozen=True)
class Replaced:
    """`healthy_s`: from the fault to the new relay's health. `back_s`: to a peer's welcome by it."""

    healthy_s: float
    back_s: float
    restarts: int
    strokes: int
    held: int


@contextlib.asynccontextmanager
async def supervised_relay(
    data: Path, command: Sequence[str] = ("-m", "portal.cli", "relay")
) -> AsyncIterator[tuple[Supervisor, int]]:
    """A relay under the supervisor, asked as `chalkmesh serve` asks it; yields its port too."""
    port = claim_port("127.0.0.1", 0)
    arguments = (*command, "--data", str(data), "--port", str(port), "--log-level", "error")
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2.0)) as http:
        probe = Probe(http, SECRET)
        health = f"http://127.0.0.1:{port}/healthz"
        spec = ChildSpec(
            "relay", (sys.executable, *arguments), probe.answers(health), alive=probe.answers_at_all(health)
        )
        supervisor = Supervisor([spec], environ=os.environ)
        try:
            await supervisor.start()
            yield supervisor, port
        finally:
            await supervisor.stop()


async def freeze_relay(data: Path) -> Replaced:
    """SIGSTOP to a relay with a peer in a room: nothing but the silence says that it froze."""
    school = School(data)
    async with supervised_relay(data) as (supervisor, port):
        url = f"ws://127.0.0.1:{port}/v1/session"
        async with school.peer(school.person(), url) as peer:
            draw(peer, 20)
            await peer.saved(WAIT_S)
            return await _replaced(supervisor, school, peer, url, partial(_stop, supervisor))


async def panic_relay(data: Path) -> Replaced:
    """A relay whose CRDT library panics on the stroke after the first twenty: it must end itself at once."""
    school = School(data)
    async with supervised_relay(data, ("-m", "tests.faults.panicking_relay")) as (supervisor, port):
        url = f"ws://127.0.0.1:{port}/v1/session"
        async with school.peer(school.person(), url) as peer:
            draw(peer, 20)
            await peer.saved(WAIT_S)
            (data / "panic").touch()

            def fault() -> None:
                draw(peer)
                peer.flush()

            return await _replaced(supervisor, school, peer, url, fault)


async def _replaced(
    supervisor: Supervisor, school: School, peer: Peer, url: str, fault: Callable[[], None]
) -> Replaced:
    loop = asyncio.get_running_loop()
    back: asyncio.Future[float] = loop.create_future()

    def heard(event: Event) -> None:
        if isinstance(event, Connected) and not back.done():
            back.set_result(loop.time())

    peer.subscribe(heard)
    victim = supervisor.pid("relay")
    assert victim is not None
    began_s = loop.time()
    fault()
    async with asyncio.timeout(WAIT_S):
        await supervisor.until_healthy("relay", not_pid=victim)
        healthy_s = loop.time() - began_s
        back_s = await back - began_s
    draw(peer, 5)
    await peer.saved(WAIT_S)
    async with school.peer(school.person("late"), url) as late:
        await late.wait_synced(WAIT_S)
        held = len(late.board.shapes())
    return Replaced(healthy_s, back_s, supervisor.restarts["relay"], len(peer.board.shapes()), held)


def _stop(supervisor: Supervisor) -> None:
    pid = supervisor.pid("relay")
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
