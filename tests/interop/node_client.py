"""Drives `y_websocket_client.mjs` and its kin: unmodified clients under Node."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WAIT_S = 15.0


class NodeClient:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.client = 0
        self.events: list[dict[str, Any]] = []

    async def do(self, what: str, **arguments: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": what, **arguments}).encode() + b"\n")
        await self.process.stdin.drain()

    async def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next event that is wanted; those before are passed over."""
        assert self.process.stdout is not None
        async with asyncio.timeout(WAIT_S):
            while True:
                line = await self.process.stdout.readline()
                assert line, f"the client ended; last events {self.events[-3:]}"
                event: dict[str, Any] = json.loads(line)
                self.events.append(event)
                if wanted(event):
                    return event

    async def text(self, expected: str) -> None:
        await self.until(lambda event: event.get("text") == expected)


@contextlib.asynccontextmanager
async def node_client(url: str, room: str, script: str = "y_websocket_client.mjs") -> AsyncIterator[NodeClient]:
    """Starts a client that connects at once; `client` is its Yjs client id."""
    node = shutil.which("node")
    assert node is not None, "Node.js is needed"
    process = await asyncio.create_subprocess_exec(
        node, script, url, room,
        cwd=HERE, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    client = NodeClient(process)
    try:
        client.client = (await client.until(lambda event: "client" in event))["client"]
        yield client
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def install_packages() -> None:
    """`npm ci` where the packages are missing."""
    wanted = ("y-websocket", "y-webrtc", "@hocuspocus/provider")
    if not all((HERE / "node_modules" / name).is_dir() for name in wanted):
        import subprocess

        npm = shutil.which("npm")
        assert npm is not None, "npm is needed"
        subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=HERE,
            check=True,
            timeout=300,
        )
