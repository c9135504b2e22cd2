"""Pictures on the relay and between peers, over real sockets and memory links (protocol section A)."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from signaling.asset_server import AssetError, assets_url
from signaling.asset_store import AssetStore
from signaling.asset_tokens import AssetTokens
from signaling.client import Peer
from signaling.links.memory import MemoryLink, memory_pair
from signaling.mesh import MeshOptions
from signaling.server import Relay
from tests.signaling.conftest import StartRelay, session_url
from tests.signaling.raw_client import raw_client
from tests.signaling.school import ROOM, SECRET, Person, School, wall_ms
from tests.signaling.test_mesh import link_up, loopback_candidates  # noqa: F401  (a fixture for all tests here)
from whiteboard_crdt.assets import ASSET_LIMITS, AssetId, ChunkMessage, decode_bulk, encode_bulk
from whiteboard_crdt.ids import Capability, Role, RoomId

NOWHERE = "ws://127.0.0.1:9/v1/session"


def picture(size: int = 60_000, seed: int = 1) -> tuple[AssetId, bytes]:
    data = b"\x89PNG\r\n\x1a\n" + random.Random(seed).randbytes(size - 8)
    return AssetId(hashlib.sha256(data).hexdigest()), data


async def welcome_token(url: str, person: Person) -> str:
    async with raw_client(url) as client:
        token: str = (await client.join(person))["assets"]["token"]
        return token


@asynccontextmanager
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_what_is_put_is_got_whole_and_in_ranges_A9_A10(school: School, url: str) -> None:
    asset, data = picture()
    at = assets_url(url, ROOM, asset)
    token = bearer(await welcome_token(url, school.person()))
    async with http() as session:
        async with session.get(at, headers=token) as answer:
            assert answer.status == 404
        for status in (201, 200):
            async with session.put(at, data=data, headers=token) as answer:
                assert answer.status == status
        async with session.get(at, headers=token) as answer:
            assert (answer.status, await answer.read()) == (200, data)
            headers = answer.headers
            assert headers["Content-Type"] == "image/png"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert "sandbox" in headers["Content-Security-Policy"]
            assert headers["Access-Control-Allow-Origin"] == "*"
        async with session.get(at, headers={**token, "Range": "bytes=50000-"}) as answer:
            assert (answer.status, await answer.read()) == (206, data[50_000:])
            assert answer.headers["Content-Range"] == f"bytes 50000-59999/{len(data)}"
        async with session.get(at, headers={**token, "Range": "bytes=60000-"}) as answer:
            assert answer.status == 416
        async with session.options(at) as answer:
            assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]


async def test_what_is_no_picture_or_not_what_it_says_is_refused_A10(school: School, url: str) -> None:
    asset, data = picture()
    token = bearer(await welcome_token(url, school.person()))
    script = b"<svg onload=alert(1)>"
    script_id = AssetId(hashlib.sha256(script).hexdigest())

    async def sized() -> AsyncIterator[bytes]:
        yield data

    async with http() as session:
        for at, body, status in (
            (asset, data[:-1] + b"x", 422),
            (script_id, script, 415),
            (asset, b"", 413),
            (asset, bytes(ASSET_LIMITS.asset_bytes + 1), 413),
            ("0" * 63, data, 404),
            (asset, sized(), 411),
        ):
            async with session.put(assets_url(url, ROOM, AssetId(at)), data=body, headers=token) as answer:
                assert answer.status == status, (at, status)
        async with session.get(assets_url(url, ROOM, asset), headers=token) as answer:
            assert answer.status == 404


async def test_a_token_holds_in_its_room_in_its_time_and_for_its_rights_A9(
    school: School, relay: Relay, url: str
) -> None:
    asset, data = picture()
    tokens = relay.lobby.asset_tokens
    now_ms = wall_ms()
    good = tokens.issue(school.person().ticket, now_ms)[0]
    reader = tokens.issue(school.person(caps=[Capability.PRESENCE]).ticket, now_ms)[0]
    bad = {
        "none": "",
        "other key": AssetTokens().issue(school.person().ticket, now_ms)[0],
        "other room": tokens.issue(school.person(room=RoomId("lesson-2")).ticket, now_ms)[0],
        "too late": tokens.issue(school.person().ticket, now_ms - 700_000)[0],
        "rights raised": reader.replace(".r.", ".rw."),
        "a ticket": school.person().token,
    }
    at = assets_url(url, ROOM, asset)
    async with http() as session:
        for why, token in bad.items():
            for method in ("PUT", "GET"):
                async with session.request(method, at, data=data, headers=bearer(token)) as answer:
                    assert answer.status == 401, why
        async with session.put(at, data=data, headers=bearer(reader)) as answer:
            assert answer.status == 403
        async with session.put(at, data=data, headers=bearer(good)) as answer:
            assert answer.status == 201
        async with session.get(at, headers=bearer(reader)) as answer:
            assert answer.status == 200


async def test_a_revoked_session_gets_nothing_more_A9(school: School, relay: Relay, url: str) -> None:
    asset, data = picture()
    person = school.person()
    token = bearer(await welcome_token(url, person))
    at = assets_url(url, ROOM, asset)
    async with http() as session:
        async with session.put(at, data=data, headers=token) as answer:
            assert answer.status == 201
        revoke = f"http://127.0.0.1:{relay.port}/internal/rooms/{ROOM}/revoke"
        async with session.post(
            revoke, json={"token": school.revocation(person.session)}, headers=bearer(SECRET)
        ) as answer:
            assert answer.status == 200
        async with session.get(at, headers=token) as answer:
            assert answer.status == 401


async def test_a_room_holds_so_much_and_no_more_A10(
    school: School, relay: Relay, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset, data = picture()
    store = AssetStore(relay.settings.assets)
    folder = store.folder(ROOM)
    folder.mkdir(parents=True)
    with (folder / ("0" * 64)).open("wb") as file:
        os.truncate(file.fileno(), ASSET_LIMITS.room_bytes - len(data) + 1)
    token = bearer(await welcome_token(url, school.person()))
    async with http() as session:
        async with session.put(assets_url(url, ROOM, asset), data=data, headers=token) as answer:
            assert (answer.status, (await answer.json())["error"]) == (413, "room_full")
        (folder / ("0" * 64)).unlink()
        async with session.put(assets_url(url, ROOM, asset), data=data, headers=token) as answer:
            assert answer.status == 201
    assert store.path(RoomId("lesson-2"), asset) is None, "another room's hash opens nothing"


async def test_an_upload_that_breaks_off_leaves_nothing_A10(school: School, relay: Relay, url: str) -> None:
    asset, data = picture()
    token = await welcome_token(url, school.person())
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    request = f"PUT /v1/rooms/{ROOM}/assets/{asset} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    writer.write(request.encode() + f"Content-Length: {len(data)}\r\n\r\n".encode() + data[:1_000])
    await writer.drain()
    writer.transport.abort()
    assert await reader.read() == b""
    async with http() as session, session.get(assets_url(url, ROOM, asset), headers=bearer(token)) as answer:
        assert answer.status == 404


@asynccontextmanager
async def pair(school: School) -> AsyncIterator[tuple[Peer, Peer, MemoryLink, MemoryLink]]:
    ann, bob = school.person("ann"), school.person("bob")
    async with school.peer(ann, NOWHERE) as one, school.peer(bob, NOWHERE) as two:
        for peer in (one, two):
            peer.preload([ann.token, bob.token], [])
        first, second = memory_pair(ann.session, bob.session)
        one.attach(first)
        two.attach(second)
        yield one, two, first, second


async def test_a_picture_goes_from_peer_to_peer_without_a_server_A3(school: School) -> None:
    asset, data = picture(3_000_000)
    async with pair(school) as (one, two, first, _):
        first.bulk.room = 5

        def drain(message: bytes) -> bytes:
            if first.bulk.room == 0:
                asyncio.get_running_loop().call_soon(first.bulk.drain, 7)
            return message

        first.bulk.script = drain
        assert await one.assets.put(data) == asset
        got = await two.assets.get(asset)
        assert (got.data, got.mime, got.id) == (data, "image/png", asset)
        assert (await two.assets.get(asset)).data == data, "kept"


async def test_a_corrupted_chunk_is_found_and_the_server_makes_it_good_A6_A7(
    school: School, relay: Relay, url: str
) -> None:
    asset, data = picture()
    ann, bob = school.person("ann"), school.person("bob")
    async with school.peer(ann, url) as one, school.peer(bob, url) as two:
        await one.wait_synced()
        await two.wait_synced()
        first, second = memory_pair(ann.session, bob.session)

        def corrupt(message: bytes) -> bytes:
            decoded = decode_bulk(message)
            if not isinstance(decoded, ChunkMessage):
                return message
            return encode_bulk(ChunkMessage(decoded.asset, decoded.offset, decoded.total, bytes(len(decoded.data))))

        first.bulk.script = corrupt
        one.attach(first)
        two.attach(second)
        assert await one.assets.put(data) == asset
        await one.assets.stored(asset)
        assert (await two.assets.get(asset)).data == data
        assert first.bulk.sent > 0, "it was tried"


async def test_a_peer_that_vanishes_midway_leaves_the_rest_to_the_server_A7(
    school: School, relay: Relay, url: str
) -> None:
    asset, data = picture(1_000_000)
    ann, bob = school.person("ann"), school.person("bob")
    async with school.peer(ann, url) as one, school.peer(bob, url) as two:
        await one.wait_synced()
        await two.wait_synced()
        first, second = memory_pair(ann.session, bob.session)
        first.bulk.room = 20
        sent_out = asyncio.Event()

        def count(message: bytes) -> bytes:
            if first.bulk.room == 0:
                sent_out.set()
            return message

        first.bulk.script = count
        one.attach(first)
        two.attach(second)
        await one.assets.put(data)
        await one.assets.stored(asset)
        asked: list[int] = []
        fetch = two.asset_server.fetch

        async def noting(wanted: AssetId, start: int) -> object:
            asked.append(start)
            return await fetch(wanted, start)

        two.asset_server.fetch = noting  # type: ignore[method-assign,assignment]
        getting = asyncio.create_task(two.assets.get(asset))
        await sent_out.wait()
        one.detach(bob.session)
        assert (await getting).data == data
        assert len(asked) == 1 and 0 < asked[0] <= 20 * 16_384


async def test_a_late_server_gets_what_was_put_while_it_was_away_A10(school: School, start_relay: StartRelay) -> None:
    asset, data = picture()
    relay = await start_relay()
    ann, bob = school.person("ann"), school.person("bob")
    async with school.peer(ann, session_url(relay)) as one:
        one.cut(relay=True)
        assert await one.assets.put(data) == asset
        one.cut(relay=False)
        await one.assets.stored(asset)
    async with school.peer(bob, session_url(relay)) as two:
        await two.wait_synced()
        assert (await two.assets.get(asset)).data == data


async def test_an_unknown_hash_fails_and_a_bad_one_is_not_asked_for_A7(
    school: School, relay: Relay, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticking = 0.0

    def fast() -> float:
        nonlocal ticking
        ticking += 2.0
        return ticking

    async with school.peer(school.person(), url) as peer:
        await peer.wait_synced()
        monkeypatch.setattr(peer.assets, "_clock", fast)
        with pytest.raises(AssetError) as failed:
            await peer.assets.get("0" * 64)
        assert failed.value.reason == "unknown"
        with pytest.raises(TimeoutError):
            await peer.assets.get("1" * 64, timeout_s=0.05)
        for size, reason in ((ASSET_LIMITS.asset_bytes + 1, "too_large"), (100, "not_a_picture")):
            with pytest.raises(AssetError) as failed:
                await peer.assets.put(bytes(size))
            assert failed.value.reason == reason


async def test_who_may_not_draw_is_told_that_the_server_refused_A10(school: School, relay: Relay, url: str) -> None:
    asset, data = picture()
    async with school.peer(school.person(caps=[Capability.CHAT]), url) as peer:
        await peer.wait_synced()
        await peer.assets.put(data)
        with pytest.raises(AssetError) as refused:
            await peer.assets.stored(asset)
        assert refused.value.reason == "not_allowed"


async def test_hostile_bulk_closes_that_link_alone_W6(school: School) -> None:
    async with pair(school) as (one, two, first, _):
        first.bulk.send(b"\x21garbage")
        await two.wait_for(lambda: not two.direct)
        assert not two.stopped and one.session


async def test_a_picture_crosses_a_real_data_channel_A3(school: School, relay: Relay, url: str) -> None:
    asset, data = picture(700_000)
    async with (
        school.peer(school.person("ann", Role.TUTOR), url, mesh=MeshOptions()) as one,
        school.peer(school.person("bob"), url, mesh=MeshOptions()) as two,
    ):
        await link_up(one, two)
        two.asset_server.allow("", "")
        one.asset_server.allow("", "")
        await one.assets.put(data)
        assert (await two.assets.get(asset)).data == data


async def test_a_server_that_answers_nonsense_is_away_not_a_fault(school: School) -> None:
    async def nonsense(request: web.Request) -> web.StreamResponse:
        if "Range" in request.headers:
            return web.Response(status=206, body=b"x", headers={"Content-Range": "bytes nonsense"})
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(200):
            await response.write(bytes(65_536))
        return response

    app = web.Application()
    app.router.add_get("/{any:.*}", nonsense)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        port = runner.addresses[0][1]
        async with school.peer(school.person(), NOWHERE) as peer:
            peer.asset_server.allow(f"ws://127.0.0.1:{port}/v1/session", "token")
            for first in (0, 5):
                assert await peer.asset_server.fetch(AssetId("0" * 64), first) == "away"
    finally:
        await runner.cleanup()
