"""A recorder with the TURN servers of its ticket, through a real coturn on loopback (protocol rules M10 and T1)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from loadtests.netlab.turnserver import turn_server
from signaling.client import Peer
from signaling.ice import IceSettings
from signaling.mesh import MeshOptions
from signaling.peer_tickets import IceServer
from tests.netlab.conftest import free_port
from tests.recorder.conftest import encoded_receivers
from tests.recorder.world import LESSON
from tests.recorder.world import world as opened
from whiteboard_crdt.ids import Role

__all__ = ["encoded_receivers"]

URLS = ("turn:one?transport=udp", "turn:two?transport=tcp")


def test_a_recorder_tries_without_turn_first_and_then_with_each_url() -> None:
    """A TURN server that is down must not hold up a recorder that everybody reaches."""
    servers = (IceServer(URLS, "user", "word"),)

    def urls(settings: IceSettings) -> list[str]:
        tried = [settings.configuration(attempt).iceServers or [] for attempt in range(4)]
        return [str(server.urls) for servers in tried for server in servers] + [str(len(one)) for one in tried]

    assert urls(IceSettings(servers, direct_first=True)) == [URLS[0], URLS[1], URLS[0], "0", "1", "1", "1"]
    assert urls(IceSettings(servers, relay_only=True, direct_first=True))[0] == URLS[0]
    assert urls(IceSettings(servers))[0] == URLS[0]
    assert urls(IceSettings((), direct_first=True)) == ["0", "0", "0", "0"]


@pytest.mark.skipif(shutil.which("turnserver") is None, reason="coturn is not installed")
@pytest.mark.usefixtures("encoded_receivers")
async def test_a_recorder_that_nothing_else_reaches_is_reached_through_turn(tmp_path: Path) -> None:
    """Its ticket lets nothing but TURN carry its connections: credentials of the portal's answer have to work."""
    async with turn_server(tmp_path / "turn", "127.0.0.1", free_port()) as turn, opened(tmp_path / "data") as lesson:
        lesson.portal.turn_urls, lesson.portal.turn_secret = [turn.tcp_url], turn.secret
        lesson.portal.relay_only = True
        lesson.start_recorder()
        await lesson.portal.set_lesson(LESSON, "live")
        student = lesson.school.person("ann", Role.STUDENT)
        async with lesson.school.peer(student, lesson.portal.relay_url, mesh=MeshOptions()) as peer:
            await peer.wait_for(lambda: any(link.healthy for link in peer.direct.values()), 20)
            (session,) = peer.direct
            assert peer.participants[session].ticket.role is Role.RECORDER
            assert kind_of_the_other(peer) == "relay"
            await lesson.portal.reported(LESSON, "recording")


def kind_of_the_other(peer: Peer) -> str:
    """The type of the recorder's candidate in use. aiortc tells it nowhere else."""
    assert peer.mesh is not None
    (link,) = peer.mesh.links.values()
    assert link.connection is not None
    assert link.connection.sctp is not None
    ice: Any = link.connection.sctp.transport.transport._connection
    (pair,) = ice._nominated.values()
    kind: str = pair.remote_candidate.type
    return kind
