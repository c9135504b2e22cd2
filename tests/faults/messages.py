"""Messages between peers and relay that come twice, in another order, or damaged: what reaches a board of them?

Ways between peers and relay run through a proxy that knows messages. Only envelopes are damaged: they are what anybody
may carry (E2). What relay and participant tell each other besides is theirs alone, and TLS keeps it whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import aiohttp
from aiohttp import WSMsgType, web

from signaling.roomlog_sqlite import SqliteRoomLog
from tests.faults.crew import Crew, drawing
from tests.signaling.raw_client import Closed, Scribe, raw_client
from tests.signaling.relay_process import relay_process
from tests.signaling.school import ROOM, School, wall_ms
from whiteboard_crdt.messages import MessageType, PingMessage, PongMessage, encode_message

__all__ = ["Mangled", "mangle_messages"]

CREW: Final = 4
_TWICE: Final = 0.1
_LATE: Final = 0.1
_DAMAGED: Final = 0.02
_LATE_S: Final = 0.1
_STOP_S: Final = 1.0


@dataclass
class Mangled:
    """How many messages were done what to. `refused`: damaged ones brought to the relay, by what came of each.

    `wrong`: what is not as it should be; empty when nothing.
    """

    counts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    strokes: int = 0
    wrong: str = ""


class Mangler:
    """A proxy of session sockets. Text passes as it is; of binary messages some come twice, some late, some damaged."""

    def __init__(self, url: str, chance: random.Random, counts: Counter[str]) -> None:
        self.calm = False
        self._url = url
        self._chance = chance
        self._counts = counts

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One connection, until either side ends it."""
        near = web.WebSocketResponse(protocols=("chalkmesh.v1",), max_msg_size=0)
        await near.prepare(request)
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(self._url, protocols=("chalkmesh.v1",), max_msg_size=0) as far,
        ):
            ways = [
                asyncio.create_task(self._carry(near, far, damage=False)),
                asyncio.create_task(self._carry(far, near, damage=True)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
            await near.close(code=far.close_code or 1001)
        return near

    async def _carry(
        self,
        source: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
        target: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
        *,
        damage: bool,
    ) -> None:
        held: list[bytes] = []
        with contextlib.suppress(ConnectionError):
            while True:
                try:
                    async with asyncio.timeout(_LATE_S if held else None):
                        message = await source.receive()
                except TimeoutError:
                    message = None
                if message is None or message.type is WSMsgType.BINARY:
                    for data in self._next(None if message is None else message.data, held, damage=damage):
                        await target.send_bytes(data)
                elif message.type is WSMsgType.TEXT:
                    await target.send_str(message.data)
                else:
                    return

    def _next(self, data: bytes | None, held: list[bytes], *, damage: bool) -> list[bytes]:
        """What goes on now; None: nothing came for a while. `held` waits for what comes after it."""
        late, held[:] = held[:], []
        if data is None:
            return late
        if self.calm or data[0] == MessageType.SNAPSHOT:
            return [*late, data]
        drawn = self._chance.random()
        if drawn < _TWICE:
            self._counts["twice"] += 1
            return [data, *late, data]
        if drawn < _TWICE + _LATE and not late:
            self._counts["late"] += 1
            held.append(data)
            return []
        if damage and drawn > 1 - _DAMAGED and data[0] == MessageType.ENVELOPE:
            self._counts["damaged"] += 1
            return [damaged(data, self._chance), *late]
        return [data, *late]


def damaged(data: bytes, chance: random.Random) -> bytes:
    """The message cut off somewhere, or with one bit flipped."""
    if chance.random() < 0.5:
        return data[: chance.randrange(1, len(data))]
    bit = chance.randrange(8 * len(data))
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


async def mangle_messages(data: Path, envelopes: int, uploads: int, seed: int) -> Mangled:
    """Four peers draw until so many envelopes are stored; meanwhile `uploads` strangers bring damaged ones."""
    chance, result = random.Random(seed), Mangled()
    school = School(data)
    async with contextlib.AsyncExitStack() as stack:
        relay = await stack.enter_async_context(relay_process(data))
        proxy, url = await stack.enter_async_context(_mangling(relay.url, chance, result.counts))
        peers = [
            await stack.enter_async_context(school.peer(school.person(f"user-{number}"), url)) for number in range(CREW)
        ]
        late = partial(school.peer, school.person("late"), relay.url)
        crew = await stack.enter_async_context(drawing(Crew(peers, late)))
        for number in range(uploads):
            result.refused[await _bring(school, relay.url, f"stranger-{number}", chance)] += 1
        await crew.until_acked(envelopes, f"messages of seed {seed}")
        crew.stop()
        proxy.calm = True
        result.wrong = await crew.finish()
        result.strokes = sum(crew.strokes)
        authors = {str(peer.session) for peer in peers}
        if relay.process.returncode is not None:
            result.wrong = result.wrong or "the relay ended"
    strangers = await _writers(data) - authors
    result.wrong = result.wrong or ("damaged envelopes were stored" if strangers else "")
    return result


async def _writers(data: Path) -> set[str]:
    """Sessions of which the relay's log holds an envelope."""
    store = await SqliteRoomLog.open(data / "relay" / "rooms.sqlite")
    try:
        history = await store.open_room(ROOM, wall_ms(), whole=True)
    finally:
        await store.close()
    return {str(record.session) for record in history.records}


async def _bring(school: School, url: str, user: str, chance: random.Random) -> str:
    """A damaged envelope over a good session: the code with which the relay closes, or that it took no notice."""
    person = school.person(user)
    async with raw_client(url) as client:
        await client.join(person)
        await client.socket.send_bytes(damaged(encode_message(Scribe(person).write()), chance))
        try:
            await client.send(PingMessage(1))
            await client.message(PongMessage, lambda pong: pong.nonce == 1)
        except Closed as closed:
            return str(closed.code)
        except ConnectionError:
            return str(client.socket.close_code)
        return "passed over"


@contextlib.asynccontextmanager
async def _mangling(url: str, chance: random.Random, counts: Counter[str]) -> AsyncIterator[tuple[Mangler, str]]:
    mangler = Mangler(url, chance, counts)
    app = web.Application()
    app.router.add_get("/v1/session", mangler.serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_STOP_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield mangler, f"ws://127.0.0.1:{runner.addresses[0][1]}/v1/session"
    finally:
        await runner.cleanup()
