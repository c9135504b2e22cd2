"""What counts as frozen: portal/watchdog.py. Steps of some milliseconds; nothing here is timed."""

from __future__ import annotations

import asyncio

from portal.watchdog import until_frozen

STEP_S = 0.005


class Child:
    """Answers, refuses or is silent, as told; counts the questions."""

    def __init__(self, *, answers: bool = True) -> None:
        self.answers = answers
        self.silent = False
        self.asked = 0
        self.changed = asyncio.Event()

    async def alive(self) -> bool:
        self.asked += 1
        self.changed.set()
        if self.silent:
            await asyncio.Event().wait()
        return self.answers

    async def until_asked(self, times: int) -> None:
        while self.asked < times:
            self.changed.clear()
            await self.changed.wait()


def watch(child: Child, start_limit_s: float = 60.0) -> asyncio.Task[None]:
    return asyncio.create_task(until_frozen(child.alive, start_limit_s=start_limit_s, step_s=STEP_S))


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait((task,))


async def test_a_child_that_answers_is_left_alone() -> None:
    child = Child()
    task = watch(child)
    await child.until_asked(20)
    assert not task.done()
    await stop(task)


async def test_a_child_that_falls_silent_is_frozen() -> None:
    child = Child()
    task = watch(child)
    await child.until_asked(3)
    child.silent = True
    async with asyncio.timeout(20):
        await task


async def test_a_child_that_accepts_and_never_answered_is_frozen() -> None:
    child = Child()
    child.silent = True
    async with asyncio.timeout(20):
        await watch(child)


async def test_a_child_that_stops_listening_is_frozen() -> None:
    child = Child()
    task = watch(child)
    await child.until_asked(3)
    child.answers = False
    async with asyncio.timeout(20):
        await task


async def test_a_child_that_does_not_listen_yet_has_its_time_to_start() -> None:
    child = Child(answers=False)
    task = watch(child)
    await child.until_asked(20)
    assert not task.done()
    child.answers = True
    await child.until_asked(25)
    assert not task.done()
    await stop(task)


async def test_a_child_that_never_listens_is_given_up() -> None:
    async with asyncio.timeout(20):
        await watch(Child(answers=False), start_limit_s=STEP_S * 10)
