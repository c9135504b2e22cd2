"""Two ends of a link inside one process, with scripted loss, delay and reordering: for tests and demos."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from whiteboard_crdt.ids import SessionId

__all__ = ["MemoryBulk", "MemoryLink", "memory_pair"]


class MemoryBulk:
    """Channel `bulk` of one end. ``room``: how many messages it takes before `drain` is called; None: any number."""

    def __init__(self) -> None:
        self.on_message: Callable[[bytes], None] | None = None
        self.on_drain: Callable[[], None] | None = None
        self.room: int | None = None
        self.script: Callable[[bytes], bytes | None] | None = None
        self.sent = 0
        self.other: MemoryBulk | None = None
        self.closed = False

    def send(self, data: bytes) -> bool:
        """As the script says: it may change a message, or lose it with None."""
        if self.closed or (self.room is not None and self.room <= 0):
            return False
        if self.room is not None:
            self.room -= 1
        self.sent += 1
        scripted = data if self.script is None else self.script(data)
        if scripted is not None:
            asyncio.get_running_loop().call_soon(self._arrive, scripted)
        return True

    def drain(self, room: int | None) -> None:
        """Make room."""
        self.room = room
        if self.on_drain is not None:
            self.on_drain()

    def _arrive(self, data: bytes) -> None:
        other = self.other
        if other is not None and not other.closed and other.on_message is not None:
            other.on_message(data)


class MemoryLink:
    """One end. Messages arrive on a later turn of the event loop, in order unless the script says otherwise.

    ``lossy_script`` is asked for each message sent lossily: False loses it. ``held``: while a list, reliable messages
    gather in it instead of arriving, until `release` delivers them (in the order of the list, which a test may change).
    """

    def __init__(self, session: SessionId) -> None:
        self.session = session
        self.on_message: Callable[[bytes], None] | None = None
        self.on_lossy: Callable[[bytes], None] | None = None
        self.on_close: Callable[[], None] | None = None
        self.lossy_script: Callable[[bytes], bool] | None = None
        self.held: list[bytes] | None = None
        self.bulk = MemoryBulk()
        self.waiting = False
        self.sent = 0
        self._other: MemoryLink | None = None
        self._closed = False

    def send(self, data: bytes) -> bool:
        """Reliable and in order."""
        if self._closed:
            return False
        self.sent += 1
        if self.held is not None:
            self.held.append(data)
        else:
            self._deliver(data)
        return True

    def send_lossy(self, data: bytes) -> bool:
        """As the script says."""
        if self._closed:
            return False
        if self.lossy_script is None or self.lossy_script(data):
            self._deliver(data, lossy=True)
        return True

    def release(self) -> None:
        """Deliver what was held, and hold no more."""
        held, self.held = self.held or [], None
        for data in held:
            self._deliver(data)

    def close(self) -> None:
        """Both ends are gone."""
        for end in (self, self._other):
            if end is not None and not end._closed:
                end._closed = end.bulk.closed = True
                if end.on_close is not None:
                    asyncio.get_running_loop().call_soon(end.on_close)

    def _deliver(self, data: bytes, *, lossy: bool = False) -> None:
        asyncio.get_running_loop().call_soon(self._arrive, data, lossy)

    def _arrive(self, data: bytes, lossy: bool) -> None:
        other = self._other
        if other is None or other._closed:
            return
        take = other.on_lossy if lossy else other.on_message
        if take is not None:
            take(data)


def memory_pair(one: SessionId, two: SessionId) -> tuple[MemoryLink, MemoryLink]:
    """A link between sessions `one` and `two`: the first end belongs to `one` (and leads to `two`)."""
    first, second = MemoryLink(two), MemoryLink(one)
    first._other, second._other = second, first
    first.bulk.other, second.bulk.other = second.bulk, first.bulk
    return first, second
