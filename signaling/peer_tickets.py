"""A peer's own tickets: the first one, and fresh ones before the last ends."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from whiteboard_crdt.errors import TicketError
from whiteboard_crdt.ids import ClientId, RoomId, SessionId
from whiteboard_crdt.keys import PublicKey
from whiteboard_crdt.ticket import Ticket, read_ticket

__all__ = ["Grant", "IceServer", "PeerTickets", "TicketSource"]

log = logging.getLogger("chalkmesh.peer")

_RENEW_EARLY_MS: Final = 150_000
_FRESH_MS: Final = 10_000
_RENEW_RETRY_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class IceServer:
    """One TURN server, as the ticket answer's `ice_servers` names it."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a ticket source gives: a compact ticket, where the relay is (``ws(s)://…/v1/session``), TURN servers."""

    ticket: str
    relay_url: str
    ice_servers: tuple[IceServer, ...] = ()


TicketSource: TypeAlias = Callable[[SessionId | None], Awaitable[Grant]]
"""Asked with None for the first ticket, and with the session id to renew it. Raises what it likes when it cannot."""


class PeerTickets:
    """Checks that a ticket is ours before it is used: anything else is a mistake of the ticket source."""

    def __init__(
        self,
        room: RoomId,
        public_key: bytes,
        client: ClientId,
        source: TicketSource,
        jwks: Mapping[str, PublicKey],
    ) -> None:
        self._room = room
        self._public_key = public_key
        self._client = client
        self._source = source
        self._jwks = jwks
        self._ticket: Ticket | None = None
        self._grant: Grant | None = None
        self._asked_s = 0.0

    @property
    def ticket(self) -> Ticket:
        """The claims of the newest ticket."""
        if self._ticket is None:
            raise AssertionError("the peer has no ticket yet: use it inside its context")
        return self._ticket

    @property
    def grant(self) -> Grant:
        """The newest ticket as it came."""
        if self._grant is None:
            raise AssertionError("the peer has no ticket yet: use it inside its context")
        return self._grant

    def fresh(self, now_ms: int) -> bool:
        """Whether the ticket at hand will still be admitted (room clock)."""
        return self._ticket is not None and self._ticket.expires_ms - now_ms >= _FRESH_MS

    async def obtain(self) -> Grant:
        """Ask the source for a ticket. Raises what the source raises, and TicketError for a ticket that is not ours."""
        grant = await self._source(None if self._ticket is None else self._ticket.session)
        ticket = read_ticket(grant.ticket, self._jwks)
        if (ticket.room, ticket.key, ticket.client) != (self._room, self._public_key, self._client):
            raise TicketError("ticket of another room, key or client")
        if self._ticket is not None and ticket.session != self._ticket.session:
            raise TicketError("ticket of another session")
        self._ticket, self._grant = ticket, grant
        return grant

    async def renew_in_time(self, now_ms: int, now_s: float) -> Grant | None:
        """A new ticket when half the time of the old one is over; None when there is no need, or none to be had now."""
        if self.ticket.expires_ms - now_ms > _RENEW_EARLY_MS or now_s - self._asked_s < _RENEW_RETRY_S:
            return None
        self._asked_s = now_s
        try:
            return await self.obtain()
        except Exception as error:  # an application's own function: any fault of it means "not now"
            log.warning("ticket not renewed session=%s kind=%s", self.ticket.session, type(error).__name__)
            return None
