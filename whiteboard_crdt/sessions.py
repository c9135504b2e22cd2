"""The sessions of a room as a replica knows them: tickets, keys, revocations, and who equivocated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from whiteboard_crdt.errors import CloseCode, TicketError
from whiteboard_crdt.ids import ClientId, RoomId, SessionId, UserId
from whiteboard_crdt.keys import PublicKey, load_point
from whiteboard_crdt.revocation import SignedRevocation, read_revocation
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
        self._honoured: dict[str, Ticket] = {}
        # When the oldest ticket of a session that was seen was issued (unix ms).
        self._first_ms: dict[SessionId, int] = {}
        self.revoked: set[SessionId] = set()
        self.frozen: set[SessionId] = set()
        # By what is signed: a signature can be restated (r, n - s), and each form would be handed on anew.
        self._revocations: dict[str, tuple[str, SignedRevocation]] = {}
        # Until when (unix ms) the tickets of a user count for nothing.
        self._revoked_users: dict[UserId, int] = {}

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
        # Each HAVE may bring every ticket again: one that was honoured costs no signature check.
        ticket = self._honoured.get(token) or read_ticket(token, self._jwks)
        if ticket.room != self._room:
            raise TicketError("ticket of another room", CloseCode.TICKET_FOREIGN)
        known = self._known.get(ticket.session)
        if known is None:
            if ticket.client in self._clients:
                raise TicketError("client id of another session")
            key = load_point(ticket.key)
        elif (known.ticket.key, known.ticket.client, known.ticket.user) != (ticket.key, ticket.client, ticket.user):
            raise TicketError("session of another key, client or user")
        else:
            key = known.key
        if known is None or _replaces(ticket, known.ticket):
            self._clients[ticket.client] = ticket.session
            self._known[ticket.session] = KnownSession(ticket, token, key)
        self._first_ms[ticket.session] = min(ticket.issued_ms, self._first_ms.get(ticket.session, ticket.issued_ms))
        self._honoured[token] = ticket
        if self.is_revoked(ticket):
            # Of a user put out meanwhile: it does not matter who brings it, or which of the session's tickets it is.
            self.revoked.add(ticket.session)
        return ticket

    # Revocations (T5)

    @property
    def revocations(self) -> tuple[str, ...]:
        """The tokens that are honoured, oldest first: for handing them on."""
        return tuple(token for token, _ in self._revocations.values())

    def revocation(self, token: str) -> SignedRevocation | None:
        """What an honoured token says."""
        held = self._revocations.get(_signed_part(token))
        return None if held is None else held[1]

    def is_revoked(self, ticket: Ticket) -> bool:
        """Whether nobody may come in with this ticket any more: its session was put out, or its user was after it."""
        return ticket.session in self.revoked or ticket.issued_ms <= self._revoked_users.get(ticket.user, -1)

    def revoke_by(self, token: str) -> frozenset[SessionId] | None:
        """Honours a revocation, whoever brought it. Returns the sessions that it puts out, None for a known one.

        Raises TicketError. Tickets of its user that come later are revoked as they come.
        """
        signed = _signed_part(token)
        if signed in self._revocations:
            return None
        revocation = read_revocation(token, self._jwks, self._room)
        self._revocations[signed] = token, revocation
        if revocation.user is not None:
            return self.revoke_user(revocation.user, revocation.issued_ms)
        self.revoked |= revocation.sessions
        return revocation.sessions

    def revoke_user(self, user: UserId, until_ms: int) -> frozenset[SessionId]:
        """Revokes every ticket of a user issued by `until_ms`. Returns the sessions that this puts out."""
        self._revoked_users[user] = max(until_ms, self._revoked_users.get(user, -1))
        sessions = frozenset(
            known.ticket.session
            for known in self._known.values()
            if known.ticket.user == user and self._first_ms[known.ticket.session] <= until_ms
        )
        self.revoked |= sessions
        return sessions


def _signed_part(token: str) -> str:
    return token.rpartition(".")[0]


def _replaces(ticket: Ticket, known: Ticket) -> bool:
    more = ticket.caps >= known.caps and ticket.staff >= known.staff
    same = ticket.caps == known.caps and ticket.staff == known.staff
    return more and (not same or ticket.issued_ms > known.issued_ms)
