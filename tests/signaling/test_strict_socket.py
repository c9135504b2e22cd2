"""The server's WebSocket by itself: who takes messages, in which order, for how long, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import WSMessage, WSMsgType, web

from loadtests.bench.wire import client_frame
from signaling import turns
from signaling.strict_socket import StrictWebSocket, is_over

Converse = Callable[[StrictWebSocket], Awaitable[None]]


@asynccontextmanager
async def served(converse: Converse) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A client of a server that does `converse` and no more."""

    async def handle(request: web.Request) -> web.StreamResponse:
        socket = StrictWebSocket(max_msg_size=1_000_000)
        await socket.prepare(request)
        await converse(socket)
        return socket

    app = web.Application()
    app.router.add_get("/", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"http://127.0.0.1:{runner.addresses[0][1]}/", autoping=False) as client,
        ):
            yield client
    finally:
        await runner.cleanup()


class Taken:
    """What was taken until the client closed."""

    def __init__(self) -> None:
        self.data: list[object] = []
        self.ended = asyncio.Event()
        self.after: WSMsgType | None = None

    def take(self, message: WSMessage) -> None:
        self.data.append(message.data)

    async def converse(self, socket: StrictWebSocket) -> None:
        await socket.deliver(self.take)
        last = await socket.receive()
        assert is_over(last)
        self.after = last.type
        self.ended.set()


async def written(client: aiohttp.ClientWebSocketResponse, data: bytes) -> None:
    """Bytes as they are, in one piece."""
    transport = client.get_extra_info("socket")
    assert transport is not None
    assert client._response.connection is not None
    assert client._response.connection.transport is not None
    client._response.connection.transport.write(data)


async def test_messages_are_taken_in_order_and_the_close_comes_after_them() -> None:
    taken = Taken()
    async with served(taken.converse) as client, asyncio.timeout(10):
        await client.send_str("one")
        await written(client, b"".join(client_frame(b"%d" % number) for number in range(50)))
        await client.close()
        await taken.ended.wait()
    assert taken.data == ["one", *(b"%d" % number for number in range(50))]
    assert taken.after is WSMsgType.CLOSE


async def test_more_than_a_turn_takes_waits_and_stays_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_TURN_S", 0.0)
    taken = Taken()
    many = [b"%05d" % number for number in range(3_000)]
    async with served(taken.converse) as client, asyncio.timeout(20):
        await written(client, b"".join(client_frame(one) for one in many))
        await client.close()
        await taken.ended.wait()
    assert taken.data == many
    assert taken.after is WSMsgType.CLOSE


async def test_what_take_raises_ends_the_delivery_and_nothing_more_is_taken() -> None:
    seen: list[bytes] = []
    raised = asyncio.Event()

    def take(message: WSMessage) -> None:
        seen.append(message.data)
        if message.data == b"bad":
            raise ValueError("bad")

    async def converse(socket: StrictWebSocket) -> None:
        with pytest.raises(ValueError, match="bad"):
            await socket.deliver(take)
        raised.set()

    async with served(converse) as client, asyncio.timeout(10):
        await written(client, client_frame(b"good") + client_frame(b"bad") + client_frame(b"after"))
        await raised.wait()
    assert seen == [b"good", b"bad"]


async def test_a_ping_is_answered_while_messages_are_taken() -> None:
    taken = Taken()
    async with served(taken.converse) as client, asyncio.timeout(10):
        await client.ping(b"are you there")
        answer = await client.receive()
        assert (answer.type, answer.data) == (WSMsgType.PONG, b"are you there")
        await client.pong(b"unasked")
        await client.close()
        await taken.ended.wait()
    assert taken.data == []


async def test_a_connection_that_breaks_ends_the_delivery() -> None:
    taken = Taken()
    async with served(taken.converse) as client, asyncio.timeout(10):
        await client.send_bytes(b"last words")
        await client.ping(b"")
        await client.receive()
        assert client._response.connection is not None
        assert client._response.connection.transport is not None
        client._response.connection.transport.abort()
        await taken.ended.wait()
    assert taken.data == [b"last words"]


async def test_broken_framing_ends_the_delivery_with_our_close_code() -> None:
    ended = asyncio.Event()

    async def converse(socket: StrictWebSocket) -> None:
        await socket.deliver(lambda message: None)
        assert (await socket.receive()).type is WSMsgType.ERROR
        ended.set()

    async with served(converse) as client, asyncio.timeout(10):
        await written(client, b"\x83\x80\0\0\0\0")  # opcode 3 is none
        last = await client.receive()
        assert (last.type, last.data) == (WSMsgType.CLOSE, 4400)
        await ended.wait()


async def test_a_silent_client_is_pinged_and_dropped() -> None:
    ended = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        socket = StrictWebSocket(max_msg_size=1_000, heartbeat_s=0.05)
        await socket.prepare(request)
        await socket.deliver(lambda message: None)
        ended.set()
        return socket

    app = web.Application()
    app.router.add_get("/", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with (
            asyncio.timeout(10),
            aiohttp.ClientSession() as session,
            session.ws_connect(f"http://127.0.0.1:{runner.addresses[0][1]}/", autoping=False) as client,
        ):
            assert (await client.receive()).type is WSMsgType.PING
            await ended.wait()
    finally:
        await runner.cleanup()
