"""Children that die, hang and refuse, with real processes: portal/supervisor.py, portal/supervised.py."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from portal.supervisor import ChildSpec, StartFailed, Supervisor

# Says over a socket when it starts and when it is told to stop.
CHILD = """
import os, signal, socket, sys
name, journal = sys.argv[1:3]
def note(word):
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(journal)
        line.sendall(f"{word} {name} {os.getpid()}".encode())
def stop(*_):
    note("stopped")
    sys.exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if "deaf" in sys.argv else stop)
note("started")
while True:
    signal.pause()
"""
PAUSE = "import signal; signal.pause()"


class Journal:
    """What the children say, in order."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[tuple[str, str, int]] = []
        self._changed = asyncio.Condition()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        word, name, pid = (await reader.read()).decode().split()
        writer.close()
        async with self._changed:
            self.lines.append((word, name, int(pid)))
            self._changed.notify_all()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(condition)

    def events(self) -> list[tuple[str, str]]:
        return [(word, name) for word, name, _ in self.lines]

    def pids(self, name: str) -> list[int]:
        return [pid for word, said, pid in self.lines if (word, said) == ("started", name)]


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = Journal(tmp_path / "journal")
    server = await asyncio.start_unix_server(journal.accept, journal.path)
    yield journal
    server.close()


def child(name: str, journal: Journal, *words: str, stop_s: float = 10.0) -> ChildSpec:
    async def healthy() -> bool:
        return ("started", name) in journal.events()

    return ChildSpec(name, (sys.executable, "-c", CHILD, name, str(journal.path), *words), healthy, stop_s)


async def never() -> bool:
    return False


async def gone(pid: int) -> None:
    """Waits for the end of a process that is nobody's child here."""
    ended = asyncio.Event()
    handle = os.pidfd_open(pid)
    asyncio.get_running_loop().add_reader(handle, ended.set)
    try:
        async with asyncio.timeout(20):
            await ended.wait()
    finally:
        asyncio.get_running_loop().remove_reader(handle)
        os.close(handle)


async def test_children_start_first_to_last_and_stop_last_to_first(journal: Journal) -> None:
    supervisor = Supervisor([child(name, journal) for name in ("a", "b", "c")], environ=os.environ)
    await supervisor.start()
    assert journal.events()[0] == ("started", "a")
    await supervisor.stop()
    await journal.until(lambda: len(journal.lines) == 6)
    assert journal.events()[3:] == [("stopped", "c"), ("stopped", "b"), ("stopped", "a")]


async def test_killed_child_comes_back_and_the_others_do_not_notice(journal: Journal) -> None:
    supervisor = Supervisor([child("a", journal), child("b", journal)], environ=os.environ)
    await supervisor.start()
    for times in (2, 3):
        os.kill(journal.pids("b")[-1], signal.SIGKILL)
        await journal.until(partial(_started, journal, "b", times))
    assert supervisor.restarts == {"a": 0, "b": 2}
    assert len(set(journal.pids("b"))) == 3
    assert journal.events().count(("started", "a")) == 1
    await supervisor.stop()


def _started(journal: Journal, name: str, times: int) -> bool:
    return len(journal.pids(name)) == times


async def test_child_that_does_not_listen_is_killed_after_its_time(journal: Journal) -> None:
    supervisor = Supervisor([child("a", journal, "deaf", stop_s=0.05)], environ=os.environ)
    await supervisor.start()
    async with asyncio.timeout(10):
        await supervisor.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(journal.pids("a")[0], 0)


async def test_child_that_cannot_be_set_up_ends_the_start_with_its_code(journal: Journal) -> None:
    broken = ChildSpec("broken", (sys.executable, "-c", "import sys; sys.exit(2)"), never)
    supervisor = Supervisor([child("a", journal), broken], environ=os.environ)
    with pytest.raises(StartFailed) as failure:
        await supervisor.start()
    await supervisor.stop()
    assert failure.value.code == 2
    assert supervisor.restarts["broken"] == 0
    await journal.until(lambda: ("stopped", "a") in journal.events())


async def test_child_that_never_becomes_healthy_fails_the_start() -> None:
    sleeper = ChildSpec("sleeper", (sys.executable, "-c", PAUSE), never)
    supervisor = Supervisor([sleeper], environ=os.environ, start_limit_s=0.2)
    with pytest.raises(StartFailed):
        await supervisor.start()
    await supervisor.stop()


async def test_stop_during_the_start_leaves_nothing_running(journal: Journal) -> None:
    spec = child("a", journal)
    supervisor = Supervisor([ChildSpec(spec.name, spec.argv, never)], environ=os.environ)
    starting = asyncio.create_task(supervisor.start())
    await journal.until(lambda: ("started", "a") in journal.events())
    supervisor.request_stop()
    async with asyncio.timeout(10):
        await starting
        await supervisor.stop()
    assert supervisor.stopping
    with pytest.raises(ProcessLookupError):
        os.kill(journal.pids("a")[0], 0)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal")
async def test_child_goes_when_its_supervisor_is_killed() -> None:
    grandchild = f"from portal.supervised import follow_supervisor as f; f(); print('up', flush=True); {PAUSE}"
    parent = (
        "import os, subprocess, sys\n"
        f"p = subprocess.Popen([sys.executable, '-c', {grandchild!r}], stdout=subprocess.PIPE,"
        " env={**os.environ, 'CHALKMESH_SUPERVISOR_PID': str(os.getpid())})\n"
        "p.stdout.readline()\n"
        "print(p.pid, flush=True)\n"
        "p.wait()\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", parent, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert process.stdout is not None
    pid = int(await process.stdout.readline())
    process.kill()
    await gone(pid)
    await process.wait()
