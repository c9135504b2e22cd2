from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from signaling.client import Peer
from signaling.links.memory import memory_pair
from tests.attacks.front import Front, MeshFront, RelayFront
from tests.signaling.conftest import StartRelay, relay, school, session_url, start_relay, url
from tests.signaling.raw_client import raw_client
from tests.signaling.school import School
from whiteboard_crdt.ids import Role

__all__ = ["relay", "school", "start_relay", "url"]

Attack = Callable[..., Awaitable[Front]]
_NOBODY = "ws://127.0.0.1:9/v1/session"


async def _alone(school: School, person: object, stack: AsyncExitStack) -> Peer:
    """A peer that has no relay."""
    peer = school.peer(person, _NOBODY)  # type: ignore[arg-type]
    await peer.prepare()
    peer.cut(relay=True)
    return await stack.enter_async_context(peer)


async def relay_front(
    school: School, start_relay: StartRelay, stack: AsyncExitStack, caplog: pytest.LogCaptureFixture, **who: object
) -> RelayFront:
    """Mallory on a session socket beside Ann and Bob."""
    mallory = school.person("mallory", **who)  # type: ignore[arg-type]
    serving = await start_relay()
    where = session_url(serving)
    ann = await stack.enter_async_context(school.peer(school.person("ann", Role.TUTOR), where))
    bob = await stack.enter_async_context(school.peer(school.person("bob"), where))
    await ann.wait_synced()
    await bob.wait_synced()
    client = await stack.enter_async_context(raw_client(where))
    await client.join(mallory)
    front = RelayFront(school, ann, bob, mallory, caplog, where, client, serving)
    await front.begin()
    return front


async def mesh_front(
    school: School, stack: AsyncExitStack, caplog: pytest.LogCaptureFixture, **who: object
) -> MeshFront:
    """Mallory at the other end of a direct link to Bob, who has one to Ann; there is no relay."""
    mallory = school.person("mallory", **who)  # type: ignore[arg-type]
    people = (school.person("ann", Role.TUTOR), school.person("bob"))
    ann, bob = [await _alone(school, person, stack) for person in people]
    for peer in (ann, bob):
        for person in (*people, mallory):
            peer.replica.admit_ticket(person.token)
    one, two = memory_pair(ann.session, bob.session)
    ann.attach(one)
    bob.attach(two)
    hers, his = memory_pair(mallory.session, bob.session)
    bob.attach(his)
    front = MeshFront(school, ann, bob, mallory, caplog, hers)
    await front.begin()
    return front


@pytest.fixture(params=["relay", "mesh"])
async def attack(
    request: pytest.FixtureRequest, school: School, start_relay: StartRelay, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[Attack]:
    """Opens a lesson with Mallory in it, on each of the two ways; `who` says what Mallory is (role, caps)."""
    async with AsyncExitStack() as stack:

        async def start(**who: object) -> Front:
            if request.param == "relay":
                return await relay_front(school, start_relay, stack, caplog, **who)
            return await mesh_front(school, stack, caplog, **who)

        yield start


@pytest.fixture
async def at_relay(
    school: School, start_relay: StartRelay, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[RelayFront]:
    async with AsyncExitStack() as stack:
        yield await relay_front(school, start_relay, stack, caplog)


@pytest.fixture
async def at_mesh(school: School, caplog: pytest.LogCaptureFixture) -> AsyncIterator[MeshFront]:
    async with AsyncExitStack() as stack:
        yield await mesh_front(school, stack, caplog)
