"""Yjs updates written byte by byte, and caught from pycrdt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pycrdt import Doc

from whiteboard_crdt.varint import Writer

ANY_TRUE: Final = b"\x01\x78"


def number(value: int) -> bytes:
    """A varuint."""
    writer = Writer()
    writer.varuint(value)
    return writer.finish()


def string(text: str) -> bytes:
    """A varstring."""
    writer = Writer()
    writer.varstring(text)
    return writer.finish()


def block(client: int, clock: int, *structs: bytes) -> bytes:
    """The structs of one client."""
    return number(len(structs)) + number(client) + number(clock) + b"".join(structs)


def update(*blocks: bytes, deletes: bytes = b"\x00") -> bytes:
    """A whole update."""
    return number(len(blocks)) + b"".join(blocks) + deletes


def deleted(*clients: tuple[int, list[tuple[int, int]]]) -> bytes:
    """A delete set."""
    return number(len(clients)) + b"".join(
        number(client) + number(len(ranges)) + b"".join(number(clock) + number(length) for clock, length in ranges)
        for client, ranges in clients
    )


def rooted(root: str, key: str, content: bytes = b"\x28", value: bytes = ANY_TRUE) -> bytes:
    """An item under a key of a root type; `content` is its info byte."""
    return content + b"\x01" + string(root) + string(key) + value


def child(client: int, clock: int, key: str, info: bytes = b"\x28", value: bytes = ANY_TRUE) -> bytes:
    """An item under a key of the shared type (client, clock)."""
    return info + b"\x00" + number(client) + number(clock) + string(key) + value


def beside(client: int, clock: int, info: bytes = b"\x88", value: bytes = ANY_TRUE) -> bytes:
    """An item with an origin (0x88) or a right origin (0x48)."""
    return info + number(client) + number(clock) + value


MAP: Final = {"content": b"\x27", "value": b"\x01"}
CHILD_MAP: Final = {"info": b"\x27", "value": b"\x01"}


class Recorder:
    """A pycrdt document whose local updates are caught."""

    def __init__(self, client: int, *, of: Recorder | None = None) -> None:
        self.doc: Doc[Any] = Doc(client_id=client)
        self.updates: list[bytes] = []
        self.doc.observe(lambda event: self.updates.append(bytes(event.update)))
        if of is not None:
            self.doc.apply_update(of.doc.get_update())
            self.updates.clear()

    def edit(self, change: Callable[[], object]) -> bytes:
        """The one update of a change."""
        self.updates.clear()
        change()
        if len(self.updates) != 1:
            raise AssertionError("a change is one update")
        return self.updates[0]
