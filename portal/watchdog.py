"""Notices a child that still runs and no longer answers: its event loop stands still, and nobody else would say so."""

import asyncio
from collections.abc import Awaitable, Callable

STEP_S = 0.25
# 1.25 s of silence; with the restart, a frozen relay is replaced within 3 s. The longest thing that a healthy relay
# does without a pause (the snapshot of an 8 MB board) takes a tenth of that.
SILENT_STEPS = 5


async def until_frozen(
    alive: Callable[[], Awaitable[bool]],
    *,
    start_limit_s: float,
    step_s: float = STEP_S,
    silent_steps: int = SILENT_STEPS,
) -> None:
    """Returns once a child is silent: no answer to one question, or to any since it last answered, in `silent_steps`.

    A child that still refuses the question is starting, and has `start_limit_s` for that. Silence is counted in steps
    of our own and not by the clock: while we ourselves stood still (a suspended host, a starved machine) nobody is to
    blame.
    """
    answered = False
    refused = 0
    while True:
        probe = asyncio.ensure_future(alive())
        try:
            for _ in range(silent_steps):
                done, _ = await asyncio.wait((probe,), timeout=step_s)
                if done:
                    break
            else:
                return
            answers = probe.result()
        finally:
            probe.cancel()
        answered = answered or answers
        refused = 0 if answers else refused + 1
        if refused * step_s >= (silent_steps * step_s if answered else start_limit_s):
            return
        await asyncio.sleep(step_s)
