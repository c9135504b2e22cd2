"""A page of another origin stores and fetches pictures on the relay: preflight, token, ranges (rules A9–A11)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import async_playwright

from portal.headers import content_security_policy
from signaling.asset_server import assets_url
from signaling.server import Relay
from signaling.settings import RelaySettings
from tests.browser.chromium import launch
from tests.signaling.school import ROOM, School, wall_ms
from whiteboard_crdt.assets import AssetId

pytestmark = [pytest.mark.browser, pytest.mark.timeout(90)]

SCRIPT = """async ([at, token, size]) => {
  const headers = { Authorization: `Bearer ${token}` };
  const body = new Uint8Array(size).map((_, i) => i);
  body.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const put = await fetch(at, { method: 'PUT', body, headers });
  const part = await fetch(at, { headers: { ...headers, Range: `bytes=${size - 10}-` } });
  const bytes = new Uint8Array(await part.arrayBuffer());
  const none = await fetch(at);
  return [put.status, part.status, part.headers.get('Content-Range'), bytes[9], none.status];
}"""


async def test_a_page_under_the_portals_policy_reaches_the_pictures_A9(tmp_path: Path) -> None:
    size = 100_000
    data = bytearray(index & 255 for index in range(size))
    data[:8] = b"\x89PNG\r\n\x1a\n"
    school = School(tmp_path)
    relay = Relay(RelaySettings(data=tmp_path, port=0))
    await relay.start()
    relay_url = f"ws://127.0.0.1:{relay.port}/v1/session"

    async def page_of_the_portal(_request: web.Request) -> web.Response:
        policy = content_security_policy(relay_url)
        return web.Response(
            text="<!doctype html>", content_type="text/html", headers={"Content-Security-Policy": policy}
        )

    app = web.Application()
    app.router.add_get("/", page_of_the_portal)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with async_playwright() as playwright:
            browser = await launch(playwright)
            page = await browser.new_page()
            await page.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/")
            token, _ = relay.lobby.asset_tokens.issue(school.person().ticket, wall_ms())
            at = assets_url(relay_url, ROOM, AssetId(hashlib.sha256(data).hexdigest()))
            found = await page.evaluate(SCRIPT, [at, token, size])
            assert found == [201, 206, f"bytes {size - 10}-{size - 1}/{size}", data[-1], 401]
            await browser.close()
    finally:
        await runner.cleanup()
        await relay.stop()
