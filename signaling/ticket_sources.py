"""Ready-made ticket sources for `Peer`."""

from __future__ import annotations

from signaling.peer_tickets import Grant, TicketSource
from whiteboard_crdt.errors import SetupError
from whiteboard_crdt.ids import SessionId

__all__ = ["one_ticket"]


def one_ticket(grant: Grant) -> TicketSource:
    """Gives a ticket that is at hand, and no other: the peer can come back until it ends, and stay after that.

    A connected session is not put out when its ticket ends (T2); the source says "not now" to renewals.
    """

    async def source(session: SessionId | None) -> Grant:
        if session is not None:
            raise SetupError("this ticket cannot be renewed")
        return grant

    return source
