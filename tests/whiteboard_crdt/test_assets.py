"""Messages of `bulk`, and who is asked for what (protocol section A)."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from whiteboard_crdt.asset_fetch import Ask, AskServer, AssetFetcher, Check, Failed, Fetched
from whiteboard_crdt.assets import (
    ASSET_LIMITS,
    MIMES,
    AskMessage,
    AssetId,
    AssetSender,
    BulkType,
    ChunkMessage,
    NoneMessage,
    decode_bulk,
    encode_bulk,
    parse_asset,
    sniff_mime,
)
from whiteboard_crdt.errors import CloseCode, ProtocolError
from whiteboard_crdt.ids import SessionId
from whiteboard_crdt.spec import load_spec

ANN, BOB = SessionId("a" * 16), SessionId("b" * 16)
WINDOW = ASSET_LIMITS.window_bytes


def picture(size: int, seed: int = 1) -> tuple[AssetId, bytes]:
    data = b"\x89PNG\r\n\x1a\n" + random.Random(seed).randbytes(size - 8)
    return AssetId(hashlib.sha256(data).hexdigest()), data


class World:
    """A fetcher among peers that answer as told."""

    def __init__(self, *peers: SessionId) -> None:
        self.fetcher = AssetFetcher()
        self.now_ms = 0
        self.peers: dict[SessionId, dict[AssetId, bytes]] = {}
        self.silent: set[SessionId] = set()
        self.server: dict[AssetId, bytes] | None = None
        self.asks: list[tuple[SessionId | str, int]] = []
        self.done: dict[AssetId, bytes | str] = {}
        for peer in peers:
            self.join(peer)

    def join(self, peer: SessionId, held: Iterable[tuple[AssetId, bytes]] = ()) -> None:
        self.peers[peer] = dict(held)
        self.fetcher.peer_up(peer, self.now_ms)

    def want(self, asset: AssetId) -> None:
        assert self.fetcher.want(asset, self.now_ms)
        self.run()

    def run(self, limit: int = 10_000) -> None:
        """Let everybody answer, at most `limit` actions."""
        while (actions := self.fetcher.take_actions()) and limit > 0:
            for action in actions:
                limit -= 1
                if isinstance(action, Ask):
                    self.asks.append((action.peer, action.message.first))
                    self._serve(action)
                elif isinstance(action, AskServer):
                    self.asks.append(("server", action.first))
                    self._serve_from_server(action)
                elif isinstance(action, Check):
                    good = hashlib.sha256(action.data).hexdigest() == action.asset
                    self.fetcher.checked(action.asset, good, self.now_ms)
                elif isinstance(action, Fetched):
                    self.done[action.asset] = action.data
                elif isinstance(action, Failed):
                    self.done[action.asset] = action.reason

    def _serve(self, action: Ask) -> None:
        if action.peer in self.silent:
            return
        sender = AssetSender(self.peers[action.peer].get)
        sender.receive(decode_ask(encode_bulk(action.message)))
        while (message := sender.next_message()) is not None:
            answer = decode_bulk(encode_bulk(message))
            assert isinstance(answer, ChunkMessage | NoneMessage)
            self.fetcher.receive(action.peer, answer, self.now_ms)

    def _serve_from_server(self, action: AskServer) -> None:
        if self.server is None:
            self.fetcher.server_away(action.asset, self.now_ms)
        elif (data := self.server.get(action.asset)) is None:
            self.fetcher.server_missing(action.asset, self.now_ms)
        else:
            self.fetcher.server_rest(action.asset, action.first, len(data), data[action.first :], self.now_ms)

    def pass_time(self, ms: int) -> None:
        for _ in range(0, ms, 500):
            self.now_ms += 500
            self.fetcher.tick(self.now_ms)
            self.run()


def decode_ask(data: bytes) -> AskMessage:
    message = decode_bulk(data)
    assert isinstance(message, AskMessage)
    return message


def test_types_and_kinds_are_those_of_the_spec_A2() -> None:
    spec = load_spec("assets")
    assert {kind.name: kind.value for kind in BulkType} == spec["types"]
    found = [sniff_mime(data) for data in (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\0\0\0\0WEBP")]
    assert tuple(found) == MIMES
    assert [sniff_mime(data) for data in (b"", b"<svg/>", b"GIF89a", b"RIFF\0\0\0\0WAVE")] == [None] * 4


@pytest.mark.parametrize("text", ["", "A" * 64, "0" * 63, "0" * 65, "../" + "0" * 61])
def test_an_asset_is_named_by_64_hex_digits_A1(text: str) -> None:
    with pytest.raises(ProtocolError):
        parse_asset(text)


def test_vectors_decode_and_encode_A2() -> None:
    vectors = json.loads((Path(__file__).parents[1] / "vectors" / "bulk.json").read_text())
    for case in vectors["good"]:
        assert encode_bulk(decode_bulk(bytes.fromhex(case["hex"]))).hex() == case["hex"], case["name"]
    for case in vectors["bad"]:
        with pytest.raises(ProtocolError):
            decode_bulk(bytes.fromhex(case["hex"]))
    for case in vectors["mimes"]:
        assert sniff_mime(bytes.fromhex(case["hex"])) == case["mime"]


def test_mutated_messages_raise_nothing_else_W6() -> None:
    rng = random.Random(7)
    asset, data = picture(100)
    good = [
        encode_bulk(AskMessage(asset, 5, 10)),
        encode_bulk(ChunkMessage(asset, 1, 100, data[1:])),
        encode_bulk(NoneMessage(asset)),
    ]
    for _ in range(3_000):
        mutated = bytearray(rng.choice(good)[: rng.randrange(1, 140)])
        mutated[rng.randrange(len(mutated))] = rng.randrange(256)
        try:
            decode_bulk(bytes(mutated))
        except ProtocolError:
            continue


def test_a_sender_sends_a_range_in_chunks_and_bounds_what_waits_A4_A6() -> None:
    asset, data = picture(100_000)
    sender = AssetSender({asset: data}.get)
    sender.receive(AskMessage(asset, 50_000, 40_000))
    offsets = []
    while (message := sender.next_message()) is not None:
        assert isinstance(message, ChunkMessage)
        assert message.data == data[message.offset : message.offset + len(message.data)]
        offsets.append(message.offset)
    assert offsets == [50_000, 66_384, 82_768]
    for _ in range(ASSET_LIMITS.asks_waiting):
        sender.receive(AskMessage(asset, 0, 1))
    with pytest.raises(ProtocolError) as refused:
        sender.receive(AskMessage(asset, 0, 1))
    assert refused.value.code == CloseCode.RATE_LIMITED


def test_an_ask_past_the_end_is_answered_with_silence_A4() -> None:
    asset, data = picture(50)
    sender = AssetSender({asset: data}.get)
    sender.receive(AskMessage(asset, 50, 10))
    assert sender.next_message() is None


def test_a_whole_asset_comes_from_one_peer_in_windows_A3() -> None:
    asset, data = picture(3 * WINDOW + 17)
    world = World()
    world.join(ANN, [(asset, data)])
    world.want(asset)
    assert world.done == {asset: data}
    assert [first for _, first in world.asks] == [0, WINDOW, 2 * WINDOW, 3 * WINDOW]


def test_where_a_peer_vanishes_another_goes_on_and_nothing_is_sent_twice_A6() -> None:
    asset, data = picture(4 * WINDOW)
    world = World()
    world.join(ANN, [(asset, data[: WINDOW + 5_000])])
    world.join(BOB, [(asset, data)])
    world.silent.add(BOB)
    assert world.fetcher.want(asset, 0)
    (ask,) = world.fetcher.take_actions()
    assert isinstance(ask, Ask) and ask.peer == ANN
    for offset in range(0, 3 * 16_384, 16_384):
        world.fetcher.receive(ANN, ChunkMessage(asset, offset, len(data), data[offset : offset + 16_384]), 0)
    world.silent.clear()
    world.fetcher.peer_down(ANN, 0)
    world.run()
    assert world.done == {asset: data}
    assert world.asks[0] == (BOB, 3 * 16_384)


def test_a_stalled_peer_is_left_after_its_time_A6() -> None:
    asset, data = picture(1_000)
    world = World()
    world.join(ANN, [(asset, data)])
    world.join(BOB, [(asset, data)])
    world.silent.add(ANN)
    world.want(asset)
    world.pass_time(ASSET_LIMITS.stall_ms - 500)
    assert not world.done
    world.pass_time(500)
    assert world.done == {asset: data}


def test_a_peer_that_drips_is_left_too_A6() -> None:
    asset, data = picture(200_000)
    fetcher = AssetFetcher()
    fetcher.peer_up(ANN, 0)
    fetcher.want(asset, 0)
    fetcher.take_actions()
    actions = []
    for step in range(ASSET_LIMITS.slow_ms // 1000 + 1):
        fetcher.receive(ANN, ChunkMessage(asset, step, len(data), data[step : step + 1]), step * 1000)
        fetcher.tick(step * 1000)
        actions += fetcher.take_actions()
    assert actions[-1] == AskServer(asset, ASSET_LIMITS.slow_ms // 1000 + 1)


def test_the_server_goes_on_where_peers_left_off_A7() -> None:
    asset, data = picture(2 * WINDOW)
    world = World()
    world.server = {asset: data}
    world.join(ANN, [(asset, data)])
    assert world.fetcher.want(asset, 0)
    world.fetcher.take_actions()
    world.fetcher.receive(ANN, ChunkMessage(asset, 0, len(data), data[:9_000]), 0)
    world.fetcher.peer_down(ANN, 0)
    world.run()
    assert world.asks == [("server", 9_000)]
    assert world.done == {asset: data}


def test_a_corrupted_chunk_costs_its_sender_the_asset_and_another_brings_the_whole_A6() -> None:
    asset, data = picture(100_000)
    broken = bytearray(data)
    broken[70_000] ^= 1
    world = World()
    world.join(ANN, [(asset, bytes(broken))])
    world.join(BOB, [(asset, data)])
    world.want(asset)
    assert world.done == {asset: data}
    assert world.asks == [(ANN, 0), (BOB, 0)]


def test_a_wrong_whole_of_two_sources_is_asked_of_each_alone_A6() -> None:
    asset, data = picture(100_000)
    broken = bytearray(data)
    broken[1] ^= 1
    world = World()
    world.join(ANN, [(asset, bytes(broken))])
    world.join(BOB, [(asset, data)])
    assert world.fetcher.want(asset, 0)
    world.fetcher.take_actions()
    world.fetcher.receive(ANN, ChunkMessage(asset, 0, len(data), bytes(broken[:16_384])), 0)
    world.fetcher.peer_down(ANN, 0)
    world.fetcher.peer_up(ANN, 0)
    world.run()
    assert world.done == {asset: data}
    assert (BOB, 16_384) in world.asks and (BOB, 0) in world.asks


def test_two_lengths_for_one_asset_end_with_the_right_one_A6() -> None:
    asset, data = picture(100_000)
    world = World()
    world.join(ANN, [(asset, data)])
    world.join(BOB, [(asset, data)])
    assert world.fetcher.want(asset, 0)
    world.fetcher.take_actions()
    world.fetcher.receive(ANN, ChunkMessage(asset, 0, 90_000, data[:16_384]), 0)
    world.fetcher.peer_down(ANN, 0)
    world.run()
    world.join(ANN, [(asset, data)])
    world.pass_time(5_000)
    assert world.done == {asset: data}


def test_what_nobody_has_fails_after_its_rounds_and_a_new_peer_ends_the_pause_A7() -> None:
    asset, data = picture(10)
    world = World(ANN)
    world.server = {}
    world.want(asset)
    world.pass_time(60_000)
    assert world.done == {asset: "unknown"}
    assert world.asks.count((ANN, 0)) == world.asks.count(("server", 0)) == ASSET_LIMITS.rounds
    world = World()
    world.want(asset)
    assert not world.done and world.asks == [("server", 0)]
    world.join(BOB, [(asset, data)])
    world.run()
    assert world.done == {asset: data}


def test_without_peers_and_server_it_is_unreachable_A7() -> None:
    asset, _ = picture(10)
    world = World()
    world.want(asset)
    world.pass_time(60_000)
    assert world.done == {asset: "unreachable"}


def test_a_server_with_other_bytes_is_not_believed_A7() -> None:
    asset, data = picture(1_000)
    world = World()
    world.server = {asset: data[:-1] + b"x"}
    world.want(asset)
    world.pass_time(60_000)
    assert world.done == {asset: "unknown"}


def test_few_at_once_the_rest_wait_their_turn_and_too_many_are_refused_A6() -> None:
    pictures = [picture(20, seed) for seed in range(10)]
    fetcher = AssetFetcher()
    fetcher.peer_up(ANN, 0)
    for asset, _ in pictures:
        fetcher.want(asset, 0)
    asked = [action.message.asset for action in fetcher.take_actions() if isinstance(action, Ask)]
    assert asked == [asset for asset, _ in pictures[: ASSET_LIMITS.parallel]]
    fetcher.receive(ANN, ChunkMessage(asked[0], 0, 20, pictures[0][1]), 0)
    fetcher.take_actions()
    fetcher.checked(asked[0], True, 0)
    assert [type(action) for action in fetcher.take_actions()] == [Fetched, Ask]
    for number in range(ASSET_LIMITS.wanted):
        fetcher.want(AssetId(f"{number:064x}"), 0)
    assert not fetcher.want(AssetId("f" * 64), 0)


def test_what_was_not_asked_for_is_passed_over_A6() -> None:
    asset, data = picture(100)
    fetcher = AssetFetcher()
    fetcher.peer_up(ANN, 0)
    fetcher.want(asset, 0)
    fetcher.take_actions()
    fetcher.receive(BOB, ChunkMessage(asset, 0, 100, data), 0)
    fetcher.receive(ANN, ChunkMessage(asset, 5, 100, data[5:]), 0)
    fetcher.receive(ANN, ChunkMessage(picture(50)[0], 0, 100, data), 0)
    assert fetcher.take_actions() == []


@pytest.mark.parametrize("seed", range(20))
def test_among_liars_leavers_and_stalls_the_right_bytes_or_none_arrive_A6(seed: int) -> None:
    rng = random.Random(seed)
    asset, data = picture(rng.choice([9, 16_384, 40_000, 400_000]), seed)
    world = World()
    world.server = rng.choice([None, {}, {asset: data}])
    honest = SessionId("9" * 16)
    for number in range(rng.randrange(1, 5)):
        peer = SessionId(f"{number:016x}")
        lie = bytearray(data)
        lie[rng.randrange(len(lie))] ^= 1
        world.join(peer, [(asset, rng.choice([bytes(lie), data[: len(data) // 2 + 1], data]))])
        if rng.random() < 0.3:
            world.silent.add(peer)
    world.want(asset)
    for _ in range(40):
        peer = rng.choice(list(world.peers))
        if rng.random() < 0.5:
            world.fetcher.peer_down(peer, world.now_ms)
        else:
            world.fetcher.peer_up(peer, world.now_ms)
        world.run()
        world.pass_time(500)
    world.join(honest, [(asset, data)])
    world.pass_time(60_000)
    assert world.done.get(asset) in (data, "unknown", "unreachable"), f"seed {seed}"
    if asset in world.done and world.done[asset] != data:
        world.want(asset)
        world.pass_time(60_000)
        assert world.done[asset] == data, f"seed {seed}"
