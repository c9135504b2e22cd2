"""Synthetic lessons: participants with keys and tickets who draw, write and talk, recorded into an archive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from recorder.archive import Archive, LessonInfo, open_archive
from whiteboard_crdt.board import Board
from whiteboard_crdt.chat import Chat
from whiteboard_crdt.envelope import Envelope
from whiteboard_crdt.ids import BOARD, CHAT, STAGE, Capability, ClientId, DocRef, Role, RoomId, SessionId, UserId
from whiteboard_crdt.ink import InkPoint
from whiteboard_crdt.keys import SessionKey, dump_jwks
from whiteboard_crdt.replica import OwnSession, Replica
from whiteboard_crdt.shape import ShapeType
from whiteboard_crdt.stage import Stage
from whiteboard_crdt.ticket import LIFETIME_MS, Ticket, issue_ticket

ROOM = RoomId("room-1")
EPOCH_MS = 1_800_000_000_000


class School:
    """Issues tickets."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.keys = {"k1": self.private.public_key()}
        self.jwks = dump_jwks(self.keys).decode()

    def ticket(
        self, session: str, user: str, name: str, role: Role, client: int, key: SessionKey
    ) -> tuple[Ticket, str]:
        """A ticket with every capability, and its compact form."""
        ticket = Ticket(
            room=ROOM,
            user=UserId(user),
            name=name,
            role=role,
            caps=frozenset(Capability),
            session=SessionId(session),
            client=ClientId(client),
            key=key.public,
            issued_ms=EPOCH_MS,
            expires_ms=EPOCH_MS + LIFETIME_MS,
            # Not in the order of their coming: that alone would tell nothing of where a colour is taken from.
            colour=client % 7 + 1,
        )
        return ticket, issue_ticket(ticket, self.private, "k1")


class Person:
    """A participant with a replica of its own; what it does comes out as envelopes."""

    def __init__(self, school: School, number: int, name: str, role: Role) -> None:
        self.session = SessionId(f"{number:016x}")
        self.key = SessionKey.generate()
        self.ticket, self.token = school.ticket(self.session, f"u{number}", name, role, number, self.key)
        own = OwnSession(self.session, ClientId(number), self.key.sign)
        self.replica = Replica(ROOM, own, school.keys)
        self.replica.admit_ticket(self.token)
        self.board = Board(self.replica.doc(BOARD), self.session)
        self.stage = Stage(self.replica.doc(STAGE))
        self.chat = Chat(self.replica.doc(CHAT), self.session)

    def desk(self, user: str) -> Board:
        """The private board of a user."""
        return Board(self.replica.doc(DocRef.desk(user)), self.session)

    def line(
        self, points: Sequence[tuple[float, float]], *, page: str = "main", colour: str = "black", size: float = 8
    ) -> str:
        """Draw a stroke with full pressure."""
        ink = [InkPoint(x, y, 255) for x, y in points]
        return self.board.add_stroke(page, ink, ShapeType.DRAW, colour, size, EPOCH_MS)[0]


class Lesson:
    """An archive being written, and the people whose work goes into it."""

    def __init__(self, folder: Path, *, people: int = 2, student: str = "Student") -> None:
        """`student`: what students are called before their number."""
        self.school = School()
        self.folder = folder
        roles = [(Role.TUTOR, "Ada Tutor")] + [(Role.STUDENT, f"{student} {n}") for n in range(1, people)]
        self.people = [Person(self.school, n + 1, name, role) for n, (role, name) in enumerate(roles)]
        self.info = LessonInfo("lesson-1", ROOM, "Fractions", "school-1", self.school.jwks)
        self.archive: Archive = open_archive(folder, self.info)
        self.archive.meta("room_epoch_at", EPOCH_MS)
        for person in self.people:
            self.archive.session(person.ticket, person.token, 0)
            self.archive.event("join", person.session, {}, 0)

    def did(self, person: Person, room_ms: int, *, share: bool = True) -> list[Envelope]:
        """What the person did since the last call arrives at `room_ms` at the archive and at everybody else."""
        envelopes = person.replica.flush_local(EPOCH_MS + room_ms)
        for envelope in envelopes:
            self.archive.envelope(envelope, room_ms)
            for other in self.people if share else ():
                if other is not person:
                    other.replica.admit_ticket(person.token)
                    other.replica.receive(envelope, now_ms=EPOCH_MS + room_ms)
        return envelopes

    def live(self, room_ms: int) -> None:
        """The lesson begins."""
        self.archive.meta("start_ms", room_ms)
        self.archive.event("state", None, {"state": "live"}, room_ms)

    def finish(self, end_ms: int, also: Callable[[Archive], None] | None = None) -> Path:
        """Seal the archive and let go of it; returns its folder."""
        for person in self.people:
            self.archive.event("leave", person.session, {"reason": "left"}, end_ms)
        if also is not None:
            also(self.archive)
        self.archive.seal(end_ms)
        self.archive.close()
        return self.folder
