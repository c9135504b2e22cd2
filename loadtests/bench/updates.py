"""What is sent: update streams and a big board made by Yjs, and the same kind of work as signed envelopes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pycrdt import Doc, Map

from whiteboard_crdt.envelope import FIRST_PREV, Envelope, envelope_hash, seal
from whiteboard_crdt.ids import BOARD, ClientId, RoomId, SessionId
from whiteboard_crdt.keys import SessionKey

__all__ = [
    "client_of",
    "flood_updates",
    "load_history",
    "load_streams",
    "seal_stream",
    "session_of",
    "session_updates",
    "tag",
]

_SHAPE_UPDATES: Final = 50


def tag(writer: int, number: int) -> str:
    """What every update carries: who wrote it and which it is, findable in whatever a server makes of it."""
    return f"#T{writer:04x}{number:08x}"


def session_of(index: int) -> SessionId:
    """The session id of a room's client; the same in every room, so that rooms can share updates."""
    return SessionId(f"{0xBE5C0000 + index:016x}")


def client_of(index: int) -> ClientId:
    """The Yjs client id of a room's client."""
    return ClientId(1000 + index)


def _blobs(data: bytes, pos: int, width: int) -> Iterator[tuple[bytes, int]]:
    (count,) = struct.unpack_from("<I", data, pos)
    pos += 4
    for _ in range(count):
        length = int.from_bytes(data[pos : pos + width], "little")
        pos += width
        yield data[pos : pos + length], pos + length
        pos += length


def load_streams(folder: Path, writers: int) -> list[list[bytes]]:
    """The first streams of `streams.bin`."""
    data = (folder / "streams.bin").read_bytes()
    (held,) = struct.unpack_from("<I", data)
    if writers > held:
        raise AssertionError("more writers than streams")
    pos = 4
    streams = []
    for _ in range(writers):
        stream = []
        end = pos + 4
        for blob, end in _blobs(data, pos, 2):  # noqa: B007, the position after the last is needed
            stream.append(blob)
        streams.append(stream)
        pos = end
    return streams


def load_history(folder: Path) -> list[bytes]:
    """The pieces of the big board, in order."""
    return [blob for blob, _ in _blobs((folder / "history.bin").read_bytes(), 0, 4)]


def session_updates(index: int, count: int, blob_bytes: int = 0) -> list[bytes]:
    """A lesson's updates, which the rules of a board let through: fields of one's own shapes, some 70 bytes each.

    ``blob_bytes``: of ink, in each, for a board that is big soon.
    """
    session = session_of(index)
    doc: Doc[Any] = Doc(client_id=client_of(index))
    shapes: Map[Any] = doc.get("shapes", type=Map)
    updates: list[bytes] = []
    subscription = doc.observe(lambda event: updates.append(bytes(event.update)))
    shape: Map[Any] = Map()
    for number in range(count):
        with doc.transaction():
            if number % _SHAPE_UPDATES == 0:
                shape = shapes[f"{session}-{number:x}"] = Map()
            value = tag(index, number) + " 512.5,384.25,40"
            shape[f"p{number % _SHAPE_UPDATES}"] = bytes(blob_bytes) if blob_bytes else value
    doc.unobserve(subscription)
    return updates


def flood_updates(index: int, count: int, blob_bytes: int) -> list[bytes]:
    """One field of one shape, set to new bytes each time: much to tell, and a board that does not grow."""
    doc: Doc[Any] = Doc(client_id=client_of(index))
    shapes: Map[Any] = doc.get("shapes", type=Map)
    updates: list[bytes] = []
    subscription = doc.observe(lambda event: updates.append(bytes(event.update)))
    shape: Map[Any] = Map()
    shapes[f"{session_of(index)}-1"] = shape
    for _ in range(1, count):
        shape["ink"] = bytes(blob_bytes)
    doc.unobserve(subscription)
    return updates


def seal_stream(room: RoomId, index: int, key: SessionKey, updates: list[bytes]) -> list[Envelope]:
    """The updates as one session's signed stream on the board."""
    prev = FIRST_PREV
    stream = []
    for seq, update in enumerate(updates, 1):
        envelope = seal(room, BOARD, session_of(index), seq, prev, 1, update, key.sign)
        prev = envelope_hash(room, envelope.body)
        stream.append(envelope)
    return stream
