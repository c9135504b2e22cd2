"""Open rooms without a network (protocol section O): ownership, ghosts, and updates that would kill the library."""

from __future__ import annotations

import random
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text

from signaling.open_protocol import (
    AwarenessEntry,
    AwarenessMessage,
    Step1,
    UpdateMessage,
    decode_open_message,
    encode_awareness,
    encode_state_vector,
    encode_step1,
    encode_step2,
    encode_update,
)
from signaling.open_rooms import OpenRoom
from signaling.ranges import RangeSet
from signaling.roomlog import LogOverflow, RoomHistory
from signaling.settings import DeletePolicy
from tests.signaling.frames import payloads
from tests.signaling.memory_log import MemoryRoomLog
from whiteboard_crdt.errors import CloseCode, ProtocolError, UpdateRefused


class Client:
    name = "client"

    def __init__(self, room: OpenRoom) -> None:
        self.room = room
        self.frames: list[bytes] = []

    def send(self, frame: bytes) -> None:
        self.frames += payloads(frame)

    def send_catch_up(self, message: bytes) -> None:
        self.frames.append(message)

    def got(self, kind: type) -> list[Any]:
        self.room.flush()
        return [message for frame in self.frames if isinstance(message := decode_open_message(frame), kind)]

    def entries(self) -> list[AwarenessEntry]:
        return [entry for message in self.got(AwarenessMessage) for entry in message.entries]


def open_room(deletes: DeletePolicy = "own", log: MemoryRoomLog | None = None) -> OpenRoom:
    return OpenRoom("room", RoomHistory(0, False, (), (), ()), log or MemoryRoomLog(), deletes, lambda: 1_000)


def joined(room: OpenRoom) -> Client:
    client = Client(room)
    room.join(client)
    return client


async def test_an_update_reaches_the_others_and_the_log_but_not_its_sender() -> None:
    log = MemoryRoomLog()
    room = open_room(log=log)
    one, two = joined(room), joined(room)
    doc: Doc[Any] = Doc({"t": Text("Grüße")})
    room.receive(one, encode_update(doc.get_update()))
    (update,) = two.got(UpdateMessage)
    assert not one.got(UpdateMessage)
    other: Doc[Any] = Doc()
    other.apply_update(update.update)
    assert str(other.get("t", type=Text)) == "Grüße"
    assert log.appends == 1


async def test_step_1_is_answered_with_what_is_missing_and_never_believed_O2() -> None:
    room = open_room()
    client = joined(room)
    assert client.got(Step1) == [Step1({})]
    doc: Doc[Any] = Doc({"t": Text("abc")})
    room.receive(client, encode_update(doc.get_update()))
    answers = []
    for held in ({}, {doc.client_id: 1}, {doc.client_id: 2**50, 7: 2**50}):
        client.frames.clear()
        room.receive(client, encode_step1(encode_state_vector(held)))
        (step2,) = client.got(UpdateMessage)
        assert step2.step2
        answers.append(step2.update)
    assert b"abc" in answers[0]
    assert b"bc" in answers[1]
    assert answers[2] == b"\0\0"


async def test_a_repeated_step_2_changes_nothing_and_its_new_part_is_taken() -> None:
    log = MemoryRoomLog()
    room = open_room(log=log)
    one, two = joined(room), joined(room)
    doc: Doc[Any] = Doc({"t": Text("abc")})
    room.receive(one, encode_update(doc.get_update()))
    room.flush()
    room.receive(one, encode_step2(doc.get_update()))
    room.flush()
    assert log.appends == 1
    doc["t"] += "def"
    room.flush()
    two.frames.clear()
    room.receive(one, encode_step2(doc.get_update()))
    (update,) = two.got(UpdateMessage)
    late = joined(room)
    room.receive(late, encode_step1(b"\0"))
    other: Doc[Any] = Doc()
    other.apply_update(late.got(UpdateMessage)[0].update)
    assert str(other.get("t", type=Text)) == "abcdef"
    assert b"abc" not in update.update, "what was held is cut off"


async def test_repeated_clocks_with_other_content_are_not_handed_on() -> None:
    room = open_room()
    one, two = joined(room), joined(room)
    honest: Doc[Any] = Doc({"t": Text("abc")}, client_id=5)
    forged: Doc[Any] = Doc({"t": Text("xyz!")}, client_id=5)
    room.receive(one, encode_update(honest.get_update()))
    two.frames.clear()
    room.receive(one, encode_step2(forged.get_update()))
    assert all(b"xyz" not in frame for frame in two.frames)


async def test_a_client_id_belongs_to_the_connection_that_wrote_with_it_first_O3() -> None:
    room = open_room()
    one, two = joined(room), joined(room)
    doc: Doc[Any] = Doc({"t": Text("a")}, client_id=9)
    room.receive(one, encode_update(doc.get_update()))
    doc["t"] += "b"
    with pytest.raises(UpdateRefused) as caught:
        room.receive(two, encode_update(doc.get_update()))
    assert caught.value.code == CloseCode.NOT_ALLOWED
    room.leave(one)
    room.receive(two, encode_update(doc.get_update()))


async def test_an_update_without_its_base_is_asked_for_again_and_not_kept() -> None:
    log = MemoryRoomLog()
    room = open_room(log=log)
    client = joined(room)
    doc: Doc[Any] = Doc({"t": Text("abc")})
    state = doc.get_state()
    doc["t"] += "def"
    client.frames.clear()
    room.receive(client, encode_update(doc.get_update(state)))
    assert client.got(Step1) == [Step1({})]
    assert not log.appends


async def test_awareness_is_echoed_removed_and_not_brought_back_by_an_echo_O2() -> None:
    room = open_room()
    one, two = joined(room), joined(room)
    state = AwarenessEntry(1, 3, b'{"n":"Zo\xc3\xab"}')
    room.receive(one, encode_awareness([state]))
    assert one.entries() == two.entries() == [state]
    room.receive(two, encode_awareness([state]))  # y-websocket tells what it heard
    room.receive(two, encode_awareness([AwarenessEntry(1, 9, b"{}")]))
    assert two.entries() == [state]
    room.leave(one)
    assert two.entries()[-1] == AwarenessEntry(1, 4, b"null")
    room.receive(two, encode_awareness([state]))
    assert joined(room).entries() == []
    three = joined(room)
    room.receive(three, encode_awareness([AwarenessEntry(1, 5, b"{}")]))
    assert two.entries()[-1] == AwarenessEntry(1, 5, b"{}")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x02\x00\x00",
        b"\x04",
        b"\x00\x03\x00",
        b"\x00\x00\x05ab",
        b"\x01\x02\x01\x01",
        b"\x00\x02\x00\x00",
        encode_awareness([AwarenessEntry(1, 1, b"{")]),
        encode_awareness([AwarenessEntry(1, 1, b"[" * 50_000)]),
        b"\x00\x00" + b"\xff" * 200,
    ],
)
async def test_malformed_messages_are_refused_O4(data: bytes) -> None:
    room = open_room()
    with pytest.raises(ProtocolError) as caught:
        room.receive(joined(room), data)
    assert 4400 <= caught.value.code < 4500


def nested(depth: int) -> bytes:
    """Arrays in each other, as honest software could make them."""
    doc: Doc[Any] = Doc()
    inner = doc.get("a", type=Array)
    for _ in range(depth):
        inner.append(Array())
        inner = inner[0]
    return doc.get_update()


POISON = {
    "panics at a clock near 2^32": bytes.fromhex("01016fffffffff0f0401017402455600"),
    "values nested so deep that the process crashes": b"\x01\x01\x4d\x00\x28\x01\x01m\x01k\x01"
    + b"\x75\x01" * 27_000
    + b"\x7e\x00",
    "shared types nested too deep": nested(200),
    "skip": bytes([1, 1, 77, 0, 10, 1, 0]),
    "subdocument": b"\x01\x01\x4d\x00\x09\x01\x01m\x01g\x7e\x00",
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
async def test_poison_is_refused_before_the_library_sees_it_P1(poison: bytes) -> None:
    room = open_room("any")
    client = joined(room)
    with pytest.raises(UpdateRefused):
        room.receive(client, encode_update(poison))
    room.receive(client, encode_update(nested(30)))


async def test_types_may_not_be_nested_deeper_step_by_step_P1() -> None:
    room = open_room("any")
    client = joined(room)
    doc: Doc[Any] = Doc()
    inner = doc.get("a", type=Array)
    updates = []
    for _ in range(100):
        state = doc.get_state()
        inner.append("beside")
        inner.append(Array())
        inner = inner[1]
        updates.append(doc.get_update(state))
    refused = []
    for update in updates:
        try:
            room.receive(client, encode_update(update))
        except UpdateRefused as error:
            refused.append(error.reason)
    assert refused == ["shared types too deep"], "what follows has lost its base"


async def test_siblings_do_not_count_as_depth() -> None:
    room = open_room("any")
    client = joined(room)
    doc: Doc[Any] = Doc()
    items = doc.get("a", type=Array)
    for _ in range(300):
        state = doc.get_state()
        items.append(Map())
        room.receive(client, encode_update(doc.get_update(state)))


def honest_updates(rng: random.Random) -> list[bytes]:
    """A small session's updates of every shape that an application makes."""
    docs: list[Doc[Any]] = [Doc(client_id=rng.randrange(1, 2**31)) for _ in range(2)]
    updates: list[bytes] = []
    for _ in range(12):
        doc = rng.choice(docs)
        state = doc.get_state()
        kind = rng.randrange(5)
        if kind == 0:
            doc.get("t", type=Text).insert(0, rng.choice(["a", "é", "👋x", "long text"]))
        elif kind == 1:
            doc.get("m", type=Map)[rng.choice("abc")] = rng.choice([1, None, {"x": [1.5]}, "s", b"bytes"])
        elif kind == 2:
            doc.get("a", type=Array).append(rng.choice([Map(), Text("x"), 5]))
        elif kind == 3 and len(str(doc.get("t", type=Text))) > 1:
            text = doc.get("t", type=Text)
            text.clear()
        else:
            doc.get("a", type=Array).insert(0, True)
        update = doc.get_update(state)
        updates.append(update)
        for other in docs:
            if other is not doc:
                other.apply_update(update)
    return updates


@pytest.mark.parametrize("seed", range(6))
async def test_mutated_updates_are_refused_or_harmless_and_the_room_lives_on(seed: int) -> None:
    """A panic would end the process (signaling.panic); anything but ProtocolError fails here."""
    rng = random.Random(seed)
    for _ in range(12):
        room = open_room("any")
        client = joined(room)
        for update in honest_updates(rng):
            for _ in range(8):
                mutated = bytearray(update)
                for _ in range(rng.randrange(1, 4)):
                    byte = rng.choice([0, 1, 4, 7, 0x27, 0x80, 0xC4, rng.randrange(256)])
                    mutated[rng.randrange(len(mutated))] = byte
                try:
                    room.receive(client, encode_update(bytes(mutated)))
                except ProtocolError:
                    continue
        late = joined(room)
        room.receive(late, encode_step1(b"\0"))
        for message in late.got(UpdateMessage):
            Doc().apply_update(message.update)


def test_ranges_merge_and_answer() -> None:
    rng = random.Random(1)
    ranges, truth = RangeSet(), set[int]()
    for _ in range(500):
        start, length = rng.randrange(300), rng.randrange(1, 12)
        assert ranges.covers(start, length) == truth.issuperset(range(start, start + length))
        if rng.random() < 0.4:
            ranges.add(start, length)
            truth.update(range(start, start + length))


async def test_what_one_writing_carries_is_one_record_and_comes_back_from_the_log() -> None:
    log = MemoryRoomLog()
    room = open_room(log=log)
    client = joined(room)
    doc: Doc[Any] = Doc({"points": Array()})
    room.receive(client, encode_update(doc.get_update()))
    made: list[bytes] = []
    subscription = doc.observe(lambda event: made.append(bytes(event.update)))
    for number in range(50):
        doc["points"].append(number)
    doc.unobserve(subscription)
    for update in made:
        room.receive(client, encode_update(update))
    stored = room.stored
    assert log.appends == 0
    assert stored is not None
    assert not stored.done()
    room.flush()
    await stored
    assert log.appends == 1
    history = await log.open_room("open:room", 0)
    again = OpenRoom("room", history, log, "own", lambda: 2_000)
    other = joined(again)
    again.receive(other, encode_step1(b"\0"))
    restored: Doc[Any] = Doc({"points": Array()})
    restored.apply_update(other.got(UpdateMessage)[0].update)
    assert restored["points"].to_py() == list(range(50))


async def test_nothing_is_taken_while_the_log_has_no_room_and_all_is_stored_after_it() -> None:
    log = MemoryRoomLog()
    room = open_room(log=log)
    client = joined(room)
    doc: Doc[Any] = Doc({"t": Text("abc")})
    before = doc.get_state()
    log.overflow = True
    room.receive(client, encode_update(doc.get_update()))
    stored = room.stored
    assert stored is not None
    room.flush()
    doc["t"] += "def"
    with pytest.raises(LogOverflow):
        room.receive(client, encode_update(doc.get_update(before)))
    assert not stored.done()
    log.overflow = False
    assert room.receive(client, encode_update(doc.get_update(before)))
    room.flush()
    await stored
    assert log.appends == 3 + 2, "three were refused"
    assert len((await log.open_room("open:room", 0)).records) == 2


async def test_a_client_that_goes_on_is_held_to_what_it_may_write_as() -> None:
    """The quick way for who appends is not open to a client id that another connection has taken over."""
    room = open_room()
    one = joined(room)
    doc: Doc[Any] = Doc({"points": Array()}, client_id=7)
    room.receive(one, encode_update(doc.get_update()))
    made: list[bytes] = []
    subscription = doc.observe(lambda event: made.append(bytes(event.update)))
    for number in range(4):
        doc["points"].append(number)
    doc.unobserve(subscription)
    room.receive(one, encode_update(made[0]))
    room.leave(one)
    two = joined(room)
    room.receive(two, encode_update(made[1]))
    room.clients.add(one)
    with pytest.raises(UpdateRefused, match="another connection"):
        room.receive(one, encode_update(made[2]))
    room.receive(two, encode_update(made[2]))
