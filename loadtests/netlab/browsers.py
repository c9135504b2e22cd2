"""The product on one host of the lab, and a Chromium on each of others: a lesson whose lines can be made bad.

    with Lab(3) as lab:
        async with classroom(lab, 2, folder) as school:
            command, flags = chromium(lab, 0, school.url, folder)
            browser = await playwright.chromium.launch(executable_path=command, args=flags)
            lab.profile(0, "thin")

Portal, relay and recorder are the processes of `chalkmesh serve`, each with its log in the folder. A browser's own
traffic, the page itself included, passes its host's line; only the debugger's pipe does not.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loadtests.netlab.lab import Lab
from loadtests.netlab.run import Process, port_open, portal_command, process

__all__ = ["CHROMIUM", "LabClassroom", "chromium", "classroom"]

CHROMIUM: Final = shutil.which("chromium") or "/usr/bin/chromium"
PORTAL_PORT: Final = 8080
RELAY_PORT: Final = 8081
_FLAGS: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream", "--autoplay-policy=no-user-gesture-required", "--mute-audio",
    "--disable-renderer-backgrounding", "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LabClassroom:
    """A demo school on a host. `recorder` is its process."""

    url: str
    folder: Path
    recorder: Process


@asynccontextmanager
async def classroom(
    lab: Lab, host: int, folder: Path, *, turn_urls: Sequence[str] = (), turn_secret: str = ""
) -> AsyncIterator[LabClassroom]:
    """Portal, relay and recorder on a host, as `chalkmesh serve --demo` starts them, until the end."""
    folder.mkdir(parents=True, exist_ok=True)
    address = lab.address(host)
    url = f"http://{address}:{PORTAL_PORT}"
    data = ["--data", str(folder)]
    turn = (
        {"CHALKMESH_PORTAL_TURN_URLS": " ".join(turn_urls), "CHALKMESH_PORTAL_TURN_SECRET": turn_secret}
        if turn_urls
        else {}
    )
    async with AsyncExitStack() as stack:

        async def start(name: str, *words: str) -> Process:
            log = folder / f"{name}.log"
            return await stack.enter_async_context(
                process(lab, host, portal_command(name, *words, *data), log, environment={**os.environ, **turn})
            )

        listen = ["--host", "0.0.0.0"]
        ports = ["--port", str(PORTAL_PORT), "--relay-port", str(RELAY_PORT)]
        portal = await start("portal", "--demo", *listen, *ports)
        await port_open(lab, host, PORTAL_PORT, portal)
        relay = await start("relay", *listen, "--port", str(RELAY_PORT), "--portal-url", url)
        recorder = await start("recorder", "--portal-url", url)
        await port_open(lab, host, RELAY_PORT, relay)
        yield LabClassroom(url, folder, recorder)


def chromium(
    lab: Lab, host: int, origin: str, folder: Path, media: tuple[Path, Path] | None = None
) -> tuple[Path, list[str]]:
    """What to start for a Chromium on a host, and with which flags: a script in `folder`, as Playwright wants one file.

    `media`: sound and picture files of its microphone and camera. `origin` is served without TLS: only there the
    browser is told to take it for secure, or it would give no camera.
    """
    start = folder / f"chromium-{lab.namespace(host)}"
    # The debugger's pipe passes through as descriptors 3 and 4.
    start.write_text(f'#!/bin/sh\nexec {" ".join(lab.command(host, [CHROMIUM]))} "$@"\n')
    start.chmod(0o700)
    flags = [*_FLAGS, f"--unsafely-treat-insecure-origin-as-secure={origin}"]
    if media is not None:
        flags += [f"--use-file-for-fake-audio-capture={media[0]}", f"--use-file-for-fake-video-capture={media[1]}"]
    return start, flags
