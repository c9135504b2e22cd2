"""The process that is measured: `python -m loadtests.bench.recorder.sink ours|ours-board|stock FOLDER [LOSS SEED]`.

Prints its port, then serves the sender's page, takes offers, and tells how much processor time it has used.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import aioice.ice
import uvloop
from aiohttp import web
from aiortc import RTCSessionDescription

from loadtests.bench.recorder.lossy import lossy_line
from loadtests.bench.recorder.ours import OurRecorder
from loadtests.bench.recorder.stock import StockRecorder
from recorder.datagrams import RecorderLoop
from recorder.ingest import install

_PAGE = Path(__file__).with_name("sender.html")


async def serve(recorder: OurRecorder | StockRecorder) -> None:
    """Answer until told to end."""
    over = asyncio.Event()

    async def page(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(_PAGE)

    async def offer(request: web.Request) -> web.Response:
        stated = await request.json()
        description = RTCSessionDescription(stated["sdp"], stated["type"])
        answer = await recorder.add(int(request.query["index"]), description)
        return web.json_response({"sdp": answer.sdp, "type": answer.type})

    async def usage(_request: web.Request) -> web.Response:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return web.json_response({"cpu_s": used.ru_utime + used.ru_stime, "at_s": time.monotonic()})

    async def end(_request: web.Request) -> web.Response:
        result = await recorder.end()
        over.set()
        return web.json_response(result)

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_post("/offer", offer)
    app.router.add_get("/usage", usage)
    app.router.add_post("/end", end)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(json.dumps({"port": runner.addresses[0][1]}) + "\n")
    sys.stdout.flush()
    await over.wait()
    await runner.cleanup()


def main(arguments: list[str]) -> int:
    """Run one recorder until it is told to end."""
    kind, folder = arguments[0], Path(arguments[1])
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]

    if kind != "stock":
        # Before the line is laid below it.
        install()

    async def run() -> None:
        recorder: OurRecorder | StockRecorder
        recorder = StockRecorder(folder) if kind == "stock" else OurRecorder(folder, board=kind == "ours-board")
        await serve(recorder)

    with lossy_line(float(arguments[2]), int(arguments[3])) if len(arguments) > 2 else nullcontext():
        if kind == "stock":
            uvloop.run(run())
        else:
            # As the recorder's own process.
            uvloop.run(run(), loop_factory=RecorderLoop)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
