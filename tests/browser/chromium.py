"""Chromium as the tests start it: own process, own fake devices, loopback candidates allowed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, Playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
    # Tabs of a test are all in view; none may be slowed as a background tab.
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
]


async def launch(
    playwright: Playwright, audio: Path | None = None, video: Path | None = None, *, flags: Sequence[str] = ()
) -> Browser:
    """A headless Chromium whose microphone and camera play these files."""
    flags = [*FLAGS, *flags]
    if audio:
        flags.append(f"--use-file-for-fake-audio-capture={audio}")
    if video:
        flags.append(f"--use-file-for-fake-video-capture={video}")
    return await playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=flags)


@asynccontextmanager
async def page_of(browser: Browser, width: int = 1280, height: int = 720) -> AsyncIterator[tuple[BrowserContext, Page]]:
    """A page in a context of its own (own cookies and storage) with camera and microphone allowed."""
    context = await browser.new_context(
        viewport={"width": width, "height": height}, permissions=["camera", "microphone"], locale="en-GB"
    )
    try:
        yield context, await context.new_page()
    finally:
        await context.close()
