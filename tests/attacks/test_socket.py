"""Attacks that only the session socket knows: its handshake, its texts, its frames (sections S and T)."""

from __future__ import annotations

import asyncio
import os
import struct
import zlib
from pathlib import Path

import aiohttp
import pytest

from tests.attacks.front import RelayFront
from tests.signaling.conftest import StartRelay, session_url
from tests.signaling.raw_client import RawClient, Scribe, raw_client
from tests.signaling.school import School, wall_ms
from whiteboard_crdt.errors import CloseCode
from whiteboard_crdt.ids import BOARD, Role, RoomId
from whiteboard_crdt.keys import SessionKey
from whiteboard_crdt.messages import EnvelopeMessage, HaveMessage, PingMessage, PongMessage, WantMessage


async def _turned_away(front: RelayFront, code: CloseCode, **hello: object) -> None:
    """Somebody else's hello, beside a lesson that goes on."""
    person = hello.pop("person", front.mallory)
    async with raw_client(front.url) as client:
        await client.hello(person, **hello)  # type: ignore[arg-type]
        assert await client.close_code() == code
    lines = [line for line in front.caplog.messages if line.startswith("refused")]
    assert len(lines) == 1
    assert f"code={int(code)}" in lines[0]
    front.nothing_leaked()
    await front.unharmed()


async def test_stolen_ticket(at_relay: RelayFront) -> None:
    """Ann's ticket is known to all; without her key it opens nothing."""
    token = at_relay.ann.replica.sessions.get(at_relay.ann.session)
    assert token is not None
    await _turned_away(at_relay, CloseCode.PROOF_FAILED, token=token.token)


async def test_replayed_hello(at_relay: RelayFront) -> None:
    await _turned_away(at_relay, CloseCode.PROOF_FAILED, nonce=bytes(32))


@pytest.mark.parametrize("ago_ms", [300_000, 86_400_000, -180_000], ids=["ended", "yesterday", "future"])
async def test_expired_ticket(at_relay: RelayFront, ago_ms: int) -> None:
    await _turned_away(
        at_relay, CloseCode.TICKET_EXPIRED, person=at_relay.school.person("eve", issued_ms=wall_ms() - ago_ms)
    )


async def test_ticket_of_another_school(at_relay: RelayFront, tmp_path: Path) -> None:
    other = School(tmp_path / "other", kid="other")
    await _turned_away(at_relay, CloseCode.TICKET_FOREIGN, person=other.person("eve"))


async def test_ticket_signed_by_a_key_that_claims_our_name(at_relay: RelayFront, tmp_path: Path) -> None:
    await _turned_away(at_relay, CloseCode.TICKET_REFUSED, person=School(tmp_path / "forger").person("eve"))


async def test_ticket_into_an_open_rooms_log(at_relay: RelayFront) -> None:
    person = at_relay.school.person("eve", room=RoomId("open:board"))
    await _turned_away(at_relay, CloseCode.TICKET_FOREIGN, person=person)


async def test_session_id_of_another(at_relay: RelayFront) -> None:
    person = at_relay.school.person("eve", session=at_relay.ann.session)
    await _turned_away(at_relay, CloseCode.TICKET_REFUSED, person=person)


async def test_client_id_of_another(at_relay: RelayFront) -> None:
    person = at_relay.school.person("eve", client=at_relay.ann.client_id)
    await _turned_away(at_relay, CloseCode.TICKET_REFUSED, person=person)


async def test_log_mode_by_a_student(at_relay: RelayFront) -> None:
    """The whole log shows desks and times to nobody but the recorder."""
    await _turned_away(at_relay, CloseCode.NOT_ALLOWED, person=at_relay.school.person("eve"), mode="log")


async def test_renewal_with_a_ticket_of_another(at_relay: RelayFront) -> None:
    tutor = at_relay.school.person("eve", Role.TUTOR, key=SessionKey.generate())
    await at_relay.client.socket.send_json({"t": "renew", "ticket": tutor.token})
    await at_relay.refused(CloseCode.TICKET_FOREIGN)
    await at_relay.unharmed()


async def test_flood_of_renewals(at_relay: RelayFront) -> None:
    for _ in range(30):
        if at_relay.client.socket.closed:
            break
        await at_relay.client.socket.send_json({"t": "renew", "ticket": at_relay.mallory.token})
    await at_relay.refused(CloseCode.RATE_LIMITED)
    await at_relay.unharmed()


async def test_second_hello(at_relay: RelayFront) -> None:
    await at_relay.client.socket.send_json(
        {"t": "hello", "ticket": at_relay.mallory.token, "proof": "", "agent": "python"}
    )
    await at_relay.refused(CloseCode.MALFORMED)
    await at_relay.unharmed()


TEXTS = {
    "empty": "",
    "deep_arrays": "[" * 60_000,
    "deep_objects": '{"t":"signal","to":"a","data":' + '{"a":' * 5_000,
    "no_object": "1",
    "unknown_kind": '{"t":"revoked","sessions":[]}',
    "wrong_types": '{"t":"signal","to":1,"data":[]}',
    "epoch_of_a_float": '{"t":"signal","to":"a","data":{"epoch":1e400,"kind":"hello"}}',
    "lone_surrogate": '{"t":"signal","to":"\\ud800","data":{"epoch":1,"kind":"?"}}',
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
async def test_malformed_text(at_relay: RelayFront, text: str) -> None:
    await at_relay.client.socket.send_str(text)
    await at_relay.refused(CloseCode.MALFORMED)
    await at_relay.unharmed()


async def test_oversized_text(at_relay: RelayFront) -> None:
    await at_relay.client.socket.send_str('{"t":"signal","to":"' + "x" * 66_000 + '"}')
    await at_relay.refused(CloseCode.OVERSIZED)
    await at_relay.unharmed()


async def test_oversized_signal(at_relay: RelayFront) -> None:
    data = {"epoch": 1, "kind": "offer", "sdp": "v" * 33_000, "fp": "a"}
    await at_relay.client.socket.send_json({"t": "signal", "to": at_relay.bob.session, "data": data})
    await at_relay.refused(CloseCode.OVERSIZED)
    await at_relay.unharmed()


async def test_flood_of_signals(at_relay: RelayFront) -> None:
    for _ in range(400):
        if at_relay.client.socket.closed:
            break
        data = {"epoch": 1, "kind": "hello"}
        await at_relay.client.socket.send_json({"t": "signal", "to": at_relay.bob.session, "data": data})
    await at_relay.refused(CloseCode.RATE_LIMITED)
    await at_relay.unharmed()


async def test_signal_to_nobody_or_oneself_goes_nowhere(at_relay: RelayFront) -> None:
    for to in ("", "0" * 16, "../../internal", at_relay.mallory.session):
        await at_relay.client.socket.send_json({"t": "signal", "to": to, "data": {"epoch": 1, "kind": "hello"}})
    await at_relay.heard()
    assert "signal" not in {control["t"] for control in at_relay.client.controls}
    await at_relay.unharmed()


async def test_slow_hello(school: School, start_relay: StartRelay) -> None:
    """Slowloris: sockets that say nothing are closed, and hold up nobody meanwhile."""
    url = session_url(await start_relay(hello_timeout_ms=300))
    async with raw_client(url) as one, raw_client(url) as two, raw_client(url) as honest:
        await two.nonce()
        await honest.join(school.person("ann"))
        assert await one.close_code() == CloseCode.HELLO_TIMEOUT
        assert await two.close_code() == CloseCode.HELLO_TIMEOUT
        await honest.send(PingMessage(1))
        await honest.message(PongMessage)


def _frame(opcode: int, payload: bytes) -> bytes:
    """A masked frame of a client, with any bits."""
    mask = os.urandom(4)
    size = len(payload)
    length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + struct.pack(">H", size)
    return bytes((opcode,)) + length + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


def _transport(client: RawClient) -> asyncio.Transport:
    connection = client.socket._response.connection
    assert connection is not None and connection.transport is not None
    return connection.transport


FRAMES = {
    # Nobody agreed on compression: a bomb is not even looked at.
    "compressed_bomb": _frame(0xC2, zlib.compress(bytes(1_000_000))[2:-4]),
    "reserved_bits": _frame(0xB2, b"x"),
    "unknown_opcode": _frame(0x83, b"x"),
    "fragmented_ping": _frame(0x09, b"x"),
    "long_ping": _frame(0x89, bytes(126)),
    "continuation_of_nothing": _frame(0x80, b"x"),
    "text_that_is_no_utf8": _frame(0x81, b"\xff\xfe"),
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
async def test_broken_frame(at_relay: RelayFront, frame: bytes) -> None:
    _transport(at_relay.client).write(frame)
    await at_relay.refused(CloseCode.MALFORMED)
    await at_relay.unharmed()


async def test_flood_of_frames_that_ping(at_relay: RelayFront) -> None:
    """Pings of the WebSocket itself are answered by the library: one socket's, without holding up the others."""
    _transport(at_relay.client).write(_frame(0x89, b"x" * 100) * 5_000)
    await at_relay.unharmed()


async def test_reader_that_never_reads(school: School, start_relay: StartRelay) -> None:
    """It asks and asks and reads nothing: what waits for it is bounded, then it is put out."""
    relay = await start_relay(send_buffer_bytes=65_536)
    mallory, ann = school.person("mallory"), school.person("ann")
    async with raw_client(session_url(relay)) as writer, raw_client(session_url(relay)) as client:
        await writer.join(ann)
        scribe = Scribe(ann)
        for _ in range(40):
            await writer.send(EnvelopeMessage(scribe.seal(scribe.update(value="x" * 50_000))))
        await client.join(mallory)
        _transport(client).pause_reading()
        (socket,) = [s for s in relay.lobby.sockets if s._transport.get_extra_info("peername") == _name(client)]
        most = 0
        for _ in range(100):
            await client.send(WantMessage(BOARD, ann.session, 1, 40))
            await client.send(HaveMessage(()))
            await asyncio.sleep(0)
            most = max(most, socket._transport.get_write_buffer_size())
        # One answer of 1 MiB may be under way beside the catch-up of the join (2 MB here).
        assert most <= 4_500_000
        await writer.send(PingMessage(1))
        await writer.message(PongMessage, lambda pong: pong.nonce == 1)
        _transport(client).resume_reading()


def _name(client: RawClient) -> object:
    return _transport(client).get_extra_info("sockname")


async def test_flood_of_connections(at_relay: RelayFront) -> None:
    """One session that comes and comes: each time it would be sent the room, and all would be told."""
    for _ in range(20):
        async with raw_client(at_relay.url) as client:
            await client.hello(at_relay.mallory)
            message = await client.socket.receive()
            if message.type is aiohttp.WSMsgType.CLOSE:
                assert client.socket.close_code == CloseCode.TRY_LATER
                break
    else:
        raise AssertionError("it comes in for ever")
    await at_relay.unharmed()
