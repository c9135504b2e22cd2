"""Chromium by its DevTools protocol, so that input is sent as it comes and nobody waits for a page that is busy."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp

__all__ = ["Tab", "open_tab", "resident_bytes"]

_COMMANDS: Final = ("chromium", "chromium-browser", "google-chrome")
_FLAGS: Final = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
    "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--mute-audio",
    "--window-size=1280,720", "--remote-debugging-port=0",
)  # fmt: skip
_START_S: Final = 20.0
_ANSWER_S: Final = 120.0


class Tab:
    """One page. `call` awaits an answer, `send` does not."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self._socket:
            answer = json.loads(message.data)
            waiting = self._answers.pop(answer.get("id", 0), None)
            if waiting and not waiting.done():
                waiting.set_result(answer)

    async def send(self, method: str, **params: Any) -> int:
        """Put a command on its way. Returns its number."""
        self._number += 1
        number = self._number
        await self._socket.send_str(json.dumps({"id": number, "method": method, "params": params}))
        return number

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """A command's result. Raises RuntimeError, TimeoutError. `Any`: DevTools' JSON."""
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[self._number + 1] = future
        await self.send(method, **params)
        async with asyncio.timeout(_ANSWER_S):
            answer = await future
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer.get("result", {})
        return result

    async def ask(self, expression: str) -> Any:
        """The value of an expression, promises awaited. Raises RuntimeError when it throws."""
        found = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise RuntimeError(str(found["exceptionDetails"].get("exception", found["exceptionDetails"])))
        return found["result"].get("value")

    async def until(self, expression: str, timeout_s: float = 60.0) -> None:
        """Wait until an expression is true. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while not await self.ask(expression):  # noqa: ASYNC110 - a page of another process has no event here
                await asyncio.sleep(0.02)

    async def heap_bytes(self) -> tuple[int, int]:
        """What scripts hold after a collection: objects, and the bytes of their buffers beside them."""
        await self.call("HeapProfiler.collectGarbage")
        usage = await self.call("Runtime.getHeapUsage")
        return int(usage["usedSize"]), int(usage.get("backingStorageSize", 0))

    async def close(self) -> None:
        """End the connection."""
        await self._socket.close()
        await self._reader


@asynccontextmanager
async def open_tab(url: str) -> AsyncIterator[tuple[Tab, int]]:
    """A Chromium of its own with one page; the page's process id beside it. Raises RuntimeError."""
    command = next((found for name in _COMMANDS if (found := shutil.which(name))), None)
    if command is None:
        raise RuntimeError(f"none of {', '.join(_COMMANDS)} is installed")
    with tempfile.TemporaryDirectory(prefix="chalkmesh-bench-", ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            command, *_FLAGS, f"--user-data-dir={profile}", "about:blank",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            port = await _port_of(Path(profile) / "DevToolsActivePort")
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
                tab = await _connect(http, "page")
                browser = await _connect(http, "")
                try:
                    await tab.call("Page.enable")
                    await tab.call("Page.navigate", url=url)
                    await tab.until("document.readyState === 'complete' && 'bench' in globalThis")
                    yield tab, await _renderer(browser)
                finally:
                    await tab.close()
                    await browser.close()
        finally:
            process.terminate()
            await process.wait()


async def _port_of(file: Path) -> int:
    async with asyncio.timeout(_START_S):
        while not file.is_file() or not file.read_text():  # noqa: ASYNC110 - written by another process
            await asyncio.sleep(0.02)
    return int(file.read_text().split()[0])


async def _connect(http: aiohttp.ClientSession, kind: str) -> Tab:
    async with http.get("/json/list" if kind else "/json/version") as answer:
        found: Any = await answer.json(content_type=None)
    target = next(each for each in found if each["type"] == kind) if kind else found
    return Tab(await http.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0))


async def _renderer(browser: Tab) -> int:
    """The process that holds the page: the renderer that has worked most."""
    found: Sequence[dict[str, Any]] = (await browser.call("SystemInfo.getProcessInfo"))["processInfo"]
    return int(max((each for each in found if each["type"] == "renderer"), key=lambda each: each["cpuTime"])["id"])


def resident_bytes(process: int) -> int:
    """What a process holds in memory now (Rss)."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"process {process} tells no VmRSS")
