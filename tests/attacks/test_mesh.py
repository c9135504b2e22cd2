"""Attacks on direct connections: whoever carries the signals must not get between two peers (section M)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import aioice.ice
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection

from signaling.client import Peer
from signaling.control import SignalData
from signaling.links.memory import memory_pair
from signaling.mesh import MeshOptions
from tests.attacks.front import MeshFront
from tests.signaling.drawing import draw
from tests.signaling.noticed import noticed
from tests.signaling.school import Person, School
from whiteboard_crdt.ids import Role, SessionId
from whiteboard_crdt.keys import SessionKey, encode_base64url, fingerprint_text


@pytest.fixture(autouse=True)
def loopback_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    """aioice leaves 127.0.0.1 out; a test has no other address to count on."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda *_, **__: ["127.0.0.1"])


def _linked(peer: Peer) -> bool:
    return any(link.healthy for link in peer.direct.values())


@pytest.fixture
async def pair(school: School, url: str) -> AsyncIterator[tuple[Peer, Peer, Person]]:
    """Who answers, who offers (with its key), with a direct link between them."""
    people = [school.person("ann", Role.TUTOR), school.person("bob")]
    people.sort(key=lambda person: person.session, reverse=True)
    async with (
        school.peer(people[0], url, mesh=MeshOptions()) as answers,
        school.peer(people[1], url, mesh=MeshOptions()) as offers,
    ):
        for peer in (answers, offers):
            await peer.wait_for(partial(_linked, peer))
        yield answers, offers, people[1]


async def _sdp() -> str:
    """A true description of somebody's own connection."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connection.createDataChannel("sync", negotiated=True, id=0)
    try:
        await connection.setLocalDescription(await connection.createOffer())
        return connection.localDescription.sdp
    finally:
        await connection.close()


def _offer(peer: Peer, sender: SessionId, receiver: SessionId, key: SessionKey, sdp: str, shown: str) -> SignalData:
    """`sdp` is signed, `shown` is sent."""
    fingerprint = encode_base64url(key.sign(fingerprint_text(peer.room, sender, receiver, sdp)))
    return SignalData(epoch=2**20, kind="offer", sdp=shown, fp=fingerprint)


async def _dropped(answers: Peer, offers: Peer, offer: SignalData, caplog: pytest.LogCaptureFixture) -> None:
    """The offer is not answered, and the connection that stands goes on."""
    assert answers.mesh is not None
    link = answers.mesh.links[offers.session]
    before = link.connection
    async with noticed("chalkmesh.mesh", "signal "):
        answers.mesh.on_signal(offers.session, offer)
    assert link.connection is before
    assert not [line for line in caplog.messages if "fingerprint:" in line or "v=0" in line]
    draw(offers)
    await answers.wait_for(lambda: len(answers.board.shapes()) == 1)


async def test_swapped_fingerprint(pair: tuple[Peer, Peer, Person], caplog: pytest.LogCaptureFixture) -> None:
    """The man in the middle sends his own certificate under the other's signature."""
    answers, offers, person = pair
    true, his = await _sdp(), await _sdp()
    offer = _offer(answers, offers.session, answers.session, person.key, true, his)
    await _dropped(answers, offers, offer, caplog)


async def test_added_fingerprint(pair: tuple[Peer, Peer, Person], caplog: pytest.LogCaptureFixture) -> None:
    """Every line counts: a second certificate beside the signed one is not overlooked."""
    answers, offers, person = pair
    true = await _sdp()
    shown = true + "a=fingerprint:sha-256 " + ":".join(["AB"] * 32) + "\r\n"
    await _dropped(answers, offers, _offer(answers, offers.session, answers.session, person.key, true, shown), caplog)


async def test_description_meant_for_another(pair: tuple[Peer, Peer, Person], caplog: pytest.LogCaptureFixture) -> None:
    """An offer to somebody else, handed to us: the signature names both ends."""
    answers, offers, person = pair
    true = await _sdp()
    offer = _offer(answers, offers.session, SessionId("0" * 16), person.key, true, true)
    await _dropped(answers, offers, offer, caplog)


async def test_description_signed_by_another(pair: tuple[Peer, Peer, Person], caplog: pytest.LogCaptureFixture) -> None:
    answers, offers, _ = pair
    true = await _sdp()
    offer = _offer(answers, offers.session, answers.session, SessionKey.generate(), true, true)
    await _dropped(answers, offers, offer, caplog)


async def test_description_of_very_many_media(
    pair: tuple[Peer, Peer, Person], caplog: pytest.LogCaptureFixture
) -> None:
    """Signed by its sender, and still not taken: each section would cost transports."""
    answers, offers, person = pair
    true = await _sdp()
    bomb = true + "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=rtcp-mux\r\n" * 400
    await _dropped(answers, offers, _offer(answers, offers.session, answers.session, person.key, bomb, bomb), caplog)


async def test_flood_of_candidates(pair: tuple[Peer, Peer, Person], caplog: pytest.LogCaptureFixture) -> None:
    answers, offers, _ = pair
    assert answers.mesh is not None
    link = answers.mesh.links[offers.session]
    async with noticed("chalkmesh.mesh", "signal refused"):
        for port in range(1_000, 1_200):
            text = f"candidate:1 1 udp 1 127.0.0.1 {port} typ host"
            answers.mesh.on_signal(
                offers.session, SignalData(epoch=link.epoch, kind="candidate", candidate=text, mid="0", line=0)
            )
    assert caplog.messages[-1].endswith("reason=too many candidates")
    draw(offers)
    await answers.wait_for(lambda: len(answers.board.shapes()) == 1)


async def test_link_of_a_revoked_session(at_mesh: MeshFront) -> None:
    """Revoked while its link was being made: it is closed as it opens."""
    at_mesh.bob.replica.revoke(at_mesh.mallory.session)
    hers, his = memory_pair(at_mesh.mallory.session, at_mesh.bob.session)
    at_mesh.bob.attach(his)
    assert not hers.send(b"\x08" + bytes(8))
    await at_mesh.unharmed()
