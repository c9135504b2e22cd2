"""The relay as a process: killed under load, stopped in order, and started where it cannot run."""

from __future__ import annotations

import asyncio
import socket
import sys
from functools import partial

import pytest

from signaling.client import Peer
from signaling.events import SeenEnvelope
from signaling.server import Relay
from signaling.settings import RelaySettings
from tests.signaling.conftest import StartRelay, session_url
from tests.signaling.drawing import content, draw
from tests.signaling.raw_client import Scribe, raw_client
from tests.signaling.relay_process import ROOT, relay_process
from tests.signaling.school import School
from whiteboard_crdt.errors import CloseCode, SetupError
from whiteboard_crdt.ids import BOARD, Role
from whiteboard_crdt.messages import AckMessage, EnvelopeMessage


def acked_beyond(peer: Peer, seq: int) -> bool:
    return peer.replica.acked(BOARD, peer.session) > seq


def holds(peer: Peer, strokes: int) -> bool:
    return len(peer.board.shapes()) == strokes


async def draw_until(peer: Peer, stop: asyncio.Event, strokes: list[int]) -> None:
    """Draws and waits for its acknowledgement, over and over."""
    while not stop.is_set():
        draw(peer)
        strokes[0] += 1
        peer.flush()
        acked = peer.replica.acked(BOARD, peer.session)
        try:
            await peer.wait_for(partial(acked_beyond, peer, acked), 0.2)
        except TimeoutError:
            continue  # the relay is gone for a moment


@pytest.mark.timeout(120)
async def test_a_relay_killed_under_load_lost_nothing_that_it_acknowledged_B1(school: School) -> None:
    people = [school.person(f"user-{n}") for n in range(4)]
    strokes = [[0] for _ in people]
    stop = asyncio.Event()
    async with relay_process(school.data) as first:
        peers = [school.peer(person, first.url) for person in people]
        for peer in peers:
            await peer.__aenter__()
        drawing = [asyncio.create_task(draw_until(p, stop, n)) for p, n in zip(peers, strokes, strict=True)]
        for peer in peers:
            await peer.wait_for(partial(acked_beyond, peer, 24), 30)
        await first.kill()
        acked = {peer.session: peer.replica.acked(BOARD, peer.session) for peer in peers}
        # What a relay alone can say: only those who hold none of it are asked.
        async with relay_process(school.data, first.port):
            async with school.peer(school.person("late"), first.url) as late:
                await late.wait_synced(20)
                heads = {head.session: head.seq for head in late.replica.heads(BOARD)}
                for session, seq in acked.items():
                    assert heads[session] >= seq
                stop.set()
                await asyncio.gather(*drawing)
                for peer in peers:
                    await peer.wait_synced(20)
                    await peer.saved(30)
                total = sum(n for (n,) in strokes)
                for peer in (*peers, late):
                    await peer.wait_for(partial(holds, peer, total), 20)
                assert all(content(peer) == content(late) for peer in peers)
            for peer in peers:
                await peer.close()


async def test_sigterm_stops_in_order_and_the_log_holds_everything(school: School) -> None:
    async with relay_process(school.data) as relay, school.peer(school.person(), relay.url) as peer:
        draw(peer, 30)
        await peer.saved()
        lost = asyncio.Event()
        peer.on_event = lambda event: lost.set() if getattr(event, "code", 0) == CloseCode.RESTARTING else None
        code, said = await relay.terminate()
        assert code == 0
        assert "Traceback" not in said
        async with asyncio.timeout(5):
            await lost.wait()
    async with relay_process(school.data) as again, school.peer(school.person("late"), again.url) as late:
        await late.wait_synced()
        assert len(late.board.shapes()) == 30


async def test_room_time_goes_on_across_a_restart(school: School) -> None:
    rec = school.person("rec", Role.RECORDER)
    seen: list[SeenEnvelope] = []
    port = 0
    for _ in range(2):
        async with relay_process(school.data, port) as relay:
            port = relay.port
            async with school.peer(school.person(), relay.url) as peer:
                draw(peer)
                await peer.saved()
            async with school.peer(rec, relay.url, mode="log") as recorder:
                seen.clear()
                recorder.on_envelope = seen.append
                await recorder.wait_synced()
    assert [envelope.via for envelope in seen] == ["logged", "logged"]
    times = [envelope.room_ms or 0 for envelope in seen]
    assert times == sorted(times)
    assert times[1] > times[0]


async def test_a_taken_port_is_one_clear_sentence(school: School) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SetupError, match=f"cannot listen on 127.0.0.1:{port}") as caught:
            await Relay(RelaySettings(data=school.data, port=port)).start()
    assert "\n" not in str(caught.value)


async def test_an_unreadable_database_is_one_clear_line_and_exit_code_2(school: School) -> None:
    database = school.data / "relay" / "rooms.sqlite"
    database.parent.mkdir()
    database.write_bytes(b"no database" * 1000)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.signaling.relay_process", str(school.data), "0",
        cwd=ROOT, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(20):
        _, said = await process.communicate()
    assert process.returncode == 2
    assert said.decode().splitlines() == [f"the room log {database} cannot be read: file is not a database"]


async def test_a_stalled_reader_is_closed_and_costs_a_bounded_buffer(school: School, start_relay: StartRelay) -> None:
    relay = await start_relay(send_buffer_bytes=262_144)
    url = session_url(relay)
    ann = school.person("ann")
    async with raw_client(url) as stalled:
        await stalled.join(school.person("stalled"))
        connection = stalled.socket._response.connection
        assert connection is not None
        assert connection.transport is not None
        connection.transport.pause_reading()
        (writer,) = relay.lobby.sockets
        async with raw_client(url) as author:
            await author.join(ann)
            scribe = Scribe(ann)
            largest = sent = 0
            # The kernel's own buffers take some MB first.
            while writer.close_code is None and sent < 400:
                await author.send(EnvelopeMessage(scribe.seal(scribe.update(value="x" * 50_000))))
                await author.message(AckMessage)
                sent += 1
                largest = max(largest, writer._transport.get_write_buffer_size())
        connection.transport.abort()
    assert writer.close_code == CloseCode.TOO_SLOW
    assert sent > 5
    assert 262_144 < largest < 262_144 + 65_536
