"""Keeps child processes running: starts them in order, restarts one that dies or freezes, stops them in reverse."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from portal.logs import get_log
from portal.supervised import SUPERVISOR_PID
from portal.watchdog import until_frozen

SETUP_FAILED = 2
_FIRST_BACKOFF_S = 0.2
_LONGEST_BACKOFF_S = 5.0
# Whoever ran for this long was not in a loop of crashes.
_STEADY_S = 30.0
_PROBE_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """One child: its command, how to ask whether it works, and how long it may take to stop, in seconds.

    With `alive`, which asks only whether it answers at all, a child that has frozen is killed and started again. A
    relay on a full disk is not healthy, but alive: to replace it would only end what still goes on.
    """

    name: str
    argv: Sequence[str]
    healthy: Callable[[], Awaitable[bool]]
    stop_s: float = 10.0
    alive: Callable[[], Awaitable[bool]] | None = None


class StartFailed(Exception):
    """A child could not start at all; it has said why itself. `code` is the exit code to pass on."""

    def __init__(self, name: str, code: int) -> None:
        super().__init__(f"{name} could not start")
        self.code = code


@dataclass(slots=True)
class _Child:
    spec: ChildSpec
    process: asyncio.subprocess.Process | None = None
    keeper: asyncio.Task[None] | None = None
    was_healthy: bool = False
    restarts: int = 0
    frozen: bool = False
    gone: asyncio.Event = field(default_factory=asyncio.Event)


class Supervisor:
    """Runs children until `stop`. The children's output goes where ours goes."""

    def __init__(self, specs: Sequence[ChildSpec], *, environ: Mapping[str, str], start_limit_s: float = 60.0) -> None:
        self._children = [_Child(spec) for spec in specs]
        self._environ = {**environ, SUPERVISOR_PID: str(os.getpid())}
        self._start_limit_s = start_limit_s
        self._stopping = asyncio.Event()
        self._failure: StartFailed | None = None
        self._log = get_log("supervisor")

    async def start(self) -> None:
        """Starts the first child, and when that one works all others; returns when all work. Raises StartFailed."""
        first, *others = self._children
        self._launch(first)
        await self._until_healthy(first)
        for child in others:
            self._launch(child)
        for child in others:
            await self._until_healthy(child)

    async def until_healthy(self, name: str, *, not_pid: int) -> None:
        """Returns when a child works under another process id than `not_pid`. Raises StartFailed after its time."""
        child = next(child for child in self._children if child.spec.name == name)
        await self._until_healthy(child, not_pid)

    async def wait(self) -> None:
        """Returns when `request_stop` was called."""
        await self._stopping.wait()

    def request_stop(self) -> None:
        """Makes `start` and `wait` return; safe in a signal handler of the loop."""
        self._stopping.set()

    async def stop(self) -> None:
        """Stops the children, the last one first, each with SIGTERM and, after its time, SIGKILL."""
        self._stopping.set()
        for child in reversed(self._children):
            if child.keeper is None:
                continue
            self._signal(child, signal.SIGTERM)
            try:
                async with asyncio.timeout(child.spec.stop_s):
                    await child.gone.wait()
            except TimeoutError:
                self._log.warning("child_killed", child=child.spec.name)
                self._signal(child, signal.SIGKILL)
                await child.gone.wait()
            await child.keeper

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for."""
        return self._stopping.is_set()

    @property
    def restarts(self) -> dict[str, int]:
        """How often each child was started again."""
        return {child.spec.name: child.restarts for child in self._children}

    def pid(self, name: str) -> int | None:
        """The process id of a child, or None while it is not running."""
        child = next(child for child in self._children if child.spec.name == name)
        return child.process.pid if child.process is not None else None

    def _launch(self, child: _Child) -> None:
        child.keeper = asyncio.create_task(self._keep(child), name=f"keep-{child.spec.name}")

    async def _keep(self, child: _Child) -> None:
        """Owns one child from its start to its end."""
        loop = asyncio.get_running_loop()
        backoff_s = _FIRST_BACKOFF_S
        try:
            while not self._stopping.is_set():
                began = loop.time()
                child.process = await asyncio.create_subprocess_exec(
                    *child.spec.argv,
                    env=self._environ,
                    stdin=asyncio.subprocess.DEVNULL,
                    # Ctrl-C in a terminal reaches the whole group; only the supervisor decides the order.
                    start_new_session=True,
                )
                if self._stopping.is_set():
                    self._signal(child, signal.SIGTERM)
                code = await self._watch(child, child.process)
                child.process = None
                if self._stopping.is_set():
                    return
                if code == SETUP_FAILED and not child.was_healthy:
                    # It has told a person what to put right; to start it again would only say so again.
                    self._failure = self._failure or StartFailed(child.spec.name, code)
                    self._stopping.set()
                    return
                if loop.time() - began > _STEADY_S:
                    backoff_s = _FIRST_BACKOFF_S
                pause_s = 0.0 if child.frozen else backoff_s
                self._log.warning("child_died", child=child.spec.name, code=code, again_in_s=pause_s)
                await self._pause(pause_s)
                backoff_s = min(_LONGEST_BACKOFF_S, backoff_s * 2)
                child.restarts += 1
        finally:
            child.gone.set()

    async def _watch(self, child: _Child, process: asyncio.subprocess.Process) -> int:
        """Waits for the end of a child, and brings it about when the child has frozen. Returns its exit code."""
        child.frozen = False
        if child.spec.alive is None:
            return await process.wait()
        frozen = asyncio.create_task(until_frozen(child.spec.alive, start_limit_s=self._start_limit_s))
        ended = asyncio.create_task(process.wait())
        try:
            await asyncio.wait((frozen, ended), return_when=asyncio.FIRST_COMPLETED)
            if frozen.done() and not frozen.cancelled() and not ended.done() and not self._stopping.is_set():
                frozen.result()
                child.frozen = True
                self._log.error("child_frozen", child=child.spec.name)
                # Stopped or spinning with the interpreter's lock held: it would not hear anything gentler.
                self._signal(child, signal.SIGKILL)
            return await ended
        finally:
            for task in (frozen, ended):
                task.cancel()
            await asyncio.wait((frozen, ended))

    async def _until_healthy(self, child: _Child, not_pid: int | None = None) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._start_limit_s
        while not self._stopping.is_set():
            running = child.process is not None and child.process.pid != not_pid
            if running and await child.spec.healthy():
                child.was_healthy = True
                return
            if loop.time() > deadline:
                self._failure = StartFailed(child.spec.name, 1)
                self._log.error("child_not_ready", child=child.spec.name, after_s=self._start_limit_s)
                break
            await self._pause(_PROBE_EVERY_S)
        if self._failure is not None:
            raise self._failure

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    @staticmethod
    def _signal(child: _Child, number: signal.Signals) -> None:
        if child.process is None:
            return
        try:
            child.process.send_signal(number)
        except ProcessLookupError:
            return  # It ended by itself in this very moment.
