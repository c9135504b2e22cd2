"""Unmodified y-webrtc in Chromium: signaling by the relay, and a Python peer that is an open room to it (O5–O7)."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aioice.ice
import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright
from pycrdt import Doc, Map

from signaling.server import Relay
from signaling.webrtc_peer import WebrtcPeer
from tests.browser.chromium import launch
from tests.interop.node_client import install_packages, node_client
from tests.interop.test_open_rooms import open_relay, provided, server, synced

pytestmark = [pytest.mark.interop, pytest.mark.browser, pytest.mark.timeout(120)]
HERE = Path(__file__).parent
VITE = HERE.parents[1] / "portal" / "web" / "node_modules" / "vite"
ROOM = "geometrie/übung 1"
WAIT_MS = 30_000


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page as one script."""
    install_packages()
    out = tmp_path_factory.mktemp("bundle")
    node = shutil.which("node")
    assert node is not None, "Node.js is needed"
    subprocess.run([node, "bundle.mjs", str(VITE), "y_webrtc_page.mjs", str(out)], cwd=HERE, check=True, timeout=120)
    (out / "index.html").write_text('<!doctype html><script src="y_webrtc_page.js"></script>')
    return out


@pytest.fixture(autouse=True)
def loopback_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    """aioice leaves 127.0.0.1 out; a test has no other address to count on."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda *_, **__: ["127.0.0.1"])


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = await launch(playwright)
        try:
            yield found
        finally:
            await found.close()


@asynccontextmanager
async def pages_at(folder: Path) -> AsyncIterator[str]:
    """Serves the page on a loopback port."""
    app = web.Application()
    app.router.add_static("/", folder)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/index.html"
    finally:
        await runner.cleanup()


async def opened(found: Browser, address: str, relay: Relay, room: str, password: str | None = None) -> Page:
    """A page in a context of its own, so that only WebRTC joins it to others."""
    # With camera permission a page tells real addresses and not `.local` names.
    context = await found.new_context(permissions=["camera", "microphone"])
    page = await context.new_page()
    await page.goto(address)
    await page.evaluate("navigator.mediaDevices.getUserMedia({audio: true}).then(() => true)")
    signaling = f"ws://127.0.0.1:{relay.port}/signal"
    await page.evaluate("([s, r, p]) => page.open(s, r, p)", [signaling, room, password])
    return page


async def shows(page: Page, text: str) -> None:
    await page.wait_for_function("text => page.text() === text", arg=text, timeout=WAIT_MS)


async def until(page: Page, expression: str, arg: Any = None) -> None:
    await page.wait_for_function(expression, arg=arg, timeout=WAIT_MS)


def root(relay: Relay) -> str:
    return f"ws://127.0.0.1:{relay.port}"


@pytest.mark.parametrize("password", [None, "Geheim ✓"])
async def test_browsers_find_each_other_through_the_relay_O5(
    bundle: Path, tmp_path: Path, password: str | None
) -> None:
    async with open_relay(tmp_path) as relay, pages_at(bundle) as address, browser() as found:
        one = await opened(found, address, relay, ROOM, password)
        two = await opened(found, address, relay, ROOM, password)
        await until(one, "() => page.peers() > 0")
        await one.evaluate("page.insert(0, 'Grüße 👋')")
        await shows(two, "Grüße 👋")


@pytest.mark.parametrize("password", [None, "Geheim ✓"])
async def test_browsers_meet_an_open_room_and_its_other_clients_O7(
    bundle: Path, tmp_path: Path, password: str | None
) -> None:
    async with (
        open_relay(tmp_path) as relay,
        pages_at(bundle) as address,
        browser() as found,
        node_client(server(relay), ROOM) as node,
        WebrtcPeer(root(relay), ROOM, password=password) as peer,
    ):
        await peer.wait_joined()
        await synced(node)
        await node.do("insert", at=0, value="node ✓ ")
        page = await opened(found, address, relay, ROOM, password)
        await shows(page, "node ✓ ")
        await page.evaluate("page.insert(page.length(), 'browser 👋')")
        await node.text("node ✓ browser 👋")
        await page.evaluate("page.aware({name: 'Zoë'})")
        client = await page.evaluate("page.client()")
        await node.until(lambda event: event.get("awareness", {}).get(str(client)) == {"name": "Zoë"})
        await node.do("aware", state={"name": "Ann"})
        await until(page, "id => page.awareness()[id]?.name === 'Ann'", node.client)
        second = await opened(found, address, relay, ROOM, password)
        await shows(second, "node ✓ browser 👋")
        await second.evaluate("page.insert(0, '2 ')")
        for other in (page, second):
            await shows(other, "2 node ✓ browser 👋")
        await node.text("2 node ✓ browser 👋")
        assert peer.connected >= 1
    async with open_relay(tmp_path) as relay, node_client(server(relay), ROOM) as late:
        await late.text("2 node ✓ browser 👋")


async def test_a_big_room_arrives_in_slices_and_whole_O7(bundle: Path, tmp_path: Path) -> None:
    async with open_relay(tmp_path) as relay, pages_at(bundle) as address, browser() as found:
        doc: Doc[Any] = Doc()
        async with provided(relay, doc) as _:
            shapes = doc.get("map", type=Map)
            for number in range(60):
                with doc.transaction():
                    for key in range(50):
                        shapes[f"{number}-{key}"] = f"{number}" + "x" * 1_000
            async with WebrtcPeer(root(relay), "algebra/übung") as peer:
                await peer.wait_joined()
                page = await opened(found, address, relay, "algebra/übung")
                await until(page, "() => page.size() === 3000")
                assert await page.evaluate("page.get('59-49').length") == 1_002


async def test_another_password_joins_nothing_O6(bundle: Path, tmp_path: Path) -> None:
    async with (
        open_relay(tmp_path) as relay,
        pages_at(bundle) as address,
        browser() as found,
        WebrtcPeer(root(relay), ROOM, password="one") as peer,
    ):
        await peer.wait_joined()
        heard: asyncio.Event = asyncio.Event()
        original = peer._heard

        def noting(text: str) -> None:
            original(text)
            if peer._me not in text and '"clients":2' in text:
                heard.set()

        peer._heard = noting  # type: ignore[method-assign]
        page = await opened(found, address, relay, ROOM, "two")
        async with asyncio.timeout(30):
            await heard.wait()
        assert await page.evaluate("page.peers()") == 0
        assert peer.connected == 0
