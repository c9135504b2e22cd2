"""The relay's figures for Prometheus. Counters are touched where things happen; gauges are asked for when looked at.

Nothing is labelled with a room, a person or an address: the number of series does not grow with the school.
"""

from __future__ import annotations

from collections import Counter as Count
from collections.abc import Iterator
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from signaling.roomlog import LogHealth

__all__ = ["CLOSES", "COMMITS", "EDITS", "REFUSALS", "RelayState", "relay_registry"]

_COMMIT_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)

EDITS = Counter("chalkmesh_relay_edits", "Envelopes that became durable.", registry=None)
REFUSALS = Counter(
    "chalkmesh_relay_refusals", "Envelopes that were refused, by the rule of the protocol.", ["rule"], registry=None
)
CLOSES = Counter(
    "chalkmesh_relay_closes", "Session sockets that the relay closed, by close code.", ["code"], registry=None
)
COMMITS = Histogram(
    "chalkmesh_relay_ack_seconds",
    "From the arrival of the oldest edit of a group until the group is durable and acknowledged.",
    buckets=_COMMIT_BUCKETS_S,
    registry=None,
)


class RelayState(Protocol):
    """What a lobby tells of itself."""

    def figures(self) -> dict[str, float]:
        """rooms, open_rooms, sockets, in_memory_bytes, log_queue_writes, log_queue_bytes."""
        ...

    def roles(self) -> Count[str]:
        """Participants by role."""
        ...

    @property
    def health(self) -> LogHealth:
        """Of the room log."""
        ...


_HELP = {
    "rooms": "Rooms of lessons in memory.",
    "open_rooms": "Open rooms in memory.",
    "sockets": "Connected session sockets.",
    "in_memory_bytes": "Payload of envelopes that are held in memory beside the log.",
    "log_queue_writes": "Edits and other writes that wait for the room log.",
    "log_queue_bytes": "Their size.",
}


class _Gauges(Collector):
    def __init__(self, state: RelayState) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        for name, value in self._state.figures().items():
            yield GaugeMetricFamily(f"chalkmesh_relay_{name}", _HELP[name], value=value)
        present = GaugeMetricFamily(
            "chalkmesh_relay_participants", "People and programs in rooms, by role.", labels=["role"]
        )
        for role, count in sorted(self._state.roles().items()):
            present.add_metric([role], count)
        yield present
        stored = 1.0 if self._state.health.ok else 0.0
        yield GaugeMetricFamily("chalkmesh_relay_log_ok", "1 while the room log stores, 0 while it cannot.", stored)


def relay_registry(state: RelayState) -> CollectorRegistry:
    """Everything that one relay shows. The counters are the process's own."""
    registry = CollectorRegistry()
    for counted in (EDITS, REFUSALS, CLOSES, COMMITS):
        registry.register(counted)
    registry.register(_Gauges(state))
    ProcessCollector(registry=registry)
    return registry
