"""The pages that are measured: built once, served with their ink on loopback."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from aiohttp import web

from loadtests.bench.board.ink import write_excalidraw, write_ours

__all__ = ["BOARDS", "EMPTY", "build", "serve", "write_ink"]

BOARDS: Final = ("ours", "excalidraw")
"""Both with the ink; `EMPTY` has none, and shows what the machine itself takes for a frame."""
EMPTY: Final = "empty"
_ROOT: Final = Path(__file__).resolve().parents[3]
_BUILDERS: Final = {
    "ours": _ROOT / "portal" / "web" / "tests" / "support" / "buildBench.mjs",
    "excalidraw": _ROOT / "loadtests" / "peers" / "board" / "build.mjs",
}
_PAGE: Final = """<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>{name}</title>
<link rel="stylesheet" href="/files/{name}.css">
<style>html,body,#app{{margin:0;width:100vw;height:100vh}}</style></head>
<body><div id="app"></div><script src="/probe.js"></script><script type="module" src="/files/{name}.js"></script></body>
</html>"""


async def build(folder: Path, boards: Sequence[str]) -> None:
    """Script and style sheet of each board and of the empty page. Raises RuntimeError."""
    shutil.copyfile(Path(__file__).with_name("empty.js"), folder / "empty.js")
    (folder / "empty.css").touch()
    for name in boards:
        builder = _BUILDERS[name]
        process = await asyncio.create_subprocess_exec(
            "node", str(builder), str(folder), cwd=builder.parent, env={**os.environ, "NODE_ENV": "production"}
        )
        if await process.wait() != 0:
            raise RuntimeError(f"{name} could not be built")


def write_ink(folder: Path, boards: Sequence[str], counts: Sequence[int]) -> int:
    """The same ink for each board. Returns the points of the largest."""
    points = 0
    for count in counts:
        if "ours" in boards:
            points = max(points, write_ours(count, folder / f"ours-{count}.bin"))
        if "excalidraw" in boards:
            write_excalidraw(count, folder / f"excalidraw-{count}.json")
    return points


@asynccontextmanager
async def serve(folder: Path) -> AsyncIterator[str]:
    """The address under which `/<board>` is a page."""

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=_PAGE.format(name=request.match_info["name"]), content_type="text/html")

    async def probe(_: web.Request) -> web.FileResponse:
        return web.FileResponse(Path(__file__).with_name("probe.js"))

    app = web.Application()
    app.router.add_get("/probe.js", probe)
    app.router.add_static("/files/", folder)
    app.router.add_static("/data/", folder)
    app.router.add_get("/{name}", page)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
