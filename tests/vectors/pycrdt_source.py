"""Writes pycrdt_source.json: real updates made by pycrdt. `python -m tests.vectors.pycrdt_source`.

Not a part of `generate`, since pycrdt writes the members of an object in another order each time.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.vectors.fixtures import CLIENT, NOW_MS, OTHER_CLIENT, OTHER_SESSION, SESSION
from tests.vectors.ybytes import Recorder
from whiteboard_crdt.board import Board
from whiteboard_crdt.chat import Chat
from whiteboard_crdt.ink import InkPoint
from whiteboard_crdt.shape import ShapeType

FILE = Path(__file__).with_name("pycrdt_source.json")


def _stroke(board: Board, points: int = 3) -> Callable[[], object]:
    ink = [InkPoint(i * 3.0, i * 2.0, 100 + i % 100, i * 8) for i in range(points)]
    return lambda: board.add_stroke("main", ink, ShapeType.DRAW, "blue", 4, NOW_MS)


def _pycrdt_updates() -> dict[str, bytes]:
    source = Recorder(CLIENT)
    board, chat = Board(source.doc, SESSION), Chat(source.doc, SESSION)
    made = {
        "stroke": source.edit(_stroke(board)),
        "stroke of 600 points": source.edit(_stroke(board, 600)),
        "text": source.edit(lambda: board.add_text("main", 1, 2, "héllo \U0001f600", "red", 24, NOW_MS)),
    }
    text_id = f"{SESSION}-5"
    made["text appended"] = source.edit(lambda: board.edit_text(text_id, "héllo \U0001f600!"))
    made["text in the middle"] = source.edit(lambda: board.edit_text(text_id, "hé\U0001f44d\U0001f3fdllo \U0001f600!"))
    made["text deleted"] = source.edit(lambda: board.edit_text(text_id, "h\U0001f600!"))
    made["moved"] = source.edit(lambda: board.move([f"{SESSION}-1"], 1, 0))
    made["erased"] = source.edit(lambda: board.erase([f"{SESSION}-1", text_id]))
    made["message"] = source.edit(lambda: chat.post("olá", NOW_MS))
    other = Recorder(OTHER_CLIENT, of=source)
    other_board = Board(other.doc, OTHER_SESSION)
    made["foreign move"] = other.edit(lambda: other_board.move([f"{SESSION}-2"], 5, 5))
    made["foreign text"] = other.edit(lambda: other_board.edit_text(text_id, "h\U0001f600?!"))
    made["state"] = other.doc.get_update()
    return made


if __name__ == "__main__":
    FILE.write_text(json.dumps({name: data.hex() for name, data in _pycrdt_updates().items()}, indent=1) + "\n")
