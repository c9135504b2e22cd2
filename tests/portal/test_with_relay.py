"""The portal beside a real relay: the ticket of the one opens the other, and attendance comes back."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web
from aiohttp.test_utils import TestServer

from portal.context import PORTAL
from portal.destruction import ask_destruction
from portal.forgotten_rooms import forget_rooms
from portal.recordings import RecordingState
from portal.server import open_portal
from portal.serving import claim_port
from portal.settings import PortalSettings
from signaling.server import Relay
from signaling.settings import RelaySettings
from tests.portal.world import CHEAP_HASHER, LESSON, Browser, fill_schools, rows
from whiteboard_crdt.errors import CloseCode
from whiteboard_crdt.keys import SessionKey, decode_base64url, encode_base64url, hello_text


@dataclass
class Beside:
    """A browser at a portal with a relay beside it; `told` is set when the relay has told the portal who came."""

    browser: Browser
    told: asyncio.Event

    async def ticket(self, who: str, key: SessionKey) -> dict[str, Any]:
        await self.browser.log_in(who)
        body = {"key": encode_base64url(key.public), "client": 7}
        answer = await self.browser.post(f"/api/lessons/{LESSON}/ticket", body)
        found: dict[str, Any] = await answer.json()
        return found


async def say_hello(socket: ClientWebSocketResponse, ticket: str, key: SessionKey) -> dict[str, Any]:
    """S1 to S3: the answer of the relay to a hello with proof of possession."""
    challenge = await socket.receive_json(timeout=10)
    proof = encode_base64url(key.sign(hello_text(decode_base64url(challenge["nonce"]), ticket)))
    await socket.send_json(
        {"t": "hello", "ticket": ticket, "proof": proof, "agent": "python", "mode": "live", "have": ""}
    )
    welcome: dict[str, Any] = await socket.receive_json(timeout=10)
    return welcome


@pytest.fixture
async def beside(settings: PortalSettings) -> AsyncIterator["Beside"]:
    """A browser at a portal that has a relay beside it. The real clock: the relay looks at it too."""
    port = claim_port("127.0.0.1", 0)
    with_relay = replace(settings, relay_port=port, relay_internal_url=f"http://127.0.0.1:{port}")
    async with open_portal(with_relay, hasher=CHEAP_HASHER) as app:
        portal = app[PORTAL]
        await fill_schools(portal)
        async with portal.database.write() as connection:
            now_ms = portal.clock()
            await connection.exec_driver_sql(f"UPDATE lessons SET starts_ms = {now_ms}, ends_ms = {now_ms + 3_600_000}")
        told = asyncio.Event()

        async def notice(request: web.Request, response: web.StreamResponse) -> None:
            if request.path == "/internal/relay/events" and response.status == 200:
                told.set()

        app.on_response_prepare.append(notice)
        server = TestServer(app)
        await server.start_server()
        portal_url = f"http://{server.host}:{server.port}"
        relay = Relay(RelaySettings(port=port, data=settings.data, portal_url=portal_url))
        await relay.start()
        browser = Browser(server, portal)
        try:
            yield Beside(browser, told)
        finally:
            await browser.client.session.close()
            await relay.stop()
            await server.close()


async def test_ticket_admits_at_the_relay_and_the_end_of_the_lesson_closes_the_room(beside: Beside) -> None:
    key, portal = SessionKey.generate(), beside.browser.portal
    answer = await beside.ticket("tutor", key)
    async with ClientSession() as client, client.ws_connect(answer["relay_url"], protocols=["chalkmesh.v1"]) as socket:
        welcome = await say_hello(socket, answer["ticket"], key)
        assert (welcome["t"], welcome["room"]) == ("welcome", answer["room"])
        assert (await beside.browser.post(f"/api/lessons/{LESSON}/end")).status == 200
        await portal.desk.report(
            LESSON, RecordingState.SEALED, detail="", duration_ms=1, progress=None, now_ms=portal.clock()
        )
        portal.classrooms.sweep_soon()
        said = []
        while (message := await socket.receive(timeout=10)).type not in (WSMsgType.CLOSE, WSMsgType.CLOSED):
            if message.type is WSMsgType.TEXT:
                said.append(json.loads(message.data))
        assert {"t": "room", "state": "closed"} in said
        assert socket.close_code == CloseCode.ROOM_CLOSED


async def test_a_room_that_is_not_kept_is_erased_at_the_relay_once_it_is_closed(beside: Beside) -> None:
    key, portal = SessionKey.generate(), beside.browser.portal
    answer = await beside.ticket("tutor", key)
    async with ClientSession() as client, client.ws_connect(answer["relay_url"], protocols=["chalkmesh.v1"]) as socket:
        await say_hello(socket, answer["ticket"], key)
        assert (await beside.browser.post(f"/api/lessons/{LESSON}/end")).status == 200
        async with portal.database.write() as connection:
            await ask_destruction(
                connection, portal.settings.recordings, LESSON,
                school="here", basis="erasure", days=None, decided_by="coordinator", now_ms=portal.clock(),
            )  # fmt: skip
        relay, secret = portal.settings.relay_beside, portal.keyring.internal_secret
        assert await forget_rooms(portal.database, portal.clock, relay, secret) == 0
        assert relay is not None
        bearer = {"Authorization": f"Bearer {secret}"}
        async with client.post(f"{relay}/internal/rooms/room-{LESSON}/close", headers=bearer) as closed:
            assert closed.status == 200
        assert await forget_rooms(portal.database, portal.clock, relay, secret) == 1


async def test_relay_tells_the_portal_who_came(beside: Beside) -> None:
    key = SessionKey.generate()
    answer = await beside.ticket("student", key)
    async with ClientSession() as client, client.ws_connect(answer["relay_url"], protocols=["chalkmesh.v1"]) as socket:
        welcome = await say_hello(socket, answer["ticket"], key)
        async with asyncio.timeout(20):
            await beside.told.wait()
    first = (await rows(beside.browser.portal, "relay_events"))[0]
    assert (first["user"], first["kind"], first["session"]) == ("student", "join", welcome["session"])
