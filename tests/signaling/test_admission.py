"""Who gets into a room, and with which code everybody else is closed (protocol sections T, S, X)."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from signaling.server import Relay
from tests.signaling.conftest import StartRelay, session_url
from tests.signaling.raw_client import RawClient, raw_client
from tests.signaling.school import ROOM, SECRET, School, wall_ms
from whiteboard_crdt.errors import CloseCode
from whiteboard_crdt.ids import Role, RoomId
from whiteboard_crdt.keys import SessionKey

BEARER = {"Authorization": f"Bearer {SECRET}"}


def refusals(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [message for message in caplog.messages if message.startswith("refused")]


async def refused(client: RawClient, code: CloseCode, caplog: pytest.LogCaptureFixture, *secrets: str) -> None:
    """Closed with the code, after exactly one log line with ids only."""
    assert await client.close_code() == code
    lines = refusals(caplog)
    assert len(lines) == 1
    assert f"code={int(code)}" in lines[0]
    for secret in secrets:
        assert secret not in lines[0]


async def test_a_ticket_of_another_key_under_our_kid_is_wrong_4401(
    school: School, tmp_path: Path, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    forged = School(tmp_path / "forger").person()
    async with raw_client(url) as client:
        await client.hello(forged)
        await refused(client, CloseCode.TICKET_REFUSED, caplog, forged.ticket.name, forged.token)


async def test_garbage_for_a_ticket_is_wrong_4401(school: School, url: str, caplog: pytest.LogCaptureFixture) -> None:
    async with raw_client(url) as client:
        await client.hello(school.person(), token="not.a.ticket")
        await refused(client, CloseCode.TICKET_REFUSED, caplog)


@pytest.mark.parametrize("issued_ago_ms", [300_000, 86_400_000, -180_000], ids=["ended", "yesterday", "future"])
async def test_a_ticket_out_of_its_time_is_expired_4402_T2(
    school: School, url: str, caplog: pytest.LogCaptureFixture, issued_ago_ms: int
) -> None:
    async with raw_client(url) as client:
        await client.hello(school.person(issued_ms=wall_ms() - issued_ago_ms))
        await refused(client, CloseCode.TICKET_EXPIRED, caplog)


async def test_a_ticket_of_another_school_is_foreign_4403(
    school: School, tmp_path: Path, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    other = School(tmp_path / "other", kid="other-key")
    async with raw_client(url) as client:
        await client.hello(other.person())
        await refused(client, CloseCode.TICKET_FOREIGN, caplog)


async def test_a_ticket_for_an_open_rooms_log_is_foreign_4403(
    school: School, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with raw_client(url) as client:
        await client.hello(school.person(room=RoomId("open:board")))
        await refused(client, CloseCode.TICKET_FOREIGN, caplog)


async def test_a_stolen_ticket_without_its_key_is_a_replay_4404(
    school: School, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with raw_client(url) as client:
        await client.hello(school.person(), key=SessionKey.generate())
        await refused(client, CloseCode.PROOF_FAILED, caplog)


async def test_a_recorded_hello_is_a_replay_4404(school: School, url: str, caplog: pytest.LogCaptureFixture) -> None:
    """The proof of one connection is worth nothing on the next: its nonce is another."""
    async with raw_client(url) as client:
        await client.hello(school.person(), nonce=bytes(32))
        await refused(client, CloseCode.PROOF_FAILED, caplog)


async def test_a_session_has_one_key_and_a_client_id_one_session_T4(
    school: School, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    first = school.person()
    async with raw_client(url) as client:
        await client.join(first)
        for other in (
            school.person(session=first.session),
            school.person(client=first.ticket.client),
        ):
            caplog.clear()
            async with raw_client(url) as second:
                await second.hello(other)
                await refused(second, CloseCode.TICKET_REFUSED, caplog)


async def test_no_hello_in_time_4408(school: School, start_relay: StartRelay, caplog: pytest.LogCaptureFixture) -> None:
    relay = await start_relay(hello_timeout_ms=50)
    async with raw_client(session_url(relay)) as client:
        await refused(client, CloseCode.HELLO_TIMEOUT, caplog)


@pytest.mark.parametrize(
    "text", ["", "no json", "[]", '{"t":"nothing"}', '{"t":"renew","ticket":"x"}', '{"t":"hello"}']
)
async def test_whatever_is_no_hello_is_malformed_4400(
    school: School, url: str, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    async with raw_client(url) as client:
        await client.nonce()
        await client.socket.send_str(text)
        await refused(client, CloseCode.MALFORMED, caplog)


async def test_another_subprotocol_is_malformed_4400(url: str, caplog: pytest.LogCaptureFixture) -> None:
    async with raw_client(url, "chalkmesh.v0") as client:
        await refused(client, CloseCode.MALFORMED, caplog)


async def test_the_whole_log_is_for_the_recorder_4406_S2(
    school: School, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with raw_client(url) as client:
        await client.hello(school.person(role=Role.TUTOR), mode="log")
        await refused(client, CloseCode.NOT_ALLOWED, caplog)


async def test_without_ticket_keys_the_relay_serves_later_4500(
    school: School, start_relay: StartRelay, caplog: pytest.LogCaptureFixture
) -> None:
    person = school.person()
    keys = school.data / "keys" / "ticket.pub.json"
    content = keys.read_bytes()
    keys.unlink()
    relay = await start_relay()
    async with raw_client(session_url(relay)) as client:
        await client.hello(person)
        await refused(client, CloseCode.TRY_LATER, caplog)
    keys.write_bytes(content)
    async with raw_client(session_url(relay)) as client:
        await client.join(person)


async def test_a_second_connection_replaces_the_first_4409_S10(school: School, url: str) -> None:
    person, other = school.person("ann"), school.person("bob")
    async with raw_client(url) as watcher, raw_client(url) as first, raw_client(url) as second:
        await watcher.join(other)
        await first.join(person)
        await watcher.control("joined")
        welcome = await second.join(person)
        assert await first.close_code() == CloseCode.REPLACED
        assert [entry["ticket"] for entry in welcome["participants"]] == [other.token]
        await second.socket.close()
        assert (await watcher.control("left"))["session"] == person.session
        assert [notice["t"] for notice in watcher.controls].count("joined") == 1


async def _byte_by_byte(body: str) -> AsyncIterator[bytes]:
    for byte in body.encode():
        yield bytes([byte])
        await asyncio.sleep(0)


async def test_a_revoked_session_is_put_out_and_kept_out_4405_S8(
    school: School, relay: Relay, url: str, start_relay: StartRelay
) -> None:
    person, other = school.person("ann"), school.person("bob")
    async with aiohttp.ClientSession() as http, raw_client(url) as client, raw_client(url) as watcher:
        await client.join(person)
        await watcher.join(other)
        loop = asyncio.get_running_loop()
        asked_s = loop.time()
        revoke = f"http://127.0.0.1:{relay.port}/internal/rooms/{ROOM}/revoke"
        token = school.revocation(user="ann")
        async with http.post(revoke, data=_byte_by_byte(json.dumps({"token": token})), headers=BEARER) as response:
            assert response.status == 200
            assert await response.json() == {"sessions": [person.session]}
        assert await client.close_code() == CloseCode.REVOKED
        assert (await watcher.control("revoked"))["token"] == token
        assert loop.time() - asked_s < 2
        async with raw_client(url) as again:
            await again.hello(person)
            assert await again.close_code() == CloseCode.REVOKED
    await relay.stop()
    restarted = await start_relay()
    for returning in (person, school.person("ann", issued_ms=person.ticket.issued_ms)):
        async with raw_client(session_url(restarted)) as again:
            await again.hello(returning)
            assert await again.close_code() == CloseCode.REVOKED


async def test_a_closed_room_lets_nobody_in_but_the_recorder_for_its_log_4410_S12(
    school: School, relay: Relay, url: str
) -> None:
    async with aiohttp.ClientSession() as http, raw_client(url) as client:
        await client.join(school.person())
        async with http.post(f"http://127.0.0.1:{relay.port}/internal/rooms/{ROOM}/close", headers=BEARER) as response:
            assert response.status == 200
        assert (await client.control("room"))["state"] == "closed"
        assert await client.close_code() == CloseCode.ROOM_CLOSED
        async with raw_client(url) as late:
            await late.hello(school.person())
            assert await late.close_code() == CloseCode.ROOM_CLOSED
        async with raw_client(url) as recorder:
            await recorder.join(school.person("rec", Role.RECORDER), mode="log")


async def test_the_internal_api_is_for_who_has_the_secret(school: School, relay: Relay) -> None:
    base = f"http://127.0.0.1:{relay.port}/internal/rooms"
    async with aiohttp.ClientSession() as http:
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            async with http.get(base, headers=headers) as response:
                assert response.status == 401
        async with http.get(base, headers=BEARER) as response:
            assert await response.json() == {"rooms": []}
        async with http.post(f"{base}/x/revoke", data=b"{", headers=BEARER) as response:
            assert response.status == 400
        async with http.get(f"http://127.0.0.1:{relay.port}/healthz") as response:
            assert (response.status, await response.text()) == (200, "ok")


async def test_a_renewed_ticket_lets_the_session_come_back_S7(school: School, url: str) -> None:
    person = school.person(issued_ms=wall_ms() - 200_000)
    async with raw_client(url) as client:
        await client.join(person)
        fresh = school.person(
            key=person.key, session=person.session, client=person.ticket.client, role=person.ticket.role
        )
        await client.socket.send_json({"t": "renew", "ticket": fresh.token})
        assert (await client.control("renewed"))["expires_ms"] == fresh.ticket.expires_ms // 1000 * 1000
        await client.socket.send_json({"t": "renew", "ticket": school.person().token})
        assert await client.close_code() == CloseCode.TICKET_FOREIGN


async def test_a_stopping_relay_says_that_it_comes_back_4501(school: School, relay: Relay, url: str) -> None:
    async with raw_client(url) as client:
        await client.join(school.person())
        reading = asyncio.create_task(client.close_code())
        await relay.stop()
        assert await reading == CloseCode.RESTARTING


async def test_nothing_of_a_person_is_logged(school: School, url: str, caplog: pytest.LogCaptureFixture) -> None:
    person = school.person()
    with caplog.at_level(logging.DEBUG):
        async with raw_client(url) as client:
            await client.join(person)
            await client.socket.send_str("{")
            assert await client.close_code() == CloseCode.MALFORMED
    assert not [m for m in caplog.messages if person.ticket.name in m or person.token in m]
