"""What test peers do on a board, and how two boards are compared: by content."""

from __future__ import annotations

from signaling.client import Peer
from whiteboard_crdt.ids import MAIN_PAGE
from whiteboard_crdt.ink import InkPoint
from whiteboard_crdt.shape import ShapeType


def draw(peer: Peer, strokes: int = 1) -> None:
    for i in range(strokes):
        points = [InkPoint(float(i + k), float(k), 128) for k in range(5)]
        peer.board.add_stroke(MAIN_PAGE, points, ShapeType.DRAW, "black", 4.0, peer.now_ms())


def content(peer: Peer) -> list[object]:
    return [*peer.board.shapes(erased=True), *peer.chat.messages()]
