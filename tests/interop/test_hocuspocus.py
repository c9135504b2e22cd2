"""An unmodified Hocuspocus provider and a y-websocket client meet in one open room (rule O8)."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from signaling.server import Relay
from tests.interop.node_client import NodeClient, install_packages, node_client
from tests.interop.test_open_rooms import open_relay, server, synced
from whiteboard_crdt.errors import CloseCode

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]
ROOM = "algebra/übung"
CLIENT = "hocuspocus_client.mjs"


@pytest.fixture(scope="module", autouse=True)
def packages() -> None:
    install_packages()


def endpoint(relay: Relay) -> str:
    return f"ws://127.0.0.1:{relay.port}/hocuspocus"


async def saved(client: NodeClient) -> None:
    await client.until(lambda event: event.get("unsynced") == 0)


async def test_a_hocuspocus_and_a_y_websocket_client_write_one_text_both_ways_O8(tmp_path: Path) -> None:
    async with (
        open_relay(tmp_path) as relay,
        node_client(endpoint(relay), ROOM, CLIENT) as hocus,
        node_client(server(relay), ROOM) as node,
    ):
        await hocus.until(lambda event: event.get("authenticated") == "read-write")
        await hocus.until(lambda event: event.get("synced") is True)
        await synced(node)
        await hocus.do("insert", at=0, value="Grüße 👋 ")
        await node.text("Grüße 👋 ")
        await node.do("insert", at=9, value="aus Zürich")
        await hocus.text("Grüße 👋 aus Zürich")
        await hocus.do("aware", state={"name": "Zoë"})
        await node.until(lambda event: event.get("awareness", {}).get(str(hocus.client)) == {"name": "Zoë"})
        await node.do("aware", state={"name": "Ann"})
        await hocus.until(lambda event: event.get("awareness", {}).get(str(node.client)) == {"name": "Ann"})
        hocus.process.kill()  # no goodbye
        await node.until(lambda event: "awareness" in event and str(hocus.client) not in event["awareness"])


async def test_changes_are_acknowledged_when_they_are_durable_and_outlive_the_relay_O8(tmp_path: Path) -> None:
    async with open_relay(tmp_path) as relay, node_client(endpoint(relay), ROOM, CLIENT) as hocus:
        await saved(hocus)
        await hocus.do("set", key="k", value={"deep": [1, None, "ü"]})
        await hocus.until(lambda event: event.get("unsynced") == 1)
        await saved(hocus)
    async with open_relay(tmp_path) as relay, node_client(endpoint(relay), ROOM, CLIENT) as hocus:
        await hocus.until(lambda event: event.get("map", {}).get("k") == {"deep": [1, None, "ü"]})
        await saved(hocus)


async def test_offline_work_merges_O8(tmp_path: Path) -> None:
    async with (
        open_relay(tmp_path) as relay,
        node_client(endpoint(relay), ROOM, CLIENT) as hocus,
        node_client(server(relay), ROOM) as node,
    ):
        await saved(hocus)
        await synced(node)
        await hocus.do("insert", at=0, value="one ")
        await node.text("one ")
        await hocus.do("disconnect")
        await hocus.until(lambda event: "closed" in event)
        await hocus.do("insert", at=4, value="two")
        await node.do("insert", at=0, value="zero ")
        await hocus.do("connect")
        await hocus.text("zero one two")
        await node.text("zero one two")


async def test_two_documents_share_a_socket_and_one_may_be_left_O8(tmp_path: Path) -> None:
    async with (
        open_relay(tmp_path) as relay,
        node_client(endpoint(relay), ROOM, CLIENT) as hocus,
        node_client(server(relay), "other") as node,
    ):
        await saved(hocus)
        await synced(node)
        await hocus.do("second", name="other")
        await node.do("insert", at=0, value="there")
        await hocus.until(lambda event: event.get("second") == "there")
        await hocus.do("leave")
        await node.do("insert", at=5, value=" still")
        await hocus.until(lambda event: event.get("second") == "there still")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"\x01a\x00\x00\x01\x00", CloseCode.NOT_ALLOWED),  # step 1 before auth
        (b"\x01a\x02\x02\x00", CloseCode.MALFORMED),  # says that it is authenticated
        (b"\x00\x02\x00\x00", CloseCode.MALFORMED),  # no name
        (b"\x01\xff\x02\x00\x00", CloseCode.MALFORMED),
        (b"\x01a\x63", CloseCode.MALFORMED),
        (b"", CloseCode.MALFORMED),
        (b"\x01a\x02\x00\xff\xff\x7f", CloseCode.MALFORMED),
    ],
)
async def test_hostile_messages_close_with_a_code_O8(tmp_path: Path, message: bytes, code: int) -> None:
    async with open_relay(tmp_path) as relay, aiohttp.ClientSession() as http:
        async with http.ws_connect(endpoint(relay)) as socket:
            await socket.send_bytes(message)
            answer = await socket.receive(timeout=10)
            assert (answer.type, socket.close_code) == (aiohttp.WSMsgType.CLOSE, code)
        async with http.ws_connect(endpoint(relay)) as socket:
            await socket.send_bytes(b"\x09")
            assert (await socket.receive(timeout=10)).data == b"\x0a"
