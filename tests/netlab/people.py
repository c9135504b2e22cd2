"""People of a lesson in the lab: each a Chromium on a host of its own, behind its own line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Playwright

from loadtests.netlab.browsers import chromium
from loadtests.netlab.lab import Lab
from tests.browser.known_media import FakeMedia
from tests.browser.participant import Participant

__all__ = ["person"]

PROBE = Path(__file__).with_name("probe.js")

# Keeps every peer connection that the page makes, so that a run can ask for its statistics.
WATCH_CONNECTIONS = """
globalThis.labPeers = [];
globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...given) { super(...given); labPeers.push(this); }
};
"""


@asynccontextmanager
async def person(
    playwright: Playwright,
    lab: Lab,
    host: int,
    login: str,
    school: str,
    folder: Path,
    media: FakeMedia | None = None,
    *,
    size: tuple[int, int] = (1280, 720),
) -> AsyncIterator[Participant]:
    """A signed-in person whose browser runs on a host of the lab; it is closed on leaving."""
    files = media.save(folder, login) if media else None
    command, flags = chromium(lab, host, school, folder, files)
    browser = await playwright.chromium.launch(executable_path=command, headless=True, args=flags)
    try:
        width, height = size
        context = await browser.new_context(
            viewport={"width": width, "height": height}, permissions=["camera", "microphone"], locale="en-GB"
        )
        await context.add_init_script(WATCH_CONNECTIONS)
        await context.add_init_script(path=PROBE)
        one = Participant(login, await context.new_page(), school)
        await one.sign_in()
        yield one
    finally:
        await browser.close()
