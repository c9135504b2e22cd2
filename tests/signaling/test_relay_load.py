"""Many write at once and somebody comes in the middle: order and completeness, over real sockets (S3, S4, B1)."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from pycrdt import Doc, Map

from tests.signaling.raw_client import RawClient, Scribe, raw_client
from tests.signaling.school import Person, School
from whiteboard_crdt.ids import BOARD, SessionId
from whiteboard_crdt.messages import (
    AckMessage,
    EnvelopeMessage,
    PingMessage,
    PongMessage,
    SnapshotMessage,
    SyncedMessage,
    encode_message,
)

_WRITERS = 4
_ENVELOPES = 150


def streams(client: RawClient) -> dict[SessionId, list[int]]:
    """Session → the numbers of its envelopes as they came."""
    found: dict[SessionId, list[int]] = {}
    for message in client.messages:
        if isinstance(message, EnvelopeMessage):
            found.setdefault(message.envelope.session, []).append(message.envelope.seq)
    return found


def board_of(client: RawClient, own: Scribe | None = None) -> dict[str, Any]:
    """What a client can draw from all that it was sent, and from what it wrote itself."""
    doc: Doc[Any] = Doc()
    for message in client.messages:
        if isinstance(message, SnapshotMessage) and message.doc == BOARD:
            doc.apply_update(message.update)
        elif isinstance(message, EnvelopeMessage):
            doc.apply_update(message.envelope.update)
    if own is not None:
        doc.apply_update(own.doc.get_update())
    shapes: Map[Any] = doc.get("shapes", type=Map)
    return shapes.to_py() or {}


async def write(client: RawClient, scribe: Scribe, own: SessionId) -> None:
    """All of a stream as fast as the socket takes it, then until it is durable."""
    for _ in range(_ENVELOPES):
        await client.socket.send_bytes(encode_message(scribe.write()))
    await client.message(
        AckMessage,
        lambda ack: any(entry.session == own and entry.seq == _ENVELOPES for entry in ack.entries),
    )


async def read_to_the_end(client: RawClient, others: int) -> None:
    """Until the last envelope of so many others has come, and a PONG after it says that nothing is under way."""
    while sum(numbers[-1] == _ENVELOPES for numbers in streams(client).values()) < others:
        await client.next()
    await client.send(PingMessage(9))
    await client.message(PongMessage, lambda pong: pong.nonce == 9)


async def test_many_writers_and_a_late_joiner_end_with_the_same_board_in_order(school: School, url: str) -> None:
    people: list[Person] = [school.person(f"student-{number}") for number in range(_WRITERS)]
    late_person = school.person("late")
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(raw_client(url)) for _ in people]
        for client, person in zip(clients, people, strict=True):
            await client.join(person)
            await client.message(SyncedMessage)
        scribes = [Scribe(person) for person in people]
        writing = [
            asyncio.create_task(write(client, scribe, person.session))
            for client, scribe, person in zip(clients, scribes, people, strict=True)
        ]
        late = await stack.enter_async_context(raw_client(url))
        await late.join(late_person)
        async with asyncio.timeout(30):
            await asyncio.gather(*writing)
            for client in clients:
                await read_to_the_end(client, _WRITERS - 1)
            await read_to_the_end(late, _WRITERS)
        every = list(range(1, _ENVELOPES + 1))
        for client, person in zip(clients, people, strict=True):
            assert streams(client) == {other.session: every for other in people if other is not person}
        for numbers in streams(late).values():
            # What is told live may overtake a slice of the catch-up (E6).
            assert sorted(numbers) == every[-len(numbers) :], "from wherever its snapshot ends, without a gap"
        boards = [board_of(client, scribe) for client, scribe in zip(clients, scribes, strict=True)]
        assert len(boards[0]) == _WRITERS * _ENVELOPES
        assert all(board == boards[0] for board in boards)
        assert board_of(late) == boards[0]
