"""Counts the live packets of others instead of decoding them.

They are most of what a bot receives (four others at 20 Hz), and to decode them took over half of its processor time: a
machine that makes the load would be full long before the relay is. On the wire and in the relay nothing changes.
"""

from __future__ import annotations

import time

from signaling.client import Peer
from whiteboard_crdt.messages import MessageType

__all__ = ["LiveCount"]


class LiveCount:
    """Live packets that one peer was sent. Attach it before the peer is entered."""

    def __init__(self) -> None:
        self._packets = 0
        self._longest_s = self._last_s = 0.0

    def attach(self, peer: Peer) -> None:
        """Stand between the peer, which must be prepared, and its session socket."""
        relay = peer.relay
        take = relay.on_binary

        def on_binary(data: bytes) -> None:
            if data and data[0] == MessageType.LIVE:
                self._count()
            else:
                take(data)

        relay.on_binary = on_binary  # type: ignore[method-assign]  # the connection asks the peer's relay by this name

    def take(self) -> tuple[int, float]:
        """Packets since the last call, and the longest time between two, ms."""
        taken = self._packets, self._longest_s * 1000
        self._packets, self._longest_s = 0, 0.0
        return taken

    def _count(self) -> None:
        now_s = time.monotonic()
        if self._last_s:
            self._longest_s = max(self._longest_s, now_s - self._last_s)
        self._packets += 1
        self._last_s = now_s
