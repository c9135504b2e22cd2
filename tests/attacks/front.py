"""A lesson under attack: Ann teaches, Bob learns, and Mallory says whatever she likes, by one of the two ways."""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from functools import partial

import pytest

from signaling.client import Peer
from signaling.links.memory import MemoryLink
from signaling.room import Room
from signaling.server import Relay
from tests.signaling.drawing import content, draw
from tests.signaling.raw_client import RawClient
from tests.signaling.school import Person, School
from whiteboard_crdt.envelope import Envelope
from whiteboard_crdt.ids import MAIN_PAGE, ShapeId
from whiteboard_crdt.messages import EnvelopeMessage, Message, PingMessage, PongMessage, decode_message, encode_message
from whiteboard_crdt.replica import Replica

WAIT_S = 10.0
TEXT = "x\U0001f600y"
_CODE = re.compile(r"code=(\d+)")


def _has_all(peer: Peer, shapes: set[ShapeId]) -> bool:
    return shapes <= {shape.id for shape in peer.board.shapes()}


class Front(ABC):
    """`send` and `closed` are Mallory's; `unharmed` is what the others make of it."""

    way: str

    def __init__(self, school: School, ann: Peer, bob: Peer, mallory: Person, caplog: pytest.LogCaptureFixture) -> None:
        self.school = school
        self.ann = ann
        self.bob = bob
        self.mallory = mallory
        self.caplog = caplog

    async def begin(self) -> None:
        """Something to attack: a stroke and a text of Ann's, which everybody has."""
        draw(self.ann)
        self.ann.board.add_text(MAIN_PAGE, 1, 1, TEXT, "black", 24, self.ann.now_ms())
        self.ann.flush()
        await self.bob.wait_for(lambda: len(self.bob.board.shapes()) == 2)
        self.caplog.clear()

    async def send(self, message: Message | Envelope) -> None:
        if isinstance(message, Envelope):
            message = EnvelopeMessage(message)
        await self.send_bytes(encode_message(message))

    @abstractmethod
    async def send_bytes(self, data: bytes) -> None: ...

    @abstractmethod
    async def closed(self) -> int:
        """Waits until Mallory is put out; the code."""

    @abstractmethod
    async def heard(self) -> None:
        """Waits until all that Mallory sent was looked at, and she is still there."""

    @abstractmethod
    async def under_attack(self) -> Replica:
        """What the one whom Mallory talks to holds."""

    async def refused(self, code: int) -> None:
        """Put out with the code, after exactly one line of log for it, which names ids only."""
        assert await self.closed() == code
        (line,) = self.refusals()
        assert self.mallory.session in line
        assert f"code={int(code)}" in line
        self.nothing_leaked()

    def refusals(self) -> list[str]:
        return [line for line in self.caplog.messages if line.startswith(("refused room", "link closed"))]

    def nothing_leaked(self) -> None:
        secrets = [self.mallory.ticket.name, self.mallory.token, "Name of", TEXT, "a=fingerprint", "v=0"]
        assert not [line for line in self.caplog.messages for secret in secrets if secret in line]

    async def unharmed(self, *, mallorys: int | None = 0) -> None:
        """Ann and Bob go on, see each other's work and the same; `mallorys`: how many shapes of hers may be there."""
        await self.work()
        assert content(self.ann) == content(self.bob)
        if mallorys is not None:
            assert [shape.author for shape in self.ann.board.shapes()].count(self.mallory.session) == mallorys

    async def work(self) -> None:
        for peer in (self.ann, self.bob):
            draw(peer)
            peer.flush()
        mine = {shape.id for peer in (self.ann, self.bob) for shape in peer.board.shapes()}
        for peer in (self.ann, self.bob):
            await peer.wait_for(partial(_has_all, peer, mine))


class RelayFront(Front):
    """Mallory on a session socket."""

    way = "relay"

    def __init__(
        self,
        school: School,
        ann: Peer,
        bob: Peer,
        mallory: Person,
        caplog: pytest.LogCaptureFixture,
        url: str,
        client: RawClient,
        relay: Relay,
    ) -> None:
        super().__init__(school, ann, bob, mallory, caplog)
        self.url = url
        self.client = client
        self.relay = relay

    async def begin(self) -> None:
        await super().begin()
        await self.ann.saved()

    async def send_bytes(self, data: bytes) -> None:
        await self.client.socket.send_bytes(data)

    async def room(self) -> Room:
        """The room as it is in the relay."""
        name = self.ann.room
        try:
            return await self.relay.lobby.enter(name)
        finally:
            self.relay.lobby.entered(name)

    async def under_attack(self) -> Replica:
        return (await self.room()).replica

    async def closed(self) -> int:
        return await self.client.close_code()

    async def heard(self) -> None:
        await self.client.send(PingMessage(4711))
        await self.client.message(PongMessage, lambda pong: pong.nonce == 4711)

    async def unharmed(self, *, mallorys: int | None = 0) -> None:
        await super().unharmed(mallorys=mallorys)
        await asyncio.gather(self.ann.saved(), self.bob.saved())
        async with self.school.peer(self.school.person("late"), self.url) as late:
            await late.wait_synced()
            assert content(late) == content(self.ann)


class MeshFront(Front):
    """Mallory on a direct link to Bob."""

    way = "mesh"

    def __init__(
        self, school: School, ann: Peer, bob: Peer, mallory: Person, caplog: pytest.LogCaptureFixture, link: MemoryLink
    ) -> None:
        super().__init__(school, ann, bob, mallory, caplog)
        self.link = link
        self.messages: list[Message] = []
        self._over = asyncio.Event()
        self._news = asyncio.Event()
        link.on_message = self._arrived
        link.on_close = self._over.set

    def _arrived(self, data: bytes) -> None:
        self.messages.append(decode_message(data, 2**20))
        self._news.set()

    async def send_bytes(self, data: bytes) -> None:
        self.link.send(data)
        await asyncio.sleep(0)

    async def under_attack(self) -> Replica:
        return self.bob.replica

    async def closed(self) -> int:
        async with asyncio.timeout(WAIT_S):
            await self._over.wait()
        return int(_CODE.findall(self.refusals()[-1])[0])

    async def heard(self) -> None:
        self.link.send(encode_message(PingMessage(4711)))
        async with asyncio.timeout(WAIT_S):
            while PongMessage(4711) not in self.messages:
                self._news.clear()
                await self._news.wait()
