"""A direct link to one other participant, whatever carries it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from whiteboard_crdt.ids import SessionId

__all__ = ["Link"]


class Link(Protocol):
    """An open link. Its owner sets the two callbacks before it returns to the event loop.

    ``on_message`` gets each whole message; ``on_close`` is called once, when the link is gone for whatever reason.
    """

    session: SessionId
    on_message: Callable[[bytes], None] | None
    on_close: Callable[[], None] | None

    def send(self, data: bytes) -> bool:
        """Reliable and in order (channel `sync`). False when it was not taken: HAVE makes it good later."""
        ...

    def send_lossy(self, data: bytes) -> bool:
        """Unordered, no retransmits (channel `live`). False when it was left out."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...
