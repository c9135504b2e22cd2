"""A relay, a portal and a recorder on one event loop, with real WebRTC over the loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import aioice.ice
import aiortc.rtcpeerconnection
from aioice.ice import StunProtocol
from aiortc.codecs import CODECS

from recorder import ingest
from recorder.portal_client import PortalClient
from recorder.reading import ArchiveReader
from recorder.service import Recorder
from recorder.settings import RecorderSettings
from signaling.client import Peer
from signaling.mesh import MeshOptions
from signaling.server import Relay
from signaling.settings import RelaySettings
from tests.recorder.portal_stub import PortalStub
from tests.signaling.school import SECRET, School
from whiteboard_crdt.ids import Role
from whiteboard_crdt.ink import InkPoint
from whiteboard_crdt.shape import ShapeType

LESSON = "l1"


@contextmanager
def encoded_ingest() -> Iterator[None]:
    """ICE on the loopback alone, and encoded receivers; undone at the end."""
    addresses, receiver = aioice.ice.get_host_addresses, aiortc.rtcpeerconnection.RTCRtpReceiver  # type: ignore[attr-defined]
    audio, stun = list(CODECS["audio"]), StunProtocol.datagram_received
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]
    ingest.install()
    try:
        yield
    finally:
        CODECS["audio"][:] = audio
        StunProtocol.datagram_received = stun  # type: ignore[method-assign]
        aiortc.rtcpeerconnection.RTCRtpReceiver = receiver  # type: ignore[attr-defined]
        aioice.ice.get_host_addresses = addresses


class World:
    """A relay, a portal and a recorder on one event loop."""

    def __init__(self, data: Path) -> None:
        self.school = School(data)
        self.data = data
        self.relay: Relay | None = None
        self.port = 0
        self.portal = PortalStub(self.school, "")
        self._recorder: asyncio.Task[None] | None = None

    @property
    def folder(self) -> Path:
        return self.data / "recordings" / LESSON

    async def start_relay(self) -> None:
        self.relay = Relay(RelaySettings(data=self.data, port=self.port))
        await self.relay.start()
        self.port = self.relay.port
        self.portal.relay_url = f"ws://127.0.0.1:{self.port}/v1/session"

    async def stop_relay(self) -> None:
        if self.relay is not None:
            relay, self.relay = self.relay, None
            await relay.stop()

    async def close_room(self) -> None:
        """As the portal does it once it knows that the recording is sealed."""
        url = f"http://127.0.0.1:{self.port}/internal/rooms/lesson-1/close"
        headers = {"Authorization": f"Bearer {SECRET}"}
        async with aiohttp.ClientSession(headers=headers) as client, client.post(url, json={}) as answer:
            assert answer.status == 200

    async def go_live(self, timeout_s: float = 20) -> None:
        """The lesson begins; returns once it is recorded."""
        self.portal.reports.clear()
        await self.portal.set_lesson(LESSON, "live")
        await self.portal.reported(LESSON, "recording", timeout_s)

    async def end(self) -> dict[str, Any]:
        """The lesson ends; returns what the portal is told once it is sealed."""
        self.portal.reports.clear()
        await self.portal.set_lesson(LESSON, "ended")
        return await self.portal.reported(LESSON, "sealed")

    def envelopes(self) -> int:
        """How many the archive holds by now."""
        with ArchiveReader(self.folder) as archive:
            return int(next(archive.rows("envelopes", "select count(*) from envelopes"))[0])

    def start_recorder(self, **options: Any) -> None:
        settings = RecorderSettings(
            data=self.data,
            portal_url=self.portal.url,
            **{"render": False, "heartbeat_every_ms": 200, "late_longest_ms": 300, **options},
        )

        async def work() -> None:
            async with PortalClient(settings.portal_url, settings.internal_secret) as client:
                await Recorder(settings, client).run()

        self._recorder = asyncio.create_task(work())

    async def stop_recorder(self) -> None:
        task, self._recorder = self._recorder, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def peer(self, user: str, role: Role, *, tracks: Callable[[Any], list[Any]] | None = None) -> Peer:
        mesh = MeshOptions(media=tracks or "none")
        return self.school.peer(self.school.person(user, role), self.portal.relay_url, mesh=mesh)


@asynccontextmanager
async def world(data: Path) -> AsyncIterator[World]:
    made = World(data)
    await made.start_relay()
    try:
        async with made.portal.serve():
            yield made
            await made.stop_recorder()
    finally:
        await made.stop_recorder()
        await made.stop_relay()


@asynccontextmanager
async def live_lesson(data: Path, **options: Any) -> AsyncIterator[tuple[World, Peer]]:
    """A world whose lesson is live and recorded, and its tutor. `options`: settings of the recorder."""
    async with world(data) as w:
        w.start_recorder(**options)
        async with w.peer("tutor", Role.TUTOR) as tutor:
            await w.go_live()
            yield w, tutor


def draw(peer: Peer, y: float, page: str = "main") -> None:
    points = [InkPoint(100 + 10 * n, y, 255) for n in range(50)]
    peer.board.add_stroke(page, points, ShapeType.DRAW, "red", 8, peer.now_ms())


async def until(check: Callable[[], bool], timeout_s: float = 10) -> None:
    """Wait for something that no event tells of."""
    async with asyncio.timeout(timeout_s):
        while not check():  # noqa: ASYNC110 - files and tables tell no events
            await asyncio.sleep(0.02)
