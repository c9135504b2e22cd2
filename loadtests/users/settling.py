"""The end of a load test: is every edit on every board, and are all boards of a room the same?"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Sequence
from typing import Final

from loadtests.users.bot import RoomBot
from loadtests.users.lines import RoomEnd
from signaling.client import Peer

__all__ = ["board_digest", "settle_room"]

_LOOK_S: Final = 0.2


def board_digest(peer: Peer) -> str:
    """Names what a peer's board, stage and chat show: equal for equal content, whatever the bytes of the CRDT."""
    hashed = hashlib.sha256()
    for shape in sorted(peer.board.shapes(erased=True), key=lambda shape: shape.id):
        hashed.update(repr(shape).encode())
    for message in peer.chat.messages():
        hashed.update(repr(message).encode())
    hashed.update(repr(peer.stage.page).encode())
    return hashed.hexdigest()


async def settle_room(room: int, bots: Sequence[RoomBot], limit_s: float) -> RoomEnd:
    """Wait until all that was done is saved and everywhere, for at most `limit_s`. The bots must be at rest."""
    begun_s = time.monotonic()
    peers = [bot.peer for bot in bots if bot.peer is not None]
    unsaved = sum(await asyncio.gather(*(_unsaved(peer, limit_s) for peer in peers)))
    while True:
        equal = _equal(peers)
        if equal or time.monotonic() - begun_s > limit_s:
            break
        # Equality of many peers has no event of its own.
        await asyncio.sleep(_LOOK_S)
    made = {stroke for bot in bots for stroke in bot.strokes}
    lost = sum(len(made - {shape.id for shape in peer.board.shapes(erased=True)}) for peer in peers)
    took_ms = (time.monotonic() - begun_s) * 1000
    envelopes = max((sum(head.seq for head in peer.replica.heads()) for peer in peers), default=0)
    return RoomEnd(room, len(peers), len(made), lost, equal, unsaved, round(took_ms, 1), envelopes)


async def _unsaved(peer: Peer, limit_s: float) -> int:
    try:
        await peer.saved(limit_s)
    except (TimeoutError, ConnectionError):
        return len(peer.replica.unacked())
    return 0


def _equal(peers: Sequence[Peer]) -> bool:
    # The heads first: they cost nothing, and boards with different heads are not equal yet.
    heads = {frozenset((head.doc.text, head.session, head.seq) for head in peer.replica.heads()) for peer in peers}
    return len(heads) <= 1 and len({board_digest(peer) for peer in peers}) <= 1
