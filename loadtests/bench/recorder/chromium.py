"""Chromium as the sender: a process of its own with a fresh profile, ended by whoever started it."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

COMMANDS: Final = ("chromium", "chromium-browser", "google-chrome")
_FLAGS: Final = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
    "--autoplay-policy=no-user-gesture-required", "--allow-loopback-in-peer-connection",
    # A page without a camera's permission would offer names that no resolver here knows.
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--mute-audio",
)  # fmt: skip


class NoChromium(Exception):
    """Chromium is not installed here."""


@asynccontextmanager
async def open_page(url: str) -> AsyncIterator[None]:
    """Shows a page for as long as the context lasts. Raises NoChromium."""
    command = next((found for name in COMMANDS if (found := shutil.which(name))), None)
    if command is None:
        raise NoChromium(f"none of {', '.join(COMMANDS)} is installed")
    with tempfile.TemporaryDirectory(prefix="chalkmesh-bench-", ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            command,
            *_FLAGS,
            f"--user-data-dir={profile}",
            url,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            process.terminate()
            await process.wait()
