"""The mesh between Python peers, over real aiortc connections on the loopback (protocol section M)."""

from __future__ import annotations

import operator
import random
from functools import partial

import aioice.ice
import pytest
from aiortc import RTCPeerConnection, RTCRtpReceiver
from aiortc.mediastreams import AudioStreamTrack

from signaling.client import Peer
from signaling.control import SignalData
from signaling.events import Event, LinkChanged, LiveReceived, SeenEnvelope
from signaling.mesh import MeshOptions
from signaling.server import Relay
from tests.signaling.drawing import content, draw
from tests.signaling.noticed import noticed
from tests.signaling.school import ROOM, Person, School
from whiteboard_crdt.ids import Role, SessionId
from whiteboard_crdt.keys import encode_base64url, fingerprint_text


@pytest.fixture(autouse=True)
def loopback_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    """aioice leaves 127.0.0.1 out; a test has no other address to count on."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda *_, **__: ["127.0.0.1"])


async def link_up(*peers: Peer) -> None:
    """Wait until each has a healthy link to each other one."""
    for peer in peers:
        await peer.wait_for(partial(healthy_links, peer, len(peers) - 1))


def healthy_links(peer: Peer, count: int) -> bool:
    return sum(link.healthy for link in peer.direct.values()) == count


def note_change(changes: list[bool], event: Event) -> None:
    if isinstance(event, LinkChanged):
        changes.append(event.healthy)


def meshed(school: School, person: Person, url: str) -> Peer:
    return school.peer(person, url, mesh=MeshOptions())


async def test_a_lesson_goes_on_over_the_mesh_without_the_relay_and_is_saved_later_M7(
    school: School, relay: Relay, url: str
) -> None:
    async with (
        meshed(school, school.person("ann", Role.TUTOR), url) as one,
        meshed(school, school.person("bob"), url) as two,
    ):
        seen: list[SeenEnvelope] = []
        two.on_envelope = seen.append
        await link_up(one, two)
        for peer in (one, two):
            peer.cut(relay=True)
        await one.wait_for(lambda: not one.connected)
        await two.wait_for(lambda: not two.connected)
        draw(one, 20)
        draw(two, 10)
        await two.wait_for(lambda: len(two.board.shapes()) == 30)
        await one.wait_for(lambda: len(one.board.shapes()) == 30)
        assert {envelope.via for envelope in seen} == {"own", "mesh"}
        assert one.replica.unacked()
        for peer in (one, two):
            peer.cut(relay=False)
        await one.saved()
        await two.saved()
        assert content(one) == content(two)


async def test_a_hole_is_filled_by_a_peer_whose_author_never_returns(school: School, relay: Relay, url: str) -> None:
    ann, bob = school.person("ann", Role.TUTOR), school.person("bob")
    async with meshed(school, bob, url) as two:
        one = meshed(school, ann, url)
        async with one:
            await link_up(one, two)
            one.cut(relay=True)
            two.cut(relay=True)
            await one.wait_for(lambda: not one.connected)
            draw(one, 12)
            await two.wait_for(lambda: len(two.board.shapes()) == 12)
        # The author is gone for ever; only the other one has its work.
        two.cut(relay=False)
        await two.wait_synced()
        async with school.peer(school.person("late"), url) as late:
            await late.wait_for(lambda: len(late.board.shapes()) == 12)
            assert {shape.author for shape in late.board.shapes()} == {ann.session}


async def test_live_ink_goes_directly_M8(school: School, url: str) -> None:
    async with meshed(school, school.person("ann"), url) as one, meshed(school, school.person("bob"), url) as two:
        live: list[LiveReceived] = []
        two.on_event = lambda event: live.append(event) if isinstance(event, LiveReceived) else None
        await link_up(one, two)
        one.cut(relay=True)
        await one.wait_for(lambda: not one.connected)
        one.send_live("main", cursor=(12, -30))
        await two.wait_for(lambda: bool(live))
        assert live[0].message.cursor == (12, -30)


async def test_a_connection_is_rebuilt_under_the_next_epoch_by_either_side_M5(school: School, url: str) -> None:
    async with meshed(school, school.person("ann"), url) as one, meshed(school, school.person("bob"), url) as two:
        await link_up(one, two)
        for renewing, other in ((one, two), (two, one)):
            assert renewing.mesh is not None
            changes: list[bool] = []
            unsubscribe = other.subscribe(partial(note_change, changes))
            before = renewing.mesh.links[other.session].epoch
            renewing.mesh.renew(other.session)
            await other.wait_for(partial(operator.eq, changes, [False, True]))
            await link_up(one, two)
            unsubscribe()
            assert renewing.mesh.links[other.session].epoch > before
        draw(one)
        await two.wait_for(lambda: len(two.board.shapes()) == 1)


async def test_a_description_with_a_wrong_fingerprint_is_dropped_M4(
    school: School, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with meshed(school, school.person("ann"), url) as one, meshed(school, school.person("bob"), url) as two:
        await link_up(one, two)
        answerer, offerer = (one, two) if one.session > two.session else (two, one)
        assert answerer.mesh is not None
        link = answerer.mesh.links[offerer.session]
        before = link.connection
        offer = SignalData(epoch=link.epoch + 1, kind="offer", sdp="v=0\r\na=fingerprint:sha-256 00\r\n", fp="AAAA")
        async with noticed("chalkmesh.mesh", "signal refused"):
            answerer.mesh.on_signal(offerer.session, offer)
        assert link.connection is before
        assert caplog.messages[-1].endswith("reason=fingerprint of a description")


async def test_media_of_a_peer_reaches_the_track_hook(school: School, url: str) -> None:
    tracks: list[tuple[SessionId, str]] = []
    closed: list[SessionId] = []

    def on_track(session: SessionId, kind: str, receiver: RTCRtpReceiver, connection: RTCPeerConnection) -> None:
        assert receiver in connection.getReceivers()
        tracks.append((session, kind))

    sender = school.person("ann")
    takes = MeshOptions(on_track=on_track, on_closed=lambda session, _: closed.append(session), media="recvonly")
    async with school.peer(school.person("rec", Role.RECORDER), url, mesh=takes, mode="log") as recorder:
        gives = MeshOptions(media=lambda _session: [AudioStreamTrack()])
        async with school.peer(sender, url, mesh=gives) as ann:
            await link_up(recorder, ann)
            assert (sender.session, "audio") in tracks
        await recorder.wait_for(lambda: sender.session in closed)


@pytest.mark.parametrize("seed", range(3))
async def test_bad_descriptions_and_candidates_never_harm_the_peer(school: School, url: str, seed: int) -> None:
    """20,000 mutated SDPs make aiortc raise nearly everything; here they are signed, so that they reach it."""
    rng = random.Random(seed)
    async with meshed(school, school.person("ann"), url) as one, meshed(school, school.person("bob"), url) as two:
        await link_up(one, two)
        offerer, answerer = (one, two) if one.session < two.session else (two, one)
        assert offerer.mesh is not None
        assert answerer.mesh is not None
        link = answerer.mesh.links[offerer.session]
        connection = offerer.mesh.links[answerer.session].connection
        assert connection is not None
        good = connection.localDescription.sdp
        async with noticed("chalkmesh.mesh", "signal not understood"):
            for n in range(25):
                sdp = mutated(rng, good)
                text = fingerprint_text(ROOM, offerer.session, answerer.session, sdp)
                fp = encode_base64url(offerer.key.sign(text))
                answerer.mesh.on_signal(offerer.session, SignalData(epoch=10 + n, kind="offer", sdp=sdp, fp=fp))
                candidate = mutated(rng, "candidate:1 1 udp 2130706431 127.0.0.1 9 typ host")
                signal = SignalData(epoch=10 + n, kind="candidate", candidate=candidate, mid="0", line=0)
                answerer.mesh.on_signal(offerer.session, signal)
        # The offerer's next connection has a higher epoch than all of those.
        offerer.mesh.links[answerer.session].epoch = 100
        offerer.mesh.renew(answerer.session)
        await answerer.wait_for(lambda: link.epoch == 101 and link.open, 20)
        await link_up(one, two)
        draw(offerer)
        await answerer.wait_for(partial(has_strokes, answerer, 1))


def has_strokes(peer: Peer, count: int) -> bool:
    return len(peer.board.shapes()) == count


def mutated(rng: random.Random, text: str) -> str:
    """A few edits of the kind that a broken or hostile peer makes."""
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(text))
        kind = rng.randrange(3)
        if kind == 0:
            text = text[:at] + text[at + rng.randrange(1, 60) :]
        elif kind == 1:
            text = text[:at] + rng.choice(["0", ":", "\r\n", "m=video 9 X 1\r\n", "\x00", "999999999999"]) + text[at:]
        else:
            text = text[:at] + text[rng.randrange(len(text)) :]
        text = text or "v"
    return text
