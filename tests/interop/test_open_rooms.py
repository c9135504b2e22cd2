"""An unmodified y-websocket client and a pycrdt Provider meet in one open room (protocol section O)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pycrdt import Channel, Doc, Provider, Text

from signaling.provider_channel import AiohttpChannel
from signaling.server import Relay
from signaling.settings import RelaySettings
from tests.interop.node_client import NodeClient, install_packages, node_client
from whiteboard_crdt.errors import CloseCode

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]
ROOM = "algebra/übung"


@pytest.fixture(scope="session", autouse=True)
def packages() -> None:
    install_packages()


@asynccontextmanager
async def open_relay(data: Path, deletes: str = "own", port: int = 0) -> AsyncIterator[Relay]:
    relay = Relay(RelaySettings(data=data, port=port, open_rooms=True, deletes=deletes))  # type: ignore[arg-type]
    await relay.start()
    try:
        yield relay
    finally:
        await relay.stop()


def server(relay: Relay) -> str:
    return f"ws://127.0.0.1:{relay.port}/relay"


class Wanted:
    """Awaits a document's text."""

    def __init__(self, doc: Doc[Any]) -> None:
        self.text = doc.get("text", type=Text)
        self._changed = asyncio.Event()
        doc.observe(lambda _event: self._changed.set())

    async def equals(self, expected: str) -> None:
        async with asyncio.timeout(10):
            while str(self.text) != expected:
                await self._changed.wait()
                self._changed.clear()


@asynccontextmanager
async def provided(relay: Relay, doc: Doc[Any], room: str = ROOM) -> AsyncIterator[Provider]:
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{server(relay)}/{room}") as socket:
        channel: Channel = AiohttpChannel(socket, room)
        async with Provider(doc, channel) as provider:
            async with asyncio.timeout(10):
                await provider.synced.wait()
            yield provider


async def synced(client: NodeClient) -> None:
    await client.until(lambda event: event.get("synced") is True)


async def test_y_websocket_and_a_provider_write_one_text_both_ways_non_ascii_included(tmp_path: Path) -> None:
    async with open_relay(tmp_path) as relay, node_client(server(relay), ROOM) as node:
        await synced(node)
        await node.do("insert", at=0, value="Grüße 👋 ")
        doc: Doc[Any] = Doc()
        wanted = Wanted(doc)
        async with provided(relay, doc):
            await wanted.equals("Grüße 👋 ")
            wanted.text += "aus Zürich ✓"
            await node.text("Grüße 👋 aus Zürich ✓")
            await node.do("insert", at=0, value="¡")
            await wanted.equals("¡Grüße 👋 aus Zürich ✓")


async def test_the_room_outlives_the_relay_and_its_clients(tmp_path: Path) -> None:
    async with open_relay(tmp_path) as relay, node_client(server(relay), ROOM) as node:
        await synced(node)
        await node.do("insert", at=0, value="kept ✓")
        await node.do("set", key="k", value={"deep": [1, None, "ü"]})
        await node.until(lambda event: event.get("map", {}).get("k") is not None)
        doc: Doc[Any] = Doc()
        async with provided(relay, doc):
            await Wanted(doc).equals("kept ✓")
    async with open_relay(tmp_path) as relay, node_client(server(relay), ROOM) as node:
        found = await node.until(lambda event: event.get("text") == "kept ✓" and "k" in event["map"])
        assert found["map"]["k"] == {"deep": [1, None, "ü"]}


async def test_awareness_is_seen_echoed_and_removed(tmp_path: Path) -> None:
    async with open_relay(tmp_path) as relay, node_client(server(relay), ROOM) as one:
        await synced(one)
        await one.do("aware", state={"name": "Zoë"})
        async with node_client(server(relay), ROOM) as two:
            seen = await two.until(lambda event: str(one.client) in event.get("awareness", {}))
            assert seen["awareness"][str(one.client)] == {"name": "Zoë"}
            await two.do("aware", state={"name": "Ann"})
            await one.until(lambda event: event.get("awareness", {}).get(str(two.client)) == {"name": "Ann"})
            two.process.kill()  # no goodbye
            await one.until(lambda event: "awareness" in event and str(two.client) not in event["awareness"])
        async with node_client(server(relay), ROOM) as late:
            seen = await late.until(lambda event: str(one.client) in event.get("awareness", {}))
            assert str(two.client) not in seen["awareness"], "no ghost"


async def test_deleting_anothers_items_is_refused_for_good_under_own_and_fine_under_any_O3(tmp_path: Path) -> None:
    for deletes in ("own", "any"):
        async with (
            open_relay(tmp_path / deletes, deletes) as relay,
            node_client(server(relay), ROOM) as one,
            node_client(server(relay), ROOM) as two,
        ):
            await synced(one)
            await synced(two)
            await one.do("insert", at=0, value="abc")
            await one.do("remove", at=0, length=1)
            await two.text("bc")
            await two.do("remove", at=0, length=1)
            if deletes == "own":
                closed = await two.until(lambda event: "closed" in event)
                assert closed["closed"] == CloseCode.NOT_ALLOWED
            else:
                await one.text("c")


async def test_a_client_that_worked_offline_merges(tmp_path: Path) -> None:
    async with (
        open_relay(tmp_path) as relay,
        node_client(server(relay), ROOM) as one,
        node_client(server(relay), ROOM) as two,
    ):
        await synced(one)
        await synced(two)
        await one.do("insert", at=0, value="one ")
        await two.text("one ")
        await two.do("disconnect")
        await two.until(lambda event: event.get("status") == "disconnected")
        await two.do("insert", at=4, value="two")
        await one.do("insert", at=0, value="zero ")
        await two.do("connect")
        await one.text("zero one two")
        await two.text("zero one two")


async def test_nested_types_in_arrays_are_welcome(tmp_path: Path) -> None:
    async with open_relay(tmp_path) as relay, node_client(server(relay), ROOM) as one:
        await synced(one)
        await one.do("nest", key="list")
        for _ in range(30):
            await one.do("push", key="list")
        async with node_client(server(relay), ROOM) as two:
            await two.until(lambda event: len(event.get("map", {}).get("list", [])) == 60)
