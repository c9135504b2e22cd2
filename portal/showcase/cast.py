"""The actors of a script as real participants: each with a session key, a signed ticket and a replica of its own."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from portal.showcase.script import MAIN, AddPage, Draw, Erase, Script, TurnTo, Type, Undo, Write
from portal.showcase.script import Action as ScriptAction
from portal.tickets import caps_of
from whiteboard_crdt.board import Board
from whiteboard_crdt.chat import Chat
from whiteboard_crdt.envelope import Envelope
from whiteboard_crdt.events import Applied
from whiteboard_crdt.ids import BOARD, CHAT, MAIN_PAGE, STAGE, ClientId, PageId, Role, RoomId, SessionId, UserId
from whiteboard_crdt.ink import InkPoint
from whiteboard_crdt.keys import PublicKey, SessionKey
from whiteboard_crdt.replica import OwnSession, Replica
from whiteboard_crdt.shape import ShapeType
from whiteboard_crdt.stage import Stage
from whiteboard_crdt.ticket import LIFETIME_MS, Ticket, issue_ticket


@dataclass(frozen=True, slots=True)
class Signer:
    """The school's key that signs tickets, its id, and the key set that checks them."""

    private_key: EllipticCurvePrivateKey
    kid: str

    @property
    def keys(self) -> Mapping[str, PublicKey]:
        """The public half, by its id."""
        return {self.kid: self.private_key.public_key()}


@dataclass(frozen=True, slots=True)
class Person:
    """Who plays an actor."""

    user: str
    name: str
    role: Role


class Participant:
    """One person in the room. Edits go through the same `Board`, `Stage` and `Chat` as everybody's."""

    def __init__(self, room: RoomId, person: Person, colour: int, signer: Signer, now_ms: int) -> None:
        key = SessionKey.generate()
        issued_ms = now_ms // 1000 * 1000
        self.person = person
        self.ticket = Ticket(
            room=room,
            user=UserId(person.user),
            name=person.name,
            role=person.role,
            caps=caps_of(person.role),
            session=SessionId(secrets.token_hex(8)),
            client=ClientId(secrets.randbits(32)),
            key=key.public,
            issued_ms=issued_ms,
            expires_ms=issued_ms + LIFETIME_MS,
            colour=colour,
        )
        self.token = issue_ticket(self.ticket, signer.private_key, signer.kid)
        self.replica = Replica(room, OwnSession(self.session, self.ticket.client, key.sign), signer.keys)
        self.replica.admit_ticket(self.token)
        self.board = Board(self.replica.doc(BOARD), self.session)
        self.stage = Stage(self.replica.doc(STAGE))
        self.chat = Chat(self.replica.doc(CHAT), self.session)

    @property
    def session(self) -> SessionId:
        """The session's id."""
        return self.ticket.session


class Ensemble:
    """All actors of a script in one room without a network: what one does, all others receive at once."""

    def __init__(self, room: RoomId, script: Script, people: Mapping[str, Person], signer: Signer, now_ms: int) -> None:
        """`people` by actor. `now_ms`: unix ms of the moment at which the tickets are issued."""
        self.members = {
            actor: Participant(room, people[actor], number, signer, now_ms)
            for number, actor in enumerate(script.actors)
        }
        self.witness = Replica(room, None, signer.keys)
        """Checks everything as a recorder does."""
        for member in self.members.values():
            for other in (*self.members.values(),):
                other.replica.admit_ticket(member.token)
            self.witness.admit_ticket(member.token)
        self._pages: dict[str, PageId] = {MAIN: MAIN_PAGE}
        self._shapes: dict[str, list[str]] = {}

    def page(self, name: str) -> PageId:
        """The id of a page of the script."""
        return self._pages[name]

    def act(self, action: ScriptAction, now_ms: int) -> None:
        """Does what the action says on the actor's board, stage or chat. `now_ms`: unix ms of the room's clock."""
        who = self.members[action.actor]
        match action:
            case Draw():
                kind = ShapeType.HIGHLIGHT if action.highlight else ShapeType.DRAW
                made = who.board.add_stroke(
                    self._pages[action.page], ink_points(action), kind, action.colour, action.size, now_ms
                )
                self._shapes.setdefault(action.tag, []).extend(made)
            case Type():
                known = self._shapes.setdefault(action.tag, [])
                if known:
                    who.board.edit_text(known[0], action.text)
                else:
                    page = self._pages[action.page]
                    known.append(
                        who.board.add_text(page, action.x, action.y, action.text, action.colour, action.size, now_ms)
                    )
            case Erase():
                who.board.erase([shape for tag in action.tags for shape in self._shapes.pop(tag, ())])
            case Undo():
                who.board.undo()
            case AddPage():
                self._pages[action.page] = who.board.add_page(action.title, action.background)
            case TurnTo():
                who.stage.set(page=self._pages[action.page])
            case Write():
                who.chat.post(action.text, now_ms)

    def exchange(self, actor: str, now_ms: int) -> Sequence[Envelope]:
        """Seals what the actor did and hands it to all; returns the envelopes. A refusal is a fault of the script."""
        author = self.members[actor]
        envelopes = author.replica.flush_local(now_ms)
        for envelope in envelopes:
            others = [member.replica for member in self.members.values() if member is not author]
            for replica in (self.witness, *others):
                events = replica.receive(envelope, now_ms=now_ms)
                if not all(isinstance(event, Applied) for event in events):
                    raise AssertionError("an envelope of the script was not applied")
        return envelopes


def ink_points(drawn: Draw) -> list[InkPoint]:
    """The points of a stroke as the board takes them."""
    first_ms = drawn.stroke[0].t_ms
    return [InkPoint(point.x, point.y, point.pressure, point.t_ms - first_ms) for point in drawn.stroke]
