"""A room without a network for bots, with whoever is said to be there; and a clock that only sleeping moves."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from pycrdt import Doc

from portal.showcase.bot import Timing
from signaling.events import Stopped
from whiteboard_crdt.board import Board
from whiteboard_crdt.chat import Chat
from whiteboard_crdt.ids import Capability, ClientId, Role, RoomId, SessionId, UserId
from whiteboard_crdt.presence import LiveInk
from whiteboard_crdt.stage import Stage
from whiteboard_crdt.ticket import Ticket

BOT = SessionId("b" * 16)
PERSON = SessionId("a" * 16)
OLD_BOT = SessionId("c" * 16)


def make_ticket(session: SessionId, role: Role) -> Ticket:
    return Ticket(
        room=RoomId("room"),
        user=UserId(f"user-{session[:4]}"),
        name="Somebody",
        role=role,
        caps=frozenset(Capability),
        session=session,
        client=ClientId(int(session[:6], 16)),
        key=b"\4" + bytes(64),
        issued_ms=0,
        expires_ms=300_000,
    )


@dataclass(frozen=True)
class Packet:
    """A LIVE packet as the bot handed it over, and when."""

    at_s: float
    page: str
    cursor: tuple[int, int] | None
    ink: LiveInk | None


class VirtualTime:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.timing = Timing(lambda: self.now_s, self._sleep)

    async def _sleep(self, delay_s: float) -> None:
        self.now_s += delay_s
        await asyncio.sleep(0)


@dataclass
class FakeRoom:
    """Implements `portal.showcase.bot.Room`."""

    time: VirtualTime
    people: dict[SessionId, Role] = field(default_factory=dict)
    participants: dict[SessionId, object] = field(default_factory=dict)
    packets: list[Packet] = field(default_factory=list)
    presence: list[dict[str, object]] = field(default_factory=list)
    flushed: int = 0
    connected: bool = True
    stopped: Stopped | None = None

    def __post_init__(self) -> None:
        self.people[BOT] = Role.BOT
        # `Any`: a document's root types have no static type.
        self.doc: Doc[Any] = Doc()
        self.board = Board(self.doc, BOT)
        self.chat = Chat(self.doc, BOT)
        self.stage = Stage(self.doc)

    def enter(self, session: SessionId, role: Role) -> None:
        self.people[session] = role
        self.participants[session] = object()

    def leave(self, session: SessionId) -> None:
        del self.participants[session]

    def person(self, session: SessionId) -> Ticket | None:
        role = self.people.get(session)
        return None if role is None else make_ticket(session, role)

    def now_ms(self) -> int:
        return round(self.time.now_s * 1000)

    def flush(self) -> None:
        self.flushed += 1

    def set_presence(self, state: dict[str, object]) -> None:
        self.presence.append(state)

    def send_live(
        self, page: str, *, cursor: tuple[int, int] | None = None, ink: LiveInk | None = None, laser: bool = False
    ) -> None:
        self.packets.append(Packet(self.time.now_s, page, cursor, ink))
