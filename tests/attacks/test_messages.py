"""Messages that are malformed, too large, too many or not hers to send, on a socket and on a link (B, M, W)."""

from __future__ import annotations

import secrets

import pytest

from signaling.events import Event, LiveReceived, PresenceChanged
from tests.attacks.conftest import Attack
from tests.attacks.front import Front, MeshFront, RelayFront
from tests.signaling.raw_client import Scribe
from tests.vectors.ybytes import number
from whiteboard_crdt.errors import CloseCode
from whiteboard_crdt.ids import BOARD, CHAT, Capability, DocRef, UserId
from whiteboard_crdt.messages import (
    AckEntry,
    AckMessage,
    EnvelopeMessage,
    HaveMessage,
    Head,
    LiveMessage,
    LoggedMessage,
    Message,
    PingMessage,
    PresenceMessage,
    RefusedMessage,
    SnapshotHead,
    SnapshotMessage,
    SyncedMessage,
    TicketMessage,
    WantMessage,
    encode_message,
)
from whiteboard_crdt.presence import LiveInk

_INK = LiveInk(1, 0, "red", 40, 0, ((0, 0, 128),))

MALFORMED = {
    "empty": b"",
    "unknown_type": b"\x63abc",
    "truncated_envelope": b"\x01\x01\x00" + bytes(8),
    "bytes_left_over": encode_message(PingMessage(1)) + b"\0",
    "varint_not_canonical": b"\x03\x00\x80\x00",
    "varint_too_long": b"\x03\x00" + b"\xff" * 9,
    "lying_count": b"\x03\x00\xff\x1f",
    "desk_without_a_user": b"\x04\x03\x00" + bytes(8) + b"\x01\x01",
    "want_of_everything": b"\x04\x00" + bytes(8) + b"\x01" + number(2**40),
    "presence_no_object": b"\x06" + bytes(8) + b"\x01\x02[]",
    "live_with_unknown_flags": b"\x07" + bytes(8) + b"\x01\xff\x00",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
async def test_malformed_message(attack: Attack, data: bytes) -> None:
    front = await attack()
    if data[:1] == b"\x06":
        data = b"\x06" + bytes.fromhex(front.mallory.session) + data[9:]
    await front.send_bytes(data)
    await front.refused(CloseCode.MALFORMED)
    await front.unharmed()


async def test_oversized_message(attack: Attack) -> None:
    front = await attack()
    await front.send_bytes(b"\x01" * 262_145)
    await front.refused(CloseCode.OVERSIZED)
    await front.unharmed()


async def test_oversized_update(attack: Attack) -> None:
    front = await attack()
    scribe = Scribe(front.mallory)
    await front.send(scribe.seal(bytes(57_344)))
    await front.refused(CloseCode.UPDATE_REFUSED)
    await front.unharmed()


def _of_the_relay(front: Front) -> dict[str, Message]:
    ann = front.ann.session
    envelope = front.ann.replica.envelope(BOARD, ann, 1)
    assert envelope is not None
    return {
        "ack": AckMessage((AckEntry(BOARD, front.bob.session, 2**40),)),
        "snapshot": SnapshotMessage(BOARD, (SnapshotHead(ann, 2**30, bytes(16)),), b"\x00\x00"),
        "synced": SyncedMessage((BOARD,)),
        "logged": LoggedMessage(1, envelope),
    }


@pytest.mark.parametrize("kind", ["ack", "snapshot", "synced", "logged"])
async def test_message_that_only_the_relay_sends(attack: Attack, kind: str) -> None:
    """M9: nobody but the relay can say that work is saved, or replace a document."""
    front = await attack()
    await front.send(_of_the_relay(front)[kind])
    await front.refused(CloseCode.MALFORMED)
    assert front.bob.replica.acked(BOARD, front.bob.session) < 2**40
    await front.unharmed()


async def test_refusal_that_only_the_relay_says(attack: Attack) -> None:
    """A forged REFUSED would make honest work look lost."""
    front = await attack()
    await front.send(RefusedMessage(BOARD, front.bob.session, 1, 4405, "no"))
    await front.refused(CloseCode.MALFORMED)
    await front.unharmed()


def _watch(front: Front) -> list[Event]:
    seen: list[Event] = []
    for peer in (front.ann, front.bob):
        peer.subscribe(lambda event: seen.append(event) if isinstance(event, PresenceChanged | LiveReceived) else None)
    return seen


@pytest.mark.parametrize("kind", ["presence", "live"])
async def test_speaking_for_another_session(attack: Attack, kind: str) -> None:
    """Cursor, hand and live ink of Ann's, from Mallory: the relay puts her out, a peer passes it over (M9)."""
    front = await attack()
    seen = _watch(front)
    ann = front.ann.session
    message = PresenceMessage(ann, 2**50, b'{"hand":true}') if kind == "presence" else LiveMessage(ann, 2**50, "main")
    await front.send(message)
    if front.way == "relay":
        await front.refused(CloseCode.NOT_ALLOWED)
    else:
        await front.heard()
    await front.unharmed()
    assert not seen


async def test_live_ink_without_the_right_to_draw(attack: Attack) -> None:
    """Live ink is gone after 3 s, but a sentence may be read by then."""
    front = await attack(caps=set(Capability) - {Capability.BOARD})
    seen = _watch(front)
    await front.send(LiveMessage(front.mallory.session, 1, "main", None, _INK))
    await front.heard()
    await front.unharmed()
    assert not seen


@pytest.mark.parametrize(("caps", "desk"), [(set(Capability), "bob"), (set(Capability) - {Capability.DESK}, "mallory")])
async def test_pen_and_cursor_at_a_desk_without_the_right_to_it(
    attack: Attack, caps: set[Capability], desk: str
) -> None:
    """D4, M9: neither at another's desk nor at one's own where the school has none."""
    front = await attack(caps=caps)
    seen = _watch(front)
    for tick, ink in ((1, _INK), (2, None)):
        await front.send(LiveMessage(front.mallory.session, tick, "main", (1, 1), ink, False, UserId(desk)))
    await front.heard()
    await front.unharmed()
    assert not seen


async def test_presence_without_the_right_to_it(attack: Attack) -> None:
    front = await attack(caps=set(Capability) - {Capability.PRESENCE})
    seen = _watch(front)
    await front.send(PresenceMessage(front.mallory.session, 1, b'{"hand":true}'))
    await front.send(LiveMessage(front.mallory.session, 1, "main", (1, 1)))
    await front.heard()
    await front.unharmed()
    assert not seen


BOMBS = {
    "deep": b"[" * 1_000 + b"]" * 1_000,
    "deep_in_an_object": b'{"a":' * 300 + b"1" + b"}" * 300,
    "open": b'{"a":',
    "no_utf8": b'{"a":"\xff"}',
    "nan": b'{"a":NaN}',
    "number": b"1e999",
}


@pytest.mark.parametrize("state", BOMBS.values(), ids=BOMBS)
async def test_presence_bomb(attack: Attack, state: bytes) -> None:
    """Refused, or an object like another: in no case does it hold up or break whoever gets it."""
    front = await attack()
    await front.send_bytes(b"\x06" + bytes.fromhex(front.mallory.session) + b"\x01" + number(len(state)) + state)
    if state.startswith(b'{"a":{'):
        await front.heard()
    else:
        await front.refused(CloseCode.MALFORMED)
    await front.unharmed()


async def test_presence_with_members_of_the_prototype(attack: Attack) -> None:
    front = await attack()
    seen = _watch(front)
    state = b'{"__proto__":{"role":"tutor"},"constructor":1,"role":"tutor","name":"Ann"}'
    await front.send(PresenceMessage(front.mallory.session, 1, state))
    await front.heard()
    await front.bob.wait_for(lambda: bool(seen))
    told = front.bob.participants.get(front.mallory.session)
    assert told is None or (told.role.value, told.name) == ("student", "Name of mallory")
    await front.unharmed()


async def test_others_desk_is_not_handed_out(attack: Attack) -> None:
    front = await attack()
    desk = DocRef.desk("bob")
    scribe = Scribe(front.school.person("bob"), desk)
    await front.send(WantMessage(desk, front.bob.session, 1, 9))
    await front.send(HaveMessage((Head(desk, scribe.person.session, 1, bytes(16)),), reply=True))
    await front.heard()
    got = front.client.messages if isinstance(front, RelayFront) else front.messages  # type: ignore[attr-defined]
    assert not [m for m in got if isinstance(m, EnvelopeMessage) and m.envelope.doc == desk]
    assert not [head for m in got if isinstance(m, HaveMessage) for head in m.heads if head.doc == desk]
    await front.unharmed()


async def _answers(front: Front, question: Message, times: int) -> int:
    """Bytes of envelopes that came back for that many times the same question."""
    for _ in range(times):
        await front.send(question)
    await front.heard()
    got = front.client.messages if isinstance(front, RelayFront) else front.messages  # type: ignore[attr-defined]
    return sum(len(message.envelope.raw) for message in got if isinstance(message, EnvelopeMessage))


@pytest.mark.parametrize("kind", ["have", "want"])
async def test_amplification(attack: Attack, kind: str) -> None:
    """Small questions with big answers: HAVE is answered twice a second, WANT with 1 MiB at most."""
    front = await attack()
    scribe = Scribe(front.mallory, CHAT)
    for _ in range(40):
        item = scribe.update(value=secrets.token_hex(20_000), root="messages")
        await front.send(scribe.seal(item))
    await front.heard()
    if kind == "have":
        assert await _answers(front, HaveMessage(()), 60) <= 25 * 600_000
    else:
        assert await _answers(front, WantMessage(CHAT, front.mallory.session, 1, 40), 1) <= 1_100_000
    await front.unharmed(mallorys=None)


async def test_flood_of_tickets(attack: Attack) -> None:
    """Each costs a signature check, so they are few (T3)."""
    front = await attack()
    for _ in range(600):
        await front.send(TicketMessage(front.mallory.token))
    await front.refused(CloseCode.RATE_LIMITED)
    await front.unharmed()


async def test_flood_of_pings(attack: Attack) -> None:
    front = await attack()
    data = encode_message(PingMessage(1))
    if isinstance(front, MeshFront):
        front.link.on_message = None
    try:
        for _ in range(23_000):
            await front.send_bytes(data)
    except ConnectionError:
        pass
    await front.refused(CloseCode.RATE_LIMITED)
    await front.unharmed()
