"""Small pictures for tests, and how they come onto a board."""

from __future__ import annotations

import hashlib
import io

from PIL import Image

from tests.recorder.lesson import EPOCH_MS
from whiteboard_crdt.board import Board
from whiteboard_crdt.shape import ShapeType
from whiteboard_crdt.undo import Value


def png(colour: tuple[int, int, int], width: int = 40, height: int = 30) -> bytes:
    """A picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "PNG")
    return out.getvalue()


def paste(board: Board, data: bytes, *, x: float = 100, y: float = 100, w: float = 400, h: float = 300) -> str:
    """Put a picture on the first page; returns the shape's id."""
    fields: dict[str, Value | bytes] = {"asset": hashlib.sha256(data).hexdigest(), "x": x, "y": y, "w": w, "h": h}
    return board.add_thing("main", ShapeType.IMAGE, fields, ("black", 1.0), EPOCH_MS)
