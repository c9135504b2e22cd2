"""The recorder process.

Follows the portal's list of lessons, records each of them, and makes films of those that ended.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sqlite3
import time
from contextlib import AsyncExitStack

import aioice.ice
import uvloop

from recorder import ingest
from recorder.custody import check_keys
from recorder.datagrams import RecorderLoop
from recorder.late import find_open
from recorder.lease import FILE as LEASE
from recorder.lease import take_lease
from recorder.metrics import LessonFigures, status_server
from recorder.portal_client import Feed, PortalAway, PortalClient, WantedLesson
from recorder.renders import RenderQueue
from recorder.session import LessonRecorder, RoomLost
from recorder.settings import RecorderSettings
from signaling.loop_errors import LoopErrors
from whiteboard_crdt.errors import ChalkmeshError, SetupError

__all__ = ["Recorder", "main"]

log = logging.getLogger("chalkmesh.recorder")

_POLL_S = 20.0
_RETRY_S = 1.0
_AGAIN_FIRST_S = 1.0
_AGAIN_LONGEST_S = 30.0
# A lesson that the portal no longer lists is left after this; a portal that comes back with an empty list is no reason.
_UNLISTED_S = 600.0


class Recorder:
    """All lessons of one school on the running loop. `run` ends by cancellation and leaves every archive resumable."""

    def __init__(self, settings: RecorderSettings, portal: PortalClient) -> None:
        self._settings = settings
        self._portal = portal
        self._lessons: dict[str, LessonRecorder] = {}
        self._renders = RenderQueue(
            settings.recordings,
            portal,
            settings.render_queue,
            self._lessons,
            encrypt=settings.encrypt,
            captions=settings.captions_model,
        )
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._unlisted_s: dict[str, float] = {}
        self._version = -1
        self.wanted = 0
        self.portal_heard_s = 0.0

    @property
    def lesson_figures(self) -> list[LessonFigures]:
        """Of every lesson that is being followed, for metrics."""
        return [LessonFigures(one.state, one.links) for one in self._lessons.values()]

    @property
    def films_waiting(self) -> int:
        """Films that wait to be made."""
        return self._renders.waiting

    async def run(self) -> None:
        """Follow the feed until cancelled."""
        # Before the films: what still takes late work must not be packed and hashed.
        for lesson in await asyncio.to_thread(find_open, self._settings.recordings):
            self._start(lesson)
        renders = asyncio.create_task(self._renders.run(), name="renders") if self._settings.render else None
        try:
            while True:
                try:
                    feed = await self._portal.wanted(self._version, _POLL_S)
                except PortalAway as error:
                    log.info("no list of lessons: %s", error)
                    await asyncio.sleep(_RETRY_S)
                    continue
                self.wanted, self.portal_heard_s = len(feed.lessons), time.monotonic()
                self._follow(feed)
                self._version = feed.version
                if renders is not None and renders.done():
                    # Its own faults are this process's faults: the supervisor starts it again.
                    renders.result()
        finally:
            tasks = [*self._tasks.values(), *([renders] if renders is not None else [])]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _follow(self, feed: Feed) -> None:
        now_s = asyncio.get_running_loop().time()
        for wanted in feed.lessons:
            self._unlisted_s.pop(wanted.lesson, None)
            held = self._lessons.get(wanted.lesson)
            if held is not None:
                held.update(wanted)
            elif len(self._tasks) < self._settings.max_lessons:
                self._start(wanted)
            else:
                log.error("too many lessons at once, not recorded lesson=%s", wanted.lesson)
        listed = {wanted.lesson for wanted in feed.lessons}
        for lesson in self._lessons.keys() - listed:
            since_s = self._unlisted_s.setdefault(lesson, now_s)
            if now_s - since_s > _UNLISTED_S:
                log.warning("left a lesson that is no longer wanted lesson=%s", lesson)
                self._tasks[lesson].cancel()

    def _start(self, wanted: WantedLesson) -> None:
        recorder = LessonRecorder(wanted, self._settings, self._portal)
        self._lessons[wanted.lesson] = recorder
        self._tasks[wanted.lesson] = asyncio.create_task(self._keep(recorder), name=f"lesson-{wanted.lesson}")

    async def _keep(self, recorder: LessonRecorder) -> None:
        """Record one lesson to its end, again after every fault."""
        lesson = recorder.lesson.lesson
        pause_s = _AGAIN_FIRST_S
        try:
            while True:
                try:
                    await recorder.run()
                    break
                except (RoomLost, SetupError) as error:
                    log.error("recording interrupted lesson=%s: %s", lesson, error)
                    await self._tell_failure(lesson, str(error))
                except (ChalkmeshError, OSError, sqlite3.Error) as error:
                    log.error("recording interrupted lesson=%s kind=%s", lesson, type(error).__name__)
                    await self._tell_failure(lesson, type(error).__name__)
                except Exception:
                    # The edge of this task: one broken lesson must not end the others.
                    log.exception("recording interrupted lesson=%s", lesson)
                    await self._tell_failure(lesson, "fault")
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, _AGAIN_LONGEST_S)
                recorder = LessonRecorder(recorder.lesson, self._settings, self._portal)
                self._lessons[lesson] = recorder
            self._renders.put(recorder.folder)
        finally:
            self._lessons.pop(lesson, None)
            self._tasks.pop(lesson, None)
            self._unlisted_s.pop(lesson, None)

    async def _tell_failure(self, lesson: str, detail: str) -> None:
        try:
            await self._portal.status(lesson, "failed", detail=detail)
        except PortalAway as error:
            log.info("portal does not hear lesson=%s: %s", lesson, error)


def _look_at_keys(settings: RecorderSettings) -> None:
    """Say it when keys of recordings are not what they must be: found now, a backup still has them."""
    keys = settings.data / "keys"
    try:
        custody = check_keys(keys)
    except OSError as error:
        log.error("keys of recordings cannot be read folder=%s error=%s", keys, error.strerror)
        return
    if custody.repaired:
        log.warning("the school key of recordings was put back from its copy folder=%s", keys)
    if custody.lost:
        log.error(
            "recordings that nobody can open count=%d first=%s: put %s back from a backup",
            len(custody.lost), custody.lost[0], keys,
        )  # fmt: skip


async def _serve(settings: RecorderSettings) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(LoopErrors())
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(_look_at_keys, settings)
        portal = await stack.enter_async_context(PortalClient(settings.portal_url, settings.internal_secret))
        recorder = Recorder(settings, portal)
        status = status_server(
            recorder, settings.metrics_port, settings.metrics_secret, settings.recordings, settings.least_free_mb
        )
        await stack.enter_async_context(status)
        work = asyncio.create_task(recorder.run(), name="recorder")
        waiter = asyncio.create_task(stop.wait())
        log.info("recorder started")
        await asyncio.wait((work, waiter), return_when=asyncio.FIRST_COMPLETED)
        waiter.cancel()
        work.cancel()
        try:
            await work
        except asyncio.CancelledError:
            log.info("recorder stopped")


def main(settings: RecorderSettings) -> int:
    """Run a recorder until SIGTERM or SIGINT, after standing by as long as another one records in the same folder.

    Raises SetupError; otherwise returns the exit code.
    """
    try:
        settings.recordings.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(f"{settings.recordings}: {error.strerror or error}") from None
    ingest.install()
    # Everything is loaded: a process that stands by has nothing left to do but to begin.
    try:
        lease = take_lease(settings.recordings)
    except OSError as error:
        raise SetupError(f"{settings.recordings / LEASE}: {error.strerror or error}") from None
    except KeyboardInterrupt:
        return 0
    if settings.ice_addresses:
        addresses = [address.strip() for address in settings.ice_addresses.split(",")]
        aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: addresses
    try:
        uvloop.run(_serve(settings), loop_factory=RecorderLoop)
    finally:
        os.close(lease)
    return 0
