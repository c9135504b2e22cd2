from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from signaling.answers import Answers
from signaling.member import Member
from tests.signaling.school import School
from whiteboard_crdt.errors import CloseCode


class _Socket:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.open = True
        self.lagging = False
        self.code: int | None = None

    def send(self, frame: bytes) -> None:
        raise AssertionError("an answer may be long")

    def send_skippable(self, frame: bytes) -> None:
        raise AssertionError("an answer is not skipped")

    def send_catch_up(self, message: bytes) -> None:
        self.sent.append(message)

    def close(self, code: int, reason: str) -> None:
        self.code = code
        self.open = False


@pytest.fixture
def socket() -> _Socket:
    return _Socket()


@pytest.fixture
def member(school: School, socket: _Socket) -> Member:
    person = school.person()
    return Member(person.session, person.ticket, person.token, "python", "live", 0, socket, 0.0)


async def test_short_answer_is_sent_at_once_B5(member: Member, socket: _Socket) -> None:
    Answers().begin(member, [b"a", b"b"])
    assert socket.sent == [b"a", b"b"]


async def test_long_answer_is_sent_in_slices_and_in_order_B5(member: Member, socket: _Socket) -> None:
    answers = Answers()
    messages = [bytes((number,)) * 1_000 for number in range(200)]
    answers.begin(member, messages)
    answers.begin(member, [b"then"])
    first = len(socket.sent)
    assert 0 < first < 20
    await asyncio.sleep(0)
    assert first < len(socket.sent) < 30
    for _ in range(80):
        await asyncio.sleep(0)
    assert socket.sent == [*messages, b"then"]


async def test_nothing_is_made_for_a_client_that_lags_or_left(member: Member, socket: _Socket) -> None:
    made = 0

    def messages() -> Iterator[bytes]:
        nonlocal made
        while True:
            made += 1
            yield bytes(20_000)

    answers = Answers()
    answers.begin(member, messages())
    socket.lagging = True
    for _ in range(3):
        await asyncio.sleep(0)
    assert made <= 2
    socket.lagging = False
    answers.begin(member, messages())
    answers.forget(member)
    for _ in range(3):
        await asyncio.sleep(0)
    assert made <= 4


async def test_fault_while_an_answer_is_made_closes_its_socket_alone(member: Member, socket: _Socket) -> None:
    def messages() -> Iterator[bytes]:
        yield bytes(20_000)
        raise OSError("the log cannot be read")

    Answers().begin(member, messages())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert socket.code == CloseCode.TRY_LATER
