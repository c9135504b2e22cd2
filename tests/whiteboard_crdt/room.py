"""A room for tests: a school that issues tickets, and participants with replicas."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from whiteboard_crdt.board import Board
from whiteboard_crdt.chat import Chat
from whiteboard_crdt.envelope import Envelope, seal
from whiteboard_crdt.ids import BOARD, CHAT, Capability, ClientId, DocRef, Role, RoomId, SessionId, UserId
from whiteboard_crdt.ink import InkPoint
from whiteboard_crdt.keys import PublicKey, SessionKey
from whiteboard_crdt.replica import OwnSession, Replica
from whiteboard_crdt.revocation import SignedRevocation, issue_revocation
from whiteboard_crdt.shape import ShapeType
from whiteboard_crdt.store import EnvelopeStore
from whiteboard_crdt.ticket import LIFETIME_MS, Ticket, issue_ticket

NOW_MS: Final = 1_767_225_600_000
ALL_CAPS: Final = frozenset(Capability)
KID: Final = "school"
STROKE: Final = (InkPoint(0.0, 0.0, 90, 0), InkPoint(10.0, 5.0, 120, 16), InkPoint(12.0, 9.0, 70, 33))


@dataclass
class Peer:
    """One session of a user, with its replica and views."""

    replica: Replica
    key: SessionKey
    ticket: Ticket
    token: str
    board: Board = field(init=False)
    chat: Chat = field(init=False)

    def __post_init__(self) -> None:
        self.replica.admit_ticket(self.token)
        self.board = Board(self.replica.doc(BOARD), self.session)
        self.chat = Chat(self.replica.doc(CHAT), self.session)

    @property
    def session(self) -> SessionId:
        return self.ticket.session

    def draw(self, now_ms: int = NOW_MS, page: str = "main") -> Envelope:
        """Draws a stroke; the one envelope that it makes."""
        self.board.add_stroke(page, STROKE, ShapeType.DRAW, "black", 4, now_ms)
        (envelope,) = self.replica.flush_local(now_ms)
        return envelope

    def forge(self, doc: DocRef, seq: int, prev: bytes, update: bytes, now_ms: int = NOW_MS) -> Envelope:
        """An envelope with a good signature and any content."""
        return seal(self.replica.room, doc, self.session, seq, prev, now_ms, update, self.key.sign)


class Room:
    """Issues tickets and makes participants who know each other's tickets, unless told otherwise."""

    def __init__(self, name: str = "room-1") -> None:
        self.name = RoomId(name)
        self._school = ec.generate_private_key(ec.SECP256R1())
        self.jwks: dict[str, PublicKey] = {KID: self._school.public_key()}
        self.tokens: list[str] = []
        self.peers: list[Peer] = []

    def issue(self, ticket: Ticket) -> str:
        return issue_ticket(ticket, self._school, KID)

    def revocation(self, *sessions: SessionId, user: str | None = None, issued_ms: int = NOW_MS) -> str:
        """What the school signs to put somebody out (T5)."""
        whom = None if user is None else UserId(user)
        made = SignedRevocation(room=self.name, sessions=frozenset(sessions), user=whom, issued_ms=issued_ms)
        return issue_revocation(made, self._school, KID)

    def ticket(
        self, number: int, key: SessionKey, user: str, role: Role = Role.STUDENT, caps: frozenset[Capability] = ALL_CAPS
    ) -> Ticket:
        return Ticket(
            room=self.name,
            user=UserId(user),
            name=user.title(),
            role=role,
            caps=caps,
            session=SessionId(f"{number:016x}"),
            client=ClientId(1000 + number),
            key=key.public,
            issued_ms=NOW_MS,
            expires_ms=NOW_MS + LIFETIME_MS,
        )

    def join(
        self,
        user: str,
        role: Role = Role.STUDENT,
        caps: frozenset[Capability] = ALL_CAPS,
        *,
        introduced: bool = True,
        store: EnvelopeStore | None = None,
    ) -> Peer:
        """A new session of a user; `introduced`: everyone learns everyone's tickets."""
        key = SessionKey.generate()
        ticket = self.ticket(len(self.tokens) + 1, key, user, role, caps)
        own = OwnSession(ticket.session, ticket.client, key.sign)
        peer = Peer(Replica(self.name, own, self.jwks, store=store), key, ticket, self.issue(ticket))
        self.tokens.append(peer.token)
        self.peers.append(peer)
        if introduced:
            self.introduce()
        return peer

    def reader(self, store: EnvelopeStore | None = None) -> Replica:
        """A replica that writes nothing, such as the relay's, and knows all tickets."""
        replica = Replica(self.name, None, self.jwks, store=store)
        for token in self.tokens:
            replica.admit_ticket(token)
        return replica

    def introduce(self) -> None:
        for peer in self.peers:
            for token in self.tokens:
                peer.replica.admit_ticket(token)
