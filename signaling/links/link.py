"""A direct link to one other participant, whatever carries it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from whiteboard_crdt.ids import SessionId

__all__ = ["Bulk", "Link"]


class Bulk(Protocol):
    """Channel `bulk` of a link: reliable, in order, and with little waiting in it. Its user sets the callbacks."""

    on_message: Callable[[bytes], None] | None
    on_drain: Callable[[], None] | None

    def send(self, data: bytes) -> bool:
        """False when there is no room now (``on_drain`` says when there is) or the channel is not open."""
        ...


class Link(Protocol):
    """An open link. Its owner sets the callbacks before it returns to the event loop.

    ``on_message`` gets each whole message of `sync` and ``on_lossy`` of `live`; ``on_close`` is called once, when the
    link is gone for whatever reason.
    """

    session: SessionId
    on_message: Callable[[bytes], None] | None
    on_lossy: Callable[[bytes], None] | None
    on_close: Callable[[], None] | None

    @property
    def waiting(self) -> bool:
        """Whether something waits for the congestion window: what is sent now comes late, and makes the rest late."""
        ...

    @property
    def bulk(self) -> Bulk:
        """For what is large (section A)."""
        ...

    def send(self, data: bytes) -> bool:
        """Reliable and in order (channel `sync`). False when it was not taken: HAVE makes it good later."""
        ...

    def send_lossy(self, data: bytes) -> bool:
        """Unordered, no retransmits (channel `live`). False when it was left out."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...
