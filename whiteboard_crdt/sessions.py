"""The sessions of a room as a replica knows them: tickets, keys, revocations, and who equivocated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from whiteboard_crdt.errors import CloseCode, TicketError
from whiteboard_crdt.ids import ClientId, RoomId, SessionId
from whiteboard_crdt.keys import PublicKey, load_point
from whiteboard_crdt.ticket import Ticket, read_ticket

__all__ = ["KnownSession", "Sessions"]


@dataclass(frozen=True, slots=True)
class KnownSession:
    """A session with a good ticket; `token` is that ticket as it is handed on."""

    ticket: Ticket
    token: str
    key: PublicKey


class Sessions:
    """Tickets honoured in one room (T3): whatever the time, until revoked."""

    def __init__(self, room: RoomId, jwks: Mapping[str, PublicKey]) -> None:
        self._room = room
        self._jwks = jwks
        self._known: dict[SessionId, KnownSession] = {}
        self._clients: dict[ClientId, SessionId] = {}
        self.revoked: set[SessionId] = set()
        self.frozen: set[SessionId] = set()

    def __iter__(self) -> Iterator[KnownSession]:
        return iter(self._known.values())

    def get(self, session: SessionId) -> KnownSession | None:
        """What is known of a session."""
        return self._known.get(session)

    def of_client(self, client: int) -> SessionId | None:
        """The session that writes with a client id (T4)."""
        return self._clients.get(ClientId(client))

    def admit(self, token: str) -> Ticket:
        """Checks a ticket (T1, T3, T4) and takes it in; the same again is fine. Returns the ticket of the token.

        Raises TicketError. Rights never shrink without a revocation: whoever receives an old envelope late must
        judge it as those did who received it in time.
        """
        ticket = read_ticket(token, self._jwks)
        if ticket.room != self._room:
            raise TicketError("ticket of another room", CloseCode.TICKET_FOREIGN)
        known = self._known.get(ticket.session)
        if known is None:
            if ticket.client in self._clients:
                raise TicketError("client id of another session")
            key = load_point(ticket.key)
        elif (known.ticket.key, known.ticket.client, known.ticket.user) != (ticket.key, ticket.client, ticket.user):
            raise TicketError("session of another key, client or user")
        elif not _replaces(ticket, known.ticket):
            return ticket
        else:
            key = known.key
        self._clients[ticket.client] = ticket.session
        self._known[ticket.session] = KnownSession(ticket, token, key)
        return ticket


def _replaces(ticket: Ticket, known: Ticket) -> bool:
    more = ticket.caps >= known.caps and ticket.staff >= known.staff
    same = ticket.caps == known.caps and ticket.staff == known.staff
    return more and (not same or ticket.issued_ms > known.issued_ms)
