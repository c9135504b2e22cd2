"""Attacks on the relay's port beside the session socket: the internal API, open rooms' names, plain HTTP."""

from __future__ import annotations

from contextlib import suppress

import aiohttp
import pytest
from yarl import URL

from tests.attacks.front import RelayFront
from tests.signaling.conftest import StartRelay, session_url
from tests.signaling.raw_client import raw_client
from tests.signaling.school import SECRET, School
from whiteboard_crdt.errors import CloseCode

HEADERS = {
    "none": {},
    "wrong": {"Authorization": "Bearer wrong"},
    "prefix": {"Authorization": f"Bearer {SECRET[:-1]}"},
    "no_ascii": {"Authorization": "Bearer \udcff\udcfe"},
    "another_scheme": {"Authorization": f"Basic {SECRET}"},
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
async def test_internal_api_without_the_secret(at_relay: RelayFront, headers: dict[str, str]) -> None:
    base = f"http://127.0.0.1:{at_relay.relay.port}/internal/rooms"
    async with aiohttp.ClientSession() as http:
        async with http.get(base, headers=headers) as response:
            assert response.status == 401
        for what in ("revoke", "close"):
            async with http.post(f"{base}/lesson-1/{what}", json={"user": "ann"}, headers=headers) as response:
                assert response.status == 401
    await at_relay.unharmed()


BODIES = {
    "bomb": b"[" * 4_000,
    "cut": b'{"user":"' + b"a" * 5_000,
    "both": b'{"user":"a","session":"b"}',
    "neither": b"{}",
    "unknown": b'{"user":"a","all":true}',
    "no_utf8": b'{"user":"\xff"}',
    "long": b'{"token":"' + b"a" * 20_000 + b'"}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_internal_api_with_a_bad_body(at_relay: RelayFront, body: bytes) -> None:
    where = f"http://127.0.0.1:{at_relay.relay.port}/internal/rooms/lesson-1/revoke"
    headers = {"Authorization": f"Bearer {SECRET}"}
    async with aiohttp.ClientSession() as http, http.post(where, data=body, headers=headers) as response:
        assert response.status == 400
    await at_relay.unharmed()


NAMES = [
    "../../etc/passwd",
    "..%2f..%2finternal%2frooms",
    "%00",
    "lesson-1",
    "open:lesson-1",
    "a" * 256,
    "%ff%fe",
    "é/ñ",
]


@pytest.mark.parametrize("name", NAMES)
async def test_names_of_open_rooms_are_only_names(school: School, start_relay: StartRelay, name: str) -> None:
    """No path, no lesson, no other room's log: each is a key among others."""
    relay = await start_relay(open_rooms=True)
    ann = school.person("ann")
    async with raw_client(session_url(relay)) as client, aiohttp.ClientSession() as http:
        await client.join(ann)
        where = URL(f"http://127.0.0.1:{relay.port}/relay/{name}", encoded=True)
        with suppress(aiohttp.WSServerHandshakeError):
            async with http.ws_connect(where) as socket:
                await socket.receive()
        assert relay.lobby.present("lesson-1") == 1
        stored = {row.room for row in await relay.lobby.store.rooms()}
    assert all(room == "lesson-1" or room.startswith("open:") for room in stored)


@pytest.mark.parametrize("length", [257, 4_000])
async def test_name_of_an_open_room_that_is_too_long(school: School, start_relay: StartRelay, length: int) -> None:
    relay = await start_relay(open_rooms=True)
    where = f"http://127.0.0.1:{relay.port}/relay/{'x' * length}"
    async with aiohttp.ClientSession() as http, http.get(where) as response:
        assert response.status == 404


async def test_open_rooms_are_closed_unless_opened(at_relay: RelayFront) -> None:
    where = f"http://127.0.0.1:{at_relay.relay.port}/relay/x"
    async with aiohttp.ClientSession() as http, http.get(where) as response:
        assert response.status == 404
    await at_relay.unharmed()


async def test_another_subprotocol(at_relay: RelayFront) -> None:
    async with raw_client(at_relay.url, "chalkmesh.v0") as client:
        assert await client.close_code() == CloseCode.MALFORMED
    await at_relay.unharmed()


async def test_plain_http_on_the_session_socket(at_relay: RelayFront) -> None:
    where = at_relay.url.replace("ws:", "http:")
    async with aiohttp.ClientSession() as http:
        async with http.get(where) as response:
            assert (response.status, await response.read()) == (204, b"")
        for upgrade in ("", "websocket", "h2c"):
            async with http.get(where, headers={"Upgrade": upgrade}) as response:
                assert response.status == 400
    await at_relay.unharmed()
