"""Two and more Python peers in one room, over a real relay."""

from __future__ import annotations

import asyncio

import pytest
from pycrdt import Map

from signaling.client import Grant, Peer
from signaling.events import LiveReceived, SeenEnvelope, Stopped
from tests.signaling.drawing import content, draw
from tests.signaling.raw_client import Scribe, raw_client
from tests.signaling.school import ROOM, School, wall_ms
from whiteboard_crdt.errors import CloseCode, TicketError
from whiteboard_crdt.ids import BOARD, MAIN_PAGE, Role, SessionId
from whiteboard_crdt.messages import AckMessage


async def test_two_peers_co_edit_and_all_is_saved_B1(school: School, url: str) -> None:
    ann, bob = school.person("ann", Role.TUTOR), school.person("bob")
    async with school.peer(ann, url) as one, school.peer(bob, url) as two:
        draw(one, 3)
        one.chat.post("Grüße 👋", one.now_ms())
        await two.wait_synced()
        draw(two, 2)
        await asyncio.gather(one.saved(), two.saved())
        await one.wait_for(lambda: len(one.board.shapes()) == 5)
        await two.wait_for(lambda: len(two.chat.messages()) == 1)
        assert content(one) == content(two)
        assert set(one.participants) == {bob.session}
    late = school.person("late")
    async with school.peer(late, url) as three:
        await three.wait_synced()
        assert len(three.board.shapes()) == 5
        assert three.person(ann.session) is not None


async def test_a_peer_comes_back_with_a_fresh_ticket_when_its_own_expired_4402(school: School, url: str) -> None:
    ann = school.person("ann")
    expired = school.person(
        "ann", key=ann.key, session=ann.session, client=ann.ticket.client, issued_ms=wall_ms() - 400_000
    )
    fresh = school.source(ann, url)
    asked: list[SessionId | None] = []

    async def tickets(session: SessionId | None) -> Grant:
        asked.append(session)
        return Grant(expired.token, url) if session is None else await fresh(session)

    async with Peer(ROOM, tickets, school.jwks, key=ann.key, client_id=ann.ticket.client) as peer:
        await peer.wait_synced()
        draw(peer)
        await peer.saved()
    assert asked == [None, ann.session]


async def test_a_replaced_peer_stops_and_says_so_4409(school: School, url: str) -> None:
    ann = school.person("ann")
    async with school.peer(ann, url) as first:
        await first.wait_synced()
        async with school.peer(ann, url) as second:
            await second.wait_synced()
            await first.wait_for(lambda: first.stopped is not None)
            assert first.stopped == Stopped(CloseCode.REPLACED, "the session connected again")
            with pytest.raises(ConnectionError):
                await first.wait_synced()


async def test_a_ticket_for_somebody_else_is_a_fault_of_the_source(school: School, url: str) -> None:
    peer = Peer(ROOM, school.source(school.person("ann"), url), school.jwks)
    with pytest.raises(TicketError):
        await peer.prepare()


async def test_presence_and_live_ink_go_over_the_relay_where_no_link_is(school: School, url: str) -> None:
    ann, bob = school.person("ann"), school.person("bob")
    async with school.peer(ann, url) as one, school.peer(bob, url) as two:
        live: list[LiveReceived] = []
        two.subscribe(lambda event: live.append(event) if isinstance(event, LiveReceived) else None)
        await one.wait_for(lambda: bob.session in one.participants)
        await two.wait_for(lambda: ann.session in two.participants)
        one.set_presence({"hand": True})
        await two.wait_for(lambda: two.participants[ann.session].presence == {"hand": True})
        one.send_live("main", cursor=(10, 20))
        await two.wait_for(lambda: bool(live))
        assert (live[0].message.session, live[0].message.cursor) == (ann.session, (10, 20))
        one.cut(relay=True)
        await two.wait_for(lambda: ann.session not in two.participants)
        one.cut(relay=False)
        await two.wait_for(lambda: ann.session in two.participants)
        await two.wait_for(lambda: two.participants[ann.session].presence == {"hand": True})


async def test_a_recorder_that_loads_its_archive_first_gets_only_the_rest(school: School, url: str) -> None:
    ann, rec = school.person("ann"), school.person("rec", Role.RECORDER)
    async with school.peer(ann, url) as peer, school.peer(rec, url, mode="log") as before:
        archive: list[SeenEnvelope] = []
        before.on_envelope = archive.append
        draw(peer, 3)
        await peer.saved()
        await before.wait_for(lambda: len(before.board.shapes()) == 3)
        await before.close()
        draw(peer, 2)
        await peer.saved()
        after = school.peer(rec, url, mode="log")
        await after.prepare()
        after.preload([peer.replica.sessions.get(ann.session).token], [seen.envelope for seen in archive])  # type: ignore[union-attr]
        rest: list[SeenEnvelope] = []
        after.on_envelope = rest.append
        async with after:
            await after.wait_synced()
            assert len(after.board.shapes()) == 5
    assert [seen.via for seen in archive + rest] == ["logged"] * len(archive + rest)
    assert [seen.envelope.seq for seen in archive + rest] == list(range(1, len(archive + rest) + 1))
    times = [seen.room_ms or 0 for seen in archive + rest]
    assert times == sorted(times)


async def test_a_peer_that_holds_another_history_rebuilds_from_the_relay_B3(school: School, url: str) -> None:
    ann, bob = school.person("ann"), school.person("bob")
    true, false = Scribe(ann), Scribe(ann)
    async with raw_client(url) as client:
        await client.join(ann)
        for message in (true.write(), true.write()):
            await client.send(message)
        await client.message(AckMessage, lambda ack: ack.entries[0].seq == 2)
        peer = school.peer(bob, url)
        await peer.prepare()
        peer.preload([ann.token], [false.seal(false.update(value="other"))])
        async with peer:
            draw(peer)
            await peer.wait_synced()
            await peer.saved()
            shapes = peer.replica.doc(BOARD).get("shapes", type=Map)
            assert shapes[f"{ann.session}-1"] == 1.0
            assert len(peer.board.shapes()) == 1
            heads = {(head.session, head.seq) for head in peer.replica.heads(BOARD)}
            assert (ann.session, 2) in heads


async def test_an_hour_offline_comes_back_in_stretches_S4(school: School, url: str) -> None:
    """More than the half MiB that goes at once."""
    async with school.peer(school.person("ann"), url) as peer:
        await peer.wait_synced()
        peer.cut(relay=True)
        await peer.wait_for(lambda: not peer.connected)
        for n in range(40):
            peer.board.add_text(MAIN_PAGE, 0, float(n), "é" * 15_000, "black", 16, peer.now_ms())
            peer.flush()
        peer.cut(relay=False)
        await peer.saved(20)
        async with school.peer(school.person("late"), url) as late:
            await late.wait_synced()
            assert content(late) == content(peer)
