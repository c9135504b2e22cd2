"""Somebody was put out: out of the socket and out of the mesh, and what it had under way (rules S8, T3)."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from signaling.frames import text_frame
from signaling.links.memory import MemoryLink, memory_pair
from tests.attacks.conftest import Attack
from tests.attacks.front import MeshFront, RelayFront
from tests.signaling.drawing import content
from tests.signaling.raw_client import Scribe, raw_client
from tests.signaling.school import SECRET, School
from whiteboard_crdt.errors import CloseCode
from whiteboard_crdt.ids import RoomId, SessionId
from whiteboard_crdt.keys import decode_base64url, encode_base64url
from whiteboard_crdt.messages import (
    EnvelopeMessage,
    PingMessage,
    PongMessage,
    RevocationMessage,
    TicketMessage,
    encode_message,
)

_BEARER = {"Authorization": f"Bearer {SECRET}"}


async def _revoke(front: RelayFront, session: SessionId | None = None, *, user: str | None = None) -> None:
    where = f"http://127.0.0.1:{front.relay.port}/internal/rooms/{front.ann.room}/revoke"
    whom = {"token": front.school.revocation(*([] if session is None else [session]), user=user)}
    async with aiohttp.ClientSession() as http, http.post(where, json=whom, headers=_BEARER) as response:
        assert response.status == 200


def _link(front: RelayFront) -> MemoryLink:
    """Mallory's end of a direct link to Bob."""
    hers, his = memory_pair(front.mallory.session, front.bob.session)
    front.bob.attach(his)
    return hers


async def test_revoked_session_is_out_of_socket_and_mesh_within_two_seconds(at_relay: RelayFront) -> None:
    link = _link(at_relay)
    over = asyncio.Event()
    link.on_close = over.set
    async with asyncio.timeout(2.0):
        await _revoke(at_relay, session=at_relay.mallory.session)
        assert await at_relay.closed() == CloseCode.REVOKED
        await over.wait()
    assert not link.send(encode_message(Scribe(at_relay.mallory).write()))
    assert at_relay.mallory.session not in at_relay.bob.direct
    await at_relay.unharmed()


async def test_revoked_user_loses_every_session(at_relay: RelayFront) -> None:
    other = at_relay.school.person("mallory")
    async with raw_client(at_relay.url) as second:
        await second.join(other)
        await _revoke(at_relay, user="mallory")
        assert await second.close_code() == CloseCode.REVOKED
    assert await at_relay.closed() == CloseCode.REVOKED
    await at_relay.unharmed()


async def test_rejoin_after_revocation(at_relay: RelayFront) -> None:
    """With the old ticket, with another one issued before, or with another key: the door stays shut."""
    spare = at_relay.school.person("mallory", issued_ms=at_relay.mallory.ticket.issued_ms)
    await _revoke(at_relay, user="mallory")
    for person in (at_relay.mallory, spare):
        async with raw_client(at_relay.url) as client:
            await client.hello(person)
            assert await client.close_code() == CloseCode.REVOKED
    await at_relay.unharmed()


async def test_accomplice_brings_work_of_a_revoked_session(at_relay: RelayFront) -> None:
    """Written before or after: once revoked, nobody hands it in."""
    accomplice = at_relay.school.person("eve")
    await _revoke(at_relay, session=at_relay.mallory.session)
    async with raw_client(at_relay.url) as client:
        await client.join(accomplice)
        await client.send(Scribe(at_relay.mallory).write())
        await client.send(TicketMessage(at_relay.mallory.token))
    await at_relay.unharmed()


async def test_accomplice_brings_a_spare_ticket_of_a_revoked_user(at_relay: RelayFront) -> None:
    """A second ticket that was never shown, and work under it: the relay knows the user, and tells the others.

    It does so by the ticket itself: everybody who holds the revocation draws the same from it (T5).
    """
    spare = at_relay.school.person("mallory", issued_ms=at_relay.mallory.ticket.issued_ms)
    await _revoke(at_relay, user="mallory")
    async with raw_client(at_relay.url) as client:
        await client.join(at_relay.school.person("eve"))
        await client.send(Scribe(spare).write())
        await client.send(TicketMessage(spare.token))
        await client.send(PingMessage(1))
        await client.message(PongMessage)
    await at_relay.bob.wait_for(lambda: at_relay.bob.replica.is_revoked(spare.session))
    await at_relay.unharmed()
    assert spare.session not in {shape.author for shape in at_relay.ann.board.shapes()}


async def test_work_whispered_before_the_revocation_is_taken_back(at_relay: RelayFront) -> None:
    """Only Bob got it, over the mesh; the relay will never take it. Bob's board becomes everybody's again (B3)."""
    link = _link(at_relay)
    at_relay.bob.cut(relay=True)
    await at_relay.bob.wait_for(lambda: not at_relay.bob.connected)
    scribe = Scribe(at_relay.mallory)
    link.send(encode_message(EnvelopeMessage(scribe.seal(scribe.update(value=1.0)))))
    heads = at_relay.bob.replica.heads
    await at_relay.bob.wait_for(lambda: at_relay.mallory.session in {head.session for head in heads()})
    await _revoke(at_relay, session=at_relay.mallory.session)
    at_relay.bob.cut(relay=False)
    await at_relay.bob.wait_for(lambda: at_relay.mallory.session not in {head.session for head in heads()})
    await at_relay.bob.wait_synced()
    assert content(at_relay.bob) == content(at_relay.ann)
    await at_relay.unharmed()


async def test_revoked_where_there_is_no_relay(at_mesh: MeshFront) -> None:
    """The tutor's peer has what the school signed; Bob hears it of her, and Mallory's link to Bob ends."""
    async with asyncio.timeout(2.0):
        at_mesh.ann.revocations.honour(at_mesh.school.revocation(user="mallory"))
        await at_mesh.bob.wait_for(lambda: at_mesh.mallory.session not in at_mesh.bob.direct)
    assert not at_mesh.link.send(encode_message(Scribe(at_mesh.mallory).write()))
    hers, his = memory_pair(at_mesh.mallory.session, at_mesh.bob.session)
    at_mesh.bob.attach(his)
    assert not hers.send(encode_message(PingMessage(1)))
    await at_mesh.unharmed()


async def test_forged_revocation(attack: Attack, tmp_path: Path) -> None:
    """Under the name of the school's key: nobody hands that on in good faith."""
    front = await attack()
    forger = School(tmp_path / "forger")
    await front.send(RevocationMessage(forger.revocation(front.ann.session)))
    await front.refused(CloseCode.TICKET_REFUSED)
    await front.unharmed()


@pytest.mark.parametrize("where", ["school", "room"])
async def test_foreign_revocation(attack: Attack, tmp_path: Path, where: str) -> None:
    front = await attack()
    signer = School(tmp_path / "other", kid="other-key") if where == "school" else front.school
    room = front.ann.room if where == "school" else RoomId("another")
    await front.send(RevocationMessage(signer.revocation(user="ann", room=room)))
    await front.heard()
    assert [line for line in front.caplog.messages if "revocation not honoured" in line and "code=4403" in line]
    await front.unharmed()


async def test_flood_of_revocations(attack: Attack) -> None:
    """Each costs a signature check."""
    front = await attack()
    foreign = encode_message(RevocationMessage(front.school.revocation(user="ann", room=RoomId("another"))))
    for _ in range(600):
        await front.send_bytes(foreign)
    assert await front.closed() == CloseCode.RATE_LIMITED
    await front.unharmed()


async def test_restated_revocation(attack: Attack) -> None:
    """(r, n - s) signs the same: known, and not handed on once more."""
    front = await attack()
    eve = front.school.person("eve")
    token = front.school.revocation(eve.session)
    for one in (token, _restated(token), _restated(token)):
        await front.send(RevocationMessage(one))
    await front.heard()
    replica = await front.under_attack()
    assert replica.sessions.revocations == (token,)
    await front.unharmed()


def _restated(token: str) -> str:
    signed, _, signature = token.rpartition(".")
    raw = decode_base64url(signature)
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    s = order - int.from_bytes(raw[32:], "big")
    return f"{signed}.{encode_base64url(raw[:32] + s.to_bytes(32, 'big'))}"


async def test_revocation_in_the_relays_name_alone(at_relay: RelayFront) -> None:
    """Whoever says it, the relay itself included: only what the school signed counts."""
    room = await at_relay.room()
    notice = {"t": "revoked", "token": "a.b.c", "sessions": [at_relay.ann.session], "reason": "removed"}
    room.members[at_relay.bob.session].socket.send(text_frame(json.dumps(notice).encode()))
    await at_relay.unharmed()
    assert not at_relay.bob.replica.is_revoked(at_relay.ann.session)
    assert at_relay.ann.session in at_relay.bob.participants


async def test_closed_room(at_relay: RelayFront) -> None:
    """S12: nobody writes after the end, not even with a good ticket."""
    where = f"http://127.0.0.1:{at_relay.relay.port}/internal/rooms/{at_relay.ann.room}/close"
    async with aiohttp.ClientSession() as http, http.post(where, headers=_BEARER) as response:
        assert response.status == 200
    assert await at_relay.closed() == CloseCode.ROOM_CLOSED
    async with raw_client(at_relay.url) as client:
        await client.hello(at_relay.mallory)
        assert await client.close_code() == CloseCode.ROOM_CLOSED
    history = await at_relay.relay.lobby.store.open_room(at_relay.ann.room, 0)
    assert {record.session for record in history.records} == {at_relay.ann.session}
