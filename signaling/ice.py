"""How a Python peer's connections find their way: the TURN servers of its ticket, and the school's policy."""

from __future__ import annotations

from dataclasses import dataclass

from aiortc import RTCConfiguration, RTCIceServer, RTCIceTransportPolicy

from signaling.peer_tickets import IceServer

__all__ = ["IceSettings"]


@dataclass(frozen=True, slots=True)
class IceSettings:
    """The servers of a ticket, and whether only they may carry anything (policy `relay`).

    ``direct_first``: the first attempt does without them, as for a recorder that stands where everybody reaches it: a
    TURN server that does not answer would keep aiortc from describing itself for five seconds.
    """

    servers: tuple[IceServer, ...] = ()
    relay_only: bool = False
    direct_first: bool = False

    def configuration(self, attempt: int) -> RTCConfiguration:
        """For aiortc. It uses one TURN URL of all: another one with each attempt, since UDP may be blocked."""
        urls = [(url, server) for server in self.servers for url in server.urls]
        if self.direct_first and not self.relay_only:
            attempt -= 1
        chosen = [urls[attempt % len(urls)]] if urls and attempt >= 0 else []
        return RTCConfiguration(
            # An explicit empty list: the default is a public STUN server.
            iceServers=[RTCIceServer(url, server.username, server.credential) for url, server in chosen],
            iceTransportPolicy=RTCIceTransportPolicy.RELAY if self.relay_only else RTCIceTransportPolicy.ALL,
        )
