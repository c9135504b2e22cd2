"""Which closes of the relay a peer takes as an answer, and after which it comes back (protocol section X)."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.signaling.school import School
from whiteboard_crdt.errors import CloseCode

WAIT_S = 5.0


class ClosingRelay:
    """Closes every session socket with one code, before anything is said."""

    def __init__(self, code: CloseCode) -> None:
        self._code = code
        self.visits = 0
        self.again = asyncio.Event()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("chalkmesh.v1",))
        await socket.prepare(request)
        self.visits += 1
        if self.visits == 2:
            self.again.set()
        await socket.close(code=self._code)
        return socket

    @property
    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/v1/session", self.serve)
        return app


class SilentRelay:
    """Takes every session socket and never says a word."""

    def __init__(self) -> None:
        self.visits = 0
        self.again = asyncio.Event()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("chalkmesh.v1",))
        await socket.prepare(request)
        self.visits += 1
        if self.visits == 2:
            self.again.set()
        await socket.receive()
        return socket

    @property
    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/v1/session", self.serve)
        return app


async def test_peer_leaves_a_relay_that_says_nothing_S9(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.links.websocket._SILENCE_S", 0.05)
    relay = SilentRelay()
    async with TestServer(relay.app) as server:
        url = str(server.make_url("/v1/session")).replace("http", "ws", 1)
        async with school.peer(school.person(), url) as peer, asyncio.timeout(WAIT_S):
            await relay.again.wait()
            assert peer.stopped is None


@pytest.mark.parametrize("code", [CloseCode.HELLO_TIMEOUT, CloseCode.TICKET_EXPIRED, CloseCode.TRY_LATER])
async def test_peer_comes_back_where_another_try_may_help_X(school: School, code: CloseCode) -> None:
    relay = ClosingRelay(code)
    async with TestServer(relay.app) as server:
        url = str(server.make_url("/v1/session")).replace("http", "ws", 1)
        async with school.peer(school.person(), url) as peer, asyncio.timeout(WAIT_S):
            await relay.again.wait()
            assert peer.stopped is None


@pytest.mark.parametrize("code", [CloseCode.MALFORMED, CloseCode.REVOKED, CloseCode.ROOM_CLOSED])
async def test_peer_stops_where_it_would_be_told_the_same_again_X(school: School, code: CloseCode) -> None:
    relay = ClosingRelay(code)
    async with TestServer(relay.app) as server:
        url = str(server.make_url("/v1/session")).replace("http", "ws", 1)
        async with school.peer(school.person(), url) as peer:
            await peer.wait_for(lambda: peer.stopped is not None, WAIT_S)
            assert peer.stopped is not None
            assert (peer.stopped.code, relay.visits) == (code, 1)
