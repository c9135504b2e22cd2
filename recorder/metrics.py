"""The recorder's figures for Prometheus, and its small HTTP server on the loopback: /healthz, /readyz, /metrics."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from signaling.disk_room import cannot_write, too_full
from signaling.metrics_page import MetricsRefused, check_token, metrics_response
from whiteboard_crdt.errors import SetupError

__all__ = ["EDITS", "LessonFigures", "RecorderState", "recorder_registry", "status_server"]

# The portal is asked for its list at least every 30 s.
_SILENT_S = 60.0

EDITS = Counter(
    "chalkmesh_recorder_edits",
    "Envelopes archived, by the way they came first: relay or mesh.",
    ["path"],
    registry=None,
)


@dataclass(frozen=True, slots=True)
class LessonFigures:
    """One lesson under way. `links`: direct links that are up."""

    state: str
    links: int


class RecorderState(Protocol):
    """What a recorder tells of itself."""

    @property
    def lesson_figures(self) -> list[LessonFigures]:
        """Of every lesson that is being followed."""
        ...

    @property
    def wanted(self) -> int:
        """Lessons that the portal wants recorded."""
        ...

    @property
    def films_waiting(self) -> int:
        """Films that wait to be made."""
        ...

    @property
    def portal_heard_s(self) -> float:
        """When the portal last answered, monotonic; 0 for never."""
        ...


class _Gauges(Collector):
    def __init__(self, state: RecorderState) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        lessons = self._state.lesson_figures
        by_state = GaugeMetricFamily(
            "chalkmesh_recorder_lessons", "Lessons followed: joined, recording or connecting.", labels=["state"]
        )
        for name in ("connecting", "joined", "recording"):
            by_state.add_metric([name], sum(lesson.state == name for lesson in lessons))
        yield by_state
        covered = sum(lesson.state != "connecting" for lesson in lessons)
        wanted = self._state.wanted
        plain: Mapping[str, tuple[str, float]] = {
            "wanted": ("Lessons that the portal wants recorded.", wanted),
            "coverage": (
                "Share of the wanted lessons in whose rooms the recorder is.",
                covered / wanted if wanted else 1,
            ),
            "links": ("Direct links that are up, of all lessons.", sum(lesson.links for lesson in lessons)),
            "export_queue": ("Films that wait to be made.", self._state.films_waiting),
        }
        for name, (words, value) in plain.items():
            yield GaugeMetricFamily(f"chalkmesh_recorder_{name}", words, value=float(value))


def recorder_registry(state: RecorderState) -> CollectorRegistry:
    """Everything that one recorder shows."""
    registry = CollectorRegistry()
    registry.register(EDITS)
    registry.register(_Gauges(state))
    ProcessCollector(registry=registry)
    return registry


@asynccontextmanager
async def status_server(
    state: RecorderState, port: int | None, secret: Path, folder: Path, least_free_mb: int = 0
) -> AsyncIterator[int | None]:
    """Serve on the loopback; gives the port. Nothing for None. Raises SetupError.

    `folder`: of the recordings; with less than `least_free_mb` free on its disk the recorder is not ready.
    """
    if port is None:
        yield None
        return
    registry = recorder_registry(state)

    async def health(_request: web.Request) -> web.Response:
        """That it answers says that its loop turns; that it can write, it tries."""
        return _answer(_cannot_write(folder))

    async def ready(_request: web.Request) -> web.Response:
        """Whether it would hear of a lesson that begins now."""
        silent = not state.portal_heard_s or time.monotonic() - state.portal_heard_s > _SILENT_S
        if silent:
            return _answer("the portal does not answer")
        full = too_full(folder, least_free_mb)
        return _answer(_cannot_write(folder) or (f"the disk of the recordings is nearly full: {full}" if full else ""))

    async def metrics(request: web.Request) -> web.Response:
        try:
            check_token(request, secret)
        except MetricsRefused as refused:
            return web.Response(text=str(refused), status=refused.status)
        return metrics_response(registry)

    app = web.Application()
    app.router.add_get("/healthz", health)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/metrics", metrics)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
        except OSError as error:
            raise SetupError(f"the recorder cannot listen on 127.0.0.1:{port}: {error.strerror}") from error
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


def _answer(fault: str) -> web.Response:
    return web.Response(text=fault or "ok", status=503 if fault else 200)


def _cannot_write(folder: Path) -> str:
    why = cannot_write(folder)
    return f"the recordings cannot be written: {why}" if why else ""
