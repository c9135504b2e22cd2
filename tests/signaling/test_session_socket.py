"""What a room does with its members' messages: told to all at once, or refused with a code and noticed by nobody."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable

import pytest

from signaling.server import Relay
from tests.signaling.conftest import StartRelay, session_url
from tests.signaling.drawing import draw
from tests.signaling.noticed import noticed
from tests.signaling.raw_client import RawClient, Scribe, raw_client
from tests.signaling.school import ROOM, School
from whiteboard_crdt.envelope import envelope_hash
from whiteboard_crdt.errors import CloseCode
from whiteboard_crdt.ids import BOARD, CHAT, STAGE, Capability, DocRef, Role, UserId
from whiteboard_crdt.keys import SessionKey
from whiteboard_crdt.messages import (
    AckEntry,
    AckMessage,
    EnvelopeMessage,
    HaveMessage,
    Head,
    LiveMessage,
    LoggedMessage,
    PingMessage,
    PongMessage,
    PresenceMessage,
    RefusedMessage,
    SnapshotMessage,
    SyncedMessage,
    TicketMessage,
    WantMessage,
    encode_message,
)
from whiteboard_crdt.presence import LiveInk


async def room_did_not_notice(watcher: RawClient, nonce: int = 7) -> None:
    """Everything that reached the watcher until now; nothing but presence of people may be there."""
    await watcher.send(PingMessage(nonce))
    await watcher.message(PongMessage, lambda pong: pong.nonce == nonce)
    kinds = {type(message) for message in watcher.messages}
    assert kinds <= {PongMessage, PingMessage, SyncedMessage, HaveMessage}
    assert {control["t"] for control in watcher.controls} <= {"challenge", "welcome", "joined", "left"}


HOSTILE_BYTES = {
    "empty": b"",
    "unknown type": b"\x63abc",
    "truncated envelope": b"\x01\x01\x00" + bytes(8),
    "trailing byte": encode_message(PingMessage(1)) + b"\0",
    "varint not canonical": b"\x03\x00\x80\x00",
    "message of the relay": encode_message(SyncedMessage((BOARD,))),
    "count that lies": b"\x03\x00\xff\xff\x03",
}


@pytest.mark.parametrize("data", HOSTILE_BYTES.values(), ids=HOSTILE_BYTES)
async def test_malformed_bytes_close_the_sender_4400_W6(
    school: School, url: str, caplog: pytest.LogCaptureFixture, data: bytes
) -> None:
    async with raw_client(url) as watcher, raw_client(url) as client:
        await watcher.join(school.person("bob"))
        await client.join(school.person("ann"))
        await client.socket.send_bytes(data)
        assert await client.close_code() == CloseCode.MALFORMED
        await room_did_not_notice(watcher)
    assert len([line for line in caplog.messages if line.startswith("refused")]) == 1


@pytest.mark.parametrize(
    "text",
    ["no json", "[[[[", '{"t":"hello"}', '{"t":"signal","to":1}', '{"t":"x"}', '{"t":"signal","to":"a","data":[]}'],
)
async def test_malformed_text_closes_the_sender_4400(
    school: School, url: str, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    async with raw_client(url) as watcher, raw_client(url) as client:
        await watcher.join(school.person("bob"))
        await client.join(school.person("ann"))
        await client.socket.send_str(text)
        assert await client.close_code() == CloseCode.MALFORMED
        await room_did_not_notice(watcher)
    assert len([line for line in caplog.messages if line.startswith("refused")]) == 1


@pytest.mark.parametrize("size", [262_145, 1_000_000])
async def test_an_oversized_message_closes_the_sender_4407_W7(school: School, url: str, size: int) -> None:
    async with raw_client(url) as watcher, raw_client(url) as client:
        await watcher.join(school.person("bob"))
        await client.join(school.person("ann"))
        await client.socket.send_bytes(b"\x01" * size)
        assert await client.close_code() == CloseCode.OVERSIZED
        await room_did_not_notice(watcher)


async def test_an_oversized_text_closes_the_sender_4407_W7(school: School, url: str) -> None:
    async with raw_client(url) as client:
        await client.join(school.person("ann"))
        await client.socket.send_str('{"t":"signal","to":"' + "x" * 66_000 + '","data":{}}')
        assert await client.close_code() == CloseCode.OVERSIZED


async def test_an_envelope_reaches_the_others_and_is_acknowledged_to_its_sender_B1(school: School, url: str) -> None:
    ann = school.person("ann")
    async with raw_client(url) as client, raw_client(url) as watcher:
        await client.join(ann)
        await watcher.join(school.person("bob"))
        scribe = Scribe(ann)
        sent = scribe.write()
        await client.send(sent)
        assert (await watcher.message(EnvelopeMessage)) == sent
        ack = await client.message(AckMessage)
        assert ack.entries == (AckEntry(BOARD, ann.session, 1),)


async def test_poison_updates_are_refused_before_the_library_sees_them_P1(school: School, url: str) -> None:
    """The update that panics yrs, and a value nested so deep that it crashes the process."""
    panic = bytes.fromhex("01016fffffffff0f0401017402455600")
    client_id = 77
    deep = b"\x01\x01\x4d\x00\x28\x01\x06shapes\x01k\x01" + b"\x75\x01" * 27_000 + b"\x7e\x00"
    for poison in (panic, deep):
        ann = school.person("ann", client=client_id)
        client_id += 1
        async with raw_client(url) as watcher, raw_client(url) as client:
            await watcher.join(school.person("bob"))
            await client.join(ann)
            await client.send(EnvelopeMessage(Scribe(ann).seal(poison)))
            assert (await client.message(RefusedMessage)).code == CloseCode.UPDATE_REFUSED
            assert await client.close_code() == CloseCode.UPDATE_REFUSED
            await room_did_not_notice(watcher)


def other_client(scribe: Scribe, school: School) -> bytes:
    return Scribe(school.person("x")).update(f"{scribe.person.session}-1")


def other_author(scribe: Scribe, _school: School) -> bytes:
    return scribe.update("ffffffffffffffff-1")


def clock_gap(scribe: Scribe, _school: School) -> bytes:
    scribe.update()
    return scribe.update(f"{scribe.person.session}-2")


def other_root(scribe: Scribe, _school: School) -> bytes:
    return scribe.update("k", root="elsewhere")


@pytest.mark.parametrize("hostile", [other_client, other_author, clock_gap, other_root])
async def test_an_update_that_breaks_a_rule_closes_its_author_4412(
    school: School, url: str, hostile: Callable[[Scribe, School], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    ann = school.person("ann")
    async with raw_client(url) as watcher, raw_client(url) as client:
        await watcher.join(school.person("bob"))
        await client.join(ann)
        scribe = Scribe(ann)
        await client.send(EnvelopeMessage(scribe.seal(hostile(scribe, school))))
        assert await client.close_code() == CloseCode.UPDATE_REFUSED
        assert [m.code for m in client.messages if isinstance(m, RefusedMessage)] == [CloseCode.UPDATE_REFUSED]
        await room_did_not_notice(watcher)
    (line,) = [line for line in caplog.messages if line.startswith("envelope refused")]
    assert "rule=P" in line


@pytest.mark.parametrize(
    ("doc", "role", "caps"),
    [
        (BOARD, Role.STUDENT, {Capability.CHAT}),
        (STAGE, Role.STUDENT, set(Capability)),
        (CHAT, Role.REVIEWER, set(Capability)),
        (DocRef.desk("bob"), Role.STUDENT, set(Capability)),
    ],
    ids=["board without right", "student on stage", "reviewer in chat", "another's desk"],
)
async def test_writing_where_one_may_not_closes_4406_P7(
    school: School, url: str, doc: DocRef, role: Role, caps: set[Capability]
) -> None:
    ann = school.person("ann", role, caps=caps)
    async with raw_client(url) as client:
        await client.join(ann)
        roots = {STAGE: "stage", CHAT: "messages"}
        scribe = Scribe(ann, doc)
        await client.send(EnvelopeMessage(scribe.seal(scribe.update(root=roots.get(doc, "shapes")))))
        assert (await client.message(RefusedMessage)).code == CloseCode.NOT_ALLOWED
        assert await client.close_code() == CloseCode.NOT_ALLOWED


async def test_two_histories_freeze_the_session_and_staff_are_told_4411_E5(school: School, url: str) -> None:
    ann = school.person("ann")
    async with raw_client(url) as tutor, raw_client(url) as client:
        await tutor.join(school.person("tutor", Role.TUTOR))
        await client.join(ann)
        one, two = Scribe(ann), Scribe(ann)
        await client.send(one.write())
        await client.send(EnvelopeMessage(two.seal(two.update(value="another"))))
        assert await client.close_code() == CloseCode.EQUIVOCATION
        assert (await tutor.control("equivocation"))["session"] == ann.session
    async with raw_client(url) as client:
        await client.hello(ann)
        assert await client.close_code() == CloseCode.EQUIVOCATION


async def test_anyone_may_bring_anothers_envelope_but_not_forge_it_E9(school: School, url: str) -> None:
    absent, bob, eve = school.person("ann"), school.person("bob"), school.person("eve")
    scribe = Scribe(absent)
    async with raw_client(url) as watcher, raw_client(url) as bringer, raw_client(url) as forger:
        await watcher.join(school.person("watcher"))
        await bringer.join(bob)
        await forger.join(eve)
        sent = scribe.write()
        await bringer.send(sent)
        await bringer.send(TicketMessage(absent.token))
        assert (await watcher.message(TicketMessage)).token == absent.token
        assert (await watcher.message(EnvelopeMessage)) == sent
        assert (await bringer.message(AckMessage)).entries == (AckEntry(BOARD, absent.session, 1),)
        await forger.send(EnvelopeMessage(scribe.seal(scribe.update(), key=SessionKey.generate())))
        assert await forger.close_code() == CloseCode.UPDATE_REFUSED


async def test_what_came_too_early_is_asked_for_and_not_acknowledged_E6(school: School, url: str) -> None:
    ann = school.person("ann")
    async with raw_client(url) as client, raw_client(url) as watcher:
        await client.join(ann)
        await watcher.join(school.person("bob"))
        scribe = Scribe(ann)
        first, second, third = scribe.write(), scribe.write(), scribe.write()
        await client.send(first)
        await client.send(third)
        want = await client.message(WantMessage)
        assert (want.session, want.first, want.last) == (ann.session, 2, 2)
        acks = [entry.seq for m in client.messages if isinstance(m, AckMessage) for entry in m.entries]
        assert max(acks) == 1
        await client.send(second)
        await client.message(AckMessage, lambda ack: ack.entries[0].seq == 3)
        seqs = [(await watcher.message(EnvelopeMessage)).envelope.seq for _ in range(3)]
        assert seqs == [1, 2, 3]


async def test_presence_is_there_at_join_newest_first_and_of_oneself_only(school: School, url: str) -> None:
    ann, bob = school.person("ann"), school.person("bob")
    async with raw_client(url) as one, raw_client(url) as two:
        await one.join(ann)
        for version, state in ((2, b'{"hand":true}'), (1, b'{"hand":false}')):
            await one.send(PresenceMessage(ann.session, version, state))
        await one.send(PingMessage(1))
        await one.message(PongMessage)
        welcome = await two.join(bob)
        (entry,) = welcome["participants"]
        assert entry["presence"] == {"hand": True}
        await two.send(PresenceMessage(bob.session, 1, '{"name":"Grüße"}'.encode()))
        told = await one.message(PresenceMessage, lambda message: message.session == bob.session)
        assert told.state.decode() == '{"name":"Grüße"}'
        await one.socket.close()
        assert (await two.control("left"))["session"] == ann.session
        await two.send(PresenceMessage(ann.session, 9, b"{}"))
        assert await two.close_code() == CloseCode.NOT_ALLOWED


async def test_presence_that_is_no_object_closes_4400(school: School, url: str) -> None:
    ann = school.person("ann")
    async with raw_client(url) as client:
        await client.join(ann)
        await client.send(PresenceMessage(ann.session, 1, b"[1]"))
        assert await client.close_code() == CloseCode.MALFORMED


async def test_live_ink_is_handed_on_and_never_stored_L(school: School, relay: Relay, url: str) -> None:
    ann = school.person("ann")
    packet = LiveMessage(ann.session, 1, "main", (1, 2), LiveInk(1, 0, "red", 40, 0, ((0, 0, 128),)))
    async with raw_client(url) as one, raw_client(url) as two:
        await one.join(ann)
        await two.join(school.person("bob"))
        await one.send(packet)
        assert await two.message(LiveMessage) == packet
    assert (await relay.lobby.store.open_room(ROOM, 0)).records == []


async def test_signals_reach_one_participant_in_fixed_shape_S6(school: School, url: str) -> None:
    ann, bob = school.person("ann"), school.person("bob")
    async with raw_client(url) as one, raw_client(url) as two, raw_client(url) as three:
        await one.join(ann)
        await two.join(bob)
        await three.join(school.person("eve"))
        data = {
            "epoch": 1,
            "kind": "candidate",
            "candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host",
            "mid": "0",
            "line": 0,
        }
        await one.socket.send_json({"t": "signal", "to": bob.session, "data": {**data, "extra": [1]}})
        assert await two.control("signal") == {"t": "signal", "from": ann.session, "data": data}
        await one.socket.send_json({"t": "signal", "to": "0" * 16, "data": data})
        await one.send(PingMessage(3))
        await one.message(PongMessage)
        await room_did_not_notice(three)


async def test_a_flood_of_signals_is_closed_4413_S6(school: School, url: str) -> None:
    async with raw_client(url) as one:
        await one.join(school.person("ann"))
        for _ in range(400):
            if one.socket.closed:
                break
            await one.socket.send_json({"t": "signal", "to": "0" * 16, "data": {"epoch": 1, "kind": "hello"}})
        assert await one.close_code() == CloseCode.RATE_LIMITED


async def test_desks_are_seen_by_their_user_staff_and_recorder_only(school: School, url: str) -> None:
    ann = school.person("ann")
    desk = DocRef.desk("ann")
    async with (
        raw_client(url) as owner, raw_client(url) as tutor, raw_client(url) as other, raw_client(url) as recorder,
    ):  # fmt: skip
        await owner.join(ann)
        await tutor.join(school.person("tutor", Role.TUTOR))
        await other.join(school.person("bob"))
        await recorder.join(school.person("rec", Role.RECORDER), mode="log")
        sent = Scribe(ann, desk).write()
        await owner.send(sent)
        assert await tutor.message(EnvelopeMessage) == sent
        assert (await recorder.message(LoggedMessage)).envelope == sent.envelope
        await other.send(WantMessage(desk, ann.session, 1, 1))
        await other.send(HaveMessage((), reply=True))
        await room_did_not_notice(other)
        assert not [m for m in other.messages if isinstance(m, HaveMessage) and m.heads]


async def test_a_pen_at_a_desk_is_shown_to_its_user_and_staff_alone_D4(school: School, url: str) -> None:
    ann, bob, tutor = school.person("ann"), school.person("bob"), school.person("tutor", Role.TUTOR)
    ink = LiveInk(1, 0, "red", 40, 0, ((0, 0, 128),))
    async with (
        raw_client(url) as owner, raw_client(url) as staff, raw_client(url) as other, raw_client(url) as recorder,
    ):  # fmt: skip
        await owner.join(ann)
        await staff.join(tutor)
        await other.join(bob)
        await recorder.join(school.person("rec", Role.RECORDER), mode="log")
        at_desk = LiveMessage(ann.session, 1, "main", (0, 0), ink, False, UserId("ann"))
        await owner.send(at_desk)
        assert await staff.message(LiveMessage) == at_desk
        helps = LiveMessage(tutor.session, 1, "main", (5, 5), None, True, UserId("ann"))
        await staff.send(helps)
        assert await owner.message(LiveMessage) == helps
        # Somebody who may not write at that desk shows nothing there, to nobody.
        await other.send(LiveMessage(bob.session, 1, "main", (1, 1), None, False, UserId("ann")))
        on_board = LiveMessage(bob.session, 2, "main", (2, 2))
        await other.send(on_board)
        for client in (owner, staff, recorder):
            assert await client.message(LiveMessage) == on_board
        await room_did_not_notice(other)
        assert not [message for message in other.messages if isinstance(message, LiveMessage)]


async def test_the_recorder_gets_the_whole_log_with_room_times_and_then_only_the_rest_S2(
    school: School, url: str
) -> None:
    ann, rec = school.person("ann"), school.person("rec", Role.RECORDER)
    scribe = Scribe(ann)
    async with raw_client(url) as client:
        await client.join(ann)
        sent = [scribe.write() for _ in range(3)]
        for message in sent:
            await client.send(message)
        await client.message(AckMessage, lambda ack: ack.entries[0].seq == 3)
    async with raw_client(url) as recorder:
        welcome = await recorder.join(rec, mode="log")
        assert welcome["sessions"] == [ann.token]
        await recorder.message(SyncedMessage)
        logged = [m for m in recorder.messages if isinstance(m, LoggedMessage)]
        assert [m.envelope for m in logged] == [m.envelope for m in sent]
        times = [m.room_ms for m in logged]
        assert times == sorted(times)
        assert times[-1] <= welcome["room_ms"]
    have = HaveMessage((Head(BOARD, ann.session, 2, envelope_hash(ROOM, sent[1].envelope.body)),))
    async with raw_client(url) as recorder:
        await recorder.join(rec, mode="log", have=have)
        await recorder.message(SyncedMessage)
        assert [m.envelope.seq for m in recorder.messages if isinstance(m, LoggedMessage)] == [3]


async def test_a_newcomer_gets_envelopes_or_one_snapshot_and_what_came_since_S3(school: School, url: str) -> None:
    ann = school.person("ann")
    scribe = Scribe(ann)
    async with raw_client(url) as client:
        await client.join(ann)
        for _ in range(50):
            await client.send(scribe.write())
        async with raw_client(url) as small:
            await small.join(school.person("b1"))
            await small.message(SyncedMessage)
        for _ in range(2_000):
            await client.send(scribe.write())
        await client.message(AckMessage, lambda ack: ack.entries[0].seq == 2_050)
        async with raw_client(url) as late:
            await late.join(school.person("b2"))
            snapshot = await late.message(SnapshotMessage)
            assert [(head.session, head.seq) for head in snapshot.heads] == [(ann.session, 2_050)]
            await late.message(SyncedMessage)
            assert not [m for m in late.messages if isinstance(m, EnvelopeMessage)]
        await client.send(scribe.write())
        await client.message(AckMessage, lambda ack: ack.entries[0].seq == 2_051)
        async with raw_client(url) as later:
            await later.join(school.person("b3"))
            await later.message(SyncedMessage)
            kinds = [type(m) for m in later.messages if isinstance(m, SnapshotMessage | EnvelopeMessage)]
            assert kinds == [SnapshotMessage, EnvelopeMessage]


async def test_a_silent_socket_is_dropped_S9(school: School, start_relay: StartRelay) -> None:
    relay = await start_relay(socket_ping_ms=50, socket_silence_ms=300)
    async with raw_client(session_url(relay)) as watcher, raw_client(session_url(relay)) as silent:
        await silent.join(school.person("ann"))
        await silent.message(PingMessage)
        await watcher.join(school.person("bob"))
        while True:
            message = await watcher.next()
            if isinstance(message, PingMessage):
                await watcher.send(PongMessage(message.nonce))
            if isinstance(message, dict) and message["t"] == "left":
                assert message["reason"] == "gone"
                break


async def test_the_relays_digest_names_its_heads_B4(school: School, start_relay: StartRelay) -> None:
    relay = await start_relay(digest_every_ms=100)
    ann = school.person("ann")
    async with raw_client(session_url(relay)) as client:
        await client.join(ann)
        sent = Scribe(ann).write()
        await client.send(sent)
        digest = await client.message(HaveMessage, lambda have: bool(have.heads))
        assert digest.heads == (Head(BOARD, ann.session, 1, envelope_hash(ROOM, sent.envelope.body)),)


async def test_no_board_text_is_logged(school: School, url: str, caplog: pytest.LogCaptureFixture) -> None:
    ann = school.person("ann")
    with caplog.at_level(logging.DEBUG):
        async with raw_client(url) as client:
            await client.join(ann)
            scribe = Scribe(ann)
            await client.send(EnvelopeMessage(scribe.seal(scribe.update("secret-text"))))
            await client.close_code()
    assert not [line for line in caplog.messages if "secret-text" in line]


async def test_an_idle_room_leaves_memory_and_comes_back_from_the_log(school: School, start_relay: StartRelay) -> None:
    relay = await start_relay(room_idle_s=0.0)
    ann = school.person("ann")
    left_memory = noticed("chalkmesh.relay", f"room left memory room={ROOM}")
    async with left_memory, raw_client(session_url(relay)) as client:
        await client.join(ann)
        sent = Scribe(ann).write()
        await client.send(sent)
        await client.message(AckMessage)
        assert relay.lobby.present(ROOM) == 1
    async with raw_client(session_url(relay)) as late:
        await late.join(school.person("bob"))
        assert await late.message(EnvelopeMessage) == sent


async def test_a_damaged_record_is_healed_by_whoever_still_has_it(school: School, start_relay: StartRelay) -> None:
    relay = await start_relay()
    async with school.peer(school.person("ann"), session_url(relay)) as peer:
        for _ in range(5):
            draw(peer)
            peer.flush()
        await peer.saved()
        peer.cut(relay=True)
        await relay.stop()
        with sqlite3.connect(relay.settings.database) as db:
            db.execute("UPDATE records SET payload = ? WHERE seq = 2", (b"damaged",))
        db.close()
        again = await start_relay(port=relay.port)
        async with school.peer(school.person("late"), session_url(again)) as late:
            await late.wait_synced()
            assert len(late.board.shapes()) == 1
            peer.cut(relay=False)
            await late.wait_for(lambda: len(late.board.shapes()) == 5)
        history = await again.lobby.store.open_room(ROOM, 0)
        assert sorted(record.seq for record in history.records) == [1, 2, 3, 4, 5]
