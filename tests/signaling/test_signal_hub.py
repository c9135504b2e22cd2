"""Signaling of y-webrtc without a network, and over the relay's socket (rules O5, O6)."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import aiohttp
import msgspec
import pytest

from signaling.frames import payloads
from signaling.signal_hub import SIGNAL_MESSAGE_BYTES, SignalHub
from signaling.webrtc_signal import (
    Announce,
    Signal,
    SignalCipher,
    decode_any,
    derive_key,
    encode_any,
    parse_published,
)
from tests.signaling.conftest import StartRelay
from whiteboard_crdt.errors import CloseCode, ProtocolError


class Client:
    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []

    def send(self, frame: bytes) -> None:
        self.heard += [msgspec.json.decode(payload) for payload in payloads(frame)]


def text(**message: Any) -> str:
    return msgspec.json.encode(message).decode()


def joined(hub: SignalHub, *topics: str) -> Client:
    client = Client()
    hub.receive(client, text(type="subscribe", topics=topics))
    return client


def test_what_is_published_reaches_the_whole_topic_its_publisher_included_O5() -> None:
    hub = SignalHub(10)
    one, two, other = joined(hub, "a"), joined(hub, "a", "b"), joined(hub, "b")
    data = {"type": "announce", "from": "x", "deep": [1, {"y": None}]}
    hub.receive(one, text(type="publish", topic="a", data=data, extra="passed over"))
    expected = {"type": "publish", "topic": "a", "data": data, "clients": 2}
    assert (one.heard, two.heard, other.heard) == ([expected], [expected], [])
    hub.receive(two, text(type="unsubscribe", topics=["a", "never"]))
    hub.receive(one, text(type="publish", topic="a", data="sealed"))
    assert one.heard[1:] == [{"type": "publish", "topic": "a", "data": "sealed", "clients": 1}]
    assert len(two.heard) == 1


def test_ping_is_answered_and_who_left_is_forgotten_O5() -> None:
    hub = SignalHub(10)
    one = joined(hub, "a", "b")
    hub.receive(one, text(type="ping"))
    assert one.heard == [{"type": "pong"}]
    hub.leave(one)
    hub.leave(one)
    assert hub.topics == 0


def test_who_is_not_on_a_topic_is_not_heard_there_O5() -> None:
    hub = SignalHub(10)
    one, stranger = joined(hub, "a"), joined(hub, "b")
    hub.receive(stranger, text(type="publish", topic="a", data=1))
    assert one.heard == []


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("", CloseCode.MALFORMED),
        ("[]", CloseCode.MALFORMED),
        (text(type="nothing"), CloseCode.MALFORMED),
        (text(type="subscribe", topics=[1]), CloseCode.MALFORMED),
        (text(type="subscribe", topics=[""]), CloseCode.MALFORMED),
        (text(type="subscribe", topics=["x" * 257]), CloseCode.MALFORMED),
        (text(type="subscribe", topics=[str(n) for n in range(33)]), CloseCode.RATE_LIMITED),
        (text(type="publish", topic="a"), CloseCode.MALFORMED),
        ('{"type":"publish","topic":"a","data":' + "[" * 5_000, CloseCode.MALFORMED),
        ('{"type":"ping"}' + " " * SIGNAL_MESSAGE_BYTES, CloseCode.OVERSIZED),
        ('{"type":"subscribe","topics":["\ud800"]}', CloseCode.MALFORMED),
    ],
)
def test_what_breaks_the_rules_raises_with_a_code_O5(message: str, code: int) -> None:
    with pytest.raises(ProtocolError) as refused:
        SignalHub(10).receive(Client(), message)
    assert refused.value.code == code


def test_a_full_topic_says_later_O5() -> None:
    hub = SignalHub(2)
    joined(hub, "a")
    joined(hub, "a")
    with pytest.raises(ProtocolError) as refused:
        joined(hub, "a")
    assert refused.value.code == CloseCode.TRY_LATER


def test_too_many_topics_say_later_O5() -> None:
    hub = SignalHub(2)
    for number in range(4_096):
        joined(hub, f"topic {number}")
    with pytest.raises(ProtocolError) as refused:
        joined(hub, "one more")
    assert refused.value.code == CloseCode.TRY_LATER
    assert hub.topics == 4_096


async def test_over_the_socket_and_only_where_open_rooms_are_served_O5(start_relay: StartRelay) -> None:
    relay = await start_relay(open_rooms=True)
    closed = await start_relay()
    async with aiohttp.ClientSession() as http:
        async with http.get(f"http://127.0.0.1:{closed.port}/signal") as answer:
            assert answer.status == 404
        url = f"http://127.0.0.1:{relay.port}/signal"
        async with http.ws_connect(url) as one, http.ws_connect(url) as two, asyncio.timeout(10):
            for socket in (one, two):
                await socket.send_json({"type": "subscribe", "topics": ["t"]})
                await socket.send_json({"type": "ping"})
                assert (await socket.receive_json()) == {"type": "pong"}
            await one.send_json({"type": "publish", "topic": "t", "data": {"from": "one"}})
            expected = {"type": "publish", "topic": "t", "data": {"from": "one"}, "clients": 2}
            assert [await one.receive_json(), await two.receive_json()] == [expected, expected]
            await two.send_bytes(b"x")
            await two.receive()
            assert two.close_code == CloseCode.MALFORMED
            for _ in range(1_100):
                await one.send_str('{"type":"ping"}')
            while (await one.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
            assert one.close_code == CloseCode.RATE_LIMITED


def test_sealed_signals_open_with_the_same_password_and_room_only_O6() -> None:
    signal = {"type": "signal", "from": "a", "to": "b", "token": 1.5, "signal": {"type": "offer", "sdp": "v=0 é"}}
    mine = SignalCipher(derive_key("Geheim ✓", "room"))
    sealed = mine.seal(signal)
    assert isinstance(sealed, str) and "offer" not in sealed
    assert parse_published(mine.open(sealed)) == Signal("a", "b", {"type": "offer", "sdp": "v=0 é"}, 1.5)
    for other in (SignalCipher(derive_key("Geheim", "room")), SignalCipher(derive_key("Geheim ✓", "other"))):
        with pytest.raises(ProtocolError):
            other.open(sealed)
    with pytest.raises(ProtocolError):
        mine.open(signal)
    plain = SignalCipher(None)
    assert parse_published(plain.open(plain.seal({"type": "announce", "from": "a"}))) == Announce("a")


@pytest.mark.parametrize("value", [0, 1, -1, 63, 64, -64, 8_192, 2**31 - 1, -(2**31) + 1, 2**31, 1.5, None, True, "é"])
def test_any_reads_back_what_it_wrote(value: object) -> None:
    assert decode_any(encode_any({"v": [value]})) == {"v": [value]}


def test_hostile_values_raise_nothing_else_O6() -> None:
    rng = random.Random(11)
    good = encode_any({"type": "signal", "n": [1, -70_000, 2.5, None, True], "deep": {"a": {"b": "text"}}})
    for _ in range(4_000):
        mutated = bytearray(good[: rng.randrange(1, len(good) + 1)])
        for _ in range(rng.randrange(1, 4)):
            mutated[rng.randrange(len(mutated))] = rng.choice([117, 118, 119, 123, 125, 255, rng.randrange(256)])
        try:
            parse_published(decode_any(bytes(mutated)))
        except ProtocolError:
            continue
    for bad in (b"\x75\x01" * 20 + b"\x7e", b"\x7d" + b"\xff" * 12, b"\x7b\x7f\xf0" + bytes(6)):
        with pytest.raises(ProtocolError):
            decode_any(bad)
    cipher = SignalCipher(bytes(32))
    for text_ in ("", "!", "AAAA", "B0FFUy1HQ00BAAA="):
        with pytest.raises(ProtocolError):
            cipher.open(text_)
