from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from signaling.server import Relay
from signaling.settings import RelaySettings
from tests.signaling.school import School

StartRelay = Callable[..., Awaitable[Relay]]


@pytest.fixture
def school(tmp_path: Path) -> School:
    return School(tmp_path)


@pytest.fixture
async def start_relay(school: School) -> AsyncIterator[StartRelay]:
    """Starts real relays on the school's data, on free ports of the loopback, and stops them at the end."""
    running: list[Relay] = []

    async def start(**options: object) -> Relay:
        settings = RelaySettings(data=school.data, **{"port": 0, **options})  # type: ignore[arg-type]
        relay = Relay(settings)
        await relay.start()
        running.append(relay)
        return relay

    yield start
    for relay in running:
        await relay.stop()


@pytest.fixture
async def relay(start_relay: StartRelay) -> Relay:
    return await start_relay()


@pytest.fixture
def url(relay: Relay) -> str:
    return session_url(relay)


def session_url(relay: Relay) -> str:
    return f"ws://127.0.0.1:{relay.port}/v1/session"
