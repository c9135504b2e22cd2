"""A network of replicas in memory, driven by a seeded random: loss, duplicates, reordering, partitions, restarts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.whiteboard_crdt.room import NOW_MS, STROKE, Peer, Room
from whiteboard_crdt.board import Board
from whiteboard_crdt.chat import Chat
from whiteboard_crdt.events import Dropped, Equivocation, Event, Mismatch, Refused
from whiteboard_crdt.ids import BOARD, CHAT, STAGE, Role, SessionId
from whiteboard_crdt.messages import (
    EnvelopeMessage,
    HaveMessage,
    Message,
    TicketMessage,
    WantMessage,
    decode_message,
    encode_message,
)
from whiteboard_crdt.replica import Replica
from whiteboard_crdt.shape import ShapeType
from whiteboard_crdt.spec import LIMITS
from whiteboard_crdt.stage import Stage, StageState
from whiteboard_crdt.store import MemoryStore

WORDS = ("x", "é", "\U0001f600", "ß", "a\nb", "\U0001f44d\U0001f3fd", "")


@dataclass
class Node:
    """A participant, and what is under way to it: (bytes, sender)."""

    peer: Peer
    inbox: list[tuple[bytes, int]] = field(default_factory=list)


class Network:
    """Nodes 0…n-1. `replay` repeats a run."""

    def __init__(self, seed: int, nodes: int) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.room = Room()
        self.now_ms = NOW_MS
        self.nodes = [Node(self.room.join(f"user{i}", Role.TUTOR, introduced=False)) for i in range(nodes)]
        self.cut: set[frozenset[int]] = set()

    def replay(self) -> str:
        return f"replay: Network(seed={self.seed}, nodes={len(self.nodes)})"

    # What participants do

    def edit(self, node: int) -> None:
        peer, rnd = self.nodes[node].peer, self.random
        shapes = [shape.id for shape in peer.board.shapes(erased=True)]
        texts = [shape for shape in peer.board.shapes() if shape.type is ShapeType.TEXT]
        action = rnd.choice(
            ["stroke", "stroke", "text", "edit", "edit", "move", "erase", "undo", "redo", "page", "chat", "stage"]
        )
        if action == "stroke":
            peer.board.add_stroke("main", STROKE, ShapeType.DRAW, "red", 4, self.now_ms)
        elif action == "text":
            peer.board.add_text("main", 1, 1, rnd.choice(WORDS), "blue", 24, self.now_ms)
        elif action == "edit" and texts:
            chosen = rnd.choice(texts)
            at = rnd.randint(0, len(chosen.text))
            end = min(len(chosen.text), at + rnd.randint(0, 2))
            peer.board.edit_text(chosen.id, chosen.text[:at] + rnd.choice(WORDS) + chosen.text[end:])
        elif action == "move" and shapes:
            peer.board.move(rnd.sample(shapes, rnd.randint(1, len(shapes))), rnd.randint(-9, 9), 1)
        elif action == "erase" and shapes:
            peer.board.erase([rnd.choice(shapes)])
        elif action == "undo":
            peer.board.undo()
        elif action == "redo":
            peer.board.redo()
        elif action == "page":
            peer.board.add_page("p")
        elif action == "chat":
            peer.chat.post("hello", self.now_ms)
        elif action == "stage":
            Stage(peer.replica.doc(STAGE)).set(state=rnd.choice(list(StageState)), started_ms=self.now_ms)

    def flush(self, node: int) -> None:
        for envelope in self.nodes[node].peer.replica.flush_local(self.now_ms):
            for other in range(len(self.nodes)):
                self.send(node, other, EnvelopeMessage(envelope))

    def restart(self, node: int) -> None:
        """A new session of the same user, on the envelopes that the old one had kept; local edits were flushed."""
        self.flush(node)
        old = self.nodes[node].peer
        store = old.replica.store
        assert isinstance(store, MemoryStore)
        fresh = self.room.join(old.ticket.user, Role.TUTOR, introduced=False)
        for known in old.replica.sessions:
            fresh.replica.admit_ticket(known.token)
        for envelope in store.all():
            self.check(fresh.replica.receive(envelope, now_ms=self.now_ms))
        assert {h.session: h for h in fresh.replica.heads()} == {h.session: h for h in old.replica.heads()}
        self.nodes[node] = Node(fresh)

    # The wire

    def send(self, sender: int, to: int, message: Message) -> None:
        if to != sender and frozenset((sender, to)) not in self.cut:
            copies = self.random.choice([0, 1, 1, 1, 2])
            self.nodes[to].inbox += [(encode_message(message), sender)] * copies

    def deliver(self, node: int) -> None:
        inbox = self.nodes[node].inbox
        if inbox:
            data, sender = inbox.pop(self.random.randrange(len(inbox)))
            self.take(node, sender, data)

    def take(self, node: int, sender: int, data: bytes) -> None:
        replica = self.nodes[node].peer.replica
        message = decode_message(data, LIMITS.channel_message_bytes)
        if isinstance(message, EnvelopeMessage):
            self.check(replica.receive(message.envelope, now_ms=self.now_ms))
        elif isinstance(message, TicketMessage):
            self.check(replica.admit_ticket(message.token)[1])
        elif isinstance(message, HaveMessage):
            if message.reply:
                self.send(node, sender, HaveMessage(tuple(replica.heads())))
            assert not replica.mismatches(message.heads), self.replay()
            tokens, envelopes = replica.missing_for(message.heads)
            for token in tokens:
                self.send(node, sender, TicketMessage(token))
            for envelope in envelopes:
                self.send(node, sender, EnvelopeMessage(envelope))
        elif isinstance(message, WantMessage):
            for envelope in replica.store.range(message.doc, message.session, message.first, message.last):
                self.send(node, sender, EnvelopeMessage(envelope))

    def check(self, events: Sequence[Event]) -> None:
        bad = [event for event in events if isinstance(event, Refused | Equivocation | Mismatch)]
        assert not bad, f"{bad} {self.replay()}"

    # A run

    def step(self) -> None:
        rnd = self.random
        node = rnd.randrange(len(self.nodes))
        self.now_ms += rnd.randint(0, 120)
        what = rnd.random()
        if what < 0.30:
            self.edit(node)
        elif what < 0.40:
            self.flush(node)
        elif what < 0.85:
            self.deliver(node)
        elif what < 0.90:
            for want in self.nodes[node].peer.replica.wants(self.now_ms):
                self.send(node, rnd.randrange(len(self.nodes)), want)
        elif what < 0.95:
            self.send(
                node, rnd.randrange(len(self.nodes)), HaveMessage(tuple(self.nodes[node].peer.replica.heads()), True)
            )
        elif what < 0.97:
            self.cut = {frozenset(rnd.sample(range(len(self.nodes)), 2)) for _ in range(rnd.randint(0, 2))}
        elif what < 0.98:
            self.restart(node)
        else:
            dropped = self.nodes[node].peer.replica.expire(self.now_ms)
            assert all(isinstance(event, Dropped) for event in dropped)

    def settle(self) -> None:
        """Heals the network and lets everyone compare heads until nothing is missing."""
        self.cut = set()
        for node in range(len(self.nodes)):
            self.flush(node)
        for _ in range(30):
            for each in self.nodes:
                each.inbox.clear()
            self.now_ms += 31_000
            for node, holder in enumerate(self.nodes):
                holder.peer.replica.expire(self.now_ms)
                heads = HaveMessage(tuple(holder.peer.replica.heads()), True)
                for other in range(len(self.nodes)):
                    if other != node:
                        self.take(other, node, encode_message(heads))
            while any(holder.inbox for holder in self.nodes):
                for node in range(len(self.nodes)):
                    self.deliver(node)
            if len({tuple(sorted((h.doc, h.session, h.seq) for h in n.peer.replica.heads())) for n in self.nodes}) == 1:
                return
        raise AssertionError(f"heads stay apart; {self.replay()}")

    def contents(self) -> list[object]:
        """What each participant sees, freshly read from its documents."""
        return [content(node.peer.replica) for node in self.nodes]


def content(replica: Replica) -> object:
    """Everything that can be seen in a replica."""
    board = Board(replica.doc(BOARD), SessionId("f" * 16))
    stage = Stage(replica.doc(STAGE))
    return (
        board.shapes(erased=True),
        board.pages(),
        Chat(replica.doc(CHAT), SessionId("f" * 16)).messages(),
        (stage.state, stage.page, stage.started_ms),
    )
