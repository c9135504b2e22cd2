"""A bad line in one process: drops a share of every connection's UDP datagrams, both ways, as a seed says.

Sits right above the socket, below ICE, DTLS, SRTP and RTCP, so it loses what a network would lose.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aioice import stun
from aioice.ice import StunProtocol


@dataclass(slots=True)
class Line:
    """What went through and what did not. `loss`: share of the datagrams that is dropped in each direction, 0 … 1."""

    seed: int
    loss: float
    passed: int = 0
    dropped: int = 0


@contextmanager
def lossy_line(loss: float, seed: int, *, both_ends_here: bool = False) -> Iterator[Line]:
    """All ICE sockets of this process lose datagrams while the context lasts; `loss` may be changed meanwhile.

    `both_ends_here`: sender and receiver are in this process, so each datagram would meet the line twice.
    """
    line = Line(seed, loss)
    chance = random.Random(seed)
    receive, send, send_stun = StunProtocol.datagram_received, StunProtocol.send_data, StunProtocol.send_stun

    def passes() -> bool:
        lost = chance.random() < line.loss
        line.dropped += lost
        line.passed += not lost
        return not lost

    # `Any`: the types of asyncio's protocol.
    def lossy_receive(self: StunProtocol, data: Any, addr: Any) -> None:
        if passes():
            receive(self, data, addr)

    async def lossy_send(self: StunProtocol, data: bytes, addr: tuple[str, int]) -> None:
        if passes():
            await send(self, data, addr)

    def lossy_send_stun(self: StunProtocol, message: stun.Message, addr: tuple[str, int]) -> None:
        if passes():
            send_stun(self, message, addr)

    # aioice has no seam for a line that loses: its methods are replaced, and put back at the end. Ignored for that.
    StunProtocol.datagram_received = lossy_receive  # type: ignore[method-assign]
    if not both_ends_here:
        StunProtocol.send_data = lossy_send  # type: ignore[method-assign]
        StunProtocol.send_stun = lossy_send_stun  # type: ignore[method-assign]
    try:
        yield line
    finally:
        StunProtocol.datagram_received = receive  # type: ignore[method-assign]
        StunProtocol.send_data = send  # type: ignore[method-assign]
        StunProtocol.send_stun = send_stun  # type: ignore[method-assign]
