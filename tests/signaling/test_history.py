"""A room's history: what is durable leaves memory, and the log answers for it. signaling/history.py."""

from __future__ import annotations

import random

import pytest

from signaling.history import History, Logged
from signaling.roomlog import Record
from tests.signaling.memory_log import MemoryRoomLog
from tests.signaling.raw_client import Scribe
from tests.signaling.school import ROOM, School
from whiteboard_crdt.catch_up import StreamRange
from whiteboard_crdt.ids import BOARD, CHAT, DocRef
from whiteboard_crdt.messages import Head


class Twin:
    """A history that forgets and one that does not, fed alike."""

    def __init__(self, school: School, tail_bytes: int) -> None:
        self.log = MemoryRoomLog()
        self.small = History(ROOM, self.log, tail_bytes)
        self.all = History(ROOM, self.log, 2**40)
        self.scribes = [Scribe(school.person(f"user-{n}"), doc) for n in range(3) for doc in (BOARD, CHAT)]

    async def add(self, scribe: Scribe, *, durable: bool = True) -> Logged:
        envelope = scribe.seal(scribe.update(value="x" * 100))
        at_ms = self.all.count
        logged = self.small.add(envelope, at_ms)
        self.all.add(envelope, at_ms)
        record = Record(envelope.doc.text, str(envelope.session), envelope.seq, at_ms, at_ms, envelope.raw)
        await self.log.append(ROOM, record)
        if durable:
            self.small.durable(logged.position)
        return logged


@pytest.fixture
def twin(school: School) -> Twin:
    return Twin(school, 4_000)


def said(logged: object) -> list[tuple[bytes, int]]:
    return [(one.envelope.raw, one.room_ms) for one in logged]  # type: ignore[attr-defined]


async def test_memory_is_bounded_and_every_answer_stays_the_same(twin: Twin) -> None:
    chance = random.Random(1)
    for _ in range(200):
        await twin.add(chance.choice(twin.scribes))
        assert twin.small.in_memory_bytes <= 4_000
    assert twin.all.in_memory_bytes > 20_000
    assert twin.small.count == 200
    assert twin.small.sessions == twin.all.sessions
    for scribe in twin.scribes:
        stream = (scribe.ref, scribe.person.session)
        for first, last in (
            (1, scribe.seq),
            (3, 5),
            (scribe.seq - 1, scribe.seq),
            (scribe.seq, scribe.seq + 9),
            (5, 3),
        ):
            assert said(twin.small.of_stream(*stream, first, last)) == said(twin.all.of_stream(*stream, first, last))
        for seq in (0, 1, scribe.seq, scribe.seq + 1):
            assert twin.small.get(*stream, seq) == twin.all.get(*stream, seq)
    ranges = [StreamRange(one.ref, one.person.session, 2, one.seq) for one in twin.scribes]
    assert said(twin.small.in_ranges(ranges)) == said(twin.all.in_ranges(ranges))
    one = twin.scribes[0]
    for heads in ((), (Head(one.ref, one.person.session, one.seq, bytes(16)),)):
        assert said(twin.small.lacking(heads)) == said(twin.all.lacking(heads))
    assert twin.small.holes == {}


async def test_what_is_not_durable_stays_in_memory_B1(twin: Twin) -> None:
    last = [await twin.add(twin.scribes[0], durable=False) for _ in range(100)][-1]
    assert twin.small.in_memory_bytes > 10_000
    twin.small.durable(last.position)
    assert twin.small.in_memory_bytes <= 4_000


async def test_the_tail_of_a_document_is_told_or_not_at_all(twin: Twin) -> None:
    for _ in range(40):
        await twin.add(twin.scribes[0])
    assert twin.small.count_of_doc(BOARD) == 40
    assert said(twin.small.of_doc_since(BOARD, 35) or ()) == said((twin.all.of_doc_since(BOARD, 35)) or ())
    assert twin.small.of_doc_since(BOARD, 1) is None
    assert twin.small.of_doc_since(DocRef.parse("stage"), 0) == []


async def test_what_the_log_lost_is_noted_as_a_hole(twin: Twin) -> None:
    scribe = twin.scribes[0]
    for _ in range(60):
        await twin.add(scribe)
    session = scribe.person.session
    del twin.log._records[ROOM][BOARD.text, str(session), 7]
    assert [one.envelope.seq for one in twin.small.of_stream(BOARD, session, 5, 9)] == [5, 6, 8, 9]
    assert list(twin.small.holes) == [(BOARD, session, 7)]
    twin.small.holes.clear()
    assert len(list(twin.small.lacking(()))) == 59
    assert list(twin.small.holes) == [(BOARD, session, 7)]
