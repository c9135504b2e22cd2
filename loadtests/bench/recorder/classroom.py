"""People with keys and tickets for the bench's archives, and a board that they write on."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec

from recorder.archive import Archive, LessonInfo
from whiteboard_crdt.board import Board
from whiteboard_crdt.ids import BOARD, Capability, ClientId, Role, RoomId, SessionId, UserId
from whiteboard_crdt.ink import InkPoint
from whiteboard_crdt.keys import SessionKey, dump_jwks
from whiteboard_crdt.replica import OwnSession, Replica
from whiteboard_crdt.shape import ShapeType
from whiteboard_crdt.ticket import LIFETIME_MS, Ticket, issue_ticket

ROOM = RoomId("bench")
_EPOCH_MS = 1_800_000_000_000
_POINTS = 80
# A hand that writes all the time: a stroke of 80 points every two seconds.
_STROKE_MS = 2000


@dataclass(frozen=True, slots=True)
class Member:
    """A participant."""

    session: SessionId
    ticket: Ticket
    token: str
    key: SessionKey


class Classroom:
    """Issues tickets. `info` is what an archive is opened with."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self.keys = {"k1": self._private.public_key()}
        self.info = LessonInfo("bench", ROOM, "Bench", "bench", dump_jwks(self.keys).decode())

    def join(self, index: int) -> Member:
        """Participant number `index`; the first one is the tutor."""
        session, key = SessionId(f"{index + 1:016x}"), SessionKey.generate()
        ticket = Ticket(
            room=ROOM,
            user=UserId(f"u{index + 1}"),
            name=f"Participant {index + 1}",
            role=Role.STUDENT if index else Role.TUTOR,
            caps=frozenset(Capability),
            session=session,
            client=ClientId(index + 1),
            key=key.public,
            issued_ms=_EPOCH_MS,
            expires_ms=_EPOCH_MS + LIFETIME_MS,
        )
        return Member(session, ticket, issue_ticket(ticket, self._private, "k1"), key)


def handwriting(chance: random.Random, x: float, y: float, points: int) -> list[InkPoint]:
    """A stroke as a hand makes one: loops that drift to the right, a point about every 8 ms."""
    radius, speed, t_ms = chance.uniform(12, 40), chance.uniform(0.15, 0.35), 0
    ink: list[InkPoint] = []
    for index in range(points):
        turn = index * speed
        t_ms += chance.randint(7, 9)
        pressure = round(150 + 60 * math.sin(index / 9) + chance.uniform(-8, 8))
        ink.append(
            InkPoint(x + index * 1.6 + radius * math.sin(turn), y + radius * math.cos(turn * 1.1), pressure, t_ms)
        )
    return ink


def write_board(archive: Archive, classroom: Classroom, end_ms: int, *, strokes: int | None = None) -> int:
    """Strokes of a tutor over the whole time until `end_ms`; returns the number of points."""
    member = classroom.join(99)
    archive.session(member.ticket, member.token, 0)
    replica = Replica(ROOM, OwnSession(member.session, member.ticket.client, member.key.sign), classroom.keys)
    replica.admit_ticket(member.token)
    board = Board(replica.doc(BOARD), member.session)
    chance = random.Random(7)
    count = max(1, end_ms // _STROKE_MS) if strokes is None else strokes
    for number in range(count):
        at_ms = round(number * end_ms / count)
        x, y = 80 + number % 9 * 150, 80 + number // 9 % 12 * 65
        board.add_stroke("main", handwriting(chance, x, y, _POINTS), ShapeType.DRAW, "black", 4, _EPOCH_MS + at_ms)
        for envelope in replica.flush_local(_EPOCH_MS + at_ms):
            archive.envelope(envelope, at_ms)
    return count * _POINTS
