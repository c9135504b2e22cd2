"""pycrdt and yjs replicas, each with its own validator, end with the same content whatever the network does."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.property.network import WORDS
from tests.property.participants import EDITS, BrowserParticipant, Participant, PythonParticipant, build_core
from tests.whiteboard_crdt.room import NOW_MS, Room
from whiteboard_crdt.messages import TicketMessage, encode_message

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]
SEEDS = range(int(os.environ.get("CHALKMESH_MIXED_SEEDS", "4")))
_STEPS = 160


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_core(tmp_path_factory.mktemp("core"))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


class Schedule:
    """A seeded run: edits, loss, doubles, reordering, partitions, restarts, undo; `replay` names it."""

    def __init__(self, seed: int, core: Path, stack: ExitStack) -> None:
        self.replay = f"replay: seed {seed}"
        self.random = random.Random(seed)
        self.room = Room()
        self.now_ms = NOW_MS
        self.all: list[Participant] = [PythonParticipant(self.room, f"py{i}") for i in range(2)]
        for i in range(2):
            self.all.append(stack.enter_context(closing(BrowserParticipant(self.room, f"ts{i}", core))))
        self.inboxes: list[list[tuple[bytes, int]]] = [[] for _ in self.all]
        self.cut: set[frozenset[int]] = set()

    def send(self, sender: int, to: int, messages: list[bytes]) -> None:
        if sender != to and frozenset((sender, to)) not in self.cut:
            for message in messages:
                self.inboxes[to] += [(message, sender)] * self.random.choice([0, 1, 1, 1, 2])

    def flush(self, one: int) -> None:
        messages = self.all[one].flush(self.now_ms)
        for to in range(len(self.all)):
            self.send(one, to, messages)

    def deliver(self, to: int) -> None:
        if self.inboxes[to]:
            message, sender = self.inboxes[to].pop(self.random.randrange(len(self.inboxes[to])))
            self.send(to, sender, self.all[to].receive(message, self.now_ms))

    def step(self) -> None:
        rnd = self.random
        one, other = rnd.sample(range(len(self.all)), 2)
        self.now_ms += rnd.randint(0, 120)
        what = rnd.random()
        if what < 0.3:
            self.all[one].edit(rnd.choice(EDITS), rnd.randrange(2**16), rnd.choice(WORDS), self.now_ms)
        elif what < 0.4:
            self.flush(one)
        elif what < 0.84:
            self.deliver(one)
        elif what < 0.89:
            self.send(one, other, self.all[one].wants(self.now_ms))
        elif what < 0.95:
            self.send(one, other, [self.all[one].have()])
        elif what < 0.97:
            self.cut = {frozenset(rnd.sample(range(len(self.all)), 2)) for _ in range(rnd.randint(0, 3))}
        elif what < 0.985:
            self.flush(one)
            self.all[one].restart(self.now_ms)
            self.inboxes[one].clear()
        else:
            self.all[one].expire(self.now_ms)

    def settle(self) -> None:
        """Heals the network; everybody compares with everybody until nothing new comes."""
        self.cut = set()
        for one in range(len(self.all)):
            self.flush(one)
        for inbox in self.inboxes:
            inbox.clear()
        tickets = [encode_message(TicketMessage(token)) for token in self.room.tokens]
        for member in self.all:
            for ticket in tickets:
                member.receive(ticket, self.now_ms)
        for _ in range(12):
            self.now_ms += 31_000
            for member in self.all:
                member.expire(self.now_ms)
            new = 0
            for asking in self.all:
                have = asking.have()
                for other in self.all:
                    if other is not asking:
                        for message in other.receive(have, self.now_ms):
                            new += message[0] == 1
                            asking.receive(message, self.now_ms)
            if not new:
                return
        raise AssertionError(f"they never agree; {self.replay}")

    def contents(self) -> list[dict[str, list[list[object]]]]:
        return [{name: sorted(rows, key=str) for name, rows in one.content().items()} for one in self.all]


@pytest.mark.parametrize("seed", SEEDS)
def test_both_languages_end_equal(seed: int, core: Path, stack: ExitStack) -> None:
    schedule = Schedule(seed, core, stack)
    try:
        for _ in range(_STEPS):
            schedule.step()
        schedule.settle()
        first, *others = schedule.contents()
    except AssertionError as error:
        raise AssertionError(schedule.replay) from error
    assert first["shapes"]
    for other, participant in zip(others, schedule.all[1:], strict=True):
        assert other == first, f"{participant.language} differs; {schedule.replay}"
