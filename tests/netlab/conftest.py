from __future__ import annotations

import socket
from collections.abc import Sequence

import aioice.ice
import pytest

from portal.turn import ice_servers
from signaling.client import Grant, Peer
from signaling.mesh import MeshOptions
from signaling.peer_tickets import IceServer
from tests.signaling.conftest import relay, school, start_relay, url
from tests.signaling.school import Person, wall_ms
from whiteboard_crdt.ids import SessionId
from whiteboard_crdt.ticket import Ticket, issue_ticket

__all__ = ["relay", "school", "start_relay", "url"]


def free_port() -> int:
    """A port nobody listens on, over TCP and UDP, at the moment of asking."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port = int(tcp.getsockname()[1])
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@pytest.fixture(autouse=True)
def loopback_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    """aioice leaves 127.0.0.1 out; a test has no other address to count on."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda *_, **__: ["127.0.0.1"])


def relay_only_peer(person: Person, url: str, turn_urls: Sequence[str], secret: str) -> Peer:
    """A peer of a school with the policy `relay`: ticket and TURN credentials as the portal gives them."""
    school = person.school

    async def tickets(_session: SessionId | None) -> Grant:
        now_ms = wall_ms()
        names = ("room", "user", "name", "role", "caps", "session", "client", "key")
        claims = {name: getattr(person.ticket, name) for name in names}
        fresh = Ticket(**claims, issued_ms=now_ms, expires_ms=now_ms + 300_000, relay_only=True)
        servers = ice_servers(" ".join(turn_urls), secret, person.session, now_ms)
        return Grant(
            issue_ticket(fresh, school.private, school.kid),
            url,
            tuple(IceServer(tuple(each["urls"]), each["username"], each["credential"]) for each in servers),
        )

    return Peer(
        person.ticket.room,
        tickets,
        school.jwks,
        key=person.key,
        client_id=person.ticket.client,
        mesh=MeshOptions(),
    )
