"""An open room by the rules of a mesh: anybody brings anybody's work (rule O7)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from pycrdt import Doc, Provider, Text

from signaling.frames import payloads
from signaling.open_protocol import (
    AwarenessEntry,
    AwarenessMessage,
    UpdateMessage,
    decode_open_message,
    encode_awareness,
    encode_step1,
    encode_update,
)
from signaling.provider_channel import AiohttpChannel
from signaling.webrtc_peer import WebrtcPeer
from signaling.webrtc_room import MeshRoom
from tests.signaling.conftest import StartRelay
from whiteboard_crdt.errors import CloseCode, ProtocolError


class Client:
    name = "client"

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.on_update: Callable[[bytes], None] | None = None

    def send(self, frame: bytes) -> None:
        for payload in payloads(frame):
            self.send_catch_up(payload)

    def send_catch_up(self, message: bytes) -> None:
        decoded = decode_open_message(message)
        self.messages.append(decoded)
        if isinstance(decoded, UpdateMessage) and self.on_update is not None:
            self.on_update(decoded.update)

    def states(self) -> list[tuple[int, bytes]]:
        heard = [message for message in self.messages if isinstance(message, AwarenessMessage)]
        return [(entry.client, entry.state) for message in heard for entry in message.entries]


def joined(room: MeshRoom) -> Client:
    client = Client()
    room.join(client)
    return client


def aware(client: int, clock: int, state: bytes) -> bytes:
    return encode_awareness([AwarenessEntry(client, clock, state)])


async def test_an_update_may_come_by_another_hand_first_O7() -> None:
    room = MeshRoom("r")
    one, two, relay = joined(room), joined(room), joined(room)
    doc: Doc[Any] = Doc(client_id=7)
    text = doc.get("t", type=Text)
    text += "a"
    first = doc.get_update()
    state = doc.get_state()
    text += "b"
    second = doc.get_update(state)
    room.receive_at(two, encode_update(first), 0)
    room.receive_at(one, encode_update(first), 0)
    room.receive_at(one, encode_update(second), 0)
    room.flush()
    updates = [message for message in relay.messages if isinstance(message, UpdateMessage)]
    assert [message.update for message in updates] == [first, second], "each once"
    room.leave(two)
    late = joined(room)
    room.receive_at(late, encode_step1(b"\0"), 0)
    copy: Doc[Any] = Doc()
    copy.apply_update(next(message.update for message in late.messages if isinstance(message, UpdateMessage)))
    assert str(copy.get("t", type=Text)) == "ab"


async def test_awareness_goes_by_clocks_and_ends_after_30_s_O7() -> None:
    room = MeshRoom("r")
    one, two, three = joined(room), joined(room), joined(room)
    room.receive_at(two, aware(9, 5, b'{"name":"old"}'), 0)
    room.receive_at(one, aware(9, 6, b'{"name":"new"}'), 1)
    room.receive_at(two, aware(9, 6, b'{"name":"new"}'), 2)
    room.receive_at(two, aware(9, 5, b'{"name":"old"}'), 3)
    room.leave(two)
    room.expire(30.5)
    room.flush()
    assert three.states() == [(9, b'{"name":"old"}'), (9, b'{"name":"new"}')]
    room.expire(31.0)
    room.flush()
    assert three.states()[2:] == [(9, b"null")]
    room.receive_at(one, aware(9, 6, b'{"name":"ghost"}'), 32)
    room.flush()
    assert len(three.states()) == 3
    room.receive_at(one, aware(9, 8, b"{}"), 33)
    room.receive_at(one, aware(9, 9, b"null"), 34)
    room.flush()
    assert three.states()[3:] == [(9, b"{}"), (9, b"null")]


async def test_what_would_kill_the_library_is_refused_here_too_O7() -> None:
    room = MeshRoom("r")
    client = joined(room)
    for hostile in ("01016fffffffff0f0401017402455600", "0101d20f02c4e90739e9073a0000"):
        with pytest.raises(ProtocolError):
            room.receive_at(client, encode_update(bytes.fromhex(hostile)), 0)
    for number in range(1_024):
        room.receive_at(client, aware(number, 1, b"{}"), 0)
    with pytest.raises(ProtocolError):
        room.receive_at(client, aware(1_024, 1, b"{}"), 0)


async def eventually(found: Callable[[], bool], changed: asyncio.Event) -> None:
    async with asyncio.timeout(20):
        while not found():
            await changed.wait()
            changed.clear()


async def test_the_peer_follows_a_relay_that_restarts_and_brings_what_it_missed_O7(start_relay: StartRelay) -> None:
    relay = await start_relay(open_rooms=True)
    async with WebrtcPeer(f"ws://127.0.0.1:{relay.port}", "r") as peer:
        await peer.wait_joined()
        browser = joined(peer.room)
        doc: Doc[Any] = Doc(client_id=7)
        doc.get("t", type=Text).insert(0, "kept")
        await relay.stop()
        peer.room.receive_at(browser, encode_update(doc.get_update()), 0)
        again = await start_relay(open_rooms=True, port=relay.port)
        copy: Doc[Any] = Doc()
        changed = asyncio.Event()
        copy.observe(lambda _event: changed.set())
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(f"ws://127.0.0.1:{again.port}/relay/r") as socket,
            Provider(copy, AiohttpChannel(socket, "r")),
        ):
            await eventually(lambda: str(copy.get("t", type=Text)) == "kept", changed)
        assert peer.refused is None


async def test_a_peer_whose_room_the_relay_refuses_does_not_come_back_O7(start_relay: StartRelay) -> None:
    relay = await start_relay(open_rooms=True, deletes="own")
    url = f"ws://127.0.0.1:{relay.port}"
    doc: Doc[Any] = Doc(client_id=7)
    doc.get("t", type=Text).insert(0, "mine")
    changed = asyncio.Event()
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{url}/relay/r") as socket,
        Provider(doc, AiohttpChannel(socket, "r")) as provider,
        WebrtcPeer(url, "r") as peer,
    ):
        await provider.synced.wait()
        await peer.wait_joined()
        browser = joined(peer.room)
        copy: Doc[Any] = Doc(client_id=8)
        text = copy.get("t", type=Text)
        copy.observe(lambda _event: changed.set())
        browser.on_update = copy.apply_update
        peer.room.receive_at(browser, encode_step1(b"\0"), 0)
        await eventually(lambda: str(text) == "mine", changed)
        state = copy.get_state()
        text.clear()
        peer.room.receive_at(browser, encode_update(copy.get_update(state)), 0)
        async with asyncio.timeout(20):
            await asyncio.gather(*(task for task in peer._tasks if task.get_name() == "webrtc-relay"))
        assert peer.refused == CloseCode.NOT_ALLOWED
