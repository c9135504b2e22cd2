"""A school for tests: ticket keys, the relay's data folder, and tickets for whoever asks."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from signaling.client import Grant, Peer, TicketSource
from whiteboard_crdt.ids import Capability, ClientId, Role, RoomId, SessionId, UserId
from whiteboard_crdt.keys import PublicKey, SessionKey, dump_jwks
from whiteboard_crdt.revocation import SignedRevocation, issue_revocation
from whiteboard_crdt.ticket import Ticket, issue_ticket

ALL_CAPS = frozenset(Capability)
SECRET = "internal-secret-of-a-test"
ROOM = RoomId("lesson-1")


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class Person:
    """A user with a session's key; `token` issues its tickets."""

    school: School
    ticket: Ticket
    key: SessionKey

    @property
    def session(self) -> SessionId:
        return self.ticket.session

    @cached_property
    def token(self) -> str:
        return issue_ticket(self.ticket, self.school.private, self.school.kid)


@dataclass
class School:
    data: Path
    kid: str = "school-key"
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        keys = self.data / "keys"
        keys.mkdir(parents=True, exist_ok=True)
        (keys / "ticket.pub.json").write_bytes(dump_jwks(self.jwks))
        (keys / "internal.secret").write_text(SECRET)

    @property
    def jwks(self) -> dict[str, PublicKey]:
        return {self.kid: self.private.public_key()}

    def person(
        self,
        user: str = "student-1",
        role: Role = Role.STUDENT,
        *,
        room: RoomId = ROOM,
        caps: Iterable[Capability] = ALL_CAPS,
        issued_ms: int | None = None,
        lifetime_ms: int = 300_000,
        session: str | None = None,
        client: int | None = None,
        key: SessionKey | None = None,
        unrecorded: bool = False,
    ) -> Person:
        key = key or SessionKey.generate()
        issued_ms = wall_ms() if issued_ms is None else issued_ms
        ticket = Ticket(
            room=room,
            user=UserId(user),
            name=f"Name of {user}",
            role=role,
            caps=frozenset(caps),
            session=SessionId(session or secrets.token_hex(8)),
            client=ClientId(client if client is not None else secrets.randbelow(2**32 - 1) + 1),
            key=key.public,
            issued_ms=issued_ms,
            expires_ms=issued_ms + lifetime_ms,
            unrecorded=unrecorded,
        )
        return Person(self, ticket, key)

    def revocation(
        self,
        *sessions: SessionId,
        user: str | None = None,
        room: RoomId = ROOM,
        issued_ms: int | None = None,
        reason: str = "removed",
    ) -> str:
        """What the portal signs to put somebody out (T5)."""
        made = SignedRevocation(
            room=room,
            sessions=frozenset(sessions),
            user=None if user is None else UserId(user),
            issued_ms=wall_ms() if issued_ms is None else issued_ms,
            reason=reason,
        )
        return issue_revocation(made, self.private, self.kid)

    def source(self, person: Person, url: str) -> TicketSource:
        """Issues and renews the person's ticket."""

        async def tickets(_session: SessionId | None) -> Grant:
            now_ms = wall_ms()
            fresh = Ticket(
                **{
                    name: getattr(person.ticket, name)
                    for name in ("room", "user", "name", "role", "caps", "session", "client", "key", "unrecorded")
                },
                issued_ms=now_ms,
                expires_ms=now_ms + 300_000,
            )
            return Grant(issue_ticket(fresh, self.private, self.kid), url)

        return tickets

    def peer(self, person: Person, url: str, **options: object) -> Peer:
        """A peer for a person; `options` go to Peer."""
        return Peer(
            person.ticket.room,
            self.source(person, url),
            self.jwks,
            key=person.key,
            client_id=person.ticket.client,
            **options,  # type: ignore[arg-type]
        )
