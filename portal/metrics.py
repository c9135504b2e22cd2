"""The portal's figures for Prometheus: requests as they come, and what the database holds when somebody looks."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Column, ColumnElement, func, select

from portal.database import Database
from portal.lessons import LessonState
from portal.recordings import RecordingState
from portal.routing import Handler
from portal.schema import lessons, logins, recordings
from portal.service_schema import outbox

_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_MAIL_STATES = ("queued", "sending", "unsure", "failed")
_OPEN_STATES = (LessonState.SCHEDULED, LessonState.OPEN, LessonState.LIVE)

REQUESTS = Counter(
    "chalkmesh_portal_requests", "Answers, by method, route and status.", ["method", "route", "status"], registry=None
)
SECONDS = Histogram(
    "chalkmesh_portal_request_seconds", "How long answers took.", ["route"], buckets=_BUCKETS_S, registry=None
)
# The recorder's feed is held open until something changes: its length says nothing.
_HELD_OPEN = frozenset({"/internal/recordings"})


@web.middleware
async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Counts every answer by its route, never by its path: ids and tokens stand in paths."""
    began_s, status = time.monotonic(), 500
    try:
        response = await handler(request)
        status = response.status
    except web.HTTPException as error:
        status = error.status
        raise
    else:
        return response
    finally:
        resource = request.match_info.route.resource
        route = "none" if resource is None else resource.canonical
        REQUESTS.labels(request.method if resource is not None else "any", route, status).inc()
        if route not in _HELD_OPEN:
            SECONDS.labels(route).observe(time.monotonic() - began_s)


@dataclass(frozen=True, slots=True)
class Held:
    """What the database holds: counts by state, and live lessons that are, or are not, being recorded now."""

    lessons: Mapping[str, int] = field(default_factory=dict)
    recordings: Mapping[str, int] = field(default_factory=dict)
    mails: Mapping[str, int] = field(default_factory=dict)
    mail_waits_s: float = 0.0
    logins: int = 0
    live_recorded: int = 0
    live_to_record: int = 0
    recorder_follows: bool = False

    @property
    def coverage(self) -> float:
        """Share of the live lessons that must be recorded and are; 1 when there is none."""
        return self.live_recorded / self.live_to_record if self.live_to_record else 1.0


async def look(database: Database, now_ms: int, heartbeat_limit_s: float, *, recorder_follows: bool) -> Held:
    """Asks the database. Raises SQLAlchemyError."""
    to_record = (lessons.c.state == LessonState.LIVE.value) & (lessons.c.recording == "required")
    fresh = (recordings.c.state == RecordingState.RECORDING.value) & (
        recordings.c.heartbeat_ms > now_ms - round(heartbeat_limit_s * 1000)
    )
    count = func.count()
    async with database.read() as connection:

        async def by_state(column: Column[str], *where: ColumnElement[bool]) -> dict[str, int]:
            rows = await connection.execute(select(column, count).where(*where).group_by(column))
            return {row[0]: row[1] for row in rows}

        open_states = [state.value for state in _OPEN_STATES]
        lesson_states = await by_state(lessons.c.state, lessons.c.state.in_(open_states))
        recording_states = await by_state(recordings.c.state)
        mail_states = await by_state(outbox.c.state, outbox.c.state.in_(_MAIL_STATES))
        oldest = await connection.scalar(select(func.min(outbox.c.created_ms)).where(outbox.c.state == "queued"))
        signed_in = await connection.scalar(
            select(count).select_from(logins).where(logins.c.revoked_ms.is_(None), logins.c.expires_ms > now_ms)
        )
        wanted = await connection.scalar(select(count).select_from(lessons).where(to_record))
        joined = lessons.join(recordings, recordings.c.lesson == lessons.c.id)
        recorded = await connection.scalar(select(count).select_from(joined).where(to_record, fresh))
    return Held(
        lesson_states, recording_states, mail_states, 0.0 if oldest is None else max(0, now_ms - oldest) / 1000,
        signed_in or 0, recorded or 0, wanted or 0, recorder_follows,
    )  # fmt: skip


class _Gauges(Collector):
    def __init__(self, held: Held) -> None:
        self._held = held

    def collect(self) -> Iterator[Metric]:
        held = self._held
        for name, words, states, counts in (
            ("lessons", "Lessons that have not ended, by state.", [each.value for each in _OPEN_STATES], held.lessons),
            ("recordings", "Recordings, by state.", [each.value for each in RecordingState], held.recordings),
            ("outbox", "Mails that are not sent, by state.", _MAIL_STATES, held.mails),
        ):
            family = GaugeMetricFamily(f"chalkmesh_portal_{name}", words, labels=["state"])
            for state in states:
                family.add_metric([state], counts.get(state, 0))
            yield family
        for name, words, value in (
            ("outbox_oldest_seconds", "How long the oldest mail that waits has waited.", held.mail_waits_s),
            ("logins", "Log-ins that are good.", held.logins),
            ("recording_coverage", "Share of the live lessons to be recorded that are.", held.coverage),
            ("recorder_follows", "1 while a recorder asks for its list.", float(held.recorder_follows)),
        ):
            yield GaugeMetricFamily(f"chalkmesh_portal_{name}", words, value=value)


def portal_registry(held: Held) -> CollectorRegistry:
    """Everything that the portal shows at this moment."""
    registry = CollectorRegistry()
    registry.register(REQUESTS)
    registry.register(SECONDS)
    registry.register(_Gauges(held))
    ProcessCollector(registry=registry)
    return registry
