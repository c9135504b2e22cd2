"""Runs a process of the recorder's that works at idle priority and says how far it is, a JSON object a line."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress

_LINE_BYTES = 64 * 1024
_REPORT_EVERY_S = 1.0


async def run_idle(
    module: str, arguments: list[str], job: dict[str, object], say: Callable[[float], Awaitable[bool]]
) -> str | None:
    """`python -m module arguments` to its end, with `job` in JSON on its standard input; what went wrong, in a line.

    `say` hears progress, 0 to 1, at most once a second; the process ends when it answers False. Cancellation ends the
    process too.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, limit=_LINE_BYTES,
    )  # fmt: skip
    assert process.stdin is not None and process.stderr is not None
    try:
        # One that ends before it has read the job says why on its standard error.
        with suppress(BrokenPipeError, ConnectionResetError):
            process.stdin.write(json.dumps(job).encode())
            await process.stdin.drain()
        process.stdin.close()
        await _follow(process, say)
        fault = (await process.stderr.read(_LINE_BYTES)).decode("utf-8", "replace")
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    if code == 0:
        return None
    return fault.strip().rsplit("\n", 1)[-1] or f"the process ended with {code}"


async def _follow(process: asyncio.subprocess.Process, say: Callable[[float], Awaitable[bool]]) -> None:
    assert process.stdout is not None
    loop = asyncio.get_running_loop()
    told_s = float("-inf")
    async for line in process.stdout:
        try:
            progress = json.loads(line).get("progress")
        except (ValueError, AttributeError):
            continue
        if isinstance(progress, int | float) and loop.time() - told_s >= _REPORT_EVERY_S:
            told_s = loop.time()
            if not await say(float(progress)):
                process.terminate()
